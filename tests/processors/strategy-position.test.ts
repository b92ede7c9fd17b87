import { describe, expect, test } from 'vitest'
import type { Hand } from './kit.ts'
import {
  decided,
  decisions,
  desk,
  LISTED,
  nbboOf,
  positionOf,
  predictionOf,
  ready,
  signalOf,
  T0,
} from './strategy-records.ts'

describe('a position', () => {
  /** Holds `qty` from T0 + 10 on. */
  function holding(qty: number, over: object = {}): Hand {
    const hand = ready(over)
    hand.on('positions', positionOf(qty), T0 + 10)
    return hand
  }
  const falling = { expected_return_bps: -5 }

  test('leaves only the room up to its greatest value', () => {
    // 5,000 / 60,001.00 = 0.08333194; 0.06 held leaves 0.02333194.
    expect(decided(holding(6_000_000).on('signals', signalOf(), T0 + 20)).qty).toBe(2_333_000)
    expect(decisions(holding(8_333_194).on('signals', signalOf(), T0 + 20))).toStrictEqual([])
  })

  test('is closed when the score turns, whatever the edge', () => {
    const hand = holding(3_333_500, { taker_fee_bps: 50 })
    const decision = decided(hand.on('predictions', predictionOf(falling), T0 + 20))
    expect(decision).toMatchObject({
      side: 'SELL',
      qty: 3_333_000,
      reference_px: 5_999_900,
      limit_px: 5_999_900,
      score: -0.25,
      sizing: { method: 'FIXED_FRACTION', capital: 100_000, fraction: 0, volatility_bps: 0, raw_qty: 3_333_500 },
      inputs: ['test/0:3', 'test/0:0', 'test/0:2'],
    })
    expect(decision.factors.at(-1)).toStrictEqual({ name: 'exit_opposite', value: -1, weight: 0, contribution: 0 })
  })

  test('is kept while the score turns less than that, and never turned over at once', () => {
    const hand = holding(3_333_000, { allow_short: true })
    expect(decisions(hand.on('predictions', predictionOf({ expected_return_bps: -3 }), T0 + 20))).toStrictEqual([])
    const decision = decided(hand.on('predictions', predictionOf({ expected_return_bps: -900 }), T0 + 30))
    expect(decision).toMatchObject({ side: 'SELL', qty: 3_333_000 })
  })

  test('larger than the touch is closed in parts', () => {
    const hand = holding(3_333_000)
    hand.on('nbbo', nbboOf({ bid_qty: 1_500_500 }), T0 + 20)
    expect(decided(hand.on('predictions', predictionOf(falling), T0 + 30)).qty).toBe(1_500_000)
  })

  test('short is bought back', () => {
    const hand = holding(-2_000, { allow_short: true })
    expect(decided(hand.on('predictions', predictionOf(), T0 + 20))).toMatchObject({
      side: 'BUY',
      qty: 2_000,
      limit_px: 6_000_100,
    })
  })

  test('is closed when its time is over, again after each cooldown, until it is flat', () => {
    const hand = holding(2_000)
    expect([...hand.ctx.timers]).toStrictEqual([['exit', T0 + 10_000_010]])
    hand.advance(T0 + 10_000_000)
    hand.on('nbbo', nbboOf(), T0 + 10_000_000)
    const answers = hand.advance(T0 + 10_600_000)
    expect(
      answers.map((answer) => decisions(answer).map(({ side, qty, book_age_us }) => [side, qty, book_age_us])),
    ).toStrictEqual([[['SELL', 2_000, 10]], [['SELL', 2_000, 500_010]]])
    hand.on('positions', positionOf(0), T0 + 10_600_001)
    expect([...hand.ctx.timers]).toStrictEqual([])
    expect(hand.advance(T0 + 60_000_000)).toStrictEqual([])
  })

  test('says in its exit why, and of which records', () => {
    const hand = holding(2_000)
    hand.advance(T0 + 10_000_000)
    hand.on('nbbo', nbboOf(), T0 + 10_000_000)
    hand.ctx.id = 'test/0:2'
    const [answer] = hand.advance(T0 + 10_000_010)
    const decision = decided(answer!)
    expect(decision.factors.at(-1)).toStrictEqual({ name: 'exit_held', value: -1, weight: 0, contribution: 0 })
    expect(decision.score).toBe(0)
    expect(decision.inputs).toStrictEqual(['test/0:2', 'test/0:3'])
    expect([decision.event_time_us, decision.receive_time_us]).toStrictEqual([61, 62])
  })

  test('waits for a LIVE market to be closed in', () => {
    const hand = holding(2_000)
    hand.advance(T0 + 10_000_000)
    hand.on('nbbo', nbboOf({ quality: 'STALE' }), T0 + 10_000_000)
    expect(hand.advance(T0 + 10_600_000).flatMap(decisions)).toStrictEqual([])
    hand.on('nbbo', nbboOf(), T0 + 10_600_001)
    expect(hand.advance(T0 + 11_100_000).flatMap(decisions)).toHaveLength(1)
  })

  test('holds longer when it grows, not when it shrinks', () => {
    const hand = holding(4_000)
    hand.on('positions', positionOf(3_000), T0 + 100)
    expect([...hand.ctx.timers]).toStrictEqual([['exit', T0 + 10_000_010]])
    hand.on('positions', positionOf(5_000), T0 + 200)
    expect([...hand.ctx.timers]).toStrictEqual([['exit', T0 + 10_000_200]])
  })

  test('smaller than an order may be is left alone', () => {
    const hand = holding(999)
    hand.advance(T0 + 10_000_000)
    hand.on('nbbo', nbboOf(), T0 + 10_000_000)
    expect(hand.advance(T0 + 20_000_000).flatMap(decisions)).toStrictEqual([])
    expect([...hand.ctx.timers]).toStrictEqual([])
  })

  test('of another account is none of ours', () => {
    const hand = ready()
    hand.on('positions', positionOf(8_333_194, { account: 'other' }), T0 + 10)
    expect(decided(hand.on('signals', signalOf(), T0 + 20)).qty).toBe(3_333_000)
  })

  test('on another venue keeps this one from being traded', () => {
    const hand = ready()
    hand.on('positions', positionOf(2_000, { instrument_id: 'BTCUSDT.ELSEWHERE' }), T0 + 10)
    expect(decisions(hand.on('signals', signalOf(), T0 + 20))).toStrictEqual([])
  })
})

