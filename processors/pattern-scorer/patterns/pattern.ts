import type { PatternSignal } from '../../../schemas/generated/index.ts'
import type { Window } from '../indicators/window.ts'
import type { ScorerState } from '../state.ts'

/**
 * One pattern: a signed level in its own unit, which a trigger turns into rare signals.
 *
 * Strength is `min(1, |level| / full)`; the direction is stated apart from it. A pattern only reads the state.
 */
export interface Pattern {
  readonly name: PatternSignal['pattern']
  /** Key of its trigger in the state and of its parameters. */
  readonly key: 'breakout' | 'momentum' | 'mean_reversion' | 'book_pressure' | 'volume_surge' | 'volatility_regime'
  /** False while the pattern has seen too little to speak. */
  warm(state: ScorerState): boolean
  /** Finite; 0 says nothing. Asked only when warm and the book is LIVE and fresh. */
  level(state: ScorerState): number
  /** 1 up, -1 down, 0 neither. */
  direction(state: ScorerState, level: number): -1 | 0 | 1
  /** The numbers of the formula, in its order. */
  features(state: ScorerState, level: number): PatternSignal['features']
  window(state: ScorerState): Window
}
