/** P07: the value of one order, at the price it can cost at worst, is within its limit. */
import { common, decimalText, scaleFits, VALUE_SCALE, wholeUnits } from '../money.ts'
import type { Control } from './control.ts'
import { deny, orderPrice, pass } from './control.ts'

export const p07: Control = (input) => {
  const { decision, instrument, params } = input
  const price = orderPrice(input)
  const scale = decision.price_scale + decision.qty_scale
  if (price === null || instrument === undefined || !scaleFits(scale)) {
    return deny('ORDER_VALUE_UNKNOWN', 'none', params.max_order_value)
  }
  const value = common(BigInt(price) * BigInt(decision.qty) * BigInt(instrument.multiplier), scale)
  const text = decimalText(value, VALUE_SCALE)
  return value > wholeUnits(params.max_order_value)
    ? deny('ORDER_VALUE_EXCEEDS_MAX', text, params.max_order_value)
    : pass('P07', text, params.max_order_value)
}
