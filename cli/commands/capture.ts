import { Command } from 'commander'
import { CaptureWriter, type LiveFeed, RecordedSource } from '../../connectors/feed/index.ts'
import { replayFormats } from '../../connectors/replay/index.ts'
import { loadTopology } from '../compose.ts'
import { parseDuration, parseWhole } from '../options.ts'
import { onSignals } from '../signals.ts'
import { collect, liveFeed } from '../source.ts'
import { topologyOptions } from '../topology-file.ts'
import { untilAborted } from '../until-aborted.ts'

interface CaptureOptions {
  readonly topology: string
  readonly overlay: readonly string[]
  readonly feed: string
  readonly feedUrl?: string
  readonly restUrl?: string
  readonly symbol: readonly string[]
  readonly out: string
  readonly for?: string
  readonly frames?: string
  readonly json?: boolean
}

/** Between two lines of progress. */
const PROGRESS_MS = 2_000

/** `aitrader capture`: a live feed into a file that `up --replay` reads. */
export function captureCommand(): Command {
  return topologyOptions(
    new Command('capture').description('record a live feed into a file that --replay reads back exactly'),
    'whose instruments to record',
  )
    .requiredOption('--feed <name>', 'the live feed')
    .requiredOption('--out <file>', 'the capture; compressed if its name ends in .gz')
    .option(
      '--symbol <symbol>',
      "record this symbol of the venue instead of the topology's; several times",
      collect,
      [],
    )
    .option('--feed-url <url>', "another stream server than the venue's own")
    .option('--rest-url <url>', "another REST server than the venue's own")
    .option('--for <duration>', 'stop after this much time, 1h (default: until interrupted)')
    .option('--frames <n>', 'stop after so many frames')
    .option('--json', 'print the totals as one JSON line at the end')
    .action(capture)
}

async function capture(options: CaptureOptions): Promise<void> {
  const for_ms = options.for === undefined ? undefined : parseDuration(options.for, '--for')
  const frames_max = options.frames === undefined ? Number.POSITIVE_INFINITY : parseWhole(options.frames, '--frames', 1)
  const { instruments } = await loadTopology(options.topology, options.overlay)
  const started_ms = performance.now()
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const { feed, format } = await liveFeed(
    options.feed,
    options,
    { instruments, symbols: options.symbol },
    (event, detail) => {
      const words = Object.entries(detail).map(([name, value]) => `${name} ${value}`)
      say(`${((performance.now() - started_ms) / 1_000).toFixed(1)} s: ${event}, ${words.join(', ')}`)
    },
  )
  const writer = new CaptureWriter(options.out, replayFormats[format]!)
  const source = new RecordedSource(feed, writer)
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  const cleanups = [onSignals(stop)]
  if (for_ms !== undefined) {
    const timer = setTimeout(stop, for_ms)
    cleanups.push(() => clearTimeout(timer))
  }
  const progress = setInterval(() => say(line(feed, writer)), PROGRESS_MS)
  cleanups.push(() => clearInterval(progress))
  try {
    await source.open(undefined)
    while (!stopping.signal.aborted && writer.frames < frames_max) {
      if (source.take() === undefined) await untilAborted(source.ready(), stopping.signal)
      // The sockets and signals want a turn too.
      else if (writer.frames % 256 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    }
  } finally {
    for (const cleanup of cleanups) cleanup()
    await source.close()
  }
  const { counts } = feed
  if (options.json === true) {
    const { frames, bytes, path, written_bytes } = writer
    process.stdout.write(`${JSON.stringify({ path, format, frames, bytes, written_bytes, feed: counts })}\n`)
  } else {
    process.stdout.write(`${writer.path}: ${line(feed, writer)}\n`)
    process.stdout.write(`replay it: aitrader up --replay ${writer.path} --format ${format}\n`)
  }
}

function line({ counts, connected }: LiveFeed, { frames, bytes, written_bytes }: CaptureWriter): string {
  const size = `${megabytes(bytes)} MB, ${megabytes(written_bytes)} MB written`
  const state = connected ? '' : ', not connected'
  return `${frames} frames, ${size}, ${counts.breaks} breaks, ${counts.connections} connections${state}`
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1)
}
