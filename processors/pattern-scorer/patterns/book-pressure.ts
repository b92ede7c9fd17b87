import type { ScorerState } from '../state.ts'
import type { Pattern } from './pattern.ts'

/** Share of the levels' imbalance, of the order flow, of the touch; they sum to 1. */
const IMBALANCE = 0.5
const FLOW = 0.3
const TILT = 0.2

/** Order-flow imbalance against its own size, -1 to 1; 0 while nothing flowed. */
function flow(state: ScorerState): number {
  const size = state.flow_size.value
  return size > 0 ? state.flow.value / size : 0
}

/**
 * BOOK_PRESSURE: bids outweigh asks, or the other way round.
 *
 * `level = 0.5 * E(imbalance) + 0.3 * E(ofi) / E(|ofi|) + 0.2 * E(tilt)`, E the EMA over `window_books` book updates,
 * ofi the order-flow imbalance (Cont, Kukanov and Stoikov 2014), `tilt = (microprice - mid) / (spread / 2)`. Each part
 * lies in -1..1, so does the level. Direction: its sign. Features: imbalance, flow, tilt, level.
 * Silent until `window_books` LIVE updates in a row.
 */
export const bookPressure: Pattern = {
  name: 'BOOK_PRESSURE',
  key: 'book_pressure',
  warm: (state) => state.books.full,
  level: (state) => IMBALANCE * state.imbalance.value + FLOW * flow(state) + TILT * state.tilt.value,
  direction: (_state, level) => (level > 0 ? 1 : -1),
  features: (state, level) => [
    { name: 'imbalance', value: state.imbalance.value },
    { name: 'flow', value: flow(state) },
    { name: 'tilt', value: state.tilt.value },
    { name: 'level', value: level },
  ],
  window: (state) => state.books,
}
