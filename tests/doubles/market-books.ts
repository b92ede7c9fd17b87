/** The simulated market as a venue's inside: what happens when, and the books as they truly are. */
import type { FeedClock } from '../../connectors/feed/index.ts'
import { type Channel, firstEpoch, Market, START_US } from '../../connectors/simulated-market/market.ts'

export interface TrueOrder {
  readonly id: string
  readonly px: string
  readonly qty: string
}

export interface TrueBook {
  last_id: number
  /** Decimal texts of price and quantity. */
  readonly bids: Map<string, string>
  readonly asks: Map<string, string>
  /** By order, best price first, in the order of the queue; where the venue tells them. */
  readonly orders?: { readonly bids: readonly TrueOrder[]; readonly asks: readonly TrueOrder[] }
}

export interface MarketMessage {
  readonly symbol: string
  readonly channel: Exclude<Channel, 'snapshot'>
  readonly payload: Uint8Array
  /** What the message says, parsed, without the wrapper of the stream. */
  readonly data: Record<string, unknown>
}

type MarketFrame = ReturnType<Market['next']>

/** No more in one go, so that others have their turn. */
const AT_ONCE_MAX = 64

type Texts = readonly (readonly [string, string])[]

export class MarketBooks {
  readonly books = new Map<string, TrueBook>()
  readonly #clock: FeedClock
  readonly #market: Market
  #offset_us: number
  #stopped = false
  /** What goes on when the market does, and when it was held. */
  #held: { next: (() => void) | undefined; readonly at_us: number } | undefined

  /** Begins with whole books, after the market's first snapshots. */
  constructor(seed: number, frames_per_s: number, clock: FeedClock, say: (message: MarketMessage) => void) {
    this.#clock = clock
    this.#market = new Market(seed, frames_per_s, firstEpoch(), 0)
    const early: MarketMessage[] = []
    let time_us = START_US
    while (this.books.size < 3) {
      const { symbol, channel, payload, receive_time_us } = this.#market.next()
      time_us = receive_time_us
      const frame = JSON.parse(Buffer.from(payload).toString())
      if (channel === 'snapshot') {
        const { lastUpdateId: last_id, bids, asks } = frame as { lastUpdateId: number; bids: Texts; asks: Texts }
        this.books.set(symbol, { last_id, bids: new Map(bids), asks: new Map(asks) })
      } else if (channel === 'depth@100ms') early.push({ symbol, channel, payload, data: frame.data })
    }
    for (const message of early) this.#apply(message)
    this.#offset_us = clock.now_us() - time_us
    // Not before whoever makes this is made.
    clock.after(0, () => this.#next(say))
  }

  stop(): void {
    this.#stopped = true
  }

  /** Nothing happens until `resume`. */
  hold(): void {
    this.#held ??= { next: undefined, at_us: this.#clock.now_us() }
  }

  resume(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    this.#offset_us += this.#clock.now_us() - held.at_us
    held.next?.()
  }

  #next(say: (message: MarketMessage) => void): void {
    let frame = this.#market.next()
    // What is due is said at once: a real timer comes too late for a market at 100 times its speed.
    for (let at_once = 0; at_once < AT_ONCE_MAX && this.#wait_ms(frame) <= 0; at_once++) {
      this.#happen(say, frame)
      frame = this.#market.next()
    }
    this.#clock.after(this.#wait_ms(frame), () => {
      if (this.#stopped) return
      const go = () => {
        this.#happen(say, frame)
        this.#next(say)
      }
      if (this.#held === undefined) go()
      else this.#held.next = go
    })
  }

  #wait_ms({ receive_time_us }: MarketFrame): number {
    return (receive_time_us + this.#offset_us - this.#clock.now_us()) / 1_000
  }

  #happen(say: (message: MarketMessage) => void, { symbol, channel, payload }: MarketFrame): void {
    if (channel === 'snapshot') return
    const message = { symbol, channel, payload, data: JSON.parse(Buffer.from(payload).toString()).data }
    if (channel === 'depth@100ms') this.#apply(message)
    say(message)
  }

  #apply({ symbol, data }: MarketMessage): void {
    const { u, b, a } = data as { u: number; b: Texts; a: Texts }
    const book = this.books.get(symbol)!
    if (u <= book.last_id) return
    book.last_id = u
    for (const [side, levels] of [
      [book.bids, b],
      [book.asks, a],
    ] as const) {
      for (const [px, qty] of levels) {
        if (Number(qty) === 0) side.delete(px)
        else side.set(px, qty)
      }
    }
  }
}
