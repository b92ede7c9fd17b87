import { describe, expect, test } from 'vitest'
import { patternScorer } from '../../processors/pattern-scorer/index.ts'
import { Trigger } from '../../processors/pattern-scorer/trigger.ts'
import type { PatternSignal } from '../../schemas/generated/index.ts'

import { Bench, START_US, SUBJECT, tradeOf } from './scorer-bench.ts'

const feature = (signal: PatternSignal | undefined, name: string) =>
  signal?.features.find((candidate) => candidate.name === name)?.value

describe('patterns', () => {
  test('BREAKOUT: out of the channel by a share of the range, once', () => {
    const bench = new Bench().bars(1_000, 1_004, 1_000, 1_004, 1_002, 1_002)
    expect(bench.named('BREAKOUT')).toStrictEqual([])
    // Channel of the last four closed bars 1000..1004; true ranges 0 4 4 4, then the bar at 1002 adds 2: ATR 20 / 9.
    bench.trade(1_005, bench.us + 1_000)
    const [signal] = bench.named('BREAKOUT')
    const atr = ((0 + 4 + 4) / 3) * 2
    const range = ((atr + 4) / 3) * 2
    const level = 1 / ((range + 2) / 3)
    expect(signal).toStrictEqual({
      ...SUBJECT,
      pattern: 'BREAKOUT',
      direction: 1,
      strength: expect.closeTo(level / 2, 12),
      features: [
        { name: 'px', value: 1_005 },
        { name: 'high', value: 1_004 },
        { name: 'low', value: 1_000 },
        { name: 'range', value: expect.closeTo((range + 2) / 3, 12) },
        { name: 'level', value: expect.closeTo(level, 12) },
      ],
      window_events: 4,
      window_start_us: START_US + 200_000,
      window_end_us: bench.us,
      reference_px: 1_000,
      book_quality: 'LIVE',
      book_sequence: 7,
      event_time_us: 81,
      receive_time_us: 82,
    })
    bench.trade(1_006, bench.us + 1_000).trade(1_009, bench.us + 1_000)
    expect(bench.named('BREAKOUT')).toHaveLength(1)
    bench.trade(990, bench.us + 1_000)
    expect(bench.named('BREAKOUT')).toHaveLength(1)
    // The other side fires as soon as the cooldown is over.
    bench.us += 1_000_000
    bench.book().trade(900)
    expect(bench.named('BREAKOUT').map(({ direction }) => direction)).toStrictEqual([1, -1])
  })

  test('MOMENTUM: fast average away from the slow one, RSI on the same side', () => {
    const bench = new Bench().bars(1_000, 1_000, 1_000, 1_000, 1_010, 1_020)
    const [signal] = bench.named('MOMENTUM')
    // After the close at 1010: fast 1000 + 10 * 2/3, slow 1000 + 10 * 2/5, ATR (0 0 0, 0, 10) -> 10/3, RSI 100.
    expect(signal?.direction).toBe(1)
    expect(feature(signal, 'fast')).toBeCloseTo(1_000 + 20 / 3, 9)
    expect(feature(signal, 'slow')).toBeCloseTo(1_004, 9)
    expect(feature(signal, 'range')).toBeCloseTo(10 / 3, 9)
    expect(feature(signal, 'rsi')).toBe(100)
    expect(signal?.strength).toBeCloseTo((20 / 3 - 4) / (10 / 3) / 2, 9)
    const down = new Bench().bars(1_000, 1_000, 1_000, 1_000, 990, 980)
    expect(down.named('MOMENTUM').map(({ direction }) => direction)).toStrictEqual([-1])
  })

  test('MEAN_REVERSION: points back to the mean', () => {
    const bench = new Bench().bars(1_000, 1_004, 1_000, 1_004, 1_002)
    bench.trade(1_010, bench.us + 1_000)
    const [signal] = bench.named('MEAN_REVERSION')
    // Closes 1000 1004 1000 1004: mean 1002, population deviation 2, z = 4, full = 4.
    expect(signal?.direction).toBe(-1)
    expect(signal?.strength).toBe(1)
    expect(feature(signal, 'mean')).toBe(1_002)
    expect(feature(signal, 'deviation')).toBe(2)
    expect(feature(signal, 'level')).toBe(4)
  })

  test('VOLUME_SURGE: the open bar against closed ones, direction of the takers', () => {
    const cases = [
      { buys: 100, sells: 0, direction: 1 },
      { buys: 0, sells: 100, direction: -1 },
      { buys: 14, sells: 14, direction: 0 },
    ]
    for (const { buys, sells, direction } of cases) {
      const bench = new Bench()
      for (const qty of [8, 12, 8, 12]) {
        bench.us += 100_000
        bench.book().trade(1_000, bench.us, qty)
      }
      bench.us += 100_000
      // Mean 10, deviation 2: 16 is the least that fires, so 14 does not, and twice 14 does.
      bench.book()
      if (sells > 0) bench.trade(1_000, bench.us, sells, 'SELL')
      if (buys > 0) bench.trade(1_000, bench.us + 1, buys, 'BUY')
      const [signal] = bench.named('VOLUME_SURGE')
      expect(signal?.direction).toBe(direction)
      expect(feature(signal, 'mean')).toBe(10)
      expect(feature(signal, 'deviation')).toBe(2)
      expect(feature(signal, 'lean')).toBe(direction)
      expect(signal?.strength).toBe(1)
    }
  })

  test('BOOK_PRESSURE: three parts of the book', () => {
    const bench = new Bench()
    const heavy = { imbalance: 0.8, order_flow_imbalance: 4, microprice_px: 1_000.5 }
    bench.book(heavy).book(heavy)
    expect(bench.signals).toStrictEqual([])
    bench.book(heavy)
    const [signal] = bench.signals
    expect(signal?.pattern).toBe('BOOK_PRESSURE')
    expect(signal?.direction).toBe(1)
    expect(signal?.strength).toBeCloseTo(0.5 * 0.8 + 0.3 * 1 + 0.2 * 0.5, 12)
    expect(signal?.window_events).toBe(3)
    expect(signal?.event_time_us).toBe(71)
    const other = new Bench()
    for (let i = 0; i < 3; i += 1) other.book({ imbalance: -0.9, order_flow_imbalance: -4, microprice_px: 999.5 })
    expect(other.signals.map(({ direction }) => direction)).toStrictEqual([-1])
  })

  test('VOLATILITY_REGIME: points nowhere, level says wilder or calmer', () => {
    const quiet = [1_000, 1_001, 1_000, 1_001, 1_000, 1_001, 1_000, 1_001]
    const wild = new Bench().bars(...quiet, 1_050, 1_000, 1_050)
    const [signal] = wild.named('VOLATILITY_REGIME')
    expect(signal?.direction).toBe(0)
    expect(feature(signal, 'level')).toBeGreaterThan(0.5)
    const calm = new Bench().bars(1_000, 1_050, 1_000, 1_050, 1_000, 1_050, 1_000, ...Array(8).fill(1_000))
    expect(feature(calm.named('VOLATILITY_REGIME')[0], 'level')).toBeLessThan(-0.5)
  })
})

