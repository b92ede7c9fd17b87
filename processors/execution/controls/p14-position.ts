/**
 * P14: position and gross value, at worst: with this order and every open order filled.
 *
 * Valued at the middle of the NBBO. An order that can only reduce a position passes even over the limit: being kept
 * from getting out is the greater risk.
 */
import { type Exposure, exposures, valueAtMid, worst } from '../exposure.ts'
import { abs, decimalText, VALUE_SCALE, wholeUnits } from '../money.ts'
import type { Control, ControlInput } from './control.ts'
import { deny, pass } from './control.ts'

export const p14: Control = (input) => {
  const { decision, instrument, nbboOf, params, reducing, state } = input
  const { max_position_value, max_gross_value } = params
  if (instrument === undefined) return deny('POSITION_UNKNOWN', 'none', max_position_value)
  const all = exposures(state)
  const own = withOrder(
    input,
    all.get(decision.instrument_id) ?? { terms: instrument, held: 0n, buying: 0n, selling: 0n },
  )
  const side = decision.side === 'BUY' ? abs(own.held + own.buying) : abs(own.held - own.selling)
  const position = valueAtMid(side, instrument, nbboOf(decision.symbol))
  if (reducing) return pass('P14', text(position), max_position_value)
  if (position === null) return deny('POSITION_UNKNOWN', 'none', max_position_value)
  if (position > wholeUnits(max_position_value)) return deny('POSITION_EXCEEDS_MAX', text(position), max_position_value)

  let gross = 0n
  for (const exposure of all.set(decision.instrument_id, own).values()) {
    const quantity = worst(exposure)
    const value = quantity === 0n ? 0n : valueAtMid(quantity, exposure.terms, nbboOf(exposure.terms.symbol))
    if (value === null) return deny('POSITION_UNKNOWN', exposure.terms.instrument_id, max_gross_value)
    gross += value
  }
  if (gross > wholeUnits(max_gross_value)) return deny('GROSS_EXCEEDS_MAX', text(gross), max_gross_value)
  return pass('P14', text(position), max_position_value)
}

function withOrder({ decision }: ControlInput, exposure: Exposure): Exposure {
  const qty = BigInt(decision.qty)
  return decision.side === 'BUY'
    ? { ...exposure, buying: exposure.buying + qty }
    : { ...exposure, selling: exposure.selling + qty }
}

function text(value: bigint | null): string {
  return value === null ? 'none' : decimalText(value, VALUE_SCALE)
}
