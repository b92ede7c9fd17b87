import { type JsonState, jsonState } from '../json-venue.ts'

/** The state of one Coinbase symbol. */
export interface CoinbaseState extends JsonState {
  /**
   * Number of the connection's last message that came here; -1 before. One connection that serves several symbols counts
   * over all of them, so a hole seen from one symbol is a loss only where the connection serves no other.
   */
  connection_seq: number
  /** Counter of the last heartbeat; -1 before. */
  heartbeat: number
  connection_behind: number
  trade_id: number
  trade_behind: number
}

export function initialState(): CoinbaseState {
  return {
    ...jsonState('COINBASE'),
    connection_seq: -1,
    heartbeat: -1,
    connection_behind: 0,
    trade_id: -1,
    trade_behind: 0,
  }
}
