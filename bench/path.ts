import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compose } from '../cli/compose.ts'
import { openEngine, wallClock } from '../cli/engine.ts'
import { type LatencyUs, Measure } from '../cli/measure.ts'
import { openEmbedded } from '../connectors/embedded/index.ts'
import type { Broker, Source } from '../runtime/api/index.ts'
import { Run } from '../runtime/engine/run.ts'
import type { Topology } from '../runtime/topology/types.ts'
import { nullBroker } from './null-broker.ts'

/** What one run of the whole path measured. */
export interface PathResult {
  readonly frames_per_s: number
  readonly frames: number
  readonly seconds: number
  readonly latency_us: { readonly frame_to_signal: LatencyUs; readonly frame_to_order: LatencyUs }
  readonly signals: number
  readonly orders: number
  /** Processor time of the whole process, all threads, per frame. */
  readonly cpu_us_per_frame: number
  /** Anonymous memory, MB, at the end of each fifth of the measured time. */
  readonly rss_anon_mb: readonly number[]
  /** Share of the machine's processor time that other guests took, percent. */
  readonly steal_percent: number
}

export interface PathOptions {
  readonly topology: Topology
  readonly source: Source
  /** `embedded`: everything durable in a directory. `none`: nothing is stored, the floor without I/O. */
  readonly store: 'embedded' | 'none'
  readonly warmup_s: number
  readonly seconds: number
  /** Real time and exact pacing, for latency; else as fast as it goes. */
  readonly paced: boolean
  readonly said?: (text: string) => void
}

/** Runs all stages on `source` for a time and measures after the warm-up. The directory is removed afterwards. */
export async function measurePath(options: PathOptions): Promise<PathResult> {
  const { topology, source, store, warmup_s, seconds, paced } = options
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-bench-'))
  const broker: Broker = store === 'none' ? nullBroker() : await openEmbedded(dir, { topology: topology.name })
  const measure = new Measure()
  const stop = { requested: false }
  try {
    const engine = await openEngine(broker, await compose(topology, source.identity, 1), measure)
    const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
    const feed = { name: 'feed', source }
    const speed = paced ? 1 : Number.POSITIVE_INFINITY
    const run = new Run({
      engine,
      feed,
      speed,
      spin: paced,
      once: false,
      commit_interval_ms,
      commit_max_records,
      end_drain_ms,
      clock: wallClock,
      stop,
    })
    const marks: { at_ms: number; frames: number; rss_mb: number; cpu: CpuTimes; own_us: number }[] = []
    const mark = () => {
      marks.push({
        at_ms: performance.now(),
        frames: run.frames,
        rss_mb: rssAnonMb(),
        cpu: cpuTimes(),
        own_us: ownTime(),
      })
      const first = marks[0]
      if (first !== undefined)
        options.said?.(`${((performance.now() - first.at_ms) / 1000).toFixed(0)} s, ${run.frames} frames`)
    }
    const timers = [setTimeout(() => measure.reset(), warmup_s * 1000)]
    for (let fifth = 0; fifth <= 5; fifth++) timers.push(setTimeout(mark, (warmup_s + (seconds * fifth) / 5) * 1000))
    timers.push(
      setTimeout(
        () => {
          stop.requested = true
          run.nudge()
        },
        (warmup_s + seconds) * 1000 + 5,
      ),
    )
    await run.run()
    for (const timer of timers) clearTimeout(timer)
    const [first, last] = [marks[0], marks[marks.length - 1]]
    if (first === undefined || last === undefined || marks.length < 6)
      throw new Error('the run ended before it was measured')
    const elapsed_s = (last.at_ms - first.at_ms) / 1000
    const frames = last.frames - first.frames
    return {
      frames_per_s: Math.round(frames / elapsed_s),
      frames,
      seconds: Math.round(elapsed_s * 10) / 10,
      latency_us: measure.latency(),
      ...measure.counts,
      cpu_us_per_frame: Math.round((10 * (last.own_us - first.own_us)) / frames) / 10,
      rss_anon_mb: marks.map(({ rss_mb }) => rss_mb),
      steal_percent: stealPercent(first.cpu, last.cpu),
    }
  } finally {
    await broker.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

function rssAnonMb(): number {
  const kb = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Math.round(Number(kb) / 1024)
}

function ownTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

interface CpuTimes {
  readonly steal: number
  readonly total: number
}

function cpuTimes(): CpuTimes {
  const fields = (readFileSync('/proc/stat', 'utf8').split('\n')[0] as string).split(/\s+/).slice(1).map(Number)
  return { steal: fields[7] ?? 0, total: fields.slice(0, 8).reduce((a, b) => a + b, 0) }
}

function stealPercent(from: CpuTimes, to: CpuTimes): number {
  return Math.round((1000 * (to.steal - from.steal)) / Math.max(1, to.total - from.total)) / 10
}
