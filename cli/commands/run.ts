import { Command } from 'commander'
import { namesOf } from '../../connectors/kafka/names.ts'
import { AppError, type Json } from '../../runtime/api/index.ts'
import type { FrontierType } from '../../runtime/engine/frontiers.ts'
import { Marks } from '../../runtime/engine/marks.ts'
import { ComparingOutlet } from '../../runtime/engine/outlet.ts'
import { load } from '../../runtime/engine/recovery.ts'
import { Task } from '../../runtime/engine/task.ts'
import type { LanePlan } from '../../runtime/plan/lanes.ts'
import { canonical } from '../../runtime/state/canonical.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import { type Composition, loadTopology } from '../compose.ts'
import { readRun, runPut, type StoredRun } from '../deploy/stored-run.ts'
import { wallClock } from '../engine.ts'
import { Measure } from '../measure.ts'
import { checkOnce, parseSpeed, parseWhole } from '../options.ts'
import { Fleet } from '../run/fleet.ts'
import { LaneHost } from '../run/lane-host.ts'
import { RunMetrics } from '../run/metrics.ts'
import { Watch } from '../run/metrics-watch.ts'
import { Retention } from '../run/retention.ts'
import { type SettingData, settingOf } from '../run/setting.ts'
import { declareAll, type OpenTarget, openTarget } from '../run/target.ts'
import { type Measured, Threads } from '../run/threads.ts'
import { onSignals } from '../signals.ts'
import { type SourceOptions, sourceOf, sourceOptions } from '../source.ts'
import { type Summary, summarize } from '../summary.ts'
import { topologyOptions } from '../topology-file.ts'

interface RunCommandOptions extends SourceOptions {
  readonly kafka: string
  readonly registry: string
  readonly topology: string
  readonly overlay: readonly string[]
  readonly stages?: string
  readonly speed?: string
  readonly threads: string
  readonly name?: string
  readonly seed: string
  readonly once?: boolean
  readonly listen?: string
  readonly log?: string
  readonly json?: boolean
}

/** Budgets of a process that leaves, or waits for one that does, milliseconds. */
const DRAIN_MS = 10_000
const SESSION_TIMEOUT_MS = 10_000

/** Tries to write down what runs. */
const WRITE_ATTEMPTS = 10

/** `aitrader run`: lanes of a topology in this process, on Kafka, shared with every other process that runs it. */
export function runCommand(): Command {
  const command = topologyOptions(
    new Command('run')
      .description('run stages on Kafka; more processes share the work')
      .requiredOption('--kafka <address>', 'brokers to begin with, HOST:PORT')
      .requiredOption('--registry <url>', 'schema registry, http://HOST:PORT/apis/ccompat/v7'),
    'what to run',
  ).option('--stages <names>', 'only these, with commas between them (default: all, and the sources)')
  return sourceOptions(command)
    .option('--speed <speed>', 'max, or a multiple of real time, 1x (default: 1x for the simulated market, else max)')
    .option('--threads <n>', 'threads that lanes run in; 0: the main thread', '1')
    .option('--name <name>', 'a name of this process that outlives it: started again, it takes its lanes back at once')
    .option('--once', 'end when the last file and its drain are done, everywhere')
    .option('--listen <address>', 'serve /metrics, /health and /ready on PORT (loopback) or HOST:PORT')
    .option('--log <file>', 'append events to this file, a JSON object a line (default: lines on stderr)')
    .option('--json', 'print the totals as one JSON line at the end')
    .action(run)
}

