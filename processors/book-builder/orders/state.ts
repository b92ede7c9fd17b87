import type { Json } from '../../../runtime/api/index.ts'
import type { BookOrder, BookQuality, Depth } from '../../../schemas/generated/index.ts'
import type { Proven } from '../book-update.ts'
import type { Top } from '../features.ts'
import type { BookBuilderParams } from '../params.ts'
import { PriceLevel, type RestingOrder } from './level.ts'
import { OrderSide } from './side.ts'

/** What is ahead of a resting order at its price. */
export interface QueuePosition {
  readonly orders_ahead: number
  readonly qty_ahead: number
  /** False: quantity of unknown orders ahead of it is a guess. */
  readonly exact: boolean
}

type SavedLevel = [px: number, anonymous: number, exact: boolean, reduced: boolean, orders: [id: string, qty: number][]]

/** The book of one instrument, order by order. Owned and changed in place by order-book.ts. */
export class OrderBookState {
  instrument_id = ''
  venue = ''
  symbol = ''
  /** A change is missing since the last snapshot or clearing. */
  gap = false
  stale = false
  /** Quality of the last BookUpdate; null before the first. */
  published: BookQuality | null = null
  sequence = 0
  /** Messages up to this sequence are in the snapshot already. */
  seed_sequence = 0
  event_time_us = 0
  receive_time_us = 0
  /** Stream time of the last change, and the record that it came in. */
  heard_us = 0
  heard_producer = ''
  heard_seq = 0
  /** When the stale timer that is set fires. */
  timer_us = 0
  readonly orders = new Map<string, RestingOrder>()
  readonly bids = new OrderSide(1, this.orders)
  readonly asks = new OrderSide(-1, this.orders)
  readonly #params: BookBuilderParams

  constructor(params: BookBuilderParams) {
    this.#params = params
  }

  side(side: 'BUY' | 'SELL'): OrderSide {
    return side === 'BUY' ? this.bids : this.asks
  }

  /** Levels that are certainly right; for both sides at once, a side that certainly ends has as many as the other. */
  get proven(): Proven {
    const bids = this.bids.proven()
    const asks = this.asks.proven()
    const most = Math.max(bids, asks)
    return { levels: Math.min(this.bids.whole ? most : bids, this.asks.whole ? most : asks), bids, asks }
  }

