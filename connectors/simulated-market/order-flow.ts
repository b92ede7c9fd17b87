import type { Chance } from './chance.ts'
import type { InstrumentProfile } from './instruments.ts'
import { BookSide } from './limit-order-book.ts'
import { type Mood, nextMood, openingMood } from './mood.ts'

/**
 * The orders that reach one instrument's book, and the book that they make.
 *
 * Arrivals are those of a zero-intelligence book (Cont, Stoikov, Talreja 2010: limit orders by distance from the best,
 * cancellations in proportion to what rests, orders that take) around a fair price that nobody sees. When the fair
 * price runs more than `patience_px` from the middle, takers and leaving makers move the book after it. So the spread
 * is one tick most of the time and the price goes in steps, as on the venue.
 *
 * The book is never crossed: an order that would cross is a taking one, and a side keeps `SIDE_LEVELS_MIN` levels.
 */
export type FlowSummary = {
  readonly bid_px: number
  readonly ask_px: number
  readonly update_id: number
  readonly trade_id: number
  readonly fair_px: number
  readonly chase: number
  readonly mood: Mood
}

/** One execution: `buyer_makes` when the resting order was a bid. */
export interface Execution {
  readonly px: number
  readonly qty: number
  readonly buyer_makes: boolean
}

const SIDE_LEVELS_MIN = 20
const SIDE_LEVELS_USUAL = 100
/** Levels that a jump of the price executes before the others are pulled. */
const RUN_OVER_LEVELS = 5
const REVERSION_PER_S = 1 / 3_600

export function openingFlow(profile: InstrumentProfile, start_us: number): FlowSummary {
  return {
    bid_px: profile.start_px,
    ask_px: profile.start_px + 1,
    update_id: profile.update_id,
    trade_id: profile.trade_id,
    fair_px: profile.start_px + 0.5,
    chase: 0,
    mood: openingMood(start_us),
  }
}

export class OrderFlow {
  readonly profile: InstrumentProfile
  readonly bids = new BookSide(1)
  readonly asks = new BookSide(-1)
  /** What the last `step` executed, in order. */
  readonly executions: Execution[] = []
  update_id: number
  trade_id: number
  mood: Mood
  /** Share of the usual sizes that makers show, 0 to 1. */
  liquidity = 1
  #fair_px: number
  /** +1 while the book moves up after the fair price, -1 while down, 0 at rest. */
  #chase: number
  #last_us: number

  constructor(profile: InstrumentProfile, summary: FlowSummary, time_us: number) {
    this.profile = profile
    this.update_id = summary.update_id
    this.trade_id = summary.trade_id
    this.mood = summary.mood
    this.#fair_px = summary.fair_px
    this.#chase = summary.chase
    this.#last_us = time_us
  }

  summary(): FlowSummary {
    return {
      bid_px: this.bids.best_px,
      ask_px: this.asks.best_px,
      update_id: this.update_id,
      trade_id: this.trade_id,
      fair_px: this.#fair_px,
      chase: this.#chase,
      mood: this.mood,
    }
  }

