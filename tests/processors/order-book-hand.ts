/** Drives an order book by hand, with orders written as a person would. */
import { bookBuilder } from '../../processors/book-builder/index.ts'
import type { OrderBookState } from '../../processors/book-builder/orders/state.ts'
import type { BookOrder, BookUpdate, Depth, MarketEvent } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port } from './kit.ts'

const PARAMS = { levels: 5, max_levels: 16_384, proven_min: 1, stale_after_ms: 1_000 }

/** One book and its events. */
export class Book {
  readonly hand = new Hand(bookBuilder as never, 'ACME.NASDAQ', PARAMS)
  sequence = 0

  event(part: Partial<MarketEvent>, stream_time_us?: number): Answer {
    const event: MarketEvent = {
      kind: 'order',
      instrument_id: 'ACME.NASDAQ',
      venue: 'NASDAQ',
      symbol: 'ACME',
      sequence: ++this.sequence,
      event_time_us: 5,
      event_time_source: 'VENUE',
      receive_time_us: 5,
      depth: null,
      quote: null,
      trade: null,
      status: null,
      gap: null,
      order: null,
      session: null,
      ...part,
    }
    return this.hand.on('events', event, stream_time_us)
  }
  order(
    action: BookOrder['action'],
    order_id: string,
    side: 'BUY' | 'SELL',
    px: number,
    qty: number,
    new_order_id = '',
  ): Answer {
    return this.event({ order: { action, order_id, new_order_id, side, px, qty, match_id: 0, printable: true } })
  }
  clear(): Answer {
    return this.order('CLEAR', '', 'BUY', 0, 0)
  }
  seed(bids: readonly [number, number][], asks: readonly [number, number][]): Answer {
    const levels = (side: readonly [number, number][]) => side.map(([px, qty]) => ({ px, qty }))
    const depth: Depth = {
      snapshot: true,
      first_sequence: 1,
      bids: levels(bids),
      asks: levels(asks),
      conflated: false,
      checksum: null,
    }
    return this.event({ kind: 'depth', depth })
  }
  /** A book that its feed begins, as one by order does. */
  static begun(): Book {
    const book = new Book()
    book.clear()
    return book
  }
  get state(): OrderBookState {
    return this.hand.state as OrderBookState
  }
}

/** What the update says, short: `LIVE 2 | 100x5 99x3 | 101x4`. */
export function short(answer: Answer): string {
  if ('fault' in answer) return answer.fault
  const [update] = port<BookUpdate>(answer, 'books')
  if (update === undefined) return ''
  const side = (levels: BookUpdate['bids']) => levels.map(({ px, qty }) => `${px}x${qty}`).join(' ')
  return `${update.quality} ${update.proven_levels} | ${side(update.bids)} | ${side(update.asks)}`
}