describe('silence', () => {
  /** Warm, one trade away from BREAKOUT, MEAN_REVERSION and VOLUME_SURGE. */
  const ready = () => new Bench().bars(1_000, 1_004, 1_000, 1_004, 1_000, 1_004)
  const surge = (bench: Bench, us = bench.us) => bench.trade(1_100, us, 1_000).signals.length

  test('speaks when nothing hinders', () => {
    expect(surge(ready())).toBeGreaterThan(1)
  })

  test.each(['SNAPSHOT', 'GAP', 'STALE', 'CROSSED', 'CHECKSUM_BAD'] as const)('a %s book', (quality) => {
    expect(surge(ready().book({ quality }))).toBe(0)
  })

  test.each([
    { bid_px: null, spread_px: null },
    { ask_px: null, spread_px: null },
    { bid_px: 1_001, spread_px: 0 },
  ])('a book without two sides apart: %j', (over) => {
    expect(surge(ready().book(over))).toBe(0)
  })

  test('a book older than its age', () => {
    const bench = ready()
    expect(surge(bench, bench.us + 1_000_001)).toBe(0)
    expect(surge(ready(), bench.us - 1)).toBeGreaterThan(0)
  })

  test('a silence of trades starts the bars anew', () => {
    const bench = ready()
    bench.us += 60_000_001
    expect(surge(bench.book())).toBe(0)
  })

  test('a book that is not LIVE starts the book averages anew', () => {
    const heavy = { imbalance: 1, order_flow_imbalance: 4, microprice_px: 1_001 }
    const bench = new Bench().book(heavy).book(heavy).book({ quality: 'GAP' }).book(heavy).book(heavy)
    expect(bench.signals).toStrictEqual([])
    expect(bench.book(heavy).signals).toHaveLength(1)
  })

  test('other events than trades change nothing', () => {
    const bench = ready()
    const before = JSON.stringify(patternScorer.snapshot(bench.state))
    const kinds = ['depth', 'quote', 'status', 'gap'] as const
    for (const kind of kinds) {
      expect(bench.step('events', { ...tradeOf(1), kind, trade: null }, bench.us + 50_000)).toMatchObject({
        outputs: undefined,
      })
    }
    expect(JSON.stringify(patternScorer.snapshot(bench.state))).toBe(before)
  })

  test.each([
    [0, 10],
    [-5, 10],
    [1_000, 0],
    [1_000, -1],
  ])('a trade of px %i, qty %i is a fault that changes nothing', (px, qty) => {
    const bench = ready()
    const before = JSON.stringify(patternScorer.snapshot(bench.state))
    expect(bench.step('events', tradeOf(px, qty))).toStrictEqual({
      kind: 'fault',
      code: 'TRADE_INVALID',
      detail: { instrument_id: 'ACME.XNAS', px, qty },
    })
    expect(JSON.stringify(patternScorer.snapshot(bench.state))).toBe(before)
  })
})

test('a trigger fires on the way up, waits for its cooldown, and re-arms below', () => {
  const params = { enter: 2, rearm: 1, cooldown_ms: 1 }
  const steps: [level: number, us: number, fires: boolean][] = [
    [1.9, 0, false],
    [2, 1, true],
    [5, 2_000, false],
    [1.5, 2_001, false],
    [2, 2_002, false],
    [1, 2_003, false],
    [2, 2_004, true],
    [0.5, 2_005, false],
    [3, 2_006, false],
    [3, 3_003, false],
    [3, 3_004, true],
    [-3, 3_005, false],
    [-3, 4_004, true],
    [-4, 9_000, false],
    [2.5, 9_001, true],
  ]
  const trigger = new Trigger()
  expect(steps.map(([level, us]) => trigger.fires(level, us, params))).toStrictEqual(steps.map(([, , fires]) => fires))
})
