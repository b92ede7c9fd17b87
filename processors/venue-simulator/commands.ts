/** Commands at the venue: acceptance of orders; cancels and replacements once the venue's clock has reached them. */
import type { Instrument } from '../../schemas/generated/index.ts'
import { isImmediate, leavesOf } from './matching.ts'
import { type Ctx, put, reportOn, type Said, send } from './reports.ts'
import type { Arrival, Draft, VenueOrder } from './state.ts'
import { RECENT_IDS_MAX } from './state.ts'

/** A command reaches the venue, in stream time. Its venue time is not before what we have seen of the venue by now. */
export function arrive(draft: Draft, ctx: Ctx, n: number): void {
  const found = draft.entering.find((one) => one.n === n)
  if (found === undefined) return
  draft.entering = draft.entering.filter((one) => one !== found)
  const arrival_us = Math.max(found.arrival_us, draft.venue_time_us, draft.last_arrival_us)
  draft.last_arrival_us = arrival_us
  const arrival = { ...found, arrival_us }
  if (found.command.command === 'NEW') return accept(draft, ctx, arrival)
  draft.requests = [...draft.requests, arrival]
  ctx.setTimer(`settle:${n}`, ctx.stream_time_us + ctx.params.data_wait_ms * 1_000)
}

function accept(draft: Draft, ctx: Ctx, arrival: Arrival): void {
  const { command, cause, arrival_us: transact_time_us } = arrival
  const { cl_ord_id } = command
  const refusal = refusalOf(draft, ctx, arrival)
  if (refusal !== undefined) {
    const said = { exec_type: 'REJECTED', ord_status: 'REJECTED', text: refusal, transact_time_us } as const
    return send(draft, ctx, [reportOn(draft, ctx.key, command, said)], [cause], cl_ord_id, 0)
  }
  draft.recent_ids = [...draft.recent_ids, cl_ord_id].slice(-RECENT_IDS_MAX)
  draft.order_count += 1
  const order_id = `${ctx.key}-O${draft.order_count}`
  const fresh = { accepted_us: ctx.stream_time_us, cum_qty: 0, resting: false, events: 1 }
  const order: VenueOrder = { ...arrival, order_id, ids: [cl_ord_id], ...fresh }
  draft.orders = [...draft.orders, order]
  if (isImmediate(order)) ctx.setTimer(`wait:${order.n}`, ctx.stream_time_us + ctx.params.data_wait_ms * 1_000)
  const leaves_qty = command.qty
  const said = { exec_type: 'NEW', ord_status: 'NEW', order_id, leaves_qty, transact_time_us } as const
  send(draft, ctx, [reportOn(draft, ctx.key, command, said)], [cause], cl_ord_id, 0)
}

/** Why the venue refuses an order that has arrived; undefined if it does not. */
function refusalOf(draft: Draft, ctx: Ctx, { command }: Arrival): string | undefined {
  const instrument = ctx.tables.instruments.get(ctx.key)
  if (instrument === undefined) return 'UNKNOWN_INSTRUMENT'
  if (draft.recent_ids.includes(command.cl_ord_id)) return 'DUPLICATE_CL_ORD_ID'
  if (draft.orders.length >= ctx.params.max_open_orders) return 'TOO_MANY_ORDERS'
  if (!isValid(command.order_type, command.qty, command.limit_px, instrument)) return 'INVALID_ORDER'
  return draft.book?.quality === 'LIVE' ? undefined : 'BOOK_NOT_LIVE'
}

function isValid(order_type: string, qty: number, limit_px: number | null, instrument: Instrument): boolean {
  if (!(qty > 0 && qty % instrument.lot_size_qty === 0)) return false
  if (order_type === 'MARKET') return limit_px === null
  return limit_px !== null && limit_px > 0 && limit_px % instrument.tick_size_px === 0
}

/** Carries out every waiting cancel and replacement that arrived not after `venue_time_us`. */
export function settleUntil(draft: Draft, ctx: Ctx, venue_time_us: number): void {
  for (const request of draft.requests) {
    if (request.arrival_us <= venue_time_us) settle(draft, ctx, request.n)
  }
}

/** Carries out one cancel or replacement. What traded before its time has been reported before. */
export function settle(draft: Draft, ctx: Ctx, n: number): void {
  const request = draft.requests.find((one) => one.n === n)
  if (request === undefined) return
  draft.requests = draft.requests.filter((one) => one !== request)
  ctx.cancelTimer(`settle:${n}`)
  const { command, arrival_us: transact_time_us, cause } = request
  const { cl_ord_id, orig_cl_ord_id } = command
  const order = draft.orders.find((one) => orig_cl_ord_id !== null && one.ids.includes(orig_cl_ord_id))
  const reply = (said: Omit<Said, 'transact_time_us'>) => {
    const report = reportOn(draft, ctx.key, command, { transact_time_us, orig_cl_ord_id, ...said })
    const causes = order === undefined ? [cause] : [cause, order.cause]
    send(draft, ctx, [report], causes, cl_ord_id, 0)
  }
  if (order === undefined) {
    return reply({ exec_type: 'CANCEL_REJECT', ord_status: 'REJECTED', text: 'TOO_LATE_OR_UNKNOWN' })
  }
  const { order_id, cum_qty } = order
  const { qty, limit_px } = order.command
  if (command.command === 'CANCEL') {
    put(draft, order, undefined)
    ctx.cancelTimer(`wait:${order.n}`)
    return reply({ exec_type: 'CANCELED', ord_status: 'CANCELED', order_id, cum_qty, qty, limit_px })
  }
  const instrument = ctx.tables.instruments.get(ctx.key)
  const valid = instrument !== undefined && isValid('LIMIT', command.qty, command.limit_px, instrument)
  if (isImmediate(order) || !valid) {
    const ord_status = cum_qty > 0 ? 'PARTIALLY_FILLED' : 'NEW'
    const text = valid ? 'NOT_REPLACEABLE' : 'INVALID_ORDER'
    const open = { order_id, cum_qty, leaves_qty: leavesOf(order), qty, limit_px }
    return reply({ exec_type: 'CANCEL_REJECT', ord_status, text, ...open })
  }
  const next = replaced(order, request)
  const leaves_qty = leavesOf(next)
  put(draft, order, leaves_qty === 0 ? undefined : next)
  const ord_status = leaves_qty === 0 ? 'FILLED' : cum_qty > 0 ? 'PARTIALLY_FILLED' : 'NEW'
  reply({ exec_type: 'REPLACED', ord_status, order_id, cum_qty, leaves_qty, qty: next.command.qty })
}

/** A smaller quantity keeps the place in the queue; a larger one or another price goes to its end and may take again. */
function replaced(order: VenueOrder, { n, command, arrival_us }: Arrival): VenueOrder {
  const qty = Math.max(command.qty, order.cum_qty)
  const { cl_ord_id, limit_px } = command
  const ids = [...order.ids, cl_ord_id]
  const changed = { ...order, ids, command: { ...order.command, cl_ord_id, qty, limit_px } }
  const keeps = limit_px === order.command.limit_px && qty <= order.command.qty
  return keeps ? changed : { ...changed, n, arrival_us, resting: false }
}
