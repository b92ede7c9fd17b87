import { join } from 'node:path'
import { Command } from 'commander'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { Run } from '../../runtime/engine/run.ts'
import { compose, loadTopology } from '../compose.ts'
import { openControlSocket } from '../control-socket.ts'
import { openEngine, wallClock } from '../engine.ts'
import { watchEventLoop } from '../event-loop.ts'
import { Measure } from '../measure.ts'
import { checkOnce, parseDuration, parseSpeed, parseWhole } from '../options.ts'
import { Progress } from '../progress.ts'
import { setAside } from '../rebuild.ts'
import { LaneMeter } from '../run/metrics-meter.ts'
import { checkRunFile, writeRunFile } from '../run-file.ts'
import { onSignals } from '../signals.ts'
import { type SinksBeside, sinksBeside } from '../sink/beside.ts'
import { type SourceOptions, sourceOf, sourceOptions } from '../source.ts'
import { summarize } from '../summary.ts'
import { openLog, serveTelemetry } from '../telemetry.ts'
import { topologyOptions } from '../topology-file.ts'

interface UpOptions extends SourceOptions {
  readonly topology: string
  readonly overlay: readonly string[]
  readonly data?: string
  readonly speed?: string
  readonly for?: string
  readonly once?: boolean
  readonly seed: string
  readonly rebuild?: boolean
  readonly json?: boolean
  readonly listen?: string
}

/** `aitrader up`: every stage in this process, on the embedded broker. */
export function upCommand(): Command {
  const command = topologyOptions(
    new Command('up').description(
      'run the whole dataflow in this process: on a simulated market, with --feed on a live one, with --replay on recorded data',
    ),
    'what to run',
  ).option('--data <dir>', 'where everything is kept (default: .aitrader/<topology>-<source>)')
  return sourceOptions(command)
    .option('--speed <speed>', 'max, or a multiple of real time, 1x (default: 1x for the simulated market, else max)')
    .option('--for <duration>', 'stop after this much time, 20s')
    .option('--once', 'end when the last file and its drain are done')
    .option('--rebuild', 'set the directory aside and compute everything anew')
    .option('--listen <address>', 'serve /metrics, /health and /ready on PORT (loopback) or HOST:PORT')
    .option('--json', 'print the totals as one JSON line at the end')
    .action(up)
}

async function up(options: UpOptions): Promise<void> {
  const seed = parseWhole(options.seed, '--seed')
  const for_ms = options.for === undefined ? undefined : parseDuration(options.for, '--for')
  if (for_ms === undefined) checkOnce(options, 'write --for 1h instead: it stops after that much time')
  const topology = await loadTopology(options.topology, options.overlay)
  // The log is opened later than the source is made; before that the source says nothing. Sinks begin later still.
  const told: { log?: ReturnType<typeof openLog>; sinks?: SinksBeside } = {}
  const tell = (event: string, detail: object) => told.log?.info(detail, event)
  const { source, label, name, speed: usual_speed } = await sourceOf(options, seed, topology.instruments, { tell })
  const speed = parseSpeed(options.speed ?? usual_speed, '--speed')
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
    const log = openLog(join(dir, 'log.jsonl'))
    told.log = log
    const meter = new LaneMeter('all', composition.plan.topics, (event, detail) => log.warn(detail, event))
    if (options.listen !== undefined) cleanups.push(await listen(options.listen, meter, () => told.sinks))
    log.info({ topology: topology.name, source: source.identity, ...JSON.parse(composition.manifest) }, 'started')
    const engine = await openEngine(broker, composition, meter.observe(measure))
    log.info({ stream_time_us: engine.now_us }, 'recovered')
    meter.recovered(engine, () => [], source)
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
    const sinks = sinksBeside({ reader: broker, run: run_file }, (sink, error) => {
      log.warn({ sink, error: error.message }, 'sink failed')
      progress.say(`the sink ${sink} failed, the run goes on: ${error.message}`)
    })
    told.sinks = sinks
    // Where the run fails they must not outlive it; where it ends well they have been waited for.
    cleanups.push(() => sinks.stop())
    cleanups.push(() => progress.stop(), onSignals(interrupted), openControlSocket(dir, run))
    if (for_ms !== undefined) {
      const timer = setTimeout(end, for_ms)
      cleanups.push(() => clearTimeout(timer))
    }
    await run.run()
    await sinks.stop()
    log.info({ stream_time_us: engine.now_us }, 'stopped')
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
    const measured = { duration_ms: Math.round(measure.durable_ms || performance.now()), latency_us: measure.latency() }
    const summary = await summarize(topology, broker, engine.tasks, measured)
    if (options.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`)
    else progress.close(summary)
    sinks.check()
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup()
    await broker.close()
  }
}

/** Serves what the one engine of this process says: to the outside it is one lane. */
function listen(address: string, meter: LaneMeter, sinks: () => SinksBeside | undefined): Promise<() => Promise<void>> {
  const eventLoop = watchEventLoop()
  return serveTelemetry(address, {
    samples: async () => {
      const { running, recovering, samples } = meter.sample()
      return [
        { name: 'aitrader_lanes', labels: {}, value: Number(running) },
        { name: 'aitrader_lanes_recovering', labels: {}, value: Number(recovering) },
        ...samples,
        ...((await sinks()?.samples()) ?? []),
        { name: 'aitrader_event_loop_delay_seconds', labels: { thread: 'main' }, value: eventLoop() },
      ]
    },
    ready: () => {
      const { running, recovering } = meter.sample()
      return running && !recovering
    },
  })
}