describe('sizing by volatility', () => {
  const over = {
    sizing: 'VOLATILITY_TARGET',
    volatility_sample_ms: 100,
    volatility_samples: 2,
    target_volatility_bps: 1,
  }

  /** Mids 60,000.00 and 60,006.00 in turn: returns of 1 bps. */
  function moving(step_px: number, more: object = {}): Hand {
    const hand = desk({ ...over, ...more })
    for (let i = 0; i < 8; i += 1) {
      const up = i % 2 === 1 ? step_px : 0
      hand.on('nbbo', nbboOf({ bid_px: 5_999_900 + up, ask_px: 6_000_100 + up }), T0 - 700_000 + i * 100_000)
    }
    hand.on('predictions', predictionOf(), T0 + 1)
    return hand
  }

  test('scales the fraction by target over estimate', () => {
    const { qty, sizing } = decided(moving(1_200).on('signals', signalOf(), T0 + 2))
    expect(sizing.method).toBe('VOLATILITY_TARGET')
    expect(sizing.volatility_bps).toBeCloseTo(2, 3)
    expect(sizing.fraction).toBeCloseTo(0.01, 5)
    expect(qty).toBe(Math.floor(sizing.raw_qty / 1_000) * 1_000)
    expect(sizing.raw_qty / 1e8).toBeCloseTo((100_000 * sizing.fraction) / 60_013, 7)
  })

  test('never beyond its greatest scale', () => {
    const calm = decided(moving(6, { max_scale: 1.5, max_position_value: 1_000_000 }).on('signals', signalOf(), T0 + 2))
    expect(calm.sizing.fraction).toBe(0.03)
  })

  test('is silent while the volatility is not known, or is zero', () => {
    expect(decisions(ready(over).on('signals', signalOf(), T0 + 2))).toStrictEqual([])
    expect(decisions(moving(0).on('signals', signalOf(), T0 + 2))).toStrictEqual([])
  })
})

test('money beyond the safe integers stays exact', () => {
  const capital = 9_007_199_254_740_991
  const hand = ready({ capital, max_position_value: capital, fraction: 1 }, { ask_qty: Number.MAX_SAFE_INTEGER }, [
    { ...LISTED, max_qty: Number.MAX_SAFE_INTEGER, lot_size_qty: 1, min_qty: 1 },
  ])
  const { qty, sizing } = decided(hand.on('signals', signalOf(), T0 + 2))
  expect(qty).toBe(Number.MAX_SAFE_INTEGER)
  expect(sizing.raw_qty).toBe(Number((BigInt(capital) * 10n ** 10n) / 6_000_100n))
})
