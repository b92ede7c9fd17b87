/** P11: the decision was not seen before, and no equal order went out within the window. */
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p11: Control = ({ decision, state, params, stream_time_us }) => {
  const times = 1 + (state.decisions.find((one) => one.decision_id === decision.decision_id)?.times ?? 0)
  if (times > 1) return deny('DUPLICATE_DECISION', times, 1)
  const window_us = params.duplicate_window_ms * 1_000
  const equal = state.sent.findLast(
    (sent) =>
      sent.at_us > stream_time_us - window_us &&
      sent.instrument_id === decision.instrument_id &&
      sent.side === decision.side &&
      sent.qty === decision.qty &&
      sent.limit_px === decision.limit_px,
  )
  if (equal === undefined) return pass('P11', 'none', params.duplicate_window_ms)
  const age_ms = Math.floor((stream_time_us - equal.at_us) / 1_000)
  return deny('DUPLICATE_ORDER', age_ms, params.duplicate_window_ms)
}
