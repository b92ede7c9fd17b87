import { existsSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import type { Command } from 'commander'
import type { LiveFeed, LiveFeedOptions, MergedFeed, Numbering } from '../connectors/feed/index.ts'
import type { MarketMood } from '../connectors/simulated-market/moods/table.ts'
import { AppError, hintFor, type Json, type Source } from '../runtime/api/index.ts'

/**
 * Which data source a run has: `--feed NAME` or `--replay FILE --format NAME`, either any number of times, or the
 * simulated market.
 *
 * A kind is loaded when it is chosen: venues, archives and sockets take longer to load than the rest of a start.
 */
export interface SourceOptions {
  readonly replay: readonly string[]
  readonly format: readonly string[]
  readonly feed?: readonly ChosenFeed[]
  /** Mood of the simulated market. */
  readonly market?: string
}

/** A live feed, and what was said of it behind its name. */
export interface ChosenFeed {
  readonly name: string
  readonly feedUrl?: string
  readonly restUrl?: string
  readonly capture?: string
}

/** Options that choose the source, of every command that has one. */
export function sourceOptions(command: Command): Command {
  const ofFeed = (part: 'feedUrl' | 'restUrl' | 'capture') => (value: string) => {
    const feeds: readonly ChosenFeed[] = command.getOptionValue('feed') ?? []
    const last = feeds.at(-1)
    if (last === undefined) {
      throw badOption(
        '--feed-url, --rest-url and --capture stand behind the feed they are of',
        'name it first: --feed NAME',
      )
    }
    command.setOptionValue('feed', [...feeds.slice(0, -1), { ...last, [part]: value }])
    return value
  }
  return command
    .option('--replay <file>', 'a capture to replay; may be given several times', collect, [])
    .option('--format <name>', 'format of the capture before it', collect, [])
    .option(
      '--feed <name>',
      'a live feed of the declared instruments: binance, binance-usdm, okx, coinbase, kraken, kraken-level3; may be given several times',
      (name: string, before: readonly ChosenFeed[] = []) => [...before, { name }],
    )
    .option('--feed-url <url>', "another stream server than the venue's own, of the feed before it", ofFeed('feedUrl'))
    .option('--rest-url <url>', "another REST server than the venue's own, of the feed before it", ofFeed('restUrl'))
    .option('--capture <file>', 'record the feed before it into this file while it runs', ofFeed('capture'))
    .option('--market <mood>', 'the simulated market in a mood: calm, volatile, crash or broken')
    .option('--seed <n>', 'seed of the simulated market', '1')
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

interface SourceUse {
  /** Told what happens to a live feed. */
  readonly tell?: LiveFeedOptions['tell']
  /**
   * What becomes of `--capture`: a file of this name and no other (unless said otherwise), one more beside those that
   * are there, or none, where nothing is to be read and only the source's identity is asked for.
   */
  readonly captures?: 'only' | 'next' | 'none'
}

/** What a feed subscribes to: the topology's instruments of the feed's venue. */
type Listed = Readonly<Record<string, Json>>

/** For commander: an option that may be given several times. */
export const collect = (value: string, all: readonly string[]): string[] => [...all, value]

/** Not opened yet. An AppError `BAD_OPTION` (exit 2), `FILE_EXISTS` for a capture, or what the replay refuses. */
export async function sourceOf(
  options: SourceOptions,
  seed: number,
  listed: readonly Listed[] = [],
  use: SourceUse = {},
): Promise<ChosenSource> {
  if (options.feed !== undefined) return liveSource(options.feed, options, listed, use)
  if (options.market !== undefined) return inMood(options.market, options, seed, listed)
  if (options.replay.length > 0) return replayOf(options)
  if (options.format.length > 0) {
    throw badOption('--format goes with --replay', 'name the file: --replay FILE --format NAME')
  }
  const { simulatedMarket } = await import('../connectors/simulated-market/index.ts')
  const name = seed === 1 ? 'simulated' : `simulated-${seed}`
  return { source: simulatedMarket({ seed }), label: `simulated market, seed ${seed}`, name, speed: '1x' }
}

async function liveSource(
  chosen: readonly ChosenFeed[],
  options: SourceOptions,
  listed: readonly Listed[],
  use: SourceUse,
): Promise<ChosenSource> {
  if (options.market !== undefined) throw notSimulated()
  if (options.replay.length > 0) throw badOption('--feed and --replay were both given', 'choose one of them')
  const { LiveFeeds, Numbering, nodePorts } = await import('../connectors/feed/index.ts')
  const numbering = new Numbering()
  const venues = new Map<string, string>()
  const feeds: MergedFeed[] = []
  for (const one of chosen) {
    const { feed, format, venue } = await liveFeed(
      one.name,
      one,
      { instruments: listed, symbols: [] },
      use.tell,
      numbering,
    )
    const same = venues.get(venue)
    if (same !== undefined) {
      throw badOption(`${same} and ${one.name} are both of venue ${venue}`, 'take one feed of each venue')
    }
    venues.set(venue, one.name)
    feeds.push(await captured(feed, format, one.capture, use.captures ?? 'only'))
  }
  const names = chosen.map(({ name }) => name)
  const source = feeds.length === 1 ? feeds[0]! : new LiveFeeds(feeds, numbering, nodePorts.clock)
  return { source, label: `live ${names.join(', ')}`, name: `live-${names.join('-')}`, speed: 'max' }
}

async function captured(
  feed: LiveFeed,
  format: string,
  path: string | undefined,
  captures: NonNullable<SourceUse['captures']>,
): Promise<MergedFeed> {
  if (path === undefined || captures === 'none') return feed
  return recorded(feed, captures === 'next' ? nextCapture(path) : path, format)
}

/** A source whose frames are written into the file as they are taken. An AppError `FILE_EXISTS` (exit 2). */
async function recorded(feed: LiveFeed, path: string, format: string): Promise<MergedFeed> {
  const [{ CaptureWriter, RecordedSource }, { replayFormats }] = await Promise.all([
    import('../connectors/feed/index.ts'),
    import('../connectors/replay/index.ts'),
  ])
  return new RecordedSource(feed, new CaptureWriter(path, replayFormats[format]!))
}

/** `live.gz`, or `live-2.gz` and so on where files of these names were begun or ended. */
function nextCapture(path: string): string {
  const end = extname(path)
  const begin = join(path, '..', basename(path, end))
  for (let number = 1; ; number++) {
    const one = number === 1 ? path : `${begin}-${number}${end}`
    if (!existsSync(one) && !existsSync(`${one}.part`)) return one
  }
}

async function replayOf({ replay, format }: SourceOptions): Promise<ChosenSource> {
  const { createReplay, replayFormats } = await import('../connectors/replay/index.ts')
  if (format.length !== replay.length) {
    const known = Object.keys(replayFormats).join(', ')
    throw badOption(
      `${replay.length} --replay and ${format.length} --format were given`,
      `give one --format for each --replay; known formats: ${known}`,
    )
  }
  const files = replay.map((path, index) => ({ path, format: format[index] as string }))
  const source = await createReplay({ files, formats: replayFormats })
  const base = basename(replay[0] as string).replace(/[^A-Za-z0-9_-]+/g, '-')
  return { source, label: `replay of ${replay.join(', ')}`, name: `replay-${base}`, speed: 'max' }
}

/** The simulated market in a mood; at OKX, too, where the topology declares instruments of that venue. */
async function inMood(
  market: string,
  options: SourceOptions,
  seed: number,
  listed: readonly Listed[],
): Promise<ChosenSource> {
  if (options.replay.length > 0 || options.format.length > 0) throw notSimulated()
  const [{ moodMarket }, { MARKET_MOODS }] = await Promise.all([
    import('../connectors/simulated-market/moods/index.ts'),
    import('../connectors/simulated-market/moods/table.ts'),
  ])
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

/** A live feed, not connected yet, of `symbols` or else the declared instruments; the format of its captures, its venue. */
export async function liveFeed(
  name: string,
  { feedUrl, restUrl }: Pick<ChosenFeed, 'feedUrl' | 'restUrl'>,
  wanted: { readonly instruments: readonly Listed[]; readonly symbols: readonly string[] },
  tell?: LiveFeedOptions['tell'],
  numbering?: Numbering,
): Promise<{ feed: LiveFeed; format: string; venue: string }> {
  const { LiveFeed, liveFeeds, nodePorts } = await import('../connectors/feed/index.ts')
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
    ...(feedUrl === undefined ? {} : { url: serverOf('--feed-url', feedUrl, 'ws') }),
    ...(restUrl === undefined ? {} : { rest_url: serverOf('--rest-url', restUrl, 'http') }),
  })
  const given = { ...(tell === undefined ? {} : { tell }), ...(numbering === undefined ? {} : { numbering }) }
  return { feed: new LiveFeed({ venue, ports: nodePorts, ...given }), format: venue.format, venue: kind.venue }
}

/** An address without a slash at its end; of this protocol or the same with TLS. */
function serverOf(option: string, given: string, protocol: 'ws' | 'http'): string {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if ((url?.protocol !== `${protocol}:` && url?.protocol !== `${protocol}s:`) || url.search !== '' || url.hash !== '') {
    throw badOption(`${option} ${given} is no address of a server`, `write it as ${protocol}s://HOST:PORT`)
  }
  return given.replace(/\/+$/, '')
}

function notSimulated(): AppError {
  return badOption('--market goes with the simulated market only', 'leave out --feed, --replay and --format')
}

function badOption(message: string, hint: string): AppError {
  return new AppError('BAD_OPTION', message, { exit_code: 2, hint })
}
