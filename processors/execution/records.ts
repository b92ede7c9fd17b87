/** The records that the order management writes about an order. */
import type { Decision, ExecutionReport, Fill, Order, OrderCommand, Verdict } from '../../schemas/generated/index.ts'
import type { Life, TradeEffect } from './order-state.ts'
import { leaves, reported } from './order-state.ts'
import type { ManagedOrder, OrderTerms } from './state.ts'

/** The order as it stands. Verdicts only on its first record. */
export function orderRecord(account: string, { terms, life }: ManagedOrder, verdicts: Verdict[] = []): Order {
  const { instrument_id, venue, symbol, decision_id, side, order_type, time_in_force } = terms
  return {
    account,
    instrument_id,
    venue,
    symbol,
    cl_ord_id: life.cl_ord_id,
    decision_id,
    side,
    order_type,
    time_in_force,
    qty: life.qty,
    limit_px: life.limit_px,
    status: reported(life),
    cum_qty: life.cum_qty,
    leaves_qty: leaves(life),
    cum_notional: life.cum_notional,
    reason: life.reason,
    verdicts,
  }
}

export function newCommand(
  decision: Decision,
  cl_ord_id: string,
  limits_version: string,
  verdicts: Verdict[],
): OrderCommand {
  const { account, instrument_id, venue, symbol, side, order_type, time_in_force, qty, limit_px } = decision
  const { decision_id, event_time_us, receive_time_us } = decision
  const what = { account, instrument_id, venue, symbol, side, order_type, time_in_force, qty, limit_px, decision_id }
  const times = { event_time_us, receive_time_us }
  return { command: 'NEW', cl_ord_id, orig_cl_ord_id: null, ...what, limits_version, verdicts, ...times }
}

/** A cancel asks no control: getting out is never refused. */
export function cancelCommand(
  account: string,
  terms: OrderTerms,
  life: Life,
  cl_ord_id: string,
  limits_version: string,
  times: { event_time_us: number; receive_time_us: number },
): OrderCommand {
  const { instrument_id, venue, symbol, side, order_type, time_in_force, decision_id } = terms
  const { qty, limit_px } = life
  const what = { account, instrument_id, venue, symbol, side, order_type, time_in_force, qty, limit_px, decision_id }
  const ids = { cl_ord_id, orig_cl_ord_id: life.cl_ord_id }
  return { command: 'CANCEL', ...ids, ...what, limits_version, verdicts: [], ...times }
}

/**
 * One Fill per effect, so that position = sum of signed fills holds for every reader: an execution taken back is a Fill
 * with negative quantity and fee at the old price. Of a correction's two Fills the one taken back is named
 * `EXEC_ID/reversal`.
 */
export function fillRecord(account: string, terms: OrderTerms, report: ExecutionReport, effect: TradeEffect): Fill {
  const { instrument_id, venue, symbol, decision_id, side, price_scale, qty_scale } = terms
  const reversal = effect.sign === -1 && report.exec_type === 'TRADE_CORRECT'
  return {
    account,
    instrument_id,
    venue,
    symbol,
    cl_ord_id: report.cl_ord_id,
    decision_id,
    exec_id: reversal ? `${report.exec_id}/reversal` : report.exec_id,
    side,
    qty: effect.sign * effect.qty,
    px: effect.px,
    fee: effect.sign === 1 ? effect.fee : -effect.fee,
    liquidity: effect.liquidity,
    price_scale,
    qty_scale,
    market_sequence: report.market_sequence,
    transact_time_us: report.transact_time_us,
  }
}
