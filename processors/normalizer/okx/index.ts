/**
 * Decodes OKX v5: `books` (snapshot, then changes), `trades`, `tickers` as quotes.
 *
 * Depth follows the venue's chain where it has one: `prevSeqId` is the `seqId` before, anything else is a gap and waits
 * for a snapshot. Equal ids without levels say that nothing changed; a smaller id behind the right one says that ids
 * began anew at a maintenance, which is no gap. Captures of before the chain have no ids: there the checksum, verified by
 * the book, says whether a change is missing, and events are counted. Silent about answers to subscriptions and pongs,
 * about changes before a snapshot, and about trades and tickers that came already.
 */
import type { Instrument, MarketEvent, RawFrame } from '../../../schemas/generated/index.ts'
import { messageEvent } from '../events.ts'
import { COUNT_MAX } from '../json-frame.ts'
import { defineJsonVenue, isFollowing, onBookChange, onBookLost, onBookSnapshot } from '../json-venue.ts'
import type { Listing } from '../listing.ts'
import { onTrade } from '../numbered.ts'
import type { NormalizerContext } from '../venue.ts'
import { type OkxDepth, type OkxFrame, type OkxMessage, openOkx, readOkx, writtenOkx } from './read.ts'
import { initialState, type OkxState } from './state.ts'

/** `BTC-USDT` is spot; `BTC-USDT-SWAP` and dates are derivatives, whose contract size is not in the data: no orders. */
function known(symbol: string): Partial<Instrument> {
  const [base_currency = '', quote_currency = '', ...more] = symbol.split('-')
  const kind = more.length === 0 ? 'SPOT' : quote_currency === 'USD' ? 'INVERSE' : 'LINEAR'
  return { kind, base_currency, quote_currency, tradable: kind === 'SPOT' }
}

function onDepth(
  state: OkxState,
  message: OkxDepth,
  event: (sequence: number, first_sequence: number) => MarketEvent,
  ctx: NormalizerContext,
  out: MarketEvent[],
): void {
  const { id, previous, channel, depth } = message
  if (depth.snapshot) {
    // Ids that began anew go on behind the old ones: to who follows the events a smaller id is an older book.
    if (id === -1) state.seq_offset = 0
    else if (id + state.seq_offset < state.depth_id) state.seq_offset = state.depth_id + 1 - id
    if (id + state.seq_offset > COUNT_MAX) {
      // Only damaged ids come so far; behind them there is no room for more.
      onBookLost(state, event(id, id), state.depth_id + 1, id, 'RESTART', out)
      state.seq_offset = 0
    }
    const sequence = id === -1 ? state.depth_id + 1 : id + state.seq_offset
    state.channel = channel
    state.seq_id = id
    state.depth_behind = 0
    onBookSnapshot(state, event(sequence, sequence), out)
    return
  }
  const next = state.depth_id + 1
  if (!isFollowing(state, event(next, next), out)) return
  if (channel !== state.channel) {
    state.depth_discarded++
    return
  }
  const lost = () => onBookLost(state, event(next, next), next, Math.min(id + state.seq_offset, COUNT_MAX), 'GAP', out)
  if (id !== -1 && state.seq_id !== -1) {
    if (previous !== state.seq_id) {
      if (id <= state.seq_id && ++state.depth_behind < ctx.params.restart_after) {
        state.out_of_order++
        return
      }
      lost()
      return
    }
    state.depth_behind = 0
    if (id === previous && depth.bids.length + depth.asks.length === 0) return
    if (id <= previous) state.seq_offset = next - id
    if (id + state.seq_offset > Number.MAX_SAFE_INTEGER) {
      lost()
      return
    }
  } else if (id !== -1) state.seq_offset = 0
  state.seq_id = id
  onBookChange(state, event(id === -1 ? next : Math.max(id + state.seq_offset, next), next), out)
}

export const okx = defineJsonVenue<OkxState, OkxFrame, OkxMessage[]>({
  venue: 'OKX',
  initial: initialState,
  copy: (state) => ({ ...state }),
  open: openOkx,
  written: writtenOkx,
  known,

  read: (parsed, listing) => readOkx(parsed, listing.symbol, listing),

  apply(state, messages, frame, listing, ctx, out) {
    for (const message of messages) apply(state, message, frame, listing, ctx, out)
  },
})

function apply(
  state: OkxState,
  message: OkxMessage,
  frame: RawFrame,
  listing: Listing,
  ctx: NormalizerContext,
  out: MarketEvent[],
): void {
  const { event_time_us } = message
  const parts = { event_time_us, depth: null, quote: null, trade: null }
  if (message.kind === 'depth') {
    const event = (sequence: number, first_sequence: number) =>
      messageEvent(listing, { ...parts, kind: 'depth', sequence, depth: { ...message.depth, first_sequence } }, frame)
    onDepth(state, message, event, ctx, out)
  } else if (message.kind === 'quote') {
    if (event_time_us < state.quote_time_us && ++state.quote_behind < ctx.params.restart_after) {
      state.out_of_order++
      return
    }
    state.quote_behind = 0
    state.quote_time_us = event_time_us
    out.push(messageEvent(listing, { ...parts, kind: 'quote', sequence: 0, quote: message.quote }, frame))
  } else {
    const { trade, first_id } = message
    const event = messageEvent(listing, { ...parts, kind: 'trade', sequence: trade.trade_id, trade }, frame)
    onTrade(state, event, first_id, ctx.params.restart_after, out)
  }
}
