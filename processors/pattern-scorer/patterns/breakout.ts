import type { Pattern } from './pattern.ts'

/**
 * BREAKOUT: the last trade leaves the channel of the last `window_bars` closed bars (Donchian).
 *
 * `level = (px - high) / range` above it, `(px - low) / range` below it, 0 inside; `range = max(ATR, floor)`.
 * Direction: the side it left by. Features: px, high, low, range, level. Prices in price_scale.
 * Silent until `window_bars` and `atr_bars` bars have closed.
 */
export const breakout: Pattern = {
  name: 'BREAKOUT',
  key: 'breakout',
  warm: (state) => state.high.ready && state.atr.ready,
  level(state) {
    const px = state.last_px
    const high = state.high.value
    if (px > high) return (px - high) / state.range
    const low = -state.low.value
    if (px < low) return (px - low) / state.range
    return 0
  },
  direction: (_state, level) => (level > 0 ? 1 : -1),
  features: (state, level) => [
    { name: 'px', value: state.last_px },
    { name: 'high', value: state.high.value },
    { name: 'low', value: -state.low.value },
    { name: 'range', value: state.range },
    { name: 'level', value: level },
  ],
  window: (state) => state.bars,
}
