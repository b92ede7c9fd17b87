/** Depth of levels as the normalizer tells it, handed to a book. */
import { expect } from 'vitest'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import type { BookUpdate, Level, MarketEvent } from '../../schemas/generated/index.ts'
import { BTC, Hand, port } from './kit.ts'

export type Pairs = readonly (readonly [px: number, qty: number])[]

export const levels = (pairs: Pairs): Level[] => pairs.map(([px, qty]) => ({ px, qty }))

function event(kind: MarketEvent['kind'], sequence: number, part: Partial<MarketEvent>): MarketEvent {
  return {
    kind,
    instrument_id: BTC.instrument_id,
    venue: BTC.venue,
    symbol: BTC.symbol,
    sequence,
    event_time_us: 1_000 + sequence,
    event_time_source: 'VENUE',
    receive_time_us: 2_000 + sequence,
    depth: null,
    quote: null,
    trade: null,
    status: null,
    gap: null,
    order: null,
    session: null,
    ...part,
  }
}
export const snapshot = (sequence: number, bids: Pairs, asks: Pairs) =>
  event('depth', sequence, {
    depth: {
      snapshot: true,
      first_sequence: sequence,
      bids: levels(bids),
      asks: levels(asks),
      conflated: false,
      checksum: null,
    },
  })
export const change = (first_sequence: number, sequence: number, bids: Pairs, asks: Pairs) =>
  event('depth', sequence, {
    depth: {
      snapshot: false,
      first_sequence,
      bids: levels(bids),
      asks: levels(asks),
      conflated: false,
      checksum: null,
    },
  })
export const gap = (channel: string, sequence: number) =>
  event('gap', sequence, { gap: { channel, expected: sequence + 1, received: sequence + 3 } })
export const status = (state: 'BUFFERING' | 'LIVE' | 'RESYNC') =>
  event('status', 0, { status: { state, reason: 'TEST' } })
export const quote = event('quote', 5, { quote: { bid_px: 1, bid_qty: 1, ask_px: 2, ask_qty: 1 } })

const params = { levels: 3, max_levels: 100, stale_after_ms: 2_000 }
export const hand = (changed: object = {}) => new Hand(bookBuilder, BTC.instrument_id, { ...params, ...changed })
export const books = (hand: Hand, one: MarketEvent, time_us?: number) =>
  port<BookUpdate>(hand.on('events', one, time_us), 'books')
/** The one update of an event. */
export function book(hand: Hand, one: MarketEvent, time_us?: number): BookUpdate {
  const made = books(hand, one, time_us)
  expect(made).toHaveLength(1)
  return made[0] as BookUpdate
}
