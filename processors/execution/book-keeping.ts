/** What a venue's report changes: the order, and by its executions the position. */
import type { ExecutionReport, Fill, Nbbo, Order, Position } from '../../schemas/generated/index.ts'
import { observeEquity } from './day.ts'
import { equity } from './exposure.ts'
import { report } from './order-reports.ts'
import type { Life } from './order-state.ts'
import { TERMINAL } from './order-state.ts'
import { applyFill, flat, positionRecord } from './positions.ts'
import { fillRecord, orderRecord } from './records.ts'
import type { AccountState, ManagedOrder } from './state.ts'
import { findOrder } from './state.ts'

export type Booked =
  | {
      readonly kind: 'booked'
      readonly state: AccountState
      readonly before: Life
      readonly after: Life
      readonly order: Order
      readonly fills: Fill[]
      readonly positions: Position[]
    }
  | { readonly kind: 'same' }
  | { readonly kind: 'fault'; readonly code: string; readonly why: string }

/** Applies a report to the order it names and books what was executed. */
export function book(
  state: AccountState,
  event: ExecutionReport,
  account: string,
  keep_terminal: number,
  nbboOf: (symbol: string) => Nbbo | undefined,
  stream_time_us: number,
): Booked {
  const order = findOrder(state, [event.cl_ord_id, event.orig_cl_ord_id])
  if (order === undefined) return { kind: 'fault', code: 'ORDER_UNKNOWN', why: event.cl_ord_id }
  const { terms, life: before } = order
  if (event.instrument_id !== terms.instrument_id || event.side !== terms.side) {
    return { kind: 'fault', code: 'REPORT_MISMATCH', why: `${event.side} ${event.instrument_id}` }
  }
  const outcome = report(before, event)
  if (outcome.kind === 'same') return { kind: 'same' }
  if (outcome.kind === 'impossible') return { kind: 'fault', code: outcome.code, why: outcome.why }

  const fills = outcome.effects.map((effect) => fillRecord(account, terms, event, effect))
  const positions: Position[] = []
  let position = state.positions[terms.instrument_id] ?? flat(terms)
  for (const effect of outcome.effects) {
    const qty = (terms.side === 'BUY' ? effect.sign : -effect.sign) * effect.qty
    const fee = effect.sign === 1 ? effect.fee : -effect.fee
    position = applyFill(position, { qty, px: effect.px, fee, count: effect.sign })
    if (!Number.isSafeInteger(position.qty))
      return { kind: 'fault', code: 'POSITION_OVERFLOW', why: String(position.qty) }
    positions.push(positionRecord(account, position))
  }
  const after: ManagedOrder = { terms, life: outcome.life }
  let next = filed(state, after, keep_terminal)
  if (positions.length > 0) {
    next = { ...next, positions: { ...next.positions, [terms.instrument_id]: position } }
    next = observeEquity(next, equity(next, nbboOf), stream_time_us)
  }
  return {
    kind: 'booked',
    state: next,
    before,
    after: outcome.life,
    order: orderRecord(account, after),
    fills,
    positions,
  }
}

/** Puts the order where it belongs: among the open ones or the last finished ones. */
export function filed(state: AccountState, order: ManagedOrder, keep_terminal: number): AccountState {
  const { root } = order.terms
  const was_open = state.open[root] !== undefined
  if (!TERMINAL.has(order.life.base)) {
    const finished = was_open ? state.finished : state.finished.filter((one) => one.terms.root !== root)
    return { ...state, open: { ...state.open, [root]: order }, finished }
  }
  if (!was_open) {
    return { ...state, finished: state.finished.map((one) => (one.terms.root === root ? order : one)) }
  }
  const { [root]: _, ...open } = state.open
  return { ...state, open, finished: [...state.finished, order].slice(-keep_terminal) }
}