async function run(options: RunCommandOptions): Promise<void> {
  const seed = parseWhole(options.seed, '--seed')
  const open = openOf(options)
  if (open !== undefined) checkOnce(options, 'leave it out: SIGTERM drains and ends the process')
  const topology = await loadTopology(options.topology, options.overlay)
  const opened = open && (await sourceOf(open, seed, topology.instruments, { captures: 'none' }))
  const speed = parseSpeed(options.speed ?? opened?.speed ?? 'max', '--speed')
  const stop = { requested: false }
  let wake = () => {}
  const cleanups: (() => void | Promise<void>)[] = []
  const watch = await Watch.open(options)
  cleanups.push(
    () => watch.close(),
    onSignals(() => {
      stop.requested = true
      watch.say('stopping: the last commits and snapshots are being written')
      wake()
    }),
  )
  try {
    const target = await openTarget(options, topology)
    cleanups.push(() => target.close())
    const stored = await deployment(target, opened?.source.identity, seed, stop, (text) => watch.say(text))
    if (stored === undefined) return
    const data: SettingData = {
      target: { kafka: options.kafka, registry: options.registry },
      topology,
      ...stored,
      open,
      speed,
      once: options.once ?? false,
    }
    let written: Promise<void> | undefined
    const log = (event: string, detail: Readonly<Record<string, unknown>>) => {
      watch.log(event, detail)
      // Only a run that may go on here may say what its topics are made of.
      if (event !== 'lane recovered' || written !== undefined) return
      written = writeRun(target, { topology, ...stored, producers: composition.plan.producers }, composition)
      // Waited for, and thrown, at the end.
      written.catch(() => {})
    }
    const measures: Measure[] = []
    const observer = () => {
      const measure = new Measure()
      measures.push(measure)
      return measure
    }
    const setting = await settingOf(data, target, { observer, log })
    const { composition, lanes, meters } = setting
    log('started', { topology: topology.name, source: stored.source, ...JSON.parse(composition.manifest) })
    await declareAll(target.broker, composition.plan, lanes)
    const threads = new Threads(parseWhole(options.threads, '--threads'), data, log)
    // What ends the command must not be outlived by lanes that nobody looks after.
    cleanups.push(() => threads.kill())
    const fleet = new Fleet({
      lanes: lanes.lanes,
      host: (lane) => (options.threads === '0' ? new LaneHost(lane, setting) : threads.run(lane)),
      cluster: target.broker.cluster,
      group_id: topology.name,
      instance_id: options.name,
      can: chosen(lanes, options.stages, open !== undefined),
      drain_ms: DRAIN_MS,
      session_timeout_ms: SESSION_TIMEOUT_MS,
      changed: () => wake(),
      shared: (own) => log('lanes shared out', { own }),
    })
    cleanups.push(() => fleet.quit())
    const marks = new Marks(
      target.broker,
      FrontierMark as FrontierType,
      lanes.lanes.map(({ number }) => number),
    )
    cleanups.push(() => marks.close())
    const retention = new Retention(target.broker, composition.plan, lanes, marks, (error) =>
      log('retention failed', { error: String(error) }),
    )
    cleanups.push(() => retention.settle())
    watch.begin(
      new RunMetrics({
        threads: async () => [watch.main(meters), ...(await threads.samples())],
        fleet,
        marks,
        cluster: target.broker.cluster,
        kafkaName: namesOf(topology.name).topic,
      }),
    )
    await fleet.join()
    while (!stop.requested) {
      fleet.check()
      marks.pump()
      retention.tick(new Set(fleet.hosts.keys()))
      if (options.once === true && marks.ended && fleet.hosts.size === 0) break
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      await Promise.race([woken, marks.ready()])
    }
    const drained = await fleet.leave(DRAIN_MS)
    await (drained ? threads.close() : threads.kill())
    await written
    fleet.check()
    watch.hush()
    if (!drained) watch.say('not everything could be drained in time: the successor recovers it from the journal')
    for (const measure of measures) {
      const { signals, orders } = measure.counts
      threads.measured.push({ latency: measure.latency(), events: signals + orders })
    }
    const summary = await summaryOf(target, topology, composition, threads.measured)
    process.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : lines(summary))
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup()
  }
}

/**
 * How this process opens the source, in plain data; undefined if it has none: one that runs chosen stages and names no
 * source leaves it to others.
 */
function openOf(options: RunCommandOptions): SourceOptions | undefined {
  const { replay, format, feed, market, stages } = options
  const named = replay.length > 0 || format.length > 0 || feed !== undefined || market !== undefined
  if (!named && stages !== undefined) return undefined
  return { replay, format, ...(feed === undefined ? {} : { feed }), ...(market === undefined ? {} : { market }) }
}