  get quality(): BookQuality {
    const bid = this.bids.best
    const ask = this.asks.best
    const { levels, proven_min } = this.#params
    const proven = Math.min(this.proven.levels, levels)
    if (this.gap || proven < Math.min(proven_min, this.#deepest())) return 'GAP'
    if (bid !== undefined && ask !== undefined && bid.px >= ask.px) return 'CROSSED'
    return this.stale ? 'STALE' : 'LIVE'
  }

  /** Reads the best levels; an empty side has the worst price there is. */
  readTop(): Top {
    const bid = this.bids.best
    const ask = this.asks.best
    return {
      bid_px: bid?.px ?? Number.NEGATIVE_INFINITY,
      bid_qty: bid?.qty ?? 0,
      ask_px: ask?.px ?? Number.POSITIVE_INFINITY,
      ask_qty: ask?.qty ?? 0,
    }
  }

  queuePosition(order_id: string): QueuePosition | undefined {
    const order = this.orders.get(order_id)
    const level = order && this.side(order.side).at(order.px)
    if (order === undefined || level === undefined) return undefined
    let orders_ahead = 0
    let qty_ahead = level.anonymous
    for (let one = order.ahead; one !== null; one = one.ahead) {
      orders_ahead++
      qty_ahead += one.qty
    }
    return { orders_ahead, qty_ahead, exact: level.exact }
  }

  seed({ bids, asks }: Pick<Depth, 'bids' | 'asks'>, sequence: number): void {
    this.orders.clear()
    this.bids.seed(bids)
    this.asks.seed(asks)
    this.seed_sequence = sequence
    this.gap = false
  }

  clear(): void {
    this.orders.clear()
    this.bids.clear()
    this.asks.clear()
    this.seed_sequence = 0
    this.gap = false
  }

  /** A change is missing: nothing is certain any more. */
  lose(): void {
    this.gap = true
    for (const side of [this.bids, this.asks]) {
      side.floor = Number.POSITIVE_INFINITY
      for (const level of side.levels) level.exact = false
    }
  }

  /** An order that the snapshot holds already without its id: last in the queue, because it came last. */
  name({ order_id, side, px, qty }: BookOrder): void {
    const level = this.side(side).at(px)
    if (level === undefined || level.anonymous < qty || this.orders.has(order_id)) return
    level.anonymous -= qty
    this.#push(level, order_id, side, qty)
  }

  add(order_id: string, side: 'BUY' | 'SELL', px: number, qty: number): void {
    const own = this.side(side)
    own.shown(px)
    this.#push(own.level(px), order_id, side, qty)
    own.settle(px)
    own.trim(this.#params.max_levels)
    this.side(side === 'BUY' ? 'SELL' : 'BUY').crossedAt(px)
  }

  /** `qty` goes of an order at `px`, whether the order is known or not; `rests` says that some of it certainly stays. */
  take(order_id: string, side: 'BUY' | 'SELL', px: number, qty: number, executed: boolean, rests: boolean): void {
    const own = this.side(side)
    if (executed) own.executedAt(px)
    own.shown(px)
    const order = this.orders.get(order_id)
    const level = order === undefined ? own.level(px) : (own.at(px) as PriceLevel)
    if (order !== undefined) {
      order.qty -= qty
      level.known -= qty
      if (order.qty === 0) {
        level.unlink(order)
        this.orders.delete(order_id)
      }
    } else {
      // A guess may be too small; an exact level was checked before.
      level.anonymous = Math.max(0, level.anonymous - qty)
      if (!level.exact) level.reduced = rests
    }
    const stands = rests || (own.follows(px) && level.certain)
    own.settle(px)
    if (stands) this.side(side === 'BUY' ? 'SELL' : 'BUY').crossedAt(px)
  }

  snapshot(): Json {
    const { orders, bids, asks, ...rest } = this
    return { ...rest, bids: saved(bids), asks: saved(asks) } as unknown as Json
  }

  /** Whether a snapshot is that of a book by order. */
  static wrote(json: Json): boolean {
    return typeof json === 'object' && json !== null && 'seed_sequence' in json
  }

  static restore(json: Json, params: BookBuilderParams): OrderBookState {
    const { bids, asks, ...rest } = json as unknown as Record<'bids' | 'asks', ReturnType<typeof saved>>
    const state = Object.assign(new OrderBookState(params), rest)
    state.#restore('BUY', bids)
    state.#restore('SELL', asks)
    return state
  }

  #restore(name: 'BUY' | 'SELL', { window, floor, levels }: ReturnType<typeof saved>): void {
    const side = this.side(name)
    side.window = window ?? Number.POSITIVE_INFINITY
    side.floor = floor === 'nothing' ? Number.POSITIVE_INFINITY : floor === 'all' ? Number.NEGATIVE_INFINITY : floor
    side.levels = levels.map(([px, anonymous, exact, reduced, orders]) => {
      const level = new PriceLevel(px, anonymous, exact)
      level.reduced = reduced
      for (const [id, qty] of orders) this.#push(level, id, name, qty)
      return level
    })
  }

  #push(level: PriceLevel, id: string, side: 'BUY' | 'SELL', qty: number): void {
    const order: RestingOrder = { id, side, px: level.px, qty, ahead: null, behind: null }
    level.push(order)
    this.orders.set(id, order)
  }

  /** Levels of the longer side: an empty book is as good as it can be. */
  #deepest(): number {
    return this.bids.whole && this.asks.whole
      ? Math.max(this.bids.levels.length, this.asks.levels.length)
      : this.#params.levels
  }
}

function saved({ window, floor, levels }: OrderSide) {
  return {
    window: window === Number.POSITIVE_INFINITY ? null : window,
    floor:
      floor === Number.POSITIVE_INFINITY
        ? ('nothing' as const)
        : floor === Number.NEGATIVE_INFINITY
          ? ('all' as const)
          : floor,
    levels: levels.map(({ px, anonymous, exact, reduced, first }): SavedLevel => {
      const orders: [string, number][] = []
      for (let order = first; order !== null; order = order.behind) orders.push([order.id, order.qty])
      return [px, anonymous, exact, reduced, orders]
    }),
  }
}
