/** The continuity of trades whose venue numbers them without holes, per symbol. */
import type { MarketEvent } from '../../schemas/generated/index.ts'
import { gapEvent } from './events.ts'

const TRADE_CHANNEL = 'trade'

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
