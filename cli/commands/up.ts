import { join } from 'node:path'
import { Command } from 'commander'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import { AppError, type Source } from '../../runtime/api/index.ts'
import { Run } from '../../runtime/engine/run.ts'
import { compose, loadTopology } from '../compose.ts'
import { openControlSocket } from '../control-socket.ts'
import { openEngine, wallClock } from '../engine.ts'
import { Measure } from '../measure.ts'
import { parseDuration, parseSpeed, parseWhole } from '../options.ts'
import { Progress } from '../progress.ts'
import { setAside } from '../rebuild.ts'
import { checkRunFile, writeRunFile } from '../run-file.ts'
import { summarize } from '../summary.ts'
import { both, serveTelemetry, Telemetry } from '../telemetry.ts'
import { DEFAULT_TOPOLOGY } from '../topology-file.ts'

interface UpOptions {
  readonly topology: string
  readonly data?: string
  readonly replay: readonly string[]
  readonly format: readonly string[]
  readonly speed?: string
  readonly for?: string
  readonly once?: boolean
  readonly seed: string
  readonly rebuild?: boolean
  readonly json?: boolean
  readonly listen?: string
}

const collect = (value: string, all: readonly string[]): string[] => [...all, value]

/** `aitrader up`: every stage in this process, on the embedded broker. */
export function upCommand(): Command {
  return new Command('up')
    .description('run the whole dataflow in this process: on a simulated market, or with --replay on recorded data')
    .option('--topology <file>', 'what to run', DEFAULT_TOPOLOGY)
    .option('--data <dir>', 'where everything is kept (default: .aitrader/<topology>-<source>)')
    .option('--replay <file>', 'a capture to replay; may be given several times', collect, [])
    .option('--format <name>', 'format of the capture before it', collect, [])
    .option('--speed <speed>', 'max, or a multiple of real time such as 1x (default: max for a replay, else 1x)')
    .option('--for <duration>', 'stop after this much time, 20s')
    .option('--once', 'end when the last file and its drain are done')
    .option('--seed <n>', 'seed of the simulated market', '1')
    .option('--rebuild', 'set the directory aside and compute everything anew')
    .option('--listen <address>', 'serve /metrics, /health and /ready on PORT (loopback) or HOST:PORT')
    .option('--json', 'print the totals as one JSON line at the end')
    .action(up)
}

async function up(options: UpOptions): Promise<void> {
  const seed = parseWhole(options.seed, '--seed')
  const for_ms = options.for === undefined ? undefined : parseDuration(options.for, '--for')
  const topology = await loadTopology(options.topology)
  const { source, label, name } = await sourceOf(options, seed)
  const speed = parseSpeed(options.speed ?? (options.replay.length > 0 ? 'max' : '1x'), '--speed')
  const dir = options.data ?? join('.aitrader', `${topology.name}-${name}`)
  if (options.rebuild === true) setAside(dir)

  const composition = await compose(topology, source.identity, seed)
  const broker = await openEmbedded(dir, {
    topology: topology.name,
    command: `aitrader ${process.argv.slice(2).join(' ')}`,
  })
  const measure = new Measure()
  const stop = { requested: false }
  const cleanups: (() => void | Promise<void>)[] = []
  try {
    const run_file = { topology, source: source.identity, seed }
    checkRunFile(dir, run_file, broker)
    const telemetry = new Telemetry(dir)
    let ready = false
    if (options.listen !== undefined) cleanups.push(await serveTelemetry(options.listen, telemetry, () => ready))
    telemetry.log.info(
      { topology: topology.name, source: source.identity, ...JSON.parse(composition.manifest) },
      'started',
    )
    const engine = await openEngine(broker, composition, both(measure, telemetry))
    telemetry.watch(engine)
    telemetry.log.info({ stream_time_us: engine.now_us }, 'recovered')
    ready = true
    // Only a run that may go on here may say what the directory was made of.
    writeRunFile(dir, run_file)
    const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
    const feed = { name: 'feed', source }
    const run = new Run({
      engine,
      feed,
      speed,
      once: options.once ?? false,
      commit_interval_ms,
      commit_max_records,
      end_drain_ms,
      clock: wallClock,
      stop,
    })
    const end = () => {
      stop.requested = true
      run.nudge()
    }
    const progress = new Progress({
      topology,
      engine,
      log: broker,
      measure,
      label,
      json: options.json ?? false,
      dir,
      source,
    })
    const interrupted = () => {
      progress.say('stopping: the last commit and snapshot are being written')
      end()
    }
    cleanups.push(() => progress.stop(), onSignals(interrupted), openControlSocket(dir, run))
    if (for_ms !== undefined) {
      const timer = setTimeout(end, for_ms)
      cleanups.push(() => clearTimeout(timer))
    }
    await run.run()
    telemetry.log.info({ stream_time_us: engine.now_us }, 'stopped')
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
    const measured = { duration_ms: Math.round(measure.durable_ms || performance.now()), latency_us: measure.latency() }
    const summary = await summarize(topology, broker, engine.tasks, measured)
    if (options.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`)
    else progress.close(summary)
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup()
    await broker.close()
  }
}

async function sourceOf(options: UpOptions, seed: number): Promise<{ source: Source; label: string; name: string }> {
  if (options.replay.length === 0) {
    if (options.format.length > 0) {
      throw new AppError('BAD_OPTION', '--format goes with --replay', {
        exit_code: 2,
        hint: 'name the file: --replay FILE --format NAME',
      })
    }
    const name = seed === 1 ? 'simulated' : `simulated-${seed}`
    return { source: simulatedMarket({ seed }), label: `simulated market, seed ${seed}`, name }
  }
  if (options.format.length !== options.replay.length) {
    const known = Object.keys(replayFormats).join(', ')
    throw new AppError(
      'BAD_OPTION',
      `${options.replay.length} --replay and ${options.format.length} --format were given`,
      {
        exit_code: 2,
        hint: `give one --format for each --replay; known formats: ${known}`,
      },
    )
  }
  const files = options.replay.map((path, index) => ({ path, format: options.format[index] as string }))
  const source = await createReplay({ files, formats: replayFormats })
  const base =
    (options.replay[0] as string)
      .split('/')
      .pop()
      ?.replace(/[^A-Za-z0-9_-]+/g, '-') ?? 'file'
  return { source, label: `replay of ${options.replay.join(', ')}`, name: `replay-${base}` }
}

/** Ctrl-C stops cleanly; a second one, after half a second, at once. */
function onSignals(end: () => void): () => void {
  let first_ms: number | undefined
  const handle = () => {
    if (first_ms === undefined) {
      first_ms = performance.now()
      end()
    } else if (performance.now() - first_ms > 500) process.exit(130)
  }
  process.on('SIGINT', handle)
  process.on('SIGTERM', handle)
  return () => {
    process.off('SIGINT', handle)
    process.off('SIGTERM', handle)
  }
}
