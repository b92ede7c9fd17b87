import type { Pattern } from './pattern.ts'

/**
 * MEAN_REVERSION: the last trade stands far from the mean of recent closes, on the same side of the VWAP.
 *
 * `level = (px - mean) / max(deviation, floor)` over the closes of `window_bars` bars (population deviation); 0 when
 * the VWAP of the window lies on the other side of px. Direction: back towards the mean, `-sign(level)`.
 * Features: px, mean, deviation, vwap, level. Silent until `window_bars` bars have closed.
 */
export const meanReversion: Pattern = {
  name: 'MEAN_REVERSION',
  key: 'mean_reversion',
  warm: (state) => state.closes.ready,
  level(state) {
    const px = state.last_px
    const away = px - state.closes.mean
    const from_vwap = px - state.vwap.value
    if (!((away > 0 && from_vwap > 0) || (away < 0 && from_vwap < 0))) return 0
    const deviation = state.closes.deviation
    return away / Math.max(deviation, state.floor)
  },
  direction: (_state, level) => (level > 0 ? -1 : 1),
  features: (state, level) => [
    { name: 'px', value: state.last_px },
    { name: 'mean', value: state.closes.mean },
    { name: 'deviation', value: state.closes.deviation },
    { name: 'vwap', value: state.vwap.value },
    { name: 'level', value: level },
  ],
  window: (state) => state.bars,
}
