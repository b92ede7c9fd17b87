import { AppError, assert, type Json, type Source, type SourceItem } from '../../../runtime/api/index.ts'
import type { RawFrame } from '../../../schemas/generated/index.ts'
import type { BookSide } from '../limit-order-book.ts'
import { CleanMarket, type MarketSummary, openingMarket, START_US } from './clean-market.ts'
import type { CleanFrame, Exchange } from './exchange.ts'
import type { MoodVenue } from './instruments.ts'
import { Keyed } from './keyed.ts'
import { MARKET_MOODS, type MarketMood, type MoodParameters } from './table.ts'
import {
  type Arrival,
  CLOCK_OFFSET_US,
  LATENCY_MAX_US,
  type Loss,
  openingPath,
  type PathFault,
  type PathSummary,
  WirePath,
} from './wire-path.ts'

/**
 * A seeded market of a mood in the venues' wire formats: `aitrader up --market MOOD`. It is a demonstration and a test
 * bench: its prices follow nothing that is for sale.
 *
 * Layers: fair prices of a factor model, venues with true books, the clean frames they send, and the way to us, which may
 * lose, repeat, delay and damage them. It never ends by itself. A halted or lost venue is silent for seconds. There is no
 * input that could be bad but a resumed position, and one that is not its own is refused.
 */
export interface MoodMarketParams {
  readonly mood: MarketMood
  /** Safe integer >= 0. */
  readonly seed: number
  /** BINANCE alone by default. */
  readonly venues?: readonly MoodVenue[]
  /** Instead of the mood's own. */
  readonly parameters?: Partial<MoodParameters>
  /** Ends when this much stream time has passed; without it, never. */
  readonly duration_ms?: number
  /** The source's name in the topology, written into its frames. */
  readonly source?: string
  /** Is told what the market knows and no subscriber does. Not of frames that a resumed run passes over. */
  readonly observer?: MoodObserver
}

export interface MoodObserver {
  /** A venue's book, as subscribers should know it, at the end of every step of 100 ms. */
  book?(book: TrueBook): void
  /** A frame arrived; `fault` if it is not the clean one, or comes at another time or once more. */
  frame?(frame: RawFrame, fault: PathFault | undefined): void
  /** A frame was sent and does not arrive. */
  loss?(instrument_id: string, frame: CleanFrame, reason: Loss['reason']): void
}

/** Levels best first, prices in ticks and quantities in lots of the instrument. */
export interface TrueBook {
  readonly instrument_id: string
  readonly venue_time_us: number
  /** As the venue's messages say it, also after its ids began anew. */
  readonly sequence: number
  readonly bids: readonly (readonly [px: number, qty: number])[]
  readonly asks: readonly (readonly [px: number, qty: number])[]
}

/** Counts up whenever the same seed says something else than before: a stored run can then not be continued. */
const VERSION = 1
const RECEIVE_ERROR_US = 5_000
/** Of a book that the observer sees. */
const TRUE_LEVELS = 25

type Epoch = {
  /** Frames that arrived before it. */
  readonly frames: number
  readonly receive_time_us: number
  readonly market: MarketSummary
  readonly paths: readonly PathSummary[]
}
/** A frame that arrived, and what befell it. */
type Delivered = { readonly item: SourceItem; readonly fault: PathFault | undefined }
type Position = { readonly epoch: Epoch; readonly count: number }

export function moodMarket(params: MoodMarketParams): Source {
  return new MoodMarket(params)
}

class MoodMarket implements Source {
  readonly identity: Json
  readonly #params: MoodMarketParams
  readonly #venues: readonly MoodVenue[]
  readonly #keyed: Keyed
  #market: CleanMarket | undefined
  #paths: readonly WirePath[] = []
  #epoch!: Epoch
  #count = 0
  #receive_time_us = 0
  #end_us = Number.POSITIVE_INFINITY
  /** On their way, by arrival. */
  #pending: Arrival[] = []
  #queue: Delivered[] = []
  #read = 0
  #skip = 0
  #done = false

  constructor(params: MoodMarketParams) {
    const { seed, mood, venues = ['BINANCE'], parameters } = params
    assert(Number.isSafeInteger(seed) && seed >= 0, `seed ${seed} is not a safe integer >= 0`)
    assert(venues.length > 0, 'a market without venues')
    this.#params = params
    this.#venues = venues
    this.#keyed = new Keyed(seed)
    const identity = { kind: 'simulated-market', version: VERSION, mood, seed, venues: [...venues] }
    this.identity = parameters === undefined ? identity : { ...identity, parameters }
  }

