import type { Instrument } from '../../../schemas/generated/index.ts'
import { instrumentOf, type Listing } from '../listing.ts'
import type { VenueState } from '../venue.ts'

/** A resting order as ITCH knows it: side, price, quantity left. Replaced as a whole, so that copies may share it. */
export type RestingOrder = readonly ['BUY' | 'SELL', number, number]

/** What is known of a symbol on Nasdaq. Changed in place by the decoder; plain data. */
export interface NasdaqState extends VenueState {
  readonly venue: 'NASDAQ'
  gaps: number
  /** Null until the first frame. */
  listing: Listing | null
  /** Messages decoded: neither format numbers them, so this is the sequence of their events. */
  sequence: number
  /** Orders by reference number; only of ITCH, whose messages do not repeat an order's side and price. */
  orders: Record<string, RestingOrder>
}

export function initialState(): NasdaqState {
  return { venue: 'NASDAQ', gaps: 0, listing: null, sequence: 0, orders: {} }
}

/** A copy that later frames do not change. */
export function copyState(state: NasdaqState): NasdaqState {
  return { ...state, orders: { ...state.orders } }
}

/** Nasdaq writes prices in ten-thousandths of a dollar and whole shares. */
export const PRICE_SCALE = 4
const CALENDAR = 'NASDAQ'

export function nasdaqListing(venue: string, symbol: string): Listing {
  return { instrument_id: `${symbol}.${venue}`, venue, symbol, price_scale: PRICE_SCALE, qty_scale: 0 }
}

/** Tick of a cent: the rule for shares above a dollar (Regulation NMS, rule 612). */
export function nasdaqInstrument(listing: Listing, known: Partial<Instrument> = {}): Instrument {
  return instrumentOf(listing, {
    kind: 'EQUITY',
    tick_size_px: 100,
    quote_currency: 'USD',
    calendar: CALENDAR,
    ...known,
  })
}
