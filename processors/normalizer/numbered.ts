/**
 * The continuity of messages that their venue numbers, per symbol: trades without holes, quotes with numbers that grow.
 *
 * A long run of older ones means that the numbers began anew: they are believed, behind a gap that goes back.
 */
import type { MarketEvent } from '../../schemas/generated/index.ts'
import { gapEvent } from './events.ts'

const TRADE_CHANNEL = 'trade'
const QUOTE_CHANNEL = 'quote'

export interface TradeState {
  gaps: number
  duplicates: number
  out_of_order: number
  /** Id of the last trade; -1 before. */
  trade_id: number
  /** Trades in a row that are older than the last one. */
  trade_behind: number
}

/** Passes a trade on, behind a gap where ids are missing; drops one that came, or that a later one overtook. */
export function onTrade(
  state: TradeState,
  event: MarketEvent,
  first_id: number,
  restart_after: number,
  out: MarketEvent[],
): void {
  const last = state.trade_id
  const { sequence } = event
  if (sequence === last) {
    state.duplicates++
    return
  }
  if (sequence < last && ++state.trade_behind < restart_after) {
    state.out_of_order++
    return
  }
  state.trade_behind = 0
  state.trade_id = sequence
  if (last !== -1 && first_id !== last + 1) {
    state.gaps++
    out.push(gapEvent(event, TRADE_CHANNEL, last + 1, first_id, last))
  }
  out.push(event)
}

export interface QuoteState {
  gaps: number
  duplicates: number
  out_of_order: number
  /** Update id of the last quote; -1 before. */
  quote_id: number
  /** Quotes in a row that are older than the last one. */
  quote_behind: number
}

/** Passes a quote on; drops one that came, or that a later one overtook. */
export function onQuote(state: QuoteState, event: MarketEvent, restart_after: number, out: MarketEvent[]): void {
  const last = state.quote_id
  const { sequence } = event
  if (sequence === last) {
    state.duplicates++
    return
  }
  const behind = sequence < last
  if (behind && ++state.quote_behind < restart_after) {
    state.out_of_order++
    return
  }
  state.quote_behind = 0
  state.quote_id = sequence
  if (behind) {
    state.gaps++
    out.push(gapEvent(event, QUOTE_CHANNEL, last + 1, sequence, last))
  }
  out.push(event)
}
