import { openEmbedded } from '../connectors/embedded/index.ts'
import { AppError, type Source } from '../runtime/api/index.ts'
import { Run } from '../runtime/engine/run.ts'
import type { Control } from '../schemas/generated/index.ts'
import { compose } from './compose.ts'
import { sendControl } from './control-socket.ts'
import { openEngine, wallClock } from './engine.ts'
import type { RunFile } from './run-file.ts'

/** Longest wait for a process that holds the directory and does not listen yet, milliseconds. */
const PATIENCE_MS = 10_000
const RETRY_MS = 50

/**
 * Makes a control record durable: by the process that runs the directory, or, where none does, by taking the lock and
 * writing it here. An order that may already have been taken is given again: twice halted is halted.
 */
export async function giveControl(dir: string, run: RunFile, control: Control): Promise<'process' | 'directory'> {
  const until_ms = performance.now() + PATIENCE_MS
  for (;;) {
    const reply = await sendControl(dir, control)
    if (reply?.ok === true) return 'process'
    if (reply !== undefined) {
      throw new AppError('CONTROL_REFUSED', `the running process refused: ${reply.error ?? 'no reason given'}`, {
        exit_code: 2,
      })
    }
    try {
      await writeControl(dir, run, control)
      return 'directory'
    } catch (error) {
      // Between the two: a process that has just begun, or is about to end.
      const locked = error instanceof AppError && error.code === 'DIRECTORY_LOCKED'
      if (!locked || performance.now() > until_ms) throw error
      await wallClock.wait(RETRY_MS)
    }
  }
}

/** Recovers the directory's state, ingests the record just above the frontier, and commits; no other time passes. */
async function writeControl(dir: string, { topology, source, seed }: RunFile, control: Control): Promise<void> {
  const broker = await openEmbedded(dir, {
    topology: topology.name,
    command: `aitrader ${process.argv.slice(2).join(' ')}`,
  })
  try {
    const composition = await compose(topology, source, seed)
    const engine = await openEngine(broker, composition)
    const stop = { requested: false }
    const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
    let taken: () => void = () => {}
    const over = new Promise<void>((resolve) => {
      taken = resolve
    })
    const run = new Run({
      engine,
      feed: { name: 'feed', source: silent(source, over) },
      speed: Number.POSITIVE_INFINITY,
      once: false,
      commit_interval_ms,
      commit_max_records,
      end_drain_ms,
      clock: wallClock,
      stop,
    })
    const durable = run.control(control).finally(() => {
      stop.requested = true
      taken()
    })
    await Promise.all([durable, run.run()])
  } finally {
    await broker.close()
  }
}

/** The directory's source, with nothing to say until `over`: its position stays where it is. */
function silent(identity: Source['identity'], over: Promise<void>): Source {
  return {
    identity,
    done: false,
    open: async () => {},
    take: () => undefined,
    ready: () => over,
    close: async () => {},
  }
}
