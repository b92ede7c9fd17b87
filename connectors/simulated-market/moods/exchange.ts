import { type FlowSummary, OrderFlow } from '../order-flow.ts'
import { WireWriter } from '../wire.ts'
import type { StepWeather } from './fair-prices.ts'
import { ASSETS, instrumentId, type MoodInstrument } from './instruments.ts'
import { type Keyed, streamOf } from './keyed.ts'
import { OkxWriter } from './okx-wire.ts'
import { STEP_US } from './timetable.ts'

/**
 * One instrument at its venue, step by step: the orders that arrive, the book that they make, and what the venue sends of
 * it. Nothing here depends on other instruments, nor on what becomes of the messages on their way.
 */
export type Channel = 'depth@100ms' | 'bookTicker' | 'trade' | 'snapshot' | 'books' | 'trades'

/** A message as the venue sent it. */
export interface CleanFrame {
  readonly channel: Channel
  readonly venue_time_us: number
  readonly payload: Uint8Array
}

export type ExchangeSummary = {
  readonly flow: FlowSummary
  /** Distance of this venue's fair price from the asset's, parts per billion. */
  readonly basis_ppb: number
  /** Update id of the last depth message. */
  readonly flushed_id: number
  /** The venue's first message of the book was sent. */
  readonly opened: boolean
}

/** At most one order arrives in a slot, so that the number of draws does not depend on what was drawn. */
const SLOTS_PER_STEP = 20
const SLOT_US = STEP_US / SLOTS_PER_STEP
/** A fair price that is off by so many times the usual patience is a jump. */
const JUMP_PATIENCE = 12
const BASIS_DEVIATION_PPB = 3_000
const BASIS_KEPT = 0.98
/** Of the patience, the spread of a market whose makers are all gone. */
const OPEN_SPREAD = 3

export class Exchange {
  readonly instrument: MoodInstrument
  readonly instrument_id: string
  readonly flow: OrderFlow
  flushed_id: number
  readonly #keyed: Keyed
  readonly #streams: { readonly orders: number; readonly basis: number; readonly renewals: number }
  readonly #binance: WireWriter
  readonly #okx: OkxWriter
  readonly #asset: number
  #basis_ppb: number
  #opened: boolean
  #frames: CleanFrame[] = []

  /** Begins with a book that is drawn anew for `step`: see `renew`. */
  constructor(instrument: MoodInstrument, summary: ExchangeSummary, step: number, keyed: Keyed) {
    const id = instrumentId(instrument)
    this.instrument = instrument
    this.instrument_id = id
    this.#keyed = keyed
    this.#streams = {
      orders: streamOf(`orders ${id}`),
      basis: streamOf(`basis ${id}`),
      renewals: streamOf(`renewals ${id}`),
    }
    this.#binance = new WireWriter(instrument.profile)
    this.#okx = new OkxWriter(instrument.profile)
    this.#asset = ASSETS.indexOf(instrument.asset)
    const { flow, basis_ppb, flushed_id, opened } = summary
    this.flow = new OrderFlow(instrument.profile, flow, 0)
    this.flushed_id = flushed_id
    this.#basis_ppb = basis_ppb
    this.#opened = opened
    this.flow.liquidity = 1
    this.flow.fill(flow.bid_px, flow.ask_px, this.#keyed.at(this.#streams.renewals, step))
    this.flow.bids.changed.clear()
    this.flow.asks.changed.clear()
  }

  summary(): ExchangeSummary {
    return {
      flow: this.flow.summary(),
      basis_ppb: this.#basis_ppb,
      flushed_id: this.flushed_id,
      opened: this.#opened,
    }
  }

