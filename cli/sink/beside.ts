import { AppError } from '../../runtime/api/index.ts'
import type { Sample } from '../exposition.ts'
import { type Directory, topicsOf } from '../reading.ts'
import { carry } from './carry.ts'
import { SinkMeter } from './meter.ts'

/** The sinks of a topology in the process that runs it: they carry what is durable, and never hold the run up. */
export interface SinksBeside {
  /** Carries the rest of what is there; resolves whatever comes of that. */
  stop(): Promise<void>
  /** Throws what ended the first sink that failed. */
  check(): void
  /** How they stand, for operators. */
  samples(): Promise<Sample[]>
}

/**
 * Begins all sinks. One that fails is told to `tell` at once; the others and the run go on, and `check` says it again. What
 * it did not carry is there still: the next run, or `aitrader sink`, goes on with it.
 */
export function sinksBeside(directory: Directory, tell: (sink: string, error: Error) => void): SinksBeside {
  const topics = topicsOf(directory)
  const stop = new AbortController()
  const failures: Error[] = []
  const { sinks = {} } = directory.run.topology
  const meters = new Map(Object.keys(sinks).map((name) => [name, new SinkMeter(name)]))
  const running = Object.entries(sinks).map(async ([name, sink]) => {
    const meter = meters.get(name)!
    const carrying = (once: boolean, signal: AbortSignal) =>
      carry(topics, sink, { once, signal, numbered: true, meter })
    try {
      await carrying(false, stop.signal)
      // What became durable last, until the run ended.
      await carrying(true, new AbortController().signal)
    } catch (error) {
      failures.push(error as Error)
      meter.failed = true
      tell(name, error as Error)
    }
  })
  return {
    async stop() {
      stop.abort()
      await Promise.all(running)
    },
    samples: async () => (await Promise.all([...meters.values()].map((meter) => meter.samples()))).flat(),
    check() {
      const [first] = failures
      if (first === undefined) return
      if (first instanceof AppError) throw first
      throw new AppError('SINK_FAILED', `a sink failed: ${first.message}`, { exit_code: 4, cause: first })
    },
  }
}
