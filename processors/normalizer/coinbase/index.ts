/**
 * Decodes Coinbase Advanced Trade: `l2_data` (absolute sizes), `market_trades`, `ticker` as quotes.
 *
 * Every message of a connection, heartbeats too, has the number behind the one before; a hole means that anything may be
 * missing: a gap, and the book waits for a snapshot. Number 0 is a new connection, whose snapshot is to come. A capture
 * must hold one product per connection: from one of several, the others' messages are holes, and the book stays GAP.
 * Silent about subscriptions, heartbeats and trades of before the subscription.
 */
import type { MarketEvent } from '../../../schemas/generated/index.ts'
import { gapEvent, messageEvent } from '../events.ts'
import { defineJsonVenue, isFollowing, onBookChange, onBookLost, onBookSnapshot } from '../json-venue.ts'
import { onTrade } from '../numbered.ts'
import { type CoinbaseFrame, type CoinbaseMessage, openCoinbase, readCoinbase, writtenCoinbase } from './read.ts'
import { type CoinbaseState, initialState } from './state.ts'

const HEARTBEAT_CHANNEL = 'heartbeat'

function known(symbol: string) {
  const [base_currency = '', quote_currency = ''] = symbol.split('-')
  return { base_currency, quote_currency }
}

/** Whether the message is newer than the connection's last; a hole in front of it sends the book to wait. */
function onNumber(
  state: CoinbaseState,
  number: number,
  restart_after: number,
  event: MarketEvent,
  out: MarketEvent[],
): boolean {
  const last = state.connection_seq
  if (number === last) {
    state.duplicates++
    return false
  }
  if (number < last && number !== 0 && ++state.connection_behind < restart_after) {
    state.out_of_order++
    return false
  }
  state.connection_behind = 0
  state.connection_seq = number
  if (number < last) state.heartbeat = -1
  if (last === -1 || number === last + 1) return true
  // A gap that goes back says that numbers began anew, to who waits for the book too: it would take those for older ones.
  if (state.phase === 'LIVE' || state.phase === 'SYNCING' || (number < last && state.depth_id > 0))
    onBookLost(state, event, last + 1, number, number < last ? 'RESTART' : 'GAP', out)
  return true
}

export const coinbase = defineJsonVenue<CoinbaseState, CoinbaseFrame, CoinbaseMessage>({
  venue: 'COINBASE',
  initial: initialState,
  copy: (state) => ({ ...state }),
  open: openCoinbase,
  written: writtenCoinbase,
  known,

  note(state, { kind, number, heartbeat }) {
    // Without a listing there is nothing that could be lost.
    if (kind !== 'other' || state.listing !== null) return false
    state.connection_seq = number
    state.heartbeat = heartbeat
    return true
  },

  read: (frame, listing) => readCoinbase(frame, listing.symbol, listing),

  apply(state, message, frame, listing, { params }, out) {
    const { number, event_time_us, heartbeat, depth, trades, quotes } = message
    const parts = { event_time_us, depth: null, quote: null, trade: null }
    const bare = messageEvent(listing, { ...parts, kind: 'depth', sequence: number }, frame)
    if (!onNumber(state, number, params.restart_after, bare, out)) return
    if (heartbeat !== -1) {
      const last = state.heartbeat
      state.heartbeat = heartbeat
      if (last !== -1 && heartbeat !== last + 1) {
        state.gaps++
        out.push(gapEvent(bare, HEARTBEAT_CHANNEL, last + 1, heartbeat, last))
      }
    }
    if (depth !== null) {
      const first_sequence = depth.snapshot ? number : state.depth_id + 1
      const event = { ...bare, depth: { ...depth, first_sequence, conflated: false, checksum: null } }
      if (depth.snapshot) onBookSnapshot(state, event, out)
      else if (isFollowing(state, event, out)) onBookChange(state, event, out)
    }
    for (const { past, trade, event_time_us: time_us } of trades) {
      const { trade_id } = trade
      if (past) state.trade_id = Math.max(state.trade_id, trade_id)
      else {
        const traded = { ...parts, kind: 'trade' as const, sequence: trade_id, event_time_us: time_us, trade }
        onTrade(state, messageEvent(listing, traded, frame), trade_id, params.restart_after, out)
      }
    }
    for (const quote of quotes) out.push(messageEvent(listing, { ...parts, kind: 'quote', sequence: 0, quote }, frame))
    if (depth === null && trades.length === 0 && quotes.length === 0) state.silent++
  },
})
