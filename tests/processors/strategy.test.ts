import { describe, expect, test } from 'vitest'
import type { PatternSignal } from '../../schemas/generated/index.ts'
import type { Hand } from './kit.ts'
import { decided, decisions, desk, LISTED, nbboOf, predictionOf, ready, signalOf, T0 } from './strategy-records.ts'

describe('opening', () => {
  test('a decision with everything it rests on', () => {
    const hand = ready()
    const decision = decided(hand.on('signals', signalOf({ strength: 0.5 }), T0 + 200_001))
    expect(decision).toStrictEqual({
      decision_id: 'strategy-BTCUSDT-0',
      account: 'demo',
      strategy: 'strategy',
      instrument_id: 'BTCUSDT.BINANCE',
      venue: 'BINANCE',
      symbol: 'BTCUSDT',
      side: 'BUY',
      // 100,000 * 0.02 / 60,001.00 = 0.03333277... in lots of 0.00001.
      qty: 3_333_000,
      order_type: 'LIMIT',
      limit_px: 6_000_100,
      time_in_force: 'IOC',
      // (0.5 * 1 + 0.5 * 1) / 2: the model's 5 of 10 bps, the signal's strength.
      score: 0.5,
      factors: [
        { name: 'breakout', value: 0.5, weight: 0.5, contribution: 0.25 },
        { name: 'momentum', value: 0, weight: 0, contribution: 0 },
        { name: 'mean_reversion', value: 0, weight: 0, contribution: 0 },
        { name: 'book_pressure', value: 0, weight: 0, contribution: 0 },
        { name: 'volume_surge', value: 0, weight: 0, contribution: 0 },
        { name: 'model', value: 0.5, weight: 0.5, contribution: 0.25 },
      ],
      sizing: { method: 'FIXED_FRACTION', capital: 100_000, fraction: 0.02, volatility_bps: 0, raw_qty: 3_333_277 },
      // 8 bps * 0.25 of the patterns and the model's 5.
      expected_edge_bps: 7,
      // Half of 2.00 on 60,000.00, and the fee.
      cost_bps: (200 / 12_000_000) * 10_000 + 1,
      reference_px: 6_000_100,
      book_quality: 'LIVE',
      book_sequence: 4_711,
      book_age_us: 200_001,
      price_scale: 2,
      qty_scale: 8,
      inputs: ['test/0:2', 'test/0:1', 'test/0:0'],
      event_time_us: 81,
      receive_time_us: 82,
    })
    expect(hand.ctx.caused).toStrictEqual(['test/0:1', 'test/0:0'])
  })

  test('a prediction can be what tips it', () => {
    const hand = desk()
    hand.on('nbbo', nbboOf(), T0)
    expect(decisions(hand.on('signals', signalOf({ strength: 0.5 }), T0 + 1))).toStrictEqual([])
    const decision = decided(hand.on('predictions', predictionOf(), T0 + 20_001))
    expect(decision.inputs).toStrictEqual(['test/0:2', 'test/0:1', 'test/0:0'])
    expect(decision.event_time_us).toBe(91)
  })

  test('ids count densely, after a cooldown in stream time', () => {
    const hand = ready()
    expect(decided(hand.on('signals', signalOf(), T0 + 10)).decision_id).toBe('strategy-BTCUSDT-0')
    hand.on('nbbo', nbboOf(), T0 + 500_009)
    expect(decisions(hand.on('signals', signalOf(), T0 + 500_009))).toStrictEqual([])
    expect(decided(hand.on('signals', signalOf(), T0 + 500_010)).decision_id).toBe('strategy-BTCUSDT-1')
  })

  test.each([
    ['a signal fades over its time to live', { age_us: 250_000, value: 0.75 }],
    ['until nothing is left', { age_us: 1_000_000, value: 0 }],
  ])('%s', (_name, { age_us, value }) => {
    const hand = desk({ score_threshold: 0.01 })
    hand.on('signals', signalOf(), T0)
    hand.on('nbbo', nbboOf(), T0 + age_us)
    const decision = decided(hand.on('predictions', predictionOf({ expected_return_bps: 10 }), T0 + age_us))
    expect(decision.factors[0]).toStrictEqual({ name: 'breakout', value, weight: 0.5, contribution: value / 2 })
    expect(decision.inputs.includes('test/0:0')).toBe(value > 0)
  })

  test('a newer signal of the same pattern replaces the older one', () => {
    const hand = ready({ allow_short: true })
    hand.on('signals', signalOf({ strength: 0 }), T0 + 2)
    const decision = decided(hand.on('signals', signalOf({ strength: 0.8 }), T0 + 3))
    expect(decision.factors[0]!.value).toBe(0.8)
  })

  test('short only where that is allowed', () => {
    const down = signalOf({ direction: -1 })
    const falling = predictionOf({ expected_return_bps: -5 })
    const long = desk()
    long.on('nbbo', nbboOf(), T0)
    long.on('predictions', falling, T0 + 1)
    expect(decisions(long.on('signals', down, T0 + 2))).toStrictEqual([])
    const both = desk({ allow_short: true })
    both.on('nbbo', nbboOf(), T0)
    both.on('predictions', falling, T0 + 1)
    expect(decided(both.on('signals', down, T0 + 2))).toMatchObject({
      side: 'SELL',
      limit_px: 5_999_900,
      reference_px: 5_999_900,
      score: -0.75,
      expected_edge_bps: 9,
    })
  })

  test.each([
    [{ order_type: 'MARKET' }, null],
    [{ limit_through_bps: 1.5 }, 6_001_000],
  ])('order terms %j', (over, limit_px) => {
    expect(decided(ready(over).on('signals', signalOf(), T0 + 2)).limit_px).toBe(limit_px)
  })
})

