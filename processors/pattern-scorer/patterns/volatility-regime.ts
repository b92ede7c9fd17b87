import type { Pattern } from './pattern.ts'

/**
 * VOLATILITY_REGIME: the ATR left its usual size.
 *
 * `ratio = ATR / EMA(ATR, regime_bars)`; `level = ratio - 1` when it grew, `1 - 1 / ratio` when it shrank, so that
 * doubling and halving are alike. Direction: neither, a regime points nowhere. Features: atr, usual, ratio, level
 * (positive: wilder, negative: calmer). Looked at when a bar closes. Silent until both averages are warm.
 */
export const volatilityRegime: Pattern = {
  name: 'VOLATILITY_REGIME',
  key: 'volatility_regime',
  warm: (state) => state.atr_slow.ready,
  level(state) {
    const atr = state.atr.value
    const usual = state.atr_slow.value
    if (!(atr > 0 && usual > 0)) return 0
    return atr >= usual ? atr / usual - 1 : 1 - usual / atr
  },
  direction: () => 0,
  features: (state, level) => [
    { name: 'atr', value: state.atr.value },
    { name: 'usual', value: state.atr_slow.value },
    { name: 'ratio', value: state.atr_slow.value > 0 ? state.atr.value / state.atr_slow.value : 0 },
    { name: 'level', value: level },
  ],
  window: (state) => state.bars,
}
