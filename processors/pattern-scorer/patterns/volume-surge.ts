import type { ScorerState } from '../state.ts'
import type { Pattern } from './pattern.ts'

/** Share of one side in the bar's volume from which the surge has a direction. */
const LEANS = 0.2

/** `(bought - sold) / volume` of the open bar, by aggressor, -1 to 1. */
function lean(state: ScorerState): number {
  return state.bar.volume > 0 ? state.bar.signed_volume / state.bar.volume : 0
}

/**
 * VOLUME_SURGE: the open bar already holds far more volume than bars used to.
 *
 * `level = (volume - mean) / deviation` over the volumes of `window_bars` closed bars, 0 when below the mean.
 * Direction: the side of the takers, `lean = (bought - sold) / volume`; neither within 0.2 of balance.
 * Features: volume, mean, deviation, lean, level; quantities in qty_scale. Silent until `window_bars` bars have closed
 * and while all of them had the same volume.
 */
export const volumeSurge: Pattern = {
  name: 'VOLUME_SURGE',
  key: 'volume_surge',
  warm: (state) => state.volumes.ready,
  level(state) {
    const above = state.bar.volume - state.volumes.mean
    const deviation = state.volumes.deviation
    return above > 0 && deviation > 0 ? above / deviation : 0
  },
  direction(state) {
    const side = lean(state)
    return side >= LEANS ? 1 : side <= -LEANS ? -1 : 0
  },
  features: (state, level) => [
    { name: 'volume', value: state.bar.volume },
    { name: 'mean', value: state.volumes.mean },
    { name: 'deviation', value: state.volumes.deviation },
    { name: 'lean', value: lean(state) },
    { name: 'level', value: level },
  ],
  window: (state) => state.bars,
}
