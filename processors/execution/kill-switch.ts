/** What an operator's Control does: the trading state of a scope, and cancels for what is open in it. */
import type { Control, Nbbo, Order, OrderCommand } from '../../schemas/generated/index.ts'
import { withMessage } from './decide.ts'
import { command } from './order-commands.ts'
import type { ExecutionParams } from './params.ts'
import { cancelCommand, orderRecord } from './records.ts'
import type { AccountState, ManagedOrder } from './state.ts'
import { openOrders } from './state.ts'

export interface Controlled {
  readonly state: AccountState
  readonly orders: Order[]
  readonly commands: OrderCommand[]
}

/**
 * Takes a Control. A kill is never throttled: every open order of the scope gets its cancel in this step; the messages
 * count against the rate of later orders all the same.
 */
export function control(
  state: AccountState,
  value: Control,
  params: ExecutionParams,
  nbboOf: (symbol: string) => Nbbo | undefined,
  stream_time_us: number,
): Controlled {
  let next = value.trading_state === null ? state : withTradingState(state, value.scope, value.trading_state)
  const orders: Order[] = []
  const commands: OrderCommand[] = []
  if (!value.cancel_open) return { state: next, orders, commands }
  for (const order of openOrders(state)) {
    if (!inScope(order, value.scope, params.account)) continue
    const { root, symbol } = order.terms
    const cl_ord_id = `${root}.c${order.life.ids.length}`
    const outcome = command(order.life, { type: 'SEND_CANCEL', cl_ord_id })
    if (outcome.kind !== 'changed') continue
    const after: ManagedOrder = { ...order, life: outcome.life }
    next = withMessage({ ...next, open: { ...next.open, [root]: after } }, stream_time_us)
    orders.push(orderRecord(params.account, after))
    // The last venue time known for the symbol: the cancel cannot arrive before it plus latency.
    const times = { event_time_us: nbboOf(symbol)?.event_time_us ?? 0, receive_time_us: stream_time_us }
    commands.push(cancelCommand(params.account, order.terms, order.life, cl_ord_id, params.limits_version, times))
  }
  return { state: next, orders, commands }
}

function withTradingState(
  state: AccountState,
  scope: string,
  trading_state: NonNullable<Control['trading_state']>,
): AccountState {
  const { [scope]: _, ...others } = state.trading
  return { ...state, trading: trading_state === 'ACTIVE' ? others : { ...others, [scope]: trading_state } }
}

function inScope({ terms }: ManagedOrder, scope: string, account: string): boolean {
  return (
    scope === 'firm' ||
    scope === `account:${account}` ||
    scope === `strategy:${terms.strategy}` ||
    scope === `symbol:${terms.symbol}`
  )
}
