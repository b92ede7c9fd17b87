/** What stands behind a feed in its tests: the product's normalizer, and books made of its events by the simplest means. */
import { normalizer } from '../../processors/normalizer/index.ts'
import type { Source } from '../../runtime/api/index.ts'
import type { BookOrder, Depth, MarketEvent, RawFrame } from '../../schemas/generated/index.ts'
import { Hand, port } from '../processors/kit.ts'
import type { TrueBook, TrueOrder } from './market-books.ts'

export interface Listed {
  readonly instrument_id: string
  readonly venue: string
  readonly symbol: string
  readonly price_scale: number
  readonly qty_scale: number
}

class ReadBook {
  readonly bids = new Map<number, number>()
  readonly asks = new Map<number, number>()
  state = 'NEW'

  /** By order, where the venue tells them: in the order in which they came. */
  readonly orders = { BUY: new Map<string, BookOrder>(), SELL: new Map<string, BookOrder>() }

  apply({ kind, depth, order, status }: MarketEvent): void {
    if (kind === 'status' && status !== null) this.state = status.state
    if (depth !== null) this.#levels(depth)
    if (order != null) this.#order(order)
  }

  #order(order: BookOrder): void {
    const { action, order_id, side, qty } = order
    const orders = this.orders[side]
    const known = orders.get(order_id)
    if (action === 'CLEAR') for (const one of Object.values(this.orders)) one.clear()
    else if (action === 'DELETE') orders.delete(order_id)
    else if (action === 'ADD') orders.set(order_id, order)
    else if (action === 'REDUCE' && known !== undefined) orders.set(order_id, { ...known, qty: known.qty - qty })
    else throw new Error(`${action} of ${order_id}`)
  }

  #levels({ snapshot, bids, asks }: Depth): void {
    for (const [side, levels] of [
      [this.bids, bids],
      [this.asks, asks],
    ] as const) {
      if (snapshot) side.clear()
      for (const { px, qty } of levels) {
        if (qty === 0) side.delete(px)
        else side.set(px, qty)
      }
    }
  }
}

export class Reader {
  readonly books = new Map<string, ReadBook>()
  frames = 0
  faults = 0
  readonly #source: Source
  readonly #hands = new Map<string, Hand>()
  readonly #listed: readonly Listed[]
  #last_us = -1
  #last_seq: number | undefined

  constructor(source: Source, listed: readonly Listed[]) {
    this.#source = source
    this.#listed = listed
  }

  /** Takes everything that waits, or `most` frames; each must be later than the one before, and the next in number. */
  drain(most = Number.POSITIVE_INFINITY): RawFrame[] {
    const frames: RawFrame[] = []
    while (frames.length < most) {
      const item = this.#source.take()
      if (item === undefined) break
      const frame = item.value as RawFrame
      if (item.stream_time_us <= this.#last_us) throw new Error(`time went from ${this.#last_us} back`)
      if (this.#last_seq !== undefined && frame.frame_seq !== this.#last_seq + 1) throw new Error('a number is missing')
      this.#last_us = item.stream_time_us
      this.#last_seq = frame.frame_seq
      this.#read(frame, item.stream_time_us)
      frames.push(frame)
    }
    this.frames += frames.length
    return frames
  }

  #read(frame: RawFrame, stream_time_us: number): void {
    let hand = this.#hands.get(frame.venue_symbol)
    if (hand === undefined) {
      const params = { instruments: this.#listed, unknown_symbol: 'fault', buffer_max: 1_024, restart_after: 100 }
      hand = new Hand(normalizer, frame.venue_symbol, params)
      this.#hands.set(frame.venue_symbol, hand)
    }
    const answer = hand.on('frames', frame, stream_time_us)
    if ('fault' in answer) this.faults++
    for (const event of port<MarketEvent>(answer, 'events')) {
      let book = this.books.get(event.symbol)
      if (book === undefined) {
        book = new ReadBook()
        this.books.set(event.symbol, book)
      }
      book.apply(event)
    }
  }

  /** A book in one text: its state and all levels, as the true ones are written by `truth`. */
  text(symbol: string): string {
    const book = this.books.get(symbol) ?? new ReadBook()
    const { BUY, SELL } = book.orders
    if (BUY.size + SELL.size > 0) return `${book.state} ${queued([...BUY.values()])} | ${queued([...SELL.values()])}`
    return `${book.state} ${sorted([...book.bids])} | ${sorted([...book.asks])}`
  }

  truth(symbol: string, book: TrueBook): string {
    const { price_scale, qty_scale } = this.#listed.find((one) => one.symbol === symbol)!
    if (book.orders !== undefined) {
      const read = (orders: readonly TrueOrder[]) =>
        queued(
          orders.map(({ id, px, qty }) => ({ order_id: id, px: units(px, price_scale), qty: units(qty, qty_scale) })),
        )
      return `LIVE ${read(book.orders.bids)} | ${read(book.orders.asks)}`
    }
    const scaled = (side: Map<string, string>) =>
      sorted([...side].map(([px, qty]) => [units(px, price_scale), units(qty, qty_scale)]))
    return `LIVE ${scaled(book.bids)} | ${scaled(book.asks)}`
  }
}

const units = (text: string, scale: number): number => Math.round(Number(text) * 10 ** scale)

const sorted = (levels: (readonly [number, number])[]): string =>
  levels
    .sort((a, b) => a[0] - b[0])
    .map(([px, qty]) => `${px}:${qty}`)
    .join(' ')

/** By price, and within one as they come: the order of the queue. */
const queued = (orders: readonly Pick<BookOrder, 'order_id' | 'px' | 'qty'>[]): string =>
  [...orders]
    .sort((a, b) => a.px - b.px)
    .map(({ order_id, px, qty }) => `${order_id}@${px}:${qty}`)
    .join(' ')