  /** What the venue sends in the step that begins at `time_us`, by venue time; `renew` ends it with a book drawn anew. */
  step(step: number, time_us: number, fair_micro: readonly number[], weather: StepWeather, renew: boolean) {
    this.#frames = []
    const { flow } = this
    const { profile, orders_per_s } = this.instrument
    flow.liquidity = weather.liquidity
    const fair_px = this.#fairPx(step, fair_micro)
    if (Math.abs(fair_px - (flow.bids.best_px + flow.asks.best_px) / 2) > JUMP_PATIENCE * profile.patience_px)
      this.#jump(step, time_us, fair_px)
    const chance = Math.min(1, (orders_per_s * weather.intensity * SLOT_US) / 1_000_000)
    for (let slot = 0; slot < SLOTS_PER_STEP; slot += 1) {
      const draws = this.#keyed.at(this.#streams.orders, step * (SLOTS_PER_STEP + 1) + slot + 1)
      if (draws.uniform() >= chance) continue
      const order_us = time_us + slot * SLOT_US + 1 + draws.integer(SLOT_US - 1)
      const moved = flow.stepTo(fair_px, draws)
      this.#sendOrder(order_us, moved)
    }
    const end_us = time_us + STEP_US
    if (renew) {
      flow.update_id += 1
      flow.liquidity = 1
      flow.fill(flow.bids.best_px, flow.asks.best_px, this.#keyed.at(this.#streams.renewals, step + 1))
      flow.executions.length = 0
      this.#sendOrder(end_us, true)
    }
    this.#flush(end_us)
    return this.#frames
  }

  /** The book as it stands at the end of the step, ids less `id_offset`, as an answer to who asks for all of it. */
  snapshot(time_us: number, id_offset: number): CleanFrame {
    const { bids, asks } = this.flow
    const id = this.flushed_id - id_offset
    return this.instrument.venue === 'OKX'
      ? { channel: 'books', venue_time_us: time_us, payload: this.#okx.snapshot(time_us / 1_000, id, bids, asks) }
      : { channel: 'snapshot', venue_time_us: time_us, payload: this.#binance.depthSnapshot(id, bids, asks) }
  }

  #fairPx(step: number, fair_micro: readonly number[]): number {
    const noise = this.#keyed.at(this.#streams.basis, step).bell()
    this.#basis_ppb = Math.round(this.#basis_ppb * BASIS_KEPT + BASIS_DEVIATION_PPB * noise)
    const ticks_per_unit = 10 ** this.instrument.profile.price_scale
    const fair_px = (fair_micro[this.#asset]! / 1_000_000) * ticks_per_unit
    return fair_px + (fair_px * this.#basis_ppb) / 1_000_000_000
  }

  #jump(step: number, time_us: number, fair_px: number): void {
    const { flow } = this
    const { patience_px } = this.instrument.profile
    const spread_px = 1 + Math.floor(OPEN_SPREAD * patience_px * (1 - flow.liquidity))
    flow.jump(fair_px, spread_px, this.#keyed.at(this.#streams.orders, step * (SLOTS_PER_STEP + 1)))
    this.#sendOrder(time_us, true)
  }

  #sendOrder(time_us: number, moved: boolean): void {
    const { flow } = this
    const time_ms = Math.floor(time_us / 1_000)
    const okx = this.instrument.venue === 'OKX'
    if (moved && !okx) this.#send('bookTicker', time_us, this.#binance.bookTicker(flow.update_id, flow.bids, flow.asks))
    for (const { px, qty, buyer_makes } of flow.executions) {
      flow.trade_id += 1
      const writer = okx ? this.#okx : this.#binance
      this.#send(okx ? 'trades' : 'trade', time_us, writer.trade(time_ms, flow.trade_id, px, qty, buyer_makes))
    }
  }

  #flush(time_us: number): void {
    const { flow } = this
    const { bids, asks } = flow
    const time_ms = time_us / 1_000
    const previous = this.flushed_id
    const opens = !this.#opened
    if (!opens && bids.changed.size + asks.changed.size === 0) return
    this.flushed_id = flow.update_id
    this.#opened = true
    if (this.instrument.venue === 'OKX') {
      const payload = opens
        ? this.#okx.snapshot(time_ms, flow.update_id, bids, asks)
        : this.#okx.update(time_ms, previous, flow.update_id, bids, asks)
      this.#send('books', time_us, payload)
    } else {
      // The whole book is asked for when the first change has come, so that the next one continues it.
      if (bids.changed.size + asks.changed.size > 0) {
        const payload = this.#binance.depthUpdate(time_ms, previous + 1, flow.update_id, bids, asks)
        this.#send('depth@100ms', time_us, payload)
      }
      if (opens) this.#send('snapshot', time_us, this.#binance.depthSnapshot(flow.update_id, bids, asks))
    }
    bids.changed.clear()
    asks.changed.clear()
  }

  #send(channel: Channel, venue_time_us: number, payload: Uint8Array): void {
    this.#frames.push({ channel, venue_time_us, payload })
  }
}
