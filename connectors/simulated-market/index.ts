import { AppError, assert, type Json, type Source, type SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { INSTRUMENT_PROFILES } from './instruments.ts'
import { type Epoch, firstEpoch, Market, START_US } from './market.ts'

/**
 * A seeded market in the venue's wire format: the default of `aitrader up`, so that the whole path runs without a
 * venue, a file or a network. It is a demonstration: its prices follow nothing that is for sale.
 *
 * It makes Binance spot messages of three instruments (BTCUSDT, ETHUSDT, SOLUSDT): depth updates every 100 ms, book
 * tickers, trades and one REST snapshot each. It never ends by itself and is never silent for long. There is no input
 * that could be bad but a resumed position, and one that is not its own is refused.
 */
export interface SimulatedMarketParams {
  /** Safe integer >= 0. */
  readonly seed: number
  /** Messages of all instruments per second of stream time, about; moods make it vary. 30 to 1,000,000. */
  readonly frames_per_s?: number
  /** Ends when this much stream time has passed; without it, never. */
  readonly duration_ms?: number
  /** The source's name in the topology, written into its frames. */
  readonly source?: string
}

const SIMULATED_MARKET_VENUE = 'BINANCE'

/** What it trades: to declare the instruments of a topology. Decimals of tick and lot. */
export const SIMULATED_INSTRUMENTS = INSTRUMENT_PROFILES.map(({ symbol, price_scale, qty_scale }) => ({
  symbol,
  price_scale,
  qty_scale,
}))

/** Counts up whenever the same seed says something else than before: a stored run can then not be continued. */
const VERSION = 1
const FRAMES_PER_S = 400
/** Bound of what `receive_time_us` is wrong by: the clock's offset, and room. */
const RECEIVE_ERROR_US = 5_000

type Position = { readonly epoch: Epoch; readonly count: number }

export function simulatedMarket(params: SimulatedMarketParams): Source {
  return new SimulatedMarket(params)
}

class SimulatedMarket implements Source {
  readonly identity: Json
  readonly #seed: number
  readonly #frames_per_s: number
  readonly #end_us: number
  readonly #source: string
  #market: Market | undefined
  #done = false

  constructor({ seed, frames_per_s = FRAMES_PER_S, duration_ms, source = 'feed' }: SimulatedMarketParams) {
    assert(Number.isSafeInteger(seed) && seed >= 0, `seed ${seed} is not a safe integer >= 0`)
    assert(frames_per_s >= 30 && frames_per_s <= 1_000_000, `frames_per_s ${frames_per_s} is not in 30..1,000,000`)
    this.identity = { kind: 'simulated-market', version: VERSION, seed, frames_per_s }
    this.#seed = seed
    this.#frames_per_s = frames_per_s
    this.#end_us = duration_ms === undefined ? Number.POSITIVE_INFINITY : START_US + duration_ms * 1_000
    this.#source = source
  }

  async open(position: Json | undefined): Promise<void> {
    const { epoch, count } = position === undefined ? { epoch: firstEpoch(), count: 0 } : parsePosition(position)
    this.#market = new Market(this.#seed, this.#frames_per_s, epoch, count)
  }

  take(): SourceItem | undefined {
    assert(this.#market !== undefined, 'take before open')
    if (this.#done) return undefined
    const { symbol, channel, receive_time_us, payload, epoch, count } = this.#market.next()
    if (receive_time_us >= this.#end_us) {
      this.#done = true
      return undefined
    }
    const value: RawFrame = {
      venue_symbol: `${SIMULATED_MARKET_VENUE}:${symbol}`,
      venue: SIMULATED_MARKET_VENUE,
      source: this.#source,
      channel,
      frame_seq: epoch.frames + count - 1,
      receive_time_us,
      receive_time_ns_rest: 0,
      receive_error_us: RECEIVE_ERROR_US,
      payload,
    }
    return { value, stream_time_us: receive_time_us, position: { epoch, count } satisfies Position }
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

function parsePosition(position: Json): Position {
  const value = position as Partial<Position> | null
  const flows = value?.epoch?.flows
  if (!Number.isSafeInteger(value?.count) || !Array.isArray(flows) || flows.length !== INSTRUMENT_PROFILES.length) {
    throw new AppError('BAD_POSITION', 'resuming the simulated market: the stored position is not one of its own', {
      exit_code: 3,
      hint: 'start on another directory, or remove this one',
    })
  }
  return value as Position
}
