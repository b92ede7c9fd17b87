/** Execution reports of the simulated venue, and their way back to us. */
import type { Context } from '../../runtime/api/index.ts'
import { type ExecutionReport, Instrument, Nbbo } from '../../schemas/generated/index.ts'
import type { SimulatorParams } from './params.ts'
import { chance, drawUpTo } from './random.ts'
import type { Command, Draft, VenueOrder } from './state.ts'

export const tables = { nbbo: Nbbo, instruments: Instrument }
export type Ctx = Context<SimulatorParams, typeof tables>

export type Said = Pick<ExecutionReport, 'exec_type' | 'ord_status' | 'transact_time_us'> & Partial<ExecutionReport>

/** A report on `command`; its ExecID is the next of the instrument, so ExecIDs are dense. */
export function reportOn(draft: Draft, instrument_id: string, command: Command, said: Said): ExecutionReport {
  draft.exec_count += 1
  const { account, venue, symbol, cl_ord_id, side, qty, limit_px } = command
  return {
    account,
    instrument_id,
    venue,
    symbol,
    cl_ord_id,
    orig_cl_ord_id: null,
    order_id: '',
    exec_id: `${instrument_id}-${draft.exec_count}`,
    exec_ref_id: null,
    side,
    qty,
    limit_px,
    last_qty: 0,
    last_px: 0,
    cum_qty: 0,
    leaves_qty: 0,
    fee: 0n,
    liquidity: 'NONE',
    text: '',
    market_sequence: 0,
    ...said,
  }
}

/**
 * Sends reports of one step back together. They leave in order, except where chaos holds them up. `key` and `event`
 * are what their draws depend on.
 */
export function send(
  draft: Draft,
  ctx: Ctx,
  reports: readonly ExecutionReport[],
  causes: readonly string[],
  key: string,
  event: number,
): void {
  const { seed, report_latency_us, report_jitter_us, chaos } = ctx.params
  const latency_us = report_latency_us + drawUpTo(report_jitter_us, seed, key, event, 'report_latency')
  const due_us = Math.max(ctx.stream_time_us + latency_us, draft.last_report_us + 1)
  const kept: ExecutionReport[] = []
  reports.forEach((report, i) => {
    const lost = report.exec_type === 'NEW' && chance(chaos.lost_ack_ppm, seed, key, event + i, 'lost_ack')
    if (!lost) kept.push(report)
    if (!lost && chance(chaos.duplicate_ppm, seed, key, event + i, 'duplicate')) kept.push(report)
  })
  const overtaken = chance(chaos.reorder_ppm, seed, key, event, 'reorder')
  if (!overtaken) draft.last_report_us = due_us
  const out_us = due_us + (overtaken ? chaos.delay_us : 0)
  if (kept.length > 0) post(draft, ctx, out_us, kept, null, causes)
  reports.forEach((report, i) => {
    if (report.exec_type !== 'TRADE' || !chance(chaos.bust_ppm, seed, key, event + i, 'bust')) return
    post(draft, ctx, out_us + chaos.delay_us + 1, [], report, causes)
  })
}

function post(
  draft: Draft,
  ctx: Ctx,
  due_us: number,
  reports: readonly ExecutionReport[],
  bust: ExecutionReport | null,
  causes: readonly string[],
): void {
  draft.groups += 1
  draft.outgoing = [...draft.outgoing, { n: draft.groups, reports, bust, causes }]
  ctx.setTimer(`report:${draft.groups}`, due_us)
}

/** The reports that timer `report:n` lets go. A bust is worked out now: the order may have traded on meanwhile. */
export function release(draft: Draft, ctx: Ctx, n: number): readonly ExecutionReport[] {
  const out = draft.outgoing.find((one) => one.n === n)
  if (out === undefined) return []
  draft.outgoing = draft.outgoing.filter((one) => one !== out)
  for (const id of out.causes) ctx.cause(id)
  if (out.bust === null) return out.reports
  const trade = out.bust
  const order = draft.orders.find((one) => one.order_id === trade.order_id)
  const cum_qty = (order?.cum_qty ?? trade.cum_qty) - trade.last_qty
  if (order !== undefined) {
    draft.orders = draft.orders.map((one) => (one === order ? { ...order, cum_qty } : one))
  }
  draft.exec_count += 1
  const open = order !== undefined
  return [
    {
      ...trade,
      exec_id: `${trade.instrument_id}-${draft.exec_count}`,
      exec_ref_id: trade.exec_id,
      exec_type: 'TRADE_CANCEL',
      // What is busted after the order ended does not bring it back.
      ord_status: open ? (cum_qty === 0 ? 'NEW' : 'PARTIALLY_FILLED') : 'CANCELED',
      cl_ord_id: order?.command.cl_ord_id ?? trade.cl_ord_id,
      cum_qty,
      leaves_qty: order === undefined ? 0 : order.command.qty - cum_qty,
    },
  ]
}

/** Replaces one order of the draft, or takes it off where `next` is undefined. */
export function put(draft: Draft, order: VenueOrder, next: VenueOrder | undefined): void {
  draft.orders = draft.orders.flatMap((one) => (one.n !== order.n ? [one] : next === undefined ? [] : [next]))
}
