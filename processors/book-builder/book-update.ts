/** The BookUpdate of a book, whichever way it is kept: by level or by order. */
import type { BookQuality, BookUpdate, Level } from '../../schemas/generated/index.ts'
import { imbalance, microprice, type Top } from './features.ts'

/** How many levels from the best are certainly right: of each side at once, of the bids, of the asks. */
export interface Proven {
  readonly levels: number
  readonly bids: number
  readonly asks: number
}

/** What a book must tell of itself. */
export interface PublishedBook {
  readonly instrument_id: string
  readonly venue: string
  readonly symbol: string
  readonly sequence: number
  readonly event_time_us: number
  readonly receive_time_us: number
  readonly quality: BookQuality
  readonly proven: Proven
  readonly bids: { top(count: number): Level[] }
  readonly asks: { top(count: number): Level[] }
  /** Quality of the last BookUpdate; set here. */
  published: BookQuality | null
}

/** `top` is that of the book now, `flow` its order-flow imbalance against the update before. */
export function bookUpdate(book: PublishedBook, top: Top, levels: number, flow: number): BookUpdate {
  const bids = book.bids.top(levels)
  const asks = book.asks.top(levels)
  const has_bid = bids.length > 0
  const has_ask = asks.length > 0
  const { quality, proven } = book
  book.published = quality
  return {
    instrument_id: book.instrument_id,
    venue: book.venue,
    symbol: book.symbol,
    sequence: book.sequence,
    quality,
    bid_px: has_bid ? top.bid_px : null,
    bid_qty: has_bid ? top.bid_qty : null,
    ask_px: has_ask ? top.ask_px : null,
    ask_qty: has_ask ? top.ask_qty : null,
    bids,
    asks,
    proven_levels: Math.min(proven.levels, levels),
    proven_bid_levels: Math.min(proven.bids, levels),
    proven_ask_levels: Math.min(proven.asks, levels),
    spread_px: has_bid && has_ask ? top.ask_px - top.bid_px : null,
    imbalance: imbalance(bids, asks),
    microprice_px: microprice(top),
    order_flow_imbalance: flow,
    event_time_us: book.event_time_us,
    receive_time_us: book.receive_time_us,
  }
}
