/** Books of venues that send states and no changes: from the depth event to the best bid and offer. */
import { expect, it } from 'vitest'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { nbbo } from '../../processors/nbbo/index.ts'
import type { BookUpdate, MarketEvent, Nbbo } from '../../schemas/generated/index.ts'
import { Hand, port } from './kit.ts'

const ID = 'INFY.KITE'

function depth(bid_px: number, ask_px: number): MarketEvent {
  return {
    kind: 'depth',
    instrument_id: ID,
    venue: 'KITE',
    symbol: '408065',
    sequence: 0,
    event_time_us: 0,
    event_time_source: 'NONE',
    receive_time_us: 1,
    depth: {
      snapshot: true,
      first_sequence: 0,
      bids: [{ px: bid_px, qty: 5 }],
      asks: [{ px: ask_px, qty: 7 }],
      conflated: true,
      checksum: null,
    },
    quote: null,
    trade: null,
    status: null,
    gap: null,
    order: null,
    session: null,
  }
}

it('are CONFLATED, never LIVE: not crossed, not silent, and the best prices say so too', () => {
  const builder = new Hand(bookBuilder, ID, { levels: 5, max_levels: 100, stale_after_ms: 1 })
  const best = new Hand(nbbo, '408065', { stale_after_ms: 10 }, [{ instrument_id: ID, price_scale: 2, qty_scale: 0 }])
  const books = [depth(100, 101), depth(99, 100), depth(100, 100)].flatMap((event, i) =>
    port<BookUpdate>(builder.on('events', event, i + 1), 'books'),
  )
  books.push(...builder.advance(2_000).flatMap((answer) => port<BookUpdate>(answer, 'books')))
  expect(books.map(({ quality, bid_px, ask_px }) => [quality, bid_px, ask_px])).toEqual([
    ['CONFLATED', 100, 101],
    ['CONFLATED', 99, 100],
    ['CROSSED', 100, 100],
  ])
  const made = books.slice(0, 2).flatMap((book) => port<Nbbo>(best.on('books', book), 'nbbo'))
  expect(
    made.map(({ quality, bid_px, bid_qty, ask_px, ask_qty }) => [quality, bid_px, bid_qty, ask_px, ask_qty]),
  ).toEqual([
    ['CONFLATED', 100, 5, 101, 7],
    ['CONFLATED', 99, 5, 100, 7],
  ])
})
