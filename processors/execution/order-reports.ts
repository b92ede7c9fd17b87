/**
 * What a venue's report does to an order: the rows of the state machine by ExecType.
 *
 * Reports may come twice or out of order (a retail broker's do). One that only repeats what a later report already
 * proved leaves the order as it is; trades are applied wherever they can have happened, by ExecID, once.
 */
import type { Base, Execution, Life, Outcome, Overlay, Report, TradeEffect } from './order-state.ts'
import { OPEN, SEEN_MAX, TERMINAL } from './order-state.ts'

type ExecType = Report['exec_type']
type Row = {
  /** Base states in which the report takes effect. */
  readonly from: ReadonlySet<Base>
  /** Base states that already know more: the report came late and says nothing new. */
  readonly late: ReadonlySet<Base>
  readonly to: (life: Life, report: Report) => Outcome
}

const set = (...bases: Base[]): ReadonlySet<Base> => new Set(bases)
const NONE = set()
const ANY = set(...OPEN, ...TERMINAL)
const FILLABLE = set(...OPEN, 'CANCELED', 'EXPIRED')
const ACKNOWLEDGED = set('NEW', 'SUSPENDED', 'PARTIALLY_FILLED', 'DONE_FOR_DAY', 'FILLED', 'CANCELED', 'EXPIRED')
const DONE = set('FILLED', 'CANCELED', 'EXPIRED')

const ROWS: { readonly [T in ExecType]: Row } = {
  PENDING_NEW: { from: set('PENDING_NEW'), late: set(...ACKNOWLEDGED, 'UNKNOWN'), to: (life) => changed(life) },
  NEW: {
    from: set('PENDING_NEW', 'UNKNOWN'),
    late: ACKNOWLEDGED,
    to: (life, report) =>
      changed({ ...life, base: report.ord_status === 'SUSPENDED' ? 'SUSPENDED' : 'NEW', reason: '' }),
  },
  REJECTED: {
    from: set('PENDING_NEW', 'UNKNOWN', 'NEW'),
    late: set('REJECTED'),
    to: (life, report) => changed({ ...closed(life, 'REJECTED'), reason: report.text || 'REJECTED_BY_VENUE' }),
  },
  TRIGGERED: { from: set('SUSPENDED'), late: NONE, to: (life) => changed({ ...life, base: 'NEW' }) },
  TRADE: { from: FILLABLE, late: NONE, to: trade },
  PENDING_CANCEL: {
    from: OPEN,
    late: DONE,
    to: (life, report) => changed({ ...life, cancel: life.cancel ?? overlay(report) }),
  },
  PENDING_REPLACE: {
    from: OPEN,
    late: DONE,
    to: (life, report) => changed({ ...life, replace: life.replace ?? overlay(report) }),
  },
  CANCELED: {
    from: OPEN,
    late: set('CANCELED'),
    to: (life, report) => changed({ ...closed(life, 'CANCELED'), reason: life.cancel === null ? report.text : '' }),
  },
  REPLACED: { from: OPEN, late: NONE, to: replaced },
  CANCEL_REJECT: { from: ANY, late: NONE, to: cancelRejected },
  EXPIRED: {
    from: OPEN,
    late: set('EXPIRED'),
    to: (life, report) => changed({ ...closed(life, 'EXPIRED'), reason: report.text }),
  },
  DONE_FOR_DAY: { from: OPEN, late: DONE, to: (life) => changed({ ...life, base: 'DONE_FOR_DAY' }) },
  RESTATED: { from: ANY, late: NONE, to: restated },
  TRADE_CORRECT: { from: ANY, late: NONE, to: (life, report) => amend(life, report, true) },
  TRADE_CANCEL: { from: ANY, late: NONE, to: (life, report) => amend(life, report, false) },
  ORDER_STATUS: { from: ANY, late: NONE, to: proven },
}

/** Applies a venue's report. The caller has found the order by one of its ClOrdIDs. */
export function report(life: Life, event: Report): Outcome {
  const known = life.seen.includes(event.exec_id) || life.executions.some((one) => one.refs.includes(event.exec_id))
  if (known && event.exec_type !== 'ORDER_STATUS') return { kind: 'same' }
  const row = ROWS[event.exec_type]
  if (row.late.has(life.base)) return { kind: 'same' }
  if (!row.from.has(life.base)) return impossible('EVENT_IMPOSSIBLE', `${event.exec_type} in ${life.base}`)
  const outcome = row.to(life, event)
  if (outcome.kind !== 'changed') return outcome
  return { ...outcome, life: remembered(outcome.life, event) }
}

