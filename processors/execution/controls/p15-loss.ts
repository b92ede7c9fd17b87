/**
 * P15: loss of the UTC day and fall from the highest equity, realised and open profit less fees, at NBBO middles.
 *
 * A loss that reaches its limit leaves only orders that reduce a position.
 */
import { equity } from '../exposure.ts'
import { decimalText, VALUE_SCALE, wholeUnits } from '../money.ts'
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p15: Control = ({ state, nbboOf, params, reducing }) => {
  const now = equity(state, nbboOf)
  const { max_daily_loss, max_drawdown } = params
  if (now === null) {
    return reducing ? pass('P15', 'none', max_daily_loss) : deny('EQUITY_UNKNOWN', 'none', max_daily_loss)
  }
  const loss = (state.day?.start ?? 0n) - now
  const drawdown = (state.day?.peak ?? 0n) - now
  const text = decimalText(loss, VALUE_SCALE)
  if (reducing) return pass('P15', text, max_daily_loss)
  if (loss >= wholeUnits(max_daily_loss)) return deny('DAILY_LOSS', text, max_daily_loss)
  if (drawdown >= wholeUnits(max_drawdown)) return deny('DRAWDOWN', decimalText(drawdown, VALUE_SCALE), max_drawdown)
  return pass('P15', text, max_daily_loss)
}