  async open(position: Json | undefined): Promise<void> {
    const opening = openingMarket(this.#venues)
    const first: Epoch = {
      frames: 0,
      receive_time_us: 0,
      market: opening,
      paths: opening.exchanges.map(() => openingPath),
    }
    const { epoch, count } = position === undefined ? { epoch: first, count: 0 } : parsePosition(position, first)
    const params = { ...MARKET_MOODS[this.#params.mood], ...this.#params.parameters }
    const market = new CleanMarket(params, this.#keyed, this.#venues, epoch.market)
    const { duration_ms } = this.#params
    if (duration_ms !== undefined) this.#end_us = START_US + duration_ms * 1_000
    this.#market = market
    this.#paths = market.exchanges.map(
      (exchange, index) => new WirePath(exchange, params, this.#keyed, epoch.paths[index]!),
    )
    this.#epoch = epoch
    this.#receive_time_us = epoch.receive_time_us
    this.#skip = count
  }

  take(): SourceItem | undefined {
    assert(this.#market !== undefined, 'take before open')
    while (!this.#done && this.#read === this.#queue.length) {
      this.#queue = []
      this.#read = 0
      this.#advance(this.#market)
    }
    if (this.#done) return undefined
    const { item, fault } = this.#queue[this.#read]!
    if (item.stream_time_us >= this.#end_us) {
      this.#done = true
      return undefined
    }
    this.#read += 1
    this.#params.observer?.frame?.(item.value as RawFrame, fault)
    return item
  }

  /** Takes a step of the market and lets arrive what does before the next one can send anything. */
  #advance(market: CleanMarket): void {
    const { step, time_us } = market
    const losses: Loss[] = []
    for (const [index, frames] of market.advance().entries())
      this.#paths[index]!.carry(frames, step, time_us, this.#pending, losses)
    const passed_us = market.time_us + CLOCK_OFFSET_US
    this.#pending.sort((a, b) => a.due_us - b.due_us)
    // Nothing is on its way over the seam of two epochs: what would be comes a little sooner.
    const ended = market.epoch_ended
    const rest = ended ? -1 : this.#pending.findIndex(({ due_us }) => due_us >= passed_us)
    const arrived = rest === -1 ? this.#pending.splice(0) : this.#pending.splice(0, rest)
    for (const arrival of arrived) this.#deliver(arrival, passed_us + LATENCY_MAX_US)
    if (this.#skip === 0) this.#observe(market, losses)
    if (!ended) return
    this.#epoch = {
      frames: this.#epoch.frames + this.#count,
      receive_time_us: this.#receive_time_us,
      market: market.summary(),
      paths: this.#paths.map((path) => path.summary()),
    }
    this.#count = 0
  }

  #deliver({ exchange, channel, due_us, payload, fault }: Arrival, latest_us: number): void {
    const { venue, profile } = exchange.instrument
    this.#receive_time_us = Math.max(Math.min(due_us, latest_us), this.#receive_time_us + 1)
    this.#count += 1
    if (this.#skip > 0) {
      this.#skip -= 1
      return
    }
    const value: RawFrame = {
      venue_symbol: `${venue}:${profile.symbol}`,
      venue,
      source: this.#params.source ?? 'feed',
      channel,
      frame_seq: this.#epoch.frames + this.#count - 1,
      receive_time_us: this.#receive_time_us,
      receive_time_ns_rest: 0,
      receive_error_us: RECEIVE_ERROR_US,
      payload,
    }
    const position: Position = { epoch: this.#epoch, count: this.#count }
    this.#queue.push({ item: { value, stream_time_us: this.#receive_time_us, position }, fault })
  }

  #observe(market: CleanMarket, losses: readonly Loss[]): void {
    const { observer } = this.#params
    if (observer === undefined) return
    for (const { exchange, frame, reason } of losses) observer.loss?.(exchange.instrument_id, frame, reason)
    if (observer.book === undefined) return
    for (const [index, exchange] of market.exchanges.entries())
      observer.book(trueBook(exchange, market.time_us, this.#paths[index]!.update_offset))
  }

  /** There is always a next message, or none ever. */
  async ready(): Promise<void> {}

  get done(): boolean {
    return this.#done
  }

  async close(): Promise<void> {
    this.#market = undefined
    this.#done = true
  }
}

function trueBook({ instrument_id, flushed_id, flow }: Exchange, venue_time_us: number, offset: number): TrueBook {
  const levels = (side: BookSide) =>
    Array.from({ length: Math.min(TRUE_LEVELS, side.count) }, (_, rank) => [side.px(rank), side.qty(rank)] as const)
  return {
    instrument_id,
    venue_time_us,
    sequence: flushed_id - offset,
    bids: levels(flow.bids),
    asks: levels(flow.asks),
  }
}

function parsePosition(position: Json, first: Epoch): Position {
  const value = position as Partial<Position> | null
  const exchanges = value?.epoch?.market?.exchanges
  const paths = value?.epoch?.paths
  if (
    !Number.isSafeInteger(value?.count) ||
    !Array.isArray(exchanges) ||
    exchanges.length !== first.paths.length ||
    !Array.isArray(paths) ||
    paths.length !== first.paths.length
  ) {
    throw new AppError('BAD_POSITION', 'resuming the simulated market: the stored position is not one of its own', {
      exit_code: 3,
      hint: 'start on another directory, or remove this one',
    })
  }
  return value as Position
}
