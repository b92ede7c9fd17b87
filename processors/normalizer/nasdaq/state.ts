import type { Listing } from '../listing.ts'
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
