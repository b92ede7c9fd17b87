import type { RecordId } from '../../runtime/api/index.ts'
import type { Factor } from '../../schemas/generated/index.ts'
import type { StrategyParams } from './params.ts'
import { PATTERNS, type SymbolState } from './state.ts'

/** A view of one symbol at one moment. */
export interface Score {
  /** Weighted sum of the factors, -1 to 1. */
  readonly score: number
  /** Expected return of the mid, signed, basis points. */
  readonly forecast_bps: number
  /** Patterns in their order, then the model. */
  readonly factors: Factor[]
  /** Ids of the signals and the prediction that counted. */
  readonly inputs: RecordId[]
}

/**
 * `score = v1 * w1 + v2 * w2 + ...` with weights divided by their sum, patterns first, the model last.
 *
 * A pattern's value is `direction * strength * (1 - age / signal_ttl)`, 0 from `signal_ttl` on; the model's is
 * `expected_return / model_full` held within -1..1, 0 once expired. The forecast adds what the patterns are worth,
 * `signal_edge_bps` times their part of the score, and the model's return if it has a weight.
 */
export function scoreOf(state: SymbolState, params: StrategyParams, time_us: number): Score {
  const { weights } = params
  let total = weights.model
  for (const name of PATTERNS) total += weights[name]
  const ttl_us = params.signal_ttl_ms * 1_000

  const factors: Factor[] = []
  const inputs: RecordId[] = []
  let score = 0
  for (const name of PATTERNS) {
    const signal = state.signals[name]
    const age = signal === undefined ? ttl_us : time_us - signal.time_us
    const value = signal !== undefined && age < ttl_us ? signal.value * (1 - age / ttl_us) + 0 : 0
    const share = total > 0 ? weights[name] / total : 0
    const contribution = value * share + 0
    score += contribution
    factors.push({ name, value, weight: share, contribution })
    if (contribution !== 0 && signal !== undefined) inputs.push(signal.id)
  }
  let forecast_bps = score * params.signal_edge_bps

  const { forecast } = state
  const counts = forecast !== null && time_us < forecast.expires_at_us
  const expected = counts ? forecast.expected_return_bps : 0
  const value = Math.max(-1, Math.min(1, expected / params.model_full_bps)) + 0
  const share = total > 0 ? weights.model / total : 0
  const contribution = value * share + 0
  score += contribution
  factors.push({ name: 'model', value, weight: share, contribution })
  if (share > 0) forecast_bps += expected
  if (counts && share > 0) inputs.push(forecast.id)

  return { score, forecast_bps, factors, inputs }
}
