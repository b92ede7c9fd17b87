import { defineProcessor, type Json, keep, type Step } from '../../runtime/api/index.ts'
import { BookUpdate, MarketEvent } from '../../schemas/generated/index.ts'
import { onLevelEvent, onLevelTimer } from './level-book.ts'
import { onOrderEvent, onOrderTimer } from './orders/order-book.ts'
import { OrderBookState } from './orders/state.ts'
import { BookBuilderParams } from './params.ts'
import type { BookContext } from './staleness.ts'
import { BookState } from './state.ts'

/**
 * Keeps the book of one instrument, by level (level-book.ts) or, from the first order on that its feed tells, by order
 * (orders/order-book.ts), and publishes its best levels after every change.
 *
 * A book is CROSSED while its bid is at or above its ask; STALE after `stale_after_ms` of stream time without a change.
 * A change of quality is published even when no level changed. Silent about quotes, trades and sessions. A level
 * without price or with a negative quantity is a fault, and so is a change older than the book: nothing is applied.
 */

type Book = BookState | OrderBookState
const outputs = { books: BookUpdate }
type Outcome = Step<Book, typeof outputs>

/** The feed tells orders: what is known by level stands ahead of them. */
function byOrder(book: BookState, params: BookBuilderParams): OrderBookState {
  const { instrument_id, venue, symbol, sequence, published, event_time_us, receive_time_us } = book
  const { stale, heard_us, heard_producer, heard_seq, timer_us } = book
  const heard = { stale, heard_us, heard_producer, heard_seq, timer_us }
  const told = { instrument_id, venue, symbol, sequence, published, event_time_us, receive_time_us }
  const made = Object.assign(new OrderBookState(params), told, heard)
  if (book.phase === 'EMPTY') return made
  const all = params.max_levels * 2
  made.seed({ bids: book.bids.top(all), asks: book.asks.top(all) }, sequence)
  if (book.phase === 'GAP' || book.phase === 'CHECKSUM_BAD') made.lose()
  return made
}

function onEvent(book: Book, event: MarketEvent, ctx: BookContext): Outcome {
  const { order } = event
  if (book instanceof OrderBookState) return onOrderEvent(book, event, ctx)
  if (order === null) return onLevelEvent(book, event, ctx)
  const made = byOrder(book, ctx.params)
  if (order.action !== 'CLEAR' || made.published !== null) return onOrderEvent(made, event, ctx)
  // The beginning of a book that nobody has heard of is no news.
  made.clear()
  return keep(made)
}

export const bookBuilder = defineProcessor({
  name: 'book-builder',
  description:
    'Keeps the book per instrument, by level or by order as its feed tells: best levels, how many of them are certainly right, spread, imbalance, microprice, order-flow imbalance, quality.',
  inputs: { events: MarketEvent },
  tables: {},
  outputs,
  faults: {
    LEVEL_INVALID: 'A level has no positive price, or a negative quantity.',
    SEQUENCE_OUT_OF_ORDER: 'A depth change is not newer than the book.',
    ORDER_INVALID: 'An order has no id, no positive price or no positive quantity.',
    ORDER_UNKNOWN: 'No order with this id can rest where the message says.',
    ORDER_KNOWN: 'An order with this id rests already.',
    ORDER_MISMATCH: 'The order rests on the other side.',
    QUANTITY_EXCEEDED: 'More is executed or taken away than is there.',
    LEVEL_OVERFLOW: 'The quantity of all orders at a price would leave 2^53.',
  },
  params: BookBuilderParams,
  initial: (_key: string, params: BookBuilderParams): Book => new BookState(params),
  snapshot: (book: Book) => book.snapshot(),
  restore: (json: Json, _key: string, params: BookBuilderParams): Book =>
    OrderBookState.wrote(json) ? OrderBookState.restore(json, params) : BookState.restore(json, params),
  on: { events: onEvent },
  timer: (book: Book, _name: string, ctx: BookContext): Outcome =>
    book instanceof OrderBookState ? onOrderTimer(book, ctx) : onLevelTimer(book, ctx),
})
