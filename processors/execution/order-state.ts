/**
 * The order state machine: FIX order states with the *base* state and the *pending overlays* kept apart.
 *
 * A cancel or a replacement under way never overwrites what the order is; the reported OrdStatus is chosen by
 * precedence, so there is no "previous status" to restore. `apply` is total: an event that a table row allows changes
 * the order, one that came late or twice leaves it as it is (`same`), one that cannot be (`impossible`) changes
 * nothing and carries a fault code. A terminal order is still open to late trades, corrections and busts.
 *
 * Invariants (tests/processors/execution-order-state.test.ts): `cum_qty` is the sum over live executions,
 * `cum_notional` the exact sum of px * qty over them; an ExecID is applied once; `cum_qty` falls only by a correction
 * or a bust; a replacement takes effect only when acknowledged.
 */
import type { ExecutionReport, Order } from '../../schemas/generated/index.ts'

export type OrdStatus = Order['status']
export type Base = Exclude<OrdStatus, 'PENDING_CANCEL' | 'PENDING_REPLACE'>

/** A cancel or a replacement that the venue has not answered. `unknown`: it did not answer in time. */
export interface Overlay {
  readonly cl_ord_id: string
  /** Asked parameters of a replacement; null for a cancel, or where the venue started it. */
  readonly qty: number | null
  readonly limit_px: number | null
  readonly unknown: boolean
}

/** One execution. `refs` are the ExecIDs by which corrections and busts may name it, the newest last. */
export interface Execution {
  readonly refs: readonly string[]
  readonly qty: number
  readonly px: number
  readonly fee: bigint
  readonly liquidity: ExecutionReport['liquidity']
  readonly live: boolean
}

/** What the machine moves. Quantities in qty_scale, prices in price_scale, `cum_notional` in their sum. */
export interface Life {
  readonly base: Base
  readonly cancel: Overlay | null
  readonly replace: Overlay | null
  /** The ClOrdID that is active; every one ever used for this order is in `ids`. */
  readonly cl_ord_id: string
  readonly ids: readonly string[]
  readonly order_id: string
  readonly qty: number
  readonly limit_px: number | null
  readonly cum_qty: number
  readonly cum_notional: bigint
  readonly executions: readonly Execution[]
  /** ExecIDs of the last reports that were no trades; at most `SEEN_MAX`. */
  readonly seen: readonly string[]
  /** ExecIDs of the status reports that did not find the order; two are needed to believe it. */
  readonly not_found: readonly string[]
  /** Code: why it was denied, rejected, canceled unasked, or is unknown; else empty. */
  readonly reason: string
}

/** What we do to an order; everything else comes as an ExecutionReport. */
export type Command =
  | { readonly type: 'DENY'; readonly reason: string }
  | { readonly type: 'HOLD' }
  | { readonly type: 'APPROVE' }
  | { readonly type: 'APPROVAL_EXPIRED'; readonly reason: string }
  | { readonly type: 'SEND' }
  | { readonly type: 'SEND_CANCEL'; readonly cl_ord_id: string }
  | {
      readonly type: 'SEND_REPLACE'
      readonly cl_ord_id: string
      readonly qty: number
      readonly limit_px: number | null
    }
  /** Transport failure, timeout, 5xx or an unparsable reply to the message with this ClOrdID. */
  | { readonly type: 'NO_ANSWER'; readonly cl_ord_id: string }

/** The fields of a report that the machine reads. */
export type Report = Pick<
  ExecutionReport,
  | 'cl_ord_id'
  | 'order_id'
  | 'exec_id'
  | 'exec_ref_id'
  | 'exec_type'
  | 'ord_status'
  | 'qty'
  | 'limit_px'
  | 'last_qty'
  | 'last_px'
  | 'cum_qty'
  | 'fee'
  | 'liquidity'
  | 'text'
>

/** What a report did to the position: +1 an execution, -1 one taken back. */
export interface TradeEffect {
  readonly sign: 1 | -1
  readonly qty: number
  readonly px: number
  readonly fee: bigint
  readonly liquidity: Execution['liquidity']
}

export type Outcome =
  | { readonly kind: 'changed'; readonly life: Life; readonly effects: readonly TradeEffect[] }
  | { readonly kind: 'same' }
  | { readonly kind: 'impossible'; readonly code: ImpossibleCode; readonly why: string }

export type ImpossibleCode = 'EVENT_IMPOSSIBLE' | 'OVERFILL' | 'EXEC_REF_UNKNOWN' | 'TRADE_INVALID'

/** Non-trade ExecIDs remembered per order; the machine itself is idempotent for what is older. */
export const SEEN_MAX = 32

export const OPEN: ReadonlySet<Base> = new Set<Base>([
  'PENDING_NEW',
  'NEW',
  'SUSPENDED',
  'PARTIALLY_FILLED',
  'DONE_FOR_DAY',
  'UNKNOWN',
])
export const TERMINAL: ReadonlySet<Base> = new Set<Base>(['DENIED', 'FILLED', 'CANCELED', 'REJECTED', 'EXPIRED'])

export function created(cl_ord_id: string, qty: number, limit_px: number | null): Life {
  return {
    base: 'CREATED',
    cancel: null,
    replace: null,
    cl_ord_id,
    ids: [cl_ord_id],
    order_id: '',
    qty,
    limit_px,
    cum_qty: 0,
    cum_notional: 0n,
    executions: [],
    seen: [],
    not_found: [],
    reason: '',
  }
}

/** Reported status by precedence: an overlay stands above everything (FIX 5.0 SP2 B.1.c), even above FILLED. */
export function reported(life: Life): OrdStatus {
  if (life.cancel !== null) return 'PENDING_CANCEL'
  if (life.replace !== null) return 'PENDING_REPLACE'
  return life.base
}

/** What may still be filled; 0 once the order is no longer open. */
export function leaves(life: Life): number {
  return OPEN.has(life.base) ? life.qty - life.cum_qty : 0
}

/** True while we do not know what the venue holds. */
export function uncertain(life: Life): boolean {
  return life.base === 'UNKNOWN' || life.cancel?.unknown === true || life.replace?.unknown === true
}
