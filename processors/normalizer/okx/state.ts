import { type JsonState, jsonState } from '../json-venue.ts'

/** The state of one OKX symbol. */
export interface OkxState extends JsonState {
  /** Channel of the last snapshot: changes of another one belong to another book. */
  channel: string
  /** The venue's id of the last depth message; -1 before, and for a venue that sends none. */
  seq_id: number
  /** What depth events have more than the venue's ids: those begin anew at a maintenance, events' ids grow. */
  seq_offset: number
  /** Depth messages in a row that are older than the last one. */
  depth_behind: number
  trade_id: number
  trade_behind: number
  /** Venue time of the last ticker, microseconds. */
  quote_time_us: number
  /** Tickers in a row that are older than the last one. */
  quote_behind: number
}

export function initialState(): OkxState {
  return {
    ...jsonState('OKX'),
    channel: '',
    seq_id: -1,
    seq_offset: 0,
    depth_behind: 0,
    trade_id: -1,
    trade_behind: 0,
    quote_time_us: 0,
    quote_behind: 0,
  }
}
