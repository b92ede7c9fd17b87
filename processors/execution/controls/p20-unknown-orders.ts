/** P20: while an order of the symbol is UNKNOWN, nothing that adds risk goes out for it. */
import { uncertain } from '../order-state.ts'
import { openOrders } from '../state.ts'
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p20: Control = ({ decision, state, reducing }) => {
  const lost = openOrders(state).filter((order) => order.terms.symbol === decision.symbol && uncertain(order.life))
  return lost.length > 0 && !reducing ? deny('UNKNOWN_ORDER_OUTSTANDING', lost.length, 0) : pass('P20', lost.length, 0)
}
