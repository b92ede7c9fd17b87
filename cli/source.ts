import {
  CaptureWriter,
  LiveFeed,
  type LiveFeedOptions,
  liveFeeds,
  nodePorts,
  RecordedSource,
} from '../connectors/feed/index.ts'
import { createReplay, replayFormats } from '../connectors/replay/index.ts'
import { simulatedMarket } from '../connectors/simulated-market/index.ts'
import { moodMarket } from '../connectors/simulated-market/moods/index.ts'
import { MARKET_MOODS, type MarketMood } from '../connectors/simulated-market/moods/table.ts'
import { AppError, hintFor, type Json, type Source } from '../runtime/api/index.ts'

/** Which data source a run has: `--feed NAME`, `--replay FILE --format NAME` any number of times, or the simulated market. */
export interface SourceOptions {
  readonly replay: readonly string[]
  readonly format: readonly string[]
  readonly feed?: string
  readonly feedUrl?: string
  readonly restUrl?: string
  readonly capture?: string
  /** Mood of the simulated market. */
  readonly market?: string
}

interface ChosenSource {
  readonly source: Source
  /** For the eye. */
  readonly label: string
  /** Fit for a directory's name. */
  readonly name: string
  /** How fast it is taken unless told otherwise, as `--speed` is written. */
  readonly speed: 'max' | '1x'
}

/** What a feed subscribes to: the topology's instruments of the feed's venue. */
type Listed = Readonly<Record<string, Json>>

/** For commander: an option that may be given several times. */
export const collect = (value: string, all: readonly string[]): string[] => [...all, value]

/** An AppError `BAD_OPTION` (exit 2), or what the replay refuses. */
export async function sourceOf(
  options: SourceOptions,
  seed: number,
  listed: readonly Listed[] = [],
  tell?: LiveFeedOptions['tell'],
): Promise<ChosenSource> {
  if (options.market !== undefined) return inMood(options.market, options, seed, listed)
  if (options.feed !== undefined) {
    if (options.replay.length > 0) throw badOption('--feed and --replay were both given', 'choose one of them')
    const { feed, format } = liveFeed(options.feed, options, { instruments: listed, symbols: [] }, tell)
    const source =
      options.capture === undefined
        ? feed
        : new RecordedSource(feed, new CaptureWriter(options.capture, replayFormats[format]!))
    return { source, label: `live ${options.feed}`, name: `live-${options.feed}`, speed: 'max' }
  }
  if (options.feedUrl !== undefined || options.restUrl !== undefined || options.capture !== undefined) {
    throw badOption('--feed-url, --rest-url and --capture go with --feed', 'name the feed: --feed NAME')
  }
  if (options.replay.length === 0) {
    if (options.format.length > 0) {
      throw badOption('--format goes with --replay', 'name the file: --replay FILE --format NAME')
    }
    const name = seed === 1 ? 'simulated' : `simulated-${seed}`
    return { source: simulatedMarket({ seed }), label: `simulated market, seed ${seed}`, name, speed: '1x' }
  }
  if (options.format.length !== options.replay.length) {
    const known = Object.keys(replayFormats).join(', ')
    throw badOption(
      `${options.replay.length} --replay and ${options.format.length} --format were given`,
      `give one --format for each --replay; known formats: ${known}`,
    )
  }
  const files = options.replay.map((path, index) => ({ path, format: options.format[index] as string }))
  const source = await createReplay({ files, formats: replayFormats })
  const base =
    (options.replay[0] as string)
      .split('/')
      .pop()
      ?.replace(/[^A-Za-z0-9_-]+/g, '-') ?? 'file'
  return { source, label: `replay of ${options.replay.join(', ')}`, name: `replay-${base}`, speed: 'max' }
}

/** The simulated market in a mood; at OKX, too, where the topology declares instruments of that venue. */
function inMood(market: string, options: SourceOptions, seed: number, listed: readonly Listed[]): ChosenSource {
  if (options.feed !== undefined || options.replay.length > 0 || options.format.length > 0)
    throw badOption('--market goes with the simulated market only', 'leave out --feed, --replay and --format')
  const moods = Object.keys(MARKET_MOODS)
  if (!moods.includes(market)) throw badOption(`there is no market ${market}`, hintFor(market, moods, 'moods'))
  const venues = listed.some(({ venue }) => venue === 'OKX') ? (['BINANCE', 'OKX'] as const) : (['BINANCE'] as const)
  return {
    source: moodMarket({ mood: market as MarketMood, seed, venues }),
    label: `simulated market, ${market}, seed ${seed}`,
    name: seed === 1 ? `simulated-${market}` : `simulated-${market}-${seed}`,
    speed: '1x',
  }
}

/** A live feed, not connected yet, of `symbols` or else the declared instruments; and the format of its captures. */
export function liveFeed(
  name: string,
  { feedUrl, restUrl }: Pick<SourceOptions, 'feedUrl' | 'restUrl'>,
  wanted: { readonly instruments: readonly Listed[]; readonly symbols: readonly string[] },
  tell?: LiveFeedOptions['tell'],
): { feed: LiveFeed; format: string } {
  const kind = Object.hasOwn(liveFeeds, name) ? liveFeeds[name] : undefined
  if (kind === undefined) {
    throw badOption(`there is no feed ${name}`, `known feeds: ${Object.keys(liveFeeds).sort().join(', ')}`)
  }
  const declared = wanted.instruments.filter(({ venue }) => venue === kind.venue).map(({ symbol }) => String(symbol))
  const symbols = wanted.symbols.length > 0 ? wanted.symbols : declared
  if (symbols.length === 0) {
    throw badOption(
      `nothing is declared of venue ${kind.venue}`,
      'declare the instruments to subscribe to under `instruments:` of the topology',
    )
  }
  const venue = kind.open({
    symbols,
    ...(feedUrl === undefined ? {} : { url: feedUrl.replace(/\/+$/, '') }),
    ...(restUrl === undefined ? {} : { rest_url: restUrl.replace(/\/+$/, '') }),
  })
  const feed = new LiveFeed({ venue, ports: nodePorts, ...(tell === undefined ? {} : { tell }) })
  return { feed, format: venue.format }
}

function badOption(message: string, hint: string): AppError {
  return new AppError('BAD_OPTION', message, { exit_code: 2, hint })
}
