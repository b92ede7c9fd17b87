import { Command } from 'commander'
import { AppError, hintFor } from '../../runtime/api/index.ts'
import { loadTopology } from '../compose.ts'
import { placeOf } from '../place.ts'
import { inTopics } from '../reading.ts'
import { onSignals } from '../signals.ts'
import { carry } from '../sink/carry.ts'
import { SinkMeter } from '../sink/meter.ts'
import { topologyOptions } from '../topology-file.ts'

interface SinkOptions {
  readonly topology: string
  readonly overlay: readonly string[]
  readonly data?: string
  readonly kafka?: string
  readonly registry?: string
  readonly once?: boolean
  readonly listen?: string
  readonly json?: boolean
}

/** `aitrader sink`: carries what a topology's sinks take into other systems, beside the process that runs it. */
export function sinkCommand(): Command {
  return topologyOptions(
    new Command('sink')
      .description('carry records into other systems, as `sinks` of the topology say, each record once')
      .argument('[names...]', 'these sinks (default: all)')
      .option('--data <dir>', 'the data directory of `aitrader up`')
      .option('--kafka <address>', 'instead: brokers to begin with, HOST:PORT')
      .option('--registry <url>', 'with --kafka: schema registry, http://HOST:PORT/apis/ccompat/v7'),
    'whose sinks',
  )
    .option('--once', 'end with what is there now (--data only)')
    .option('--listen <address>', 'serve /metrics, /health and /ready on PORT (loopback) or HOST:PORT')
    .option('--json', 'print what was carried as JSON, a line a sink')
    .action(sink)
}

async function sink(names: readonly string[], options: SinkOptions): Promise<void> {
  const { sinks = {}, name } = await loadTopology(options.topology, options.overlay)
  const chosen = names.length === 0 ? Object.keys(sinks) : names
  if (chosen.length === 0) {
    throw badOption(`the topology ${name} has no sinks`, 'declare one under `sinks`: docs/topology-files.md')
  }
  for (const one of chosen) {
    if (!Object.hasOwn(sinks, one)) {
      throw badOption(`the topology has no sink ${one}`, hintFor(one, Object.keys(sinks), 'sinks'))
    }
  }
  const { kafka } = options
  const { overlay: overlays, topology: file, ...rest } = options
  const place = placeOf(kafka === undefined ? rest : { ...rest, topology: file, overlay: overlays })
  const once = options.once ?? false
  if (once && kafka !== undefined) {
    throw badOption('--once goes with --data', 'on Kafka only what no writer can precede any more is carried: stop it')
  }
  const stop = new AbortController()
  const listening = onSignals(() => stop.abort())
  try {
    await inTopics(place, async (topics) => {
      const numbered = place.kind === 'directory'
      const meters = chosen.map((one) => new SinkMeter(one))
      const served = options.listen === undefined ? undefined : await serve(options.listen, meters)
      process.stderr.write(`carrying ${chosen.join(', ')}\n`)
      const all = chosen.map(async (one, index) => {
        const meter = meters[index]!
        const records = await carry(topics, sinks[one]!, { once, signal: stop.signal, numbered, meter })
        process.stdout.write(options.json === true ? `${JSON.stringify({ sink: one, records })}\n` : said(one, records))
      })
      // One that fails ends the others, which keep what they have carried.
      for (const [index, one] of all.entries()) {
        one.catch(() => {
          meters[index]!.failed = true
          stop.abort()
        })
      }
      await Promise.allSettled(all)
      // Nobody asks any more when what they read is closed.
      await served?.()
      await Promise.all(all)
    })
  } finally {
    listening()
  }
}

/** Serves what the sinks say; answers what ends it. */
async function serve(address: string, meters: readonly SinkMeter[]): Promise<() => Promise<void>> {
  // Loaded where somebody asks, as by a run.
  const { serveTelemetry } = await import('../telemetry.ts')
  const samples = async () => (await Promise.all(meters.map((meter) => meter.samples()))).flat()
  return serveTelemetry(address, { samples, ready: () => true })
}

function said(name: string, records: Readonly<Record<string, number>>): string {
  const counts = Object.entries(records).map(([topic, count]) => `${count} of ${topic}`)
  return `${name}: ${counts.join(', ')}\n`
}

function badOption(message: string, hint: string): AppError {
  return new AppError('BAD_OPTION', message, { exit_code: 2, hint })
}