test.each([
  [100, 2_000_000],
  [50, 1_000_000],
  [200, 3_333_000],
])('never takes more than %i percent of the touch', (max_touch_percent, qty) => {
  expect(decided(ready({ max_touch_percent }, { ask_qty: 2_000_999 }).on('signals', signalOf(), T0 + 2)).qty).toBe(qty)
})

describe('silence', () => {
  const quiet = (hand: Hand, signal: Partial<PatternSignal> = {}, us = T0 + 2) =>
    expect(decisions(hand.on('signals', signalOf(signal), us))).toStrictEqual([])

  test('speaks when nothing hinders', () => {
    decided(ready().on('signals', signalOf(), T0 + 2))
  })

  test.each(['SNAPSHOT', 'GAP', 'STALE', 'CROSSED', 'CHECKSUM_BAD'] as const)('an NBBO that is %s', (quality) => {
    quiet(ready({}, { quality }))
  })

  test.each([
    { bid_px: null },
    { ask_px: null },
    { ask_px: 5_999_900 },
    { ask_px: 5_999_800 },
    { bid_px: 0 },
    { ask_instrument_id: null },
    { ask_instrument_id: 'BTCUSDT.ELSEWHERE' },
    { price_scale: 3 },
    { qty_scale: 5 },
  ])('an NBBO of %j', (over) => {
    quiet(ready({}, over))
  })

  test('no NBBO yet', () => {
    quiet(desk({ score_threshold: 0 }))
  })

  test('an NBBO that is too old, to the microsecond', () => {
    quiet(ready(), {}, T0 + 1_000_001)
    decided(ready().on('signals', signalOf(), T0 + 1_000_000))
  })

  test.each([{ tradable: false }, { kind: 'INVERSE' as const }])('an instrument that is %j', (over) => {
    quiet(ready({}, {}, [{ ...LISTED, ...over }]))
  })

  test('an instrument nobody declared', () => {
    quiet(ready({}, {}, []))
  })

  test.each(['SNAPSHOT', 'GAP', 'STALE', 'CROSSED', 'CHECKSUM_BAD'] as const)(
    'signals and predictions made on a %s book',
    (book_quality) => {
      quiet(ready(), { book_quality })
      const hand = desk({ score_threshold: 0.1 })
      hand.on('nbbo', nbboOf(), T0)
      expect(decisions(hand.on('predictions', predictionOf({ book_quality }), T0 + 1))).toStrictEqual([])
    },
  )

  test('a prediction counts until it expires, and not at that moment', () => {
    const expires_at_us = T0 + 100
    for (const [us, counts] of [
      [T0 + 99, true],
      [T0 + 100, false],
    ] as const) {
      const hand = desk({ score_threshold: 0 })
      hand.on('nbbo', nbboOf(), T0)
      hand.on('predictions', predictionOf({ expires_at_us, expected_return_bps: 0.5 }), T0 + 1)
      const decision = decided(hand.on('signals', signalOf(), us))
      expect(decision.factors.at(-1)!.value).toBe(counts ? 0.05 : 0)
      expect(decision.expected_edge_bps).toBe(counts ? 4.5 : 4)
      expect(decision.inputs.includes('test/0:1')).toBe(counts)
    }
  })

  test('a score below its threshold', () => {
    quiet(ready({ score_threshold: 0.6 }), { strength: 0.5 })
  })

  test('an edge that the costs eat: 9 bps against half the spread, the fee and the least edge', () => {
    decided(ready({ taker_fee_bps: 7.8 }).on('signals', signalOf(), T0 + 2))
    quiet(ready({ taker_fee_bps: 7.9 }))
    quiet(ready({}, { bid_px: 5_990_000 }))
  })

  test('a touch that displays nothing', () => {
    quiet(ready({}, { ask_qty: 999 }))
    quiet(ready({}, { ask_qty: null }))
  })

  test('an order below the least quantity', () => {
    quiet(ready({}, {}, [{ ...LISTED, min_qty: 3_334_000 }]))
  })

  test.each([
    { strength: Number.NaN },
    { strength: 1.5 },
    { strength: -0.5 },
    { direction: 3 },
    { direction: Number.NaN },
  ])('a signal out of range is a fault and changes nothing: %j', (over) => {
    const hand = ready()
    const before = hand.text()
    expect(hand.on('signals', signalOf(over), T0 + 2)).toMatchObject({ fault: 'SIGNAL_INVALID' })
    expect(hand.text()).toBe(before)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('so is a prediction of %d', (expected_return_bps) => {
    const hand = ready()
    const before = hand.text()
    expect(hand.on('predictions', predictionOf({ expected_return_bps }), T0 + 2)).toMatchObject({
      fault: 'PREDICTION_INVALID',
    })
    expect(hand.text()).toBe(before)
  })

  test('a regime has no direction and is no factor', () => {
    quiet(ready(), { pattern: 'VOLATILITY_REGIME', direction: 0 })
  })
})
