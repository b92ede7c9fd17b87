/** P01: nothing goes out while trading is HALTED for firm, account, strategy or symbol; only reducers while REDUCING. */
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p01: Control = ({ decision, state, reducing }) => {
  const scopes = ['firm', `account:${decision.account}`, `strategy:${decision.strategy}`, `symbol:${decision.symbol}`]
  const halted = scopes.find((scope) => state.trading[scope] === 'HALTED')
  if (halted !== undefined) return deny('TRADING_HALTED', halted, 'ACTIVE')
  const limited = scopes.find((scope) => state.trading[scope] === 'REDUCING')
  if (limited !== undefined && !reducing) return deny('TRADING_REDUCING', limited, 'ACTIVE')
  return pass('P01', limited === undefined ? 'ACTIVE' : 'REDUCING', 'ACTIVE')
}
