/** Records, a desk and its first market for tests of the strategy. */
import { Value } from 'typebox/value'
import { expect } from 'vitest'
import { strategy } from '../../processors/strategy/index.ts'
import type { Decision, Instrument, Nbbo, PatternSignal, Position, Prediction } from '../../schemas/generated/index.ts'
import { type Answer, BTC, Hand, port } from './kit.ts'

export const LISTED: Instrument = {
  ...BTC,
  kind: 'SPOT',
  tick_size_px: 1,
  lot_size_qty: 1_000,
  min_qty: 1_000,
  max_qty: 900_000_000_000,
  multiplier: 1,
  base_currency: 'BTC',
  quote_currency: 'USDT',
  calendar: '24x7',
  tradable: true,
  origin: 'TOPOLOGY',
}

/** Two equal weights and whole numbers, so that a score can be followed by hand. */
const PLAIN = {
  weights: { breakout: 1, momentum: 0, mean_reversion: 0, book_pressure: 0, volume_surge: 0, model: 1 },
  signal_ttl_ms: 1_000,
  model_full_bps: 10,
  signal_edge_bps: 8,
  score_threshold: 0.3,
  exit_score: 0.2,
  min_edge_bps: 1,
  taker_fee_bps: 1,
  max_hold_ms: 10_000,
  cooldown_ms: 500,
  nbbo_max_age_ms: 1_000,
  capital: 100_000,
  fraction: 0.02,
  max_position_value: 5_000,
}

export const T0 = 1_000_000_000

export const nbboOf = (over: Partial<Nbbo> = {}): Nbbo => ({
  symbol: 'BTCUSDT',
  price_scale: 2,
  qty_scale: 8,
  quality: 'LIVE',
  bid_px: 5_999_900,
  bid_qty: 100_000_000,
  bid_instrument_id: BTC.instrument_id,
  ask_px: 6_000_100,
  ask_qty: 100_000_000,
  ask_instrument_id: BTC.instrument_id,
  sequence: 4_711,
  basis: 'QUOTE',
  venues: 1,
  event_time_us: 61,
  receive_time_us: 62,
  ...over,
})

export const signalOf = (over: Partial<PatternSignal> = {}): PatternSignal => ({
  instrument_id: BTC.instrument_id,
  venue: BTC.venue,
  symbol: BTC.symbol,
  pattern: 'BREAKOUT',
  direction: 1,
  strength: 1,
  features: [],
  window_events: 4,
  window_start_us: 1,
  window_end_us: 2,
  reference_px: 6_000_000,
  book_quality: 'LIVE',
  book_sequence: 4_710,
  event_time_us: 81,
  receive_time_us: 82,
  ...over,
})

export const predictionOf = (over: Partial<Prediction> = {}): Prediction => ({
  instrument_id: BTC.instrument_id,
  venue: BTC.venue,
  symbol: BTC.symbol,
  model_name: 'linear-microstructure',
  model_version: '1',
  model_sha256: 'ab',
  backend: 'linear-js',
  horizon_us: 5_000_000,
  expected_return_bps: 5,
  probability_up: 0.7,
  divergence: null,
  reference_px: 6_000_000,
  book_quality: 'LIVE',
  expires_at_us: T0 + 3_000_000,
  signal_id: 'x/0:1',
  event_time_us: 91,
  receive_time_us: 92,
  ...over,
})

export const positionOf = (qty: number, over: Partial<Position> = {}): Position => ({
  account: 'demo',
  ...BTC,
  qty,
  cost: 0n,
  realized_pnl: 0n,
  fees: 0n,
  fills: 1,
  last_px: 6_000_000,
  ...over,
})

export function desk(over: object = {}, instruments: readonly Partial<Instrument>[] = [LISTED]): Hand {
  const params = Value.Default(strategy.params, { ...structuredClone(PLAIN), ...over })
  expect(Value.Check(strategy.params, params)).toBe(true)
  return new Hand(strategy, 'BTCUSDT', params, instruments)
}

/** A desk that has seen a market and a prediction, one signal short of a decision. */
export function ready(over: object = {}, nbbo: Partial<Nbbo> = {}, instruments?: readonly Partial<Instrument>[]): Hand {
  const hand = desk(over, instruments)
  hand.on('nbbo', nbboOf(nbbo), T0)
  hand.on('predictions', predictionOf(), T0 + 1)
  return hand
}

export const decisions = (answer: Answer) => {
  expect(answer).not.toHaveProperty('fault')
  return port<Decision>(answer, 'decisions')
}
export const decided = (answer: Answer) => {
  const found = decisions(answer)
  expect(found).toHaveLength(1)
  return found[0]!
}