/**
 * What the topics are made of: what this process brings, or what the process that has the source wrote down. An AppError
 * `SOURCE_MISMATCH` (exit 2) if they hold records of another source. Undefined if stopped while waiting.
 */
async function deployment(
  { broker }: OpenTarget,
  identity: Json | undefined,
  seed: number,
  stop: { readonly requested: boolean },
  say: (text: string) => void,
): Promise<Pick<StoredRun, 'source' | 'seed'> | undefined> {
  for (let told = false; ; told = true) {
    const stored = await readRun(broker)
    if (stored !== undefined && identity !== undefined && madeOf(stored) !== madeOf({ source: identity, seed })) {
      throw new AppError('SOURCE_MISMATCH', 'the topics on this cluster were written from another source', {
        exit_code: 2,
        hint: `they hold ${madeOf(stored)}; start with the same source, or \`aitrader reset\` them`,
      })
    }
    if (identity !== undefined) return { source: identity, seed }
    if (stored !== undefined) return stored
    if (stop.requested) return undefined
    if (!told) say('waiting for a process that runs the sources')
    await wallClock.wait(250)
  }
}

function madeOf({ source, seed }: Pick<StoredRun, 'source' | 'seed'>): string {
  return canonical({ source, seed })
}

/** Tries again where it does not matter who was first: every process of a deployment writes the same. */
async function writeRun(
  { broker }: OpenTarget,
  run: Omit<StoredRun, 'hashes'>,
  { hashes }: Composition,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const producer = await broker.producer('deployment')
      return await producer.commit({ batches: [], puts: [runPut({ ...run, hashes })] })
    } catch (error) {
      if (error instanceof AppError && error.code === 'FENCED') return
      if (attempt === WRITE_ATTEMPTS) throw error
      await wallClock.wait(100 * attempt)
    }
  }
}

/** Names of the lanes whose stages were all chosen. An AppError `BAD_OPTION` (exit 2). */
function chosen(lanes: LanePlan, stages: string | undefined, has_source: boolean): string[] {
  const names = stages?.split(',').map((name) => name.trim())
  const all = new Set(lanes.lanes.flatMap((lane) => lane.tasks.map((task) => task.stage)))
  const unknown = names?.find((name) => !all.has(name))
  if (unknown !== undefined) {
    throw new AppError('BAD_OPTION', `--stages names ${unknown}, which the topology does not have`, {
      exit_code: 2,
      hint: `there are ${[...all].join(', ')}`,
    })
  }
  const can: string[] = []
  for (const lane of lanes.lanes) {
    const own = [...new Set(lane.tasks.map((task) => task.stage))]
    const left_out = own.filter((stage) => names !== undefined && !names.includes(stage))
    if (left_out.length > 0 && left_out.length < own.length) {
      throw new AppError('BAD_OPTION', `the lane ${lane.name} holds ${own.join(', ')}, which move together`, {
        exit_code: 2,
        hint: `add ${left_out.join(', ')} to --stages, or give it a lane of its own in the topology`,
      })
    }
    if (left_out.length === 0 && (lane.sources.length === 0 || has_source)) can.push(lane.name)
  }
  return can
}

/** Totals over all processes, from what is durable; latencies of this one. */
async function summaryOf(
  { broker }: OpenTarget,
  topology: Topology,
  { plan }: Composition,
  measures: readonly Measured[],
): Promise<Summary> {
  await broker.refresh()
  const tasks: Task[] = []
  for (const planned of plan.tasks) {
    const task = new Task(planned, plan.producers, new ComparingOutlet(), undefined)
    await load(task, broker)
    tasks.push(task)
  }
  const busiest = measures.toSorted((a, b) => b.events - a.events)[0]
  const measured = {
    duration_ms: Math.round(performance.now()),
    latency_us: busiest?.latency ?? new Measure().latency(),
  }
  return summarize(topology, broker, tasks, measured)
}

function lines(summary: Summary): string {
  const { topics, latency_us: _, state_sha256, duration_ms, ...totals } = summary
  const rows = Object.entries(totals).map(([name, count]) => `${name.padEnd(12)} ${count}\n`)
  return `${rows.join('')}in ${(duration_ms / 1000).toFixed(1)} s, state ${state_sha256.slice(0, 12)}\n`
}