function remembered(life: Life, event: Report): Life {
  const order_id = event.order_id === '' ? life.order_id : event.order_id
  const is_trade = event.exec_type === 'TRADE' || event.exec_type === 'TRADE_CORRECT'
  // A trade's ExecID stands with its execution.
  const seen = is_trade ? life.seen : [...life.seen, event.exec_id].slice(-SEEN_MAX)
  return { ...life, order_id, seen }
}

function trade(life: Life, event: Report): Outcome {
  const { last_qty, last_px } = event
  if (last_qty <= 0 || last_px <= 0) return impossible('TRADE_INVALID', `${last_qty} at ${last_px}`)
  if (life.cum_qty + last_qty > life.qty) {
    return impossible('OVERFILL', `${life.cum_qty} + ${last_qty} of ${life.qty}`)
  }
  const execution = executionOf(event, [event.exec_id])
  return changed(recomputed({ ...life, executions: [...life.executions, execution] }), [effect(execution, 1)])
}

/** TradeCorrect (another quantity or price) and TradeCancel (a bust) of an execution that is still live. */
function amend(life: Life, event: Report, correct: boolean): Outcome {
  const ref = event.exec_ref_id
  const at = life.executions.findIndex((one) => one.live && ref !== null && one.refs.includes(ref))
  const old = life.executions[at]
  if (old === undefined) return impossible('EXEC_REF_UNKNOWN', `${event.exec_type} of ${ref}`)
  const refs = [...old.refs, event.exec_id]
  let next: Execution = { ...old, refs, live: false }
  if (correct) {
    if (event.last_qty <= 0 || event.last_px <= 0) {
      return impossible('TRADE_INVALID', `${event.last_qty} at ${event.last_px}`)
    }
    if (life.cum_qty - old.qty + event.last_qty > life.qty) return impossible('OVERFILL', `correction of ${ref}`)
    next = executionOf(event, refs)
  }
  const executions = life.executions.with(at, next)
  const after = recomputed({ ...life, executions })
  const effects = [effect(old, -1), ...(correct ? [effect(next, 1)] : [])]
  // A full order that lost an execution is open again, unless the venue says that it is not. What the venue says of an
  // order that we hold for open counts too: the report that ended it may still be on its way.
  const dead = event.ord_status === 'CANCELED' || event.ord_status === 'EXPIRED' ? event.ord_status : undefined
  const incomplete = after.cum_qty < after.qty && (life.base === 'FILLED' || OPEN.has(life.base))
  if (incomplete && dead !== undefined) return changed(closed(after, dead), effects)
  const reopened = life.base === 'FILLED' && after.cum_qty < after.qty
  const base = reopened ? (after.cum_qty === 0 ? 'NEW' : 'PARTIALLY_FILLED') : after.base
  return changed({ ...after, base }, effects)
}

/** New ClOrdID, quantity and limit, from the acknowledgement on; what was filled before stays as it was. */
function replaced(life: Life, event: Report): Outcome {
  if (life.replace === null) return impossible('EVENT_IMPOSSIBLE', 'REPLACED without a pending replacement')
  const qty = Math.max(event.qty, life.cum_qty)
  const { cl_ord_id } = life.replace
  const ids = life.ids.includes(cl_ord_id) ? life.ids : [...life.ids, cl_ord_id]
  const after = recomputed({ ...life, replace: null, cl_ord_id, ids, qty, limit_px: event.limit_px })
  // A replacement acknowledged proves that the order lives.
  const lives = after.base === 'PENDING_NEW' || after.base === 'UNKNOWN'
  return changed(lives ? { ...after, base: 'NEW', reason: '' } : after)
}

function cancelRejected(life: Life, event: Report): Outcome {
  if (life.cancel?.cl_ord_id === event.cl_ord_id) return changed({ ...life, cancel: null })
  if (life.replace?.cl_ord_id === event.cl_ord_id) return changed({ ...life, replace: null })
  // Both were asked and the other one won: this answer came after the end.
  if (TERMINAL.has(life.base)) return { kind: 'same' }
  return impossible('EVENT_IMPOSSIBLE', `CANCEL_REJECT of ${event.cl_ord_id}, which is not pending`)
}

