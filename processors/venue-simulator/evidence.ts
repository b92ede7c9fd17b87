/**
 * What the market data in hand proves to be there for an order: price levels, less what our orders took of them.
 *
 * The levels are those of a LIVE book whose venue time is not before the order's arrival. A quote of the NBBO that the
 * venue numbered after this book is fresher: levels better than it are gone, and it states the best one. (A quote
 * carries no venue time; its sequence above the book's is what proves that it is not older.) A level is consumed until
 * a datum with another sequence displays it.
 */
import type { BookUpdate, Nbbo } from '../../schemas/generated/index.ts'
import type { Taken, VenueOrder } from './state.ts'

export interface EvidentLevel {
  readonly px: number
  readonly qty: number
  /** Sequence of the datum that displays it. */
  readonly sequence: number
}

/** Levels that `order` can trade against, best first, with what is left of each. */
export function evidentLevels(
  order: VenueOrder,
  book: BookUpdate,
  nbbo: Nbbo | undefined,
  taken: readonly Taken[],
): EvidentLevel[] {
  const buys = order.command.side === 'BUY'
  const side = buys ? 'ASK' : 'BID'
  const displayed = (buys ? book.asks : book.bids).map(({ px, qty }) => ({ px, qty, sequence: book.sequence }))
  const quote = quoteOf(order, book, nbbo)
  const better = (a: number, b: number) => (buys ? a < b : a > b)
  const levels = quote === undefined ? displayed : [quote, ...displayed.filter((level) => better(quote.px, level.px))]
  return levels.flatMap((level) => {
    const qty = level.qty - consumed(taken, side, level)
    return qty > 0 ? [{ ...level, qty }] : []
  })
}

/** The fresher quote of the side that the order takes, if there is one it may use. */
function quoteOf(order: VenueOrder, book: BookUpdate, nbbo: Nbbo | undefined): EvidentLevel | undefined {
  if (nbbo === undefined || nbbo.quality !== 'LIVE' || nbbo.sequence <= book.sequence) return undefined
  // With several venues its sequence can be another venue's, which proves nothing here.
  if (nbbo.venues !== 1) return undefined
  // Received before the order was accepted: fresher than the book all the same, but left out to be safe.
  if (nbbo.receive_time_us < order.accepted_us) return undefined
  const buys = order.command.side === 'BUY'
  const [from, px, qty] = buys
    ? [nbbo.ask_instrument_id, nbbo.ask_px, nbbo.ask_qty]
    : [nbbo.bid_instrument_id, nbbo.bid_px, nbbo.bid_qty]
  if (from !== book.instrument_id || px === null || qty === null) return undefined
  return { px, qty, sequence: nbbo.sequence }
}

function consumed(taken: readonly Taken[], side: Taken['side'], level: EvidentLevel): number {
  const found = taken.find((one) => one.side === side && one.px === level.px && one.sequence === level.sequence)
  return found?.qty ?? 0
}

/** Remembers that `qty` of a level was taken. */
export function consume(taken: readonly Taken[], order: VenueOrder, level: EvidentLevel, qty: number): Taken[] {
  const side = order.command.side === 'BUY' ? 'ASK' : 'BID'
  const { px, sequence } = level
  const same = (one: Taken) => one.side === side && one.px === px && one.sequence === sequence
  const before = taken.find(same)?.qty ?? 0
  return [...taken.filter((one) => !same(one)), { side, px, sequence, qty: before + qty }]
}
