/**
 * The pre-trade controls in the order of their ids.
 *
 * All of them are asked every time and every verdict is recorded, so that compliance sees what else would have refused
 * an order; the first denial is its reason. There is no way to switch one off, and one that lacks data denies.
 */
import type { Verdict } from '../../../schemas/generated/index.ts'
import type { Control, ControlInput } from './control.ts'
import { p01 } from './p01-trading-state.ts'
import { p03 } from './p03-instrument.ts'
import { p04 } from './p04-venue-rules.ts'
import { p05 } from './p05-price-collar.ts'
import { p07 } from './p07-order-value.ts'
import { p08 } from './p08-order-volume.ts'
import { p09 } from './p09-message-rate.ts'
import { p11 } from './p11-duplicate.ts'
import { p14 } from './p14-position.ts'
import { p15 } from './p15-loss.ts'
import { p18 } from './p18-data-quality.ts'
import { p20 } from './p20-unknown-orders.ts'
import { p21 } from './p21-fields.ts'

export const controls: readonly Control[] = [p01, p03, p04, p05, p07, p08, p09, p11, p14, p15, p18, p20, p21]

/** Every verdict in order, and the code of the first denial. */
export function evaluate(input: ControlInput): { verdicts: Verdict[]; denied: string | undefined } {
  const verdicts = controls.map((control) => control(input))
  return { verdicts, denied: verdicts.find((verdict) => verdict.code !== 'PASS')?.code }
}
