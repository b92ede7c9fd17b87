/** Finds a symbol among the declared instruments, or declares it from its own data. */
import type { Instrument, RawFrame } from '../../schemas/generated/index.ts'
import { writtenDecimals } from './decimal.ts'
import type { NormalizerParams } from './params.ts'

/** Decimal places of prices and quantities. */
export interface Scales {
  readonly price_scale: number
  readonly qty_scale: number
}

/** The greatest decimal places of the prices and of the quantities that were seen, as written. */
export class WrittenScales implements Scales {
  price_scale = 0
  qty_scale = 0

  /** What is no text has no places. */
  see(px: unknown, qty: unknown): void {
    if (typeof px === 'string') this.price_scale = Math.max(this.price_scale, writtenDecimals(px))
    if (typeof qty === 'string') this.qty_scale = Math.max(this.qty_scale, writtenDecimals(qty))
  }
}

/** What is known of a symbol: its identity and scales. */
export interface Listing {
  readonly instrument_id: string
  readonly venue: string
  readonly symbol: string
  readonly price_scale: number
  readonly qty_scale: number
}

/** The venue writes every decimal with 8 places; a capture that trimmed zeros must not make the scale coarser. */
const VENUE_DECIMALS = 8
/** More places leave no room for a price in 2^53. */
const SCALE_MAX = 15

/** `OKX:BTC-USDT` is BTC-USDT; empty where the source could not tell. */
export function symbolOf({ venue, venue_symbol }: RawFrame): string {
  const symbol = venue_symbol.slice(venue.length + 1)
  return symbol === '?' ? '' : symbol
}

export function declaredListing(params: NormalizerParams, venue: string, symbol: string): Listing | undefined {
  const found = params.instruments.find((one) => one.venue === venue && one.symbol === symbol)
  if (found === undefined) return undefined
  const { instrument_id, price_scale, qty_scale } = found
  return { instrument_id, venue, symbol, price_scale, qty_scale }
}

/** A listing whose scales hold every decimal place as written, trailing zeros included. */
export function listingFromData(venue: string, symbol: string, written: Scales): Listing {
  const scale = (places: number) => Math.min(Math.max(places, VENUE_DECIMALS), SCALE_MAX)
  return {
    instrument_id: `${symbol}.${venue}`,
    venue,
    symbol,
    price_scale: scale(written.price_scale),
    qty_scale: scale(written.qty_scale),
  }
}

/** Tick, lot and least quantity are one unit of the scale, unless `known` says better. */
export function instrumentOf(
  { instrument_id, venue, symbol, price_scale, qty_scale }: Listing,
  known: Partial<Instrument> = {},
): Instrument {
  return {
    instrument_id,
    venue,
    symbol,
    kind: 'SPOT',
    price_scale,
    qty_scale,
    tick_size_px: 1,
    lot_size_qty: 1,
    min_qty: 1,
    max_qty: Number.MAX_SAFE_INTEGER,
    multiplier: 1,
    base_currency: '',
    quote_currency: '',
    calendar: '24x7',
    tradable: true,
    ...known,
    origin: 'DATA',
  }
}
