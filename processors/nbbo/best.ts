/**
 * The best prices over venues that are fresh.
 *
 * Venues of different scales meet in the finest of them, which is exact; a venue whose numbers leave 2^53 there does not
 * take part.
 */

import type { BookQuality, Nbbo, NbboBasis } from '../../schemas/generated/index.ts'
import { POWERS_OF_TEN } from '../powers-of-ten.ts'
import type { VenueTop } from './state.ts'

/** Better first: what stands behind makes the whole worse. */
const WORSE: Readonly<Record<BookQuality, number>> = {
  LIVE: 0,
  CONFLATED: 1,
  SNAPSHOT: 2,
  STALE: 3,
  GAP: 4,
  CROSSED: 5,
  CHECKSUM_BAD: 6,
}

/** A value in a finer scale; -1 where it does not fit. */
export function rescaled(value: number, from: number, to: number): number {
  const scaled = from === to ? value : value * (POWERS_OF_TEN[to - from] ?? Number.POSITIVE_INFINITY)
  return scaled <= Number.MAX_SAFE_INTEGER ? scaled : -1
}

/** The scales that hold every venue's numbers. */
export function finestScales(venues: readonly VenueTop[]): { price_scale: number; qty_scale: number } {
  let price_scale = 0
  let qty_scale = 0
  for (const venue of venues) {
    if (venue.price_scale > price_scale) price_scale = venue.price_scale
    if (venue.qty_scale > qty_scale) qty_scale = venue.qty_scale
  }
  return { price_scale, qty_scale }
}

/** Whether the venue's numbers fit the scales. */
export function fits(venue: VenueTop, price_scale: number, qty_scale: number): boolean {
  if (venue.price_scale === price_scale && venue.qty_scale === qty_scale) return true
  return (
    rescaled(Math.max(venue.bid_px, venue.ask_px), venue.price_scale, price_scale) >= 0 &&
    rescaled(Math.max(venue.bid_qty, venue.ask_qty), venue.qty_scale, qty_scale) >= 0
  )
}

/** The Nbbo of `symbol` from venues heard after `since_us`; `changed` is the one whose record is in hand, if any. */
export function consolidate(
  symbol: string,
  venues: readonly VenueTop[],
  since_us: number,
  basis: NbboBasis,
  changed: VenueTop | undefined,
): Nbbo {
  const { price_scale, qty_scale } = finestScales(venues)
  let bid: VenueTop | undefined
  let ask: VenueTop | undefined
  let bid_px = 0
  let ask_px = 0
  let fresh = 0
  let newest: VenueTop | undefined = changed
  for (const venue of venues) {
    if (newest === undefined || (changed === undefined && venue.heard_us > newest.heard_us)) newest = venue
    if (venue.heard_us <= since_us || venue.sequence < 0 || !fits(venue, price_scale, qty_scale)) continue
    fresh++
    const venue_bid_px = rescaled(venue.bid_px, venue.price_scale, price_scale)
    const venue_ask_px = rescaled(venue.ask_px, venue.price_scale, price_scale)
    if (venue.bid_qty > 0 && (bid === undefined || venue_bid_px > bid_px)) {
      bid = venue
      bid_px = venue_bid_px
    }
    if (venue.ask_qty > 0 && (ask === undefined || venue_ask_px < ask_px)) {
      ask = venue
      ask_px = venue_ask_px
    }
  }
  return {
    symbol,
    price_scale,
    qty_scale,
    quality: fresh === 0 ? 'STALE' : worst(bid?.quality, ask?.quality),
    bid_px: bid === undefined ? null : bid_px,
    bid_qty: bid === undefined ? null : rescaled(bid.bid_qty, bid.qty_scale, qty_scale),
    bid_instrument_id: bid === undefined ? null : bid.instrument_id,
    ask_px: ask === undefined ? null : ask_px,
    ask_qty: ask === undefined ? null : rescaled(ask.ask_qty, ask.qty_scale, qty_scale),
    ask_instrument_id: ask === undefined ? null : ask.instrument_id,
    sequence: newest === undefined ? 0 : Math.max(newest.sequence, 0),
    basis,
    venues: fresh,
    event_time_us: newest?.event_time_us ?? 0,
    receive_time_us: newest?.receive_time_us ?? 0,
  }
}

/** Whether two say the same of the market; sequence, basis and times apart. */
export function sameMarket(a: Nbbo, b: Nbbo): boolean {
  return (
    a.bid_px === b.bid_px &&
    a.bid_qty === b.bid_qty &&
    a.ask_px === b.ask_px &&
    a.ask_qty === b.ask_qty &&
    a.quality === b.quality &&
    a.venues === b.venues &&
    a.bid_instrument_id === b.bid_instrument_id &&
    a.ask_instrument_id === b.ask_instrument_id &&
    a.price_scale === b.price_scale &&
    a.qty_scale === b.qty_scale
  )
}

/** The worse of both sides; a market without prices on either side is not to be relied on. */
function worst(bid: BookQuality | undefined, ask: BookQuality | undefined): BookQuality {
  if (bid === undefined) return ask ?? 'STALE'
  if (ask === undefined) return bid
  return WORSE[ask] > WORSE[bid] ? ask : bid
}
