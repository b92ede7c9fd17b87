/** From a Decision to an order sent or denied. */
import type { Decision, Instrument, Nbbo, Order, OrderCommand } from '../../schemas/generated/index.ts'
import { evaluate } from './controls/index.ts'
import { MINUTE_US } from './controls/p09-message-rate.ts'
import { observeEquity } from './day.ts'
import { equity, isReducing } from './exposure.ts'
import { command } from './order-commands.ts'
import { created } from './order-state.ts'
import type { ExecutionParams } from './params.ts'
import { newCommand, orderRecord } from './records.ts'
import type { AccountState, ManagedOrder } from './state.ts'
import { DECISIONS_MAX, phaseOf } from './state.ts'

export interface World {
  readonly instrument: Instrument | undefined
  readonly nbboOf: (symbol: string) => Nbbo | undefined
}

export interface Decided {
  readonly state: AccountState
  readonly order: Order
  /** Undefined for a denied decision. */
  readonly command: OrderCommand | undefined
}

/**
 * Asks every control, then sends or denies. The ClOrdID is the decision's id and how often that id was seen, so a
 * decision that comes twice gets an id of its own to be denied under.
 */
export function decide(
  state: AccountState,
  decision: Decision,
  params: ExecutionParams,
  world: World,
  stream_time_us: number,
): Decided {
  const observed = observeEquity(state, equity(state, world.nbboOf), stream_time_us)
  const { verdicts, denied } = evaluate({
    decision,
    params,
    state: observed,
    stream_time_us,
    instrument: world.instrument,
    nbbo: world.nbboOf(decision.symbol),
    nbboOf: world.nbboOf,
    phase: phaseOf(observed, decision.instrument_id)?.phase ?? 'OPEN',
    reducing: isReducing(observed, decision),
  })
  const [decisions, times] = counted(observed, decision.decision_id)
  const remembering: AccountState = { ...observed, decisions }
  const order = orderOf(decision, `${decision.decision_id}.${times}`, world.instrument)
  const life = command(order.life, denied === undefined ? { type: 'SEND' } : { type: 'DENY', reason: denied })
  const after: ManagedOrder = { ...order, life: life.kind === 'changed' ? life.life : order.life }
  const record = orderRecord(params.account, after, verdicts)
  if (denied !== undefined) return { state: remembering, order: record, command: undefined }

  const { instrument_id, side, qty, limit_px } = decision
  const oldest_us = stream_time_us - params.duplicate_window_ms * 1_000
  const sent = remembering.sent.filter((one) => one.at_us > oldest_us)
  return {
    state: withMessage(
      {
        ...remembering,
        open: { ...remembering.open, [order.terms.root]: after },
        sent: [...sent, { at_us: stream_time_us, instrument_id, side, qty, limit_px }],
      },
      stream_time_us,
    ),
    order: record,
    command: newCommand(decision, order.terms.root, params.limits_version, verdicts),
  }
}

/** Counts a message to the venue: an order, a replacement or a cancel. */
export function withMessage(state: AccountState, stream_time_us: number): AccountState {
  const messages = state.messages.filter((at) => at > stream_time_us - MINUTE_US)
  return { ...state, messages: [...messages, stream_time_us] }
}

function counted(state: AccountState, decision_id: string): [AccountState['decisions'], number] {
  const times = 1 + (state.decisions.find((one) => one.decision_id === decision_id)?.times ?? 0)
  const others = state.decisions.filter((one) => one.decision_id !== decision_id)
  return [[...others, { decision_id, times }].slice(-DECISIONS_MAX), times]
}

function orderOf(decision: Decision, root: string, instrument: Instrument | undefined): ManagedOrder {
  const { decision_id, strategy, instrument_id, venue, symbol, side, order_type, time_in_force } = decision
  const { price_scale, qty_scale } = decision
  const what = { decision_id, strategy, instrument_id, venue, symbol, side, order_type, time_in_force }
  const multiplier = instrument?.multiplier ?? 1
  return {
    terms: { root, ...what, price_scale, qty_scale, multiplier },
    life: created(root, decision.qty, decision.limit_px),
  }
}
