import { type Json, keep, type Step } from '../../runtime/api/index.ts'
import { Bar } from './bar.ts'
import { Atr } from './indicators/atr.ts'
import { Ema } from './indicators/ema.ts'
import { RollingMax } from './indicators/extreme.ts'
import { Rsi } from './indicators/rsi.ts'
import { Vwap } from './indicators/vwap.ts'
import { Welford } from './indicators/welford.ts'
import { Window } from './indicators/window.ts'
import type { ScorerParams } from './params.ts'
import { Trigger } from './trigger.ts'

const BAR_PARTS = [
  'bars',
  'atr',
  'atr_slow',
  'rsi',
  'fast',
  'slow',
  'closes',
  'volumes',
  'high',
  'low',
  'vwap',
] as const
const BOOK_PARTS = ['books', 'imbalance', 'flow', 'flow_size', 'tilt'] as const
const TRIGGERS = [
  'breakout',
  'momentum',
  'mean_reversion',
  'book_pressure',
  'volume_surge',
  'volatility_regime',
] as const
const PARTS = ['bar', ...BAR_PARTS, ...BOOK_PARTS, ...TRIGGERS] as const

/**
 * Everything the scorer knows of one instrument. Mutable and owned by the processor: no event allocates, memory is
 * bounded by the windows. Prices are in price_scale, quantities in qty_scale, times stream time in microseconds.
 */
export class ScorerState {
  /** The step that changes nothing outside, made once: most events end in it. */
  readonly kept: Step<ScorerState, never>

  readonly #min_range_bps: number
  readonly bar = new Bar()
  readonly bars: Window
  readonly atr: Atr
  readonly atr_slow: Ema
  readonly rsi: Rsi
  readonly fast: Ema
  readonly slow: Ema
  /** Closes of bars. */
  readonly closes: Welford
  /** Volumes of bars. */
  readonly volumes: Welford
  readonly high: RollingMax
  /** Greatest of the negated lows. */
  readonly low: RollingMax
  readonly vwap: Vwap

  readonly books: Window
  readonly imbalance: Ema
  readonly flow: Ema
  readonly flow_size: Ema
  readonly tilt: Ema

  readonly breakout = new Trigger()
  readonly momentum = new Trigger()
  readonly mean_reversion = new Trigger()
  readonly book_pressure = new Trigger()
  readonly volume_surge = new Trigger()
  readonly volatility_regime = new Trigger()

  /** Last trade; 0 before the first. */
  last_px = 0
  last_trade_us = 0
  /** Last book: whether it is LIVE with both sides, its mid and spread, its update id, when it came. */
  live = false
  mid = 0
  spread = 0
  book_sequence = 0
  book_us = 0

  constructor(params: ScorerParams) {
    this.kept = keep<ScorerState>(this)
    this.#min_range_bps = params.min_range_bps
    const n = params.window_bars
    this.bars = new Window(n)
    this.atr = new Atr(params.atr_bars)
    this.atr_slow = new Ema(params.regime_bars)
    this.rsi = new Rsi(params.rsi_bars)
    this.fast = new Ema(params.fast_bars)
    this.slow = new Ema(params.slow_bars)
    this.closes = new Welford(n)
    this.volumes = new Welford(n)
    this.high = new RollingMax(n)
    this.low = new RollingMax(n)
    this.vwap = new Vwap(n)
    const books = params.window_books
    this.books = new Window(books)
    this.imbalance = new Ema(books)
    this.flow = new Ema(books)
    this.flow_size = new Ema(books)
    this.tilt = new Ema(books)
  }

  /** The least price move that counts: the spread, within which prices bounce, or `min_range_bps` of the mid. */
  get floor(): number {
    return Math.max(this.spread, (this.mid * this.#min_range_bps) / 10_000)
  }

  /** The unit in which a price move counts: the ATR, but never less than the floor. */
  get range(): number {
    return Math.max(this.atr.value, this.floor)
  }

  resetBars(): void {
    this.bar.clear()
    for (const part of BAR_PARTS) this[part].reset()
  }

  resetBooks(): void {
    for (const part of BOOK_PARTS) this[part].reset()
  }

  snapshot(): Json {
    const { last_px, last_trade_us, live, mid, spread, book_sequence, book_us } = this
    const json: Record<string, Json> = { last_px, last_trade_us, live, mid, spread, book_sequence, book_us }
    for (const part of PARTS) json[part] = this[part].snapshot()
    return json
  }

  restore(json: Json): void {
    const plain = json as unknown as ScorerState & Record<string, Json>
    this.last_px = plain.last_px
    this.last_trade_us = plain.last_trade_us
    this.live = plain.live
    this.mid = plain.mid
    this.spread = plain.spread
    this.book_sequence = plain.book_sequence
    this.book_us = plain.book_us
    for (const part of PARTS) this[part].restore((json as Record<string, Json>)[part] as Json)
  }
}
