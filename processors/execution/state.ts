/**
 * What the order management knows of its account: orders, positions, windows, the day.
 *
 * Plain data, never changed in place. All of it is bounded: open orders by the exposure limits, finished ones and
 * remembered ids by number, windows by the message rate.
 */
import type { RecordId } from '../../runtime/api/index.ts'
import type { Decision, TradingPhase, TradingState } from '../../schemas/generated/index.ts'
import type { Life } from './order-state.ts'
import type { PositionState } from './positions.ts'

/** What does not change over an order's life. */
export interface OrderTerms {
  /** Its first ClOrdID: the name it has here. */
  readonly root: string
  readonly decision_id: string
  readonly strategy: string
  readonly instrument_id: string
  readonly venue: string
  readonly symbol: string
  readonly side: Decision['side']
  readonly order_type: Decision['order_type']
  readonly time_in_force: Decision['time_in_force']
  readonly price_scale: number
  readonly qty_scale: number
  readonly multiplier: number
}

export interface ManagedOrder {
  readonly terms: OrderTerms
  readonly life: Life
}

/** An order sent, as the duplicate control remembers it. */
export interface SentOrder {
  readonly at_us: number
  readonly instrument_id: string
  readonly side: Decision['side']
  readonly qty: number
  readonly limit_px: number | null
}

/** What a venue said of an instrument, and the record that it said it in. */
export interface ToldPhase {
  readonly phase: Exclude<TradingPhase, 'OPEN'>
  readonly id: RecordId
}

export interface AccountState {
  /** Open orders by their first ClOrdID; walk them by `openOrders`, which fixes the order. */
  readonly open: Readonly<Record<string, ManagedOrder>>
  /** Finished orders, the newest last. */
  readonly finished: readonly ManagedOrder[]
  readonly positions: Readonly<Record<string, PositionState>>
  /** Trading state per control scope; a scope that is ACTIVE is not in it. */
  readonly trading: Readonly<Record<string, Exclude<TradingState, 'ACTIVE'>>>
  /** Instruments that are not in continuous trading, by the venue's own word; one that is OPEN is not in it. */
  readonly phases: Readonly<Record<string, ToldPhase>>
  /** Stream times of the messages of the last minute, ascending. */
  readonly messages: readonly number[]
  /** Orders sent within the duplicate window, oldest first. */
  readonly sent: readonly SentOrder[]
  /** The last decisions and how often each was seen. */
  readonly decisions: readonly { readonly decision_id: string; readonly times: number }[]
  /** UTC day of stream time, equity at its start and highest equity ever, on the common money scale. */
  readonly day: { readonly number: number; readonly start: bigint; readonly peak: bigint } | null
}

/** Decisions remembered to refuse one that comes twice. */
export const DECISIONS_MAX = 64

export function initialState(): AccountState {
  return {
    open: {},
    finished: [],
    positions: {},
    trading: {},
    phases: {},
    messages: [],
    sent: [],
    decisions: [],
    day: null,
  }
}

/** Open orders in the order of their ids by code unit: a restored state has its keys in another order. */
export function openOrders(state: AccountState): ManagedOrder[] {
  return Object.keys(state.open)
    .sort()
    .map((root) => state.open[root] as ManagedOrder)
}

/** The order that one of `ids` belongs to. */
export function findOrder(state: AccountState, ids: readonly (string | null)[]): ManagedOrder | undefined {
  for (const id of ids) {
    if (id === null) continue
    if (Object.hasOwn(state.open, id)) return state.open[id]
    // deterministic: an id belongs to one order at most, so that the order of looking does not matter.
    for (const root in state.open) {
      const order = state.open[root] as ManagedOrder
      if (order.life.ids.includes(id)) return order
    }
    const finished = state.finished.findLast((order) => order.life.ids.includes(id))
    if (finished !== undefined) return finished
  }
  return undefined
}

/** What the venue said of an instrument that is not in continuous trading. */
export function phaseOf(state: AccountState, instrument_id: string): ToldPhase | undefined {
  return Object.hasOwn(state.phases, instrument_id) ? state.phases[instrument_id] : undefined
}

/** The state after the venue's word on an instrument. */
export function told(state: AccountState, instrument_id: string, phase: TradingPhase, id: RecordId): AccountState {
  if (phase !== 'OPEN') return { ...state, phases: { ...state.phases, [instrument_id]: { phase, id } } }
  if (!Object.hasOwn(state.phases, instrument_id)) return state
  const { [instrument_id]: _ended, ...phases } = state.phases
  return { ...state, phases }
}