/** The venue changed quantity or limit by itself. What a finished order was does not change any more. */
function restated(life: Life, event: Report): Outcome {
  if (TERMINAL.has(life.base)) return changed({ ...life, limit_px: event.limit_px })
  const qty = Math.max(event.qty, life.cum_qty)
  return changed(recomputed({ ...life, qty, limit_px: event.limit_px }))
}

/** What the venue proves about an order whose state we lost. Executions still come by their own reports. */
function proven(life: Life, event: Report): Outcome {
  const answered: Life = {
    ...life,
    cancel: life.cancel?.unknown === true && event.ord_status !== 'PENDING_CANCEL' ? null : life.cancel,
    replace: life.replace?.unknown === true && event.ord_status !== 'PENDING_REPLACE' ? null : life.replace,
  }
  if (life.base !== 'UNKNOWN') return sameOr(life, answered)
  if (event.text === 'NOT_FOUND') {
    const not_found = [...new Set([...life.not_found, event.exec_id])]
    // One "not found" can be a venue that lags; two independent ones are a proof.
    if (not_found.length < 2) return changed({ ...answered, not_found })
    return changed({ ...closed(answered, 'REJECTED'), not_found, reason: 'NOT_FOUND' })
  }
  // Trades are missing: the state is not proven until their reports have come.
  if (event.cum_qty !== life.cum_qty) return sameOr(life, answered)
  switch (event.ord_status) {
    case 'NEW':
    case 'SUSPENDED':
    case 'PARTIALLY_FILLED':
    case 'DONE_FOR_DAY':
      return changed({ ...answered, base: event.ord_status, reason: '' })
    case 'CANCELED':
    case 'EXPIRED':
    case 'REJECTED':
      return changed({ ...closed(answered, event.ord_status), reason: event.text })
    default:
      return sameOr(life, answered)
  }
}

/** Sums over the live executions, and the base state that follows from them. */
function recomputed(life: Life): Life {
  let cum_qty = 0
  let cum_notional = 0n
  for (const one of life.executions) {
    if (!one.live) continue
    cum_qty += one.qty
    cum_notional += BigInt(one.px) * BigInt(one.qty)
  }
  const after: Life = { ...life, cum_qty, cum_notional }
  if (cum_qty === life.qty && (OPEN.has(life.base) || life.base === 'CANCELED' || life.base === 'EXPIRED')) {
    return cum_qty === 0 ? after : { ...after, base: 'FILLED', reason: '' }
  }
  // DONE_FOR_DAY stands above PARTIALLY_FILLED; a canceled order keeps its state with a larger sum.
  const fills = life.base === 'PENDING_NEW' || life.base === 'NEW' || life.base === 'SUSPENDED'
  if (cum_qty > 0 && (fills || life.base === 'UNKNOWN')) return { ...after, base: 'PARTIALLY_FILLED', reason: '' }
  return cum_qty === 0 && life.base === 'PARTIALLY_FILLED' ? { ...after, base: 'NEW' } : after
}

function closed(life: Life, base: Base): Life {
  return { ...life, base, cancel: null, replace: null }
}

function overlay(event: Report): Overlay {
  return { cl_ord_id: event.cl_ord_id, qty: null, limit_px: null, unknown: false }
}

function executionOf(event: Report, refs: readonly string[]): Execution {
  const { last_qty: qty, last_px: px, fee, liquidity } = event
  return { refs, qty, px, fee, liquidity, live: true }
}

function effect(execution: Execution, sign: 1 | -1): TradeEffect {
  const { qty, px, fee, liquidity } = execution
  return { sign, qty, px, fee, liquidity }
}

function changed(life: Life, effects: readonly TradeEffect[] = []): Outcome {
  return { kind: 'changed', life, effects }
}

function sameOr(before: Life, after: Life): Outcome {
  return before.cancel === after.cancel && before.replace === after.replace ? { kind: 'same' } : changed(after)
}

function impossible(code: Extract<Outcome, { kind: 'impossible' }>['code'], why: string): Outcome {
  return { kind: 'impossible', code, why }
}
