/** What is known of one Kite socket: the frames of all its instruments come in one stream. Plain data. */
import type { TradingPhase } from '../../../schemas/generated/index.ts'
import type { Listing } from '../listing.ts'
import type { VenueState } from '../venue.ts'

/** One instrument. Owned and changed in place. */
export interface KiteInstrument {
  readonly listing: Listing
  /** Cumulative volume of the day; -1 before the first packet that has one. */
  volume_qty: number
  /** The venue's clock of the last packet, seconds since the epoch; 0 before. */
  exchange_time_s: number
  /** Packets in a row that were older than the last one. */
  behind: number
  phase: TradingPhase | null
}

export interface KiteState extends VenueState {
  readonly venue: 'KITE'
  /** By token. */
  instruments: Record<string, KiteInstrument>
  count: number
  /** Frames with packets, heartbeats, texts (order updates and messages, which are not market data). */
  frames: number
  heartbeats: number
  texts: number
  /** Packets dropped because a later one had come. */
  out_of_order: number
}

export function initialState(): KiteState {
  return { venue: 'KITE', gaps: 0, instruments: {}, count: 0, frames: 0, heartbeats: 0, texts: 0, out_of_order: 0 }
}

export function copyState(state: KiteState): KiteState {
  const instruments: Record<string, KiteInstrument> = {}
  // deterministic: tokens are integer keys, which go in ascending order.
  for (const token in state.instruments) instruments[token] = { ...(state.instruments[token] as KiteInstrument) }
  return { ...state, instruments }
}
