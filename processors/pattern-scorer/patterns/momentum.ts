import type { Pattern } from './pattern.ts'

/**
 * MOMENTUM: the fast average of closes runs ahead of the slow one, and the RSI agrees.
 *
 * `level = (EMA(fast_bars) - EMA(slow_bars)) / range`, `range = max(ATR, floor)`; 0 when the RSI is not on the same
 * side of 50. Direction: its sign. Features: fast, slow, range, rsi, level. Looked at when a bar closes.
 * Silent until all four averages are warm.
 */
export const momentum: Pattern = {
  name: 'MOMENTUM',
  key: 'momentum',
  warm: (state) => state.slow.ready && state.fast.ready && state.atr.ready && state.rsi.ready,
  level(state) {
    const lead = state.fast.value - state.slow.value
    const rsi = state.rsi.value
    return (lead > 0 && rsi > 50) || (lead < 0 && rsi < 50) ? lead / state.range : 0
  },
  direction: (_state, level) => (level > 0 ? 1 : -1),
  features: (state, level) => [
    { name: 'fast', value: state.fast.value },
    { name: 'slow', value: state.slow.value },
    { name: 'range', value: state.range },
    { name: 'rsi', value: state.rsi.value },
    { name: 'level', value: level },
  ],
  window: (state) => state.bars,
}
