/**
 * The order management of one account: decisions become orders or are denied, reports become fills and positions.
 *
 * It writes nothing for a report that says nothing new (a duplicate, one that came late). A report that cannot be is a
 * fault and changes nothing. Without instrument, NBBO or a LIVE book every decision is denied: all gates fail closed.
 *
 * Scope: one account per stage (`params.account`), so all ports share the one state `account`: a kill switch for the
 * firm must reach the same state as the account's orders. Records of another account are faults.
 */
import { type Context, defineProcessor, emit, fault, keep, type Step } from '../../runtime/api/index.ts'
import {
  Control,
  Decision,
  ExecutionReport,
  Fill,
  Instrument,
  MarketEvent,
  Nbbo,
  Order,
  OrderCommand,
  Position,
} from '../../schemas/generated/index.ts'
import { book, filed } from './book-keeping.ts'
import { DAY_US, dayOf, observeEquity } from './day.ts'
import { decide } from './decide.ts'
import { equity } from './exposure.ts'
import { control } from './kill-switch.ts'
import { command } from './order-commands.ts'
import type { Life } from './order-state.ts'
import { type ExecutionParams, executionParams } from './params.ts'
import { orderRecord } from './records.ts'
import { type AccountState, findOrder, initialState, phaseOf, told } from './state.ts'

const inputs = { decisions: Decision, executions: ExecutionReport, events: MarketEvent }
const tables = { nbbo: Nbbo, instruments: Instrument, control: Control }
const outputs = { commands: OrderCommand, orders: Order, fills: Fill, positions: Position }

type Ctx = Context<ExecutionParams, typeof tables>
type Out = Step<AccountState, typeof outputs>

export const execution = defineProcessor({
  name: 'execution',
  description:
    'Order management of one account: asks the pre-trade controls, keeps the FIX order state, books fills and positions.',
  inputs,
  // Without it, halts are not heard of and the calendars alone say what is open.
  optional: ['events'],
  tables,
  outputs,
  faults: {
    ACCOUNT_UNKNOWN: 'A decision or report of another account than the one of this stage.',
    ORDER_UNKNOWN: 'A report on an order that is not known, or no longer.',
    REPORT_MISMATCH: 'A report whose instrument or side is not that of its order.',
    EVENT_IMPOSSIBLE: 'A report that cannot happen in the state of its order.',
    OVERFILL: 'An execution beyond the quantity of its order.',
    EXEC_REF_UNKNOWN: 'A correction or bust of an execution that is not known or no longer live.',
    TRADE_INVALID: 'An execution without quantity or price.',
    POSITION_OVERFLOW: 'A position that leaves the range of safe integers.',
  },
  params: executionParams,
  state_key: {
    decisions: () => 'account',
    executions: () => 'account',
    events: () => 'account',
    control: () => 'account',
  },
  initial: initialState,
  on: {
    decisions(state: AccountState, decision: Decision, ctx: Ctx): Out {
      const { params, tables, stream_time_us } = ctx
      if (decision.account !== params.account) return fault('ACCOUNT_UNKNOWN', { account: decision.account })
      const instrument = tables.instruments.get(decision.instrument_id)
      for (const id of [
        tables.nbbo.idOf(decision.symbol),
        tables.instruments.idOf(decision.instrument_id),
        phaseOf(state, decision.instrument_id)?.id,
        ...['firm', `account:${params.account}`, `strategy:${decision.strategy}`, `symbol:${decision.symbol}`].map(
          (scope) => tables.control.idOf(scope),
        ),
      ]) {
        if (id !== undefined) ctx.cause(id)
      }
      if (state.day === null) ctx.setTimer('midnight', (dayOf(stream_time_us) + 1) * DAY_US)
      const world = { instrument, nbboOf: (symbol: string) => tables.nbbo.get(symbol) }
      const decided = decide(state, decision, params, world, stream_time_us)
      const orders = [decided.order]
      if (decided.command === undefined) return emit(decided.state, { orders })
      awaitAnswer(ctx, decided.command.cl_ord_id)
      return emit(decided.state, { commands: [decided.command], orders })
    },

    executions(state: AccountState, event: ExecutionReport, ctx: Ctx): Out {
      const { params, tables, stream_time_us } = ctx
      if (event.account !== params.account) return fault('ACCOUNT_UNKNOWN', { account: event.account })
      const nbboOf = (symbol: string) => tables.nbbo.get(symbol)
      const booked = book(state, event, params.account, params.keep_terminal_orders, nbboOf, stream_time_us)
      if (booked.kind === 'same') return keep(state)
      if (booked.kind === 'fault') {
        const { cl_ord_id, exec_id, exec_type } = event
        return fault(booked.code, { why: booked.why, cl_ord_id, exec_id, exec_type })
      }
      stopWaiting(ctx, booked.before, booked.after)
      return emit(booked.state, { orders: [booked.order], fills: booked.fills, positions: booked.positions })
    },

    /** Of market events only the venue's word on trading matters here. */
    events(state: AccountState, { instrument_id, session }: MarketEvent, ctx: Ctx): Out {
      return keep(session === null ? state : told(state, instrument_id, session.phase, ctx.id))
    },

    control(state: AccountState, value: Control, ctx: Ctx): Out {
      const nbboOf = (symbol: string) => ctx.tables.nbbo.get(symbol)
      const done = control(state, value, ctx.params, nbboOf, ctx.stream_time_us)
      for (const sent of done.commands) awaitAnswer(ctx, sent.cl_ord_id)
      return emit(done.state, { commands: done.commands, orders: done.orders })
    },
  },

  timer(state: AccountState, name: string, ctx: Ctx): Out {
    const { params, stream_time_us } = ctx
    if (name === 'midnight') {
      ctx.setTimer('midnight', (dayOf(stream_time_us) + 1) * DAY_US)
      const now = equity(state, (symbol) => ctx.tables.nbbo.get(symbol))
      return keep(observeEquity(state, now, stream_time_us))
    }
    const cl_ord_id = name.slice(ANSWER.length)
    const order = findOrder(state, [cl_ord_id])
    if (order === undefined) return keep(state)
    const outcome = command(order.life, { type: 'NO_ANSWER', cl_ord_id })
    if (outcome.kind !== 'changed') return keep(state)
    const after = { ...order, life: outcome.life }
    return emit(filed(state, after, params.keep_terminal_orders), { orders: [orderRecord(params.account, after)] })
  },
})

/** One timer per message that the venue has not answered, named by its ClOrdID. */
const ANSWER = 'answer:'

function awaitAnswer(ctx: Ctx, cl_ord_id: string): void {
  ctx.setTimer(`${ANSWER}${cl_ord_id}`, ctx.stream_time_us + ctx.params.order_timeout_ms * 1_000)
}

/** Cancels the timers of the messages that `before` waited for and `after` no longer does. */
function stopWaiting(ctx: Ctx, before: Life, after: Life): void {
  const still = new Set(awaited(after))
  for (const id of awaited(before)) if (!still.has(id)) ctx.cancelTimer(`${ANSWER}${id}`)
}

function awaited(life: Life): string[] {
  const overlays = [life.cancel, life.replace].flatMap((overlay) => (overlay === null ? [] : [overlay.cl_ord_id]))
  return life.base === 'PENDING_NEW' ? [life.cl_ord_id, ...overlays] : overlays
}
