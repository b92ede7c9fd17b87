import { type JsonState, jsonState } from '../json-venue.ts'
import type { OrderQueues } from './orders.ts'

/** The state of one Kraken symbol. */
export interface KrakenState extends JsonState {
  /** Subscribed levels of a side by channel, as the venue confirmed them; 0 where it was not heard. */
  book_depth: number
  level3_depth: number
  /** Prices in the `book` channel's book, best first: what the venue drops without a word must be dropped here too. */
  bids: number[]
  asks: number[]
  /** Orders of the `level3` channel; null while no snapshot of it is good. */
  orders: OrderQueues | null
  /** Messages of `level3` taken; the venue numbers none, so this is the sequence of their events. */
  order_messages: number
  trade_id: number
  trade_behind: number
}

export function initialState(): KrakenState {
  return {
    ...jsonState('KRAKEN'),
    book_depth: 0,
    level3_depth: 0,
    bids: [],
    asks: [],
    orders: null,
    order_messages: 0,
    trade_id: -1,
    trade_behind: 0,
  }
}

export function copyState(state: KrakenState): KrakenState {
  const { bids, asks, orders } = state
  return {
    ...state,
    bids: bids.slice(),
    asks: asks.slice(),
    orders:
      orders === null
        ? null
        : { bids: orders.bids.map((one) => ({ ...one })), asks: orders.asks.map((one) => ({ ...one })) },
  }
}