  /** Replaces all that rests by a book drawn afresh around the given best prices. */
  fill(bid_px: number, ask_px: number, random: Chance): void {
    for (const [side, best_px] of [
      [this.bids, bid_px],
      [this.asks, ask_px],
    ] as const) {
      side.clear()
      side.add(best_px, this.#restQty(random))
      const levels = Math.max(SIDE_LEVELS_MIN + 5, Math.floor(SIDE_LEVELS_USUAL * this.liquidity))
      const spacing_px = this.profile.reach_px / SIDE_LEVELS_USUAL
      let distance_px = 0
      while (side.count < levels && distance_px < this.profile.reach_px) {
        // Levels lie denser near the best.
        const nearness = (side.count + 1) / SIDE_LEVELS_USUAL
        distance_px += 1 + Math.floor(2 * spacing_px * nearness * random.uniform())
        side.add(best_px - side.sign * distance_px, this.#restQty(random))
      }
    }
  }

  /** One order arrives at `time_us`. True if the best bid or ask, price or total, is another afterwards. */
  step(time_us: number, random: Chance): boolean {
    this.#moveFair(time_us, random)
    return this.#act(random)
  }

  /** The same where the fair price is known from outside. */
  stepTo(fair_px: number, random: Chance): boolean {
    this.#fair_px = fair_px
    this.#lag()
    return this.#act(random)
  }

  /**
   * The fair price is far off at once: takers execute what stands first on the side that is too good, makers pull the
   * rest, and quotes come anew around the fair price, `spread_px` apart.
   */
  jump(fair_px: number, spread_px: number, random: Chance): void {
    const { bids, asks } = this
    this.executions.length = 0
    this.update_id += 1
    const near = fair_px > (bids.best_px + asks.best_px) / 2 ? asks : bids
    let qty = 0
    for (let rank = 0; rank < Math.min(RUN_OVER_LEVELS, near.count); rank += 1) qty += near.qty(rank)
    this.#take(near, qty, Math.round(fair_px), random)
    const bid_px = Math.floor(fair_px - (spread_px - 1) / 2)
    this.fill(bid_px, bid_px + spread_px, random)
    this.#fair_px = fair_px
    this.#chase = 0
  }

  #act(random: Chance): boolean {
    const { bids, asks } = this
    const bid_px = bids.best_px
    const bid_qty = bids.best_qty
    const ask_px = asks.best_px
    const ask_qty = asks.best_qty
    this.executions.length = 0
    this.update_id += 1
    if (this.#chase !== 0) this.#follow(random)
    else this.#ordinary(random)
    return bids.best_px !== bid_px || bids.best_qty !== bid_qty || asks.best_px !== ask_px || asks.best_qty !== ask_qty
  }

  #moveFair(time_us: number, random: Chance): void {
    const elapsed_s = (time_us - this.#last_us) / 1_000_000
    this.#last_us = time_us
    while (time_us >= this.mood.until_us) this.mood = nextMood(this.mood, random)
    const { start_px } = this.profile
    const { drift, volatility } = this.mood
    const change = drift * elapsed_s + volatility * Math.sqrt(elapsed_s) * random.bell()
    this.#fair_px += this.#fair_px * change + (start_px - this.#fair_px) * elapsed_s * REVERSION_PER_S
    this.#lag()
  }

  /** Whether the book is so far behind the fair price that it moves after it. */
  #lag(): void {
    const { patience_px } = this.profile
    const away_px = this.#fair_px - (this.bids.best_px + this.asks.best_px) / 2
    if (away_px > patience_px) this.#chase = 1
    else if (away_px < -patience_px) this.#chase = -1
    else if (away_px * this.#chase <= 0) this.#chase = 0
  }

  /** The book lags behind the fair price: takers lift what is too cheap, makers take it away or move up behind. */
  #follow(random: Chance): void {
    const [near, far] = this.#chase === 1 ? [this.asks, this.bids] : [this.bids, this.asks]
    if (near.count <= SIDE_LEVELS_MIN) return this.#deepen(near, random)
    // What is no longer too cheap stays: else the spread would widen until its middle is the fair price.
    if (near.sign * near.best_px <= near.sign * this.#fair_px) return this.#improve(far, near, random)
    const chance = random.uniform()
    if (chance < 0.45) this.#take(near, near.best_qty + this.#takeQty(random), Math.round(this.#fair_px), random)
    else if (chance < 0.65) near.remove(0)
    else if (chance < 0.85) this.#improve(far, near, random)
    else this.#rest(near, random)
  }

  /** Makers come with new levels behind the last ones, so that a run through the book never empties a side. */
  #deepen(side: BookSide, random: Chance): void {
    const step_px = 1 + this.profile.reach_px / SIDE_LEVELS_USUAL
    while (side.count < 2 * SIDE_LEVELS_MIN) {
      side.add(side.worst_px - side.sign * (1 + random.integer(step_px)), this.#restQty(random))
    }
  }

  #ordinary(random: Chance): void {
    const { bids, asks, profile } = this
    // The fair price leans on the flow before it moves the book: so imbalance says something about what comes.
    const lean = (this.#fair_px - (bids.best_px + asks.best_px) / 2) / profile.patience_px
    const [side, other] = random.uniform() < 0.5 + 0.3 * lean ? [bids, asks] : [asks, bids]
    const chance = random.uniform()
    if (asks.best_px - bids.best_px > 1 && chance < 0.4) return this.#improve(side, other, random)
    if (chance < 0.12 && other.count > SIDE_LEVELS_MIN) {
      // A bid that takes: it pays up to a few levels, but never moves the price far by itself.
      return this.#take(other, this.#takeQty(random), other.px(2), random)
    }
    if (chance < 0.12 + 0.4 * (other.count / SIDE_LEVELS_USUAL)) return this.#cancel(other, random)
    this.#rest(side, random)
  }

  #improve(side: BookSide, other: BookSide, random: Chance): void {
    const room_px = side.sign * (other.best_px - side.best_px) - 1
    if (room_px <= 0) return this.#rest(side, random)
    const step_px = random.uniform() < 0.5 ? room_px : 1 + random.integer(room_px)
    side.add(side.best_px + side.sign * step_px, this.#restQty(random))
  }

  #rest(side: BookSide, random: Chance): void {
    const { distance_px, reach_px } = this.profile
    const drawn_px = random.uniform() < 0.45 ? 0 : Math.floor(distance_px * random.heavy())
    const behind_px = Math.min(drawn_px, reach_px)
    side.add(side.best_px - side.sign * behind_px, this.#restQty(random))
  }

  #cancel(side: BookSide, random: Chance): void {
    const farthest_px = side.sign * (side.best_px - side.worst_px)
    if (farthest_px > this.profile.reach_px && side.count > SIDE_LEVELS_MIN) return side.remove(side.count - 1)
    const rank = Math.min(Math.floor(1.5 * random.heavy()), side.count - 1)
    const qty = side.qty(rank)
    if (random.uniform() < 0.4 && side.count > SIDE_LEVELS_MIN) return side.remove(rank)
    if (qty > 1) side.reduce(rank, 1 + random.integer(qty - 1))
  }

  /** Executes up to `qty` lots of `side` at `limit_px` or better; several makers may stand at one price. */
  #take(side: BookSide, qty: number, limit_px: number, random: Chance): void {
    let left = qty
    while (left > 0 && side.sign * side.best_px >= side.sign * limit_px && side.count > SIDE_LEVELS_MIN) {
      const px = side.best_px
      const all = Math.min(left, side.best_qty)
      side.reduce(0, all)
      left -= all
      for (let rest = all; rest > 0; ) {
        const part = rest > 1 && random.uniform() < 0.3 ? 1 + random.integer(rest) : rest
        this.executions.push({ px, qty: part, buyer_makes: side.sign === 1 })
        rest -= part
      }
    }
  }

  #restQty(random: Chance): number {
    return 1 + Math.floor(this.profile.rest_qty * random.heavy() * this.liquidity)
  }

  #takeQty(random: Chance): number {
    return 1 + Math.floor(this.profile.take_qty * random.heavy())
  }
}
