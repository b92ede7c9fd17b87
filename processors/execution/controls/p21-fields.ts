/** P21: every number of the decision is finite, in range and agrees with the others. */
import type { Decision } from '../../../schemas/generated/index.ts'
import { scaleFits } from '../money.ts'
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p21: Control = ({ decision }) => {
  const wrong = firstWrong(decision)
  return wrong === undefined ? pass('P21', 'valid', 'valid') : deny('FIELD_INVALID', wrong, 'valid')
}

/** `field value` of the first field that cannot be, in a fixed order. */
function firstWrong(decision: Decision): string | undefined {
  const { qty, limit_px, order_type, reference_px, price_scale, qty_scale, score } = decision
  if (decision.decision_id === '') return 'decision_id is empty'
  if (!Number.isSafeInteger(qty) || qty <= 0) return `qty ${qty}`
  if (order_type === 'LIMIT' && (limit_px === null || !Number.isSafeInteger(limit_px) || limit_px <= 0)) {
    return `limit_px ${limit_px}`
  }
  if (order_type === 'MARKET' && limit_px !== null) return `limit_px ${limit_px} of a market order`
  if (!Number.isSafeInteger(reference_px) || reference_px <= 0) return `reference_px ${reference_px}`
  if (!scaleFits(price_scale) || !scaleFits(qty_scale) || !scaleFits(price_scale + qty_scale)) {
    return `scales ${price_scale} and ${qty_scale}`
  }
  if (!Number.isFinite(score)) return `score ${score}`
  if (!Number.isFinite(decision.expected_edge_bps)) return `expected_edge_bps ${decision.expected_edge_bps}`
  if (!Number.isFinite(decision.cost_bps)) return `cost_bps ${decision.cost_bps}`
  const factor = decision.factors.find((one) => !Number.isFinite(one.value) || !Number.isFinite(one.weight))
  return factor === undefined ? undefined : `factor ${factor.name}`
}
