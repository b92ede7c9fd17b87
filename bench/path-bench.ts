import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { buildId, loadTopology, ROOT } from '../cli/compose.ts'
import { simulatedMarket } from '../connectors/simulated-market/index.ts'
import type { Source } from '../runtime/api/index.ts'
import type { Topology } from '../runtime/topology/types.ts'
import { LoopSource } from './loop-source.ts'
import { measurePath, type PathResult } from './path.ts'

/**
 * The whole path on this machine: every stage, every topic durable, on the shipped topology.
 *
 * The recorded capture, looped. Throughput as fast as it goes; latency at 2,000 frames a second offered, evenly spaced,
 * whether or not the path keeps up (a frame's latency counts from when it was due), with triggers and cooldowns so low
 * that signals and orders are frequent enough for a p99; an order waits for the model's declared latency like any
 * other. Without the capture, the simulated market stands in. Each beside the same run without a store, in the same process, so that ratios hold
 * where absolute figures do not. Topics are kept to 64 MB per partition, so that the disk stays bounded.
 */
const OFFERED_PER_S = 2_000

/** The runs, each in a process of its own, so that none inherits another's memory: what stores, and whether it is paced. */
const RUNS = {
  throughput: ['embedded', false],
  throughput_floor: ['none', false],
  latency: ['embedded', true],
  latency_floor: ['none', true],
} as const
export type RunName = keyof typeof RUNS
const RETENTION_BYTES = 64 * 1024 * 1024

export interface BenchOptions {
  readonly file: string | undefined
  readonly seconds: number
  readonly warmup_s: number
  readonly out: string | undefined
  readonly json: boolean
  /** One run alone, its result as one JSON line. */
  readonly only: RunName | undefined
}

export async function bench({ file, seconds, warmup_s, out, json, only }: BenchOptions): Promise<void> {
  const shipped = await loadTopology(join(ROOT, 'topology/crypto.yaml'))
  const topics = Object.fromEntries(
    Object.entries(shipped.topics).map(([name, topic]) => [
      name,
      { ...topic, retention_us: undefined, retention_bytes: RETENTION_BYTES },
    ]),
  )
  const topology: Topology = { ...shipped, topics }
  const path = file ?? recordedFile()
  const sourceOf = (paced: boolean): Source =>
    path === undefined
      ? simulatedMarket({ seed: 1, frames_per_s: paced ? OFFERED_PER_S : 100_000 })
      : new LoopSource(path, paced ? 1_000_000 / OFFERED_PER_S : undefined)
  const say = (text: string) => process.stderr.write(`${text}\n`)

  if (only !== undefined) {
    const [store, paced] = RUNS[only]
    const result = await measurePath({
      topology: paced ? eager(topology) : topology,
      source: sourceOf(paced),
      store,
      warmup_s,
      seconds,
      paced,
      said: (text) => say(`  ${text}`),
    })
    process.stdout.write(`${JSON.stringify(result)}\n`)
    return
  }
  const start_ms = startTime()
  say(`start to first commit: ${start_ms} ms`)
  const runs: Record<string, PathResult> = {}
  for (const name of Object.keys(RUNS) as RunName[]) {
    say(`${name}: ${warmup_s} s of warm-up, ${seconds} s measured`)
    const more = ['--only', name, '--time', `${seconds * 1000}ms`, '--warmup', `${warmup_s * 1000}ms`]
    runs[name] = inProcess<PathResult>('bench', ...more, ...(file === undefined ? [] : ['--file', file]))
    say(`  ${line(runs[name])}`)
  }
  const { throughput, throughput_floor } = runs as { throughput: PathResult; throughput_floor: PathResult }
  const result = {
    machine: {
      cpu: cpus()[0]?.model ?? '',
      cores: cpus().length,
      memory_gb: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
    },
    versions: { node: process.version, aitrader: buildId().build },
    data: path === undefined ? 'simulated market' : 'recorded Binance spot capture, looped',
    offered_per_s: OFFERED_PER_S,
    start_ms,
    ...runs,
    store_keeps: Math.round((100 * throughput.frames_per_s) / throughput_floor.frames_per_s) / 100,
  }
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`)
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else process.stdout.write(table(result))
}

/** The topology with parameters under which signals and orders are frequent: for measuring, not for trading. */
function eager(topology: Topology): Topology {
  const trigger = { enter: 0.02, rearm: 0.01, full: 2, cooldown_ms: 50 }
  const often: Readonly<Record<string, object>> = {
    'pattern-scorer': {
      bar_ms: 20,
      breakout: trigger,
      momentum: trigger,
      mean_reversion: { ...trigger, enter: 0.5, rearm: 0.4 },
      book_pressure: trigger,
      volume_surge: trigger,
    },
    strategy: { score_threshold: 0.01, min_edge_bps: 0, taker_fee_bps: 0, cooldown_ms: 20, signal_edge_bps: 100 },
    execution: { max_messages_per_second: 10_000, max_messages_per_minute: 100_000, duplicate_window_ms: 0 },
  }
  const stages = Object.fromEntries(
    Object.entries(topology.stages).map(([name, stage]) => [
      name,
      { ...stage, params: { ...stage.params, ...often[stage.use] } },
    ]),
  ) as Topology['stages']
  return { ...topology, stages }
}

function recordedFile(): string | undefined {
  const path = join(process.env.AITRADER_DATA ?? join(ROOT, '../shared/data'), 'binance/spot_btcusdt_20240808.gz')
  return existsSync(path) ? path : undefined
}

/** Runs a command of ours in a process of its own; answers its last JSON line. */
function inProcess<T>(...args: readonly string[]): T {
  const child = spawnSync(process.execPath, ['scripts/bootstrap.mjs', 'cli/main.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', args[0] === 'bench' ? 'inherit' : 'pipe'],
  })
  if (child.status !== 0)
    throw new Error(`aitrader ${args.join(' ')} ended with ${child.status}: ${child.stderr ?? ''}`)
  return JSON.parse(child.stdout.trim().split('\n').pop() ?? '') as T
}

/** From the start of a process to its first durable commit, milliseconds: a run that is told to stop at once. */
function startTime(): number {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-bench-'))
  const { duration_ms } = inProcess<{ duration_ms: number }>('up', '--data', dir, '--for', '1ms', '--json')
  rmSync(dir, { recursive: true, force: true })
  return duration_ms
}

function line({
  frames_per_s,
  latency_us,
  rss_anon_mb,
  cpu_us_per_frame,
  steal_percent,
  signals,
  orders,
}: PathResult): string {
  const { frame_to_signal: signal, frame_to_order: order } = latency_us
  return [
    `${frames_per_s} frames/s, ${cpu_us_per_frame} us of processor time per frame`,
    `frame to signal p50 ${signal.p50} p99 ${signal.p99} us (${signals}), frame to order p50 ${order.p50} p99 ${order.p99} us (${orders})`,
    `RssAnon ${rss_anon_mb.join(' ')} MB, steal ${steal_percent} %`,
  ].join('; ')
}

function table(
  result: {
    machine: { cpu: string; cores: number }
    versions: { node: string }
    start_ms: number
    store_keeps: number
  } & Record<string, unknown>,
): string {
  const { cpu, cores } = result.machine
  const lines = [`${cpu}, ${cores} cores, Node ${result.versions.node}`, `start: ${result.start_ms} ms`]
  for (const name of Object.keys(RUNS)) {
    lines.push(`${name.replace('_', ' ')}: ${line(result[name] as PathResult)}`)
  }
  lines.push(`with the store the path keeps ${result.store_keeps} of its speed without`)
  return `${lines.join('\n')}\n`
}
