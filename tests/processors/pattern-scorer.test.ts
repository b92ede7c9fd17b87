import fc from 'fast-check'
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { patternScorer } from '../../processors/pattern-scorer/index.ts'
import type { ScorerParams } from '../../processors/pattern-scorer/params.ts'
import { Trigger } from '../../processors/pattern-scorer/trigger.ts'
import type { Context, Json } from '../../runtime/api/index.ts'
import type { BookUpdate, MarketEvent, PatternSignal } from '../../schemas/generated/index.ts'

const SUBJECT = { instrument_id: 'ACME.XNAS', venue: 'XNAS', symbol: 'ACME' }
const START_US = 1_000_000_000_000

/** Four bars of warm-up, bars of 100 ms, no cooldowns: small enough to follow by hand. */
const SMALL = {
  bar_ms: 100,
  window_bars: 4,
  atr_bars: 3,
  rsi_bars: 3,
  fast_bars: 2,
  slow_bars: 4,
  regime_bars: 4,
  window_books: 3,
  min_range_bps: 0,
} as const

function paramsOf(overrides: object = SMALL): ScorerParams {
  const params = Value.Default(patternScorer.params, structuredClone(overrides))
  expect(Value.Check(patternScorer.params, params)).toBe(true)
  return params as ScorerParams
}

/** Runs records through one instrument's state and collects what it signals. */
class Bench {
  readonly params: ScorerParams
  state: unknown
  us = START_US
  readonly signals: PatternSignal[] = []

  constructor(params = paramsOf()) {
    this.params = params
    this.state = patternScorer.initial(SUBJECT.instrument_id, params)
  }

  step(
    port: 'events' | 'books',
    value: unknown,
    us = this.us,
  ): ReturnType<NonNullable<(typeof patternScorer.on)[string]>> {
    this.us = us
    const step = patternScorer.on[port]!(this.state, value, { params: this.params, stream_time_us: us } as Context)
    if (step.kind === 'ok') {
      this.state = step.state
      const outputs = step.outputs as { signals?: PatternSignal[] } | undefined
      this.signals.push(...(outputs?.signals ?? []))
    }
    return step
  }

  book(over: Partial<BookUpdate> = {}, us = this.us): this {
    this.step('books', bookOf(over), us)
    return this
  }

  trade(px: number, us = this.us, qty = 10, aggressor: 'BUY' | 'SELL' = 'BUY'): this {
    this.step('events', tradeOf(px, qty, aggressor), us)
    return this
  }

  /** One trade per bar at each price, a book before it; the bar of the last stays open. */
  bars(...prices: number[]): this {
    for (const px of prices) {
      this.us += 100_000
      this.book().trade(px)
    }
    return this
  }

  named(pattern: PatternSignal['pattern']): PatternSignal[] {
    return this.signals.filter((signal) => signal.pattern === pattern)
  }
}

function bookOf(over: Partial<BookUpdate> = {}): BookUpdate {
  return {
    ...SUBJECT,
    sequence: 7,
    quality: 'LIVE',
    bid_px: 999,
    bid_qty: 5,
    ask_px: 1_001,
    ask_qty: 5,
    bids: [],
    asks: [],
    proven_levels: 0,
    proven_bid_levels: 0,
    proven_ask_levels: 0,
    spread_px: 2,
    imbalance: 0,
    microprice_px: 1_000,
    order_flow_imbalance: 0,
    event_time_us: 71,
    receive_time_us: 72,
    ...over,
  }
}

function tradeOf(px: number, qty = 10, aggressor: 'BUY' | 'SELL' = 'BUY'): MarketEvent {
  return {
    kind: 'trade',
    ...SUBJECT,
    sequence: 1,
    event_time_us: 81,
    event_time_source: 'VENUE',
    receive_time_us: 82,
    depth: null,
    quote: null,
    trade: { trade_id: 1, px, qty, aggressor, conditions: '', hidden: false },
    status: null,
    gap: null,
    order: null,
    session: null,
  }
}

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

describe('any stream', () => {
  type Item = { port: 'events' | 'books'; value: unknown; wait_us: number }
  const item: fc.Arbitrary<Item> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .record({
          px: fc.integer({ min: 950, max: 1_050 }),
          qty: fc.integer({ min: 1, max: 50 }),
          buys: fc.boolean(),
          wait_us: fc.integer({ min: 1, max: 90_000 }),
        })
        .map(({ px, qty, buys, wait_us }) => ({
          port: 'events' as const,
          value: tradeOf(px, qty, buys ? 'BUY' : 'SELL'),
          wait_us,
        })),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({
          bid: fc.integer({ min: 950, max: 1_050 }),
          spread: fc.integer({ min: 0, max: 20 }),
          imbalance: fc.double({ min: -1, max: 1, noNaN: true }),
          ofi: fc.integer({ min: -20, max: 20 }),
          live: fc.nat(50),
          wait_us: fc.integer({ min: 1, max: 90_000 }),
        })
        .map(({ bid, spread, imbalance, ofi, live, wait_us }) => ({
          port: 'books' as const,
          value: bookOf({
            bid_px: bid,
            ask_px: bid + spread,
            spread_px: spread,
            imbalance,
            microprice_px: bid + spread / 3,
            order_flow_imbalance: ofi,
            quality: live === 0 ? 'GAP' : 'LIVE',
          }),
          wait_us,
        })),
    },
  )
  const streams = fc.array(item, { minLength: 1, maxLength: 250, size: 'max' })
  const eager = paramsOf({
    ...SMALL,
    breakout: { cooldown_ms: 0 },
    momentum: { cooldown_ms: 0, enter: 0.2, rearm: 0.1 },
    mean_reversion: { cooldown_ms: 50, enter: 1, rearm: 0.5 },
    volume_surge: { cooldown_ms: 0, enter: 1, rearm: 0.5 },
    volatility_regime: { cooldown_ms: 0, enter: 0.1, rearm: 0.05 },
  })

  test('restored from a snapshot at any record, the rest is the same', () => {
    let signals = 0
    fc.assert(
      fc.property(streams, fc.nat(), (items, at) => {
        const whole = new Bench(eager)
        const broken = new Bench(eager)
        const cut = at % items.length
        for (const [i, { port, value, wait_us }] of items.entries()) {
          if (i === cut) {
            const json = JSON.parse(JSON.stringify(patternScorer.snapshot(broken.state))) as Json
            broken.state = patternScorer.restore(json, 'ACME.XNAS', eager)
          }
          whole.step(port, value, whole.us + wait_us)
          broken.step(port, value, broken.us + wait_us)
        }
        signals += whole.signals.length
        expect(broken.signals).toStrictEqual(whole.signals)
        expect(patternScorer.snapshot(broken.state)).toStrictEqual(patternScorer.snapshot(whole.state))
      }),
    )
    expect(signals).toBeGreaterThan(100)
  })

  test('every number that leaves is finite, strengths are shares, windows end now', () => {
    fc.assert(
      fc.property(streams, (items) => {
        const bench = new Bench(eager)
        for (const { port, value, wait_us } of items) {
          const before = bench.signals.length
          bench.step(port, value, bench.us + wait_us)
          for (const signal of bench.signals.slice(before)) {
            expect(signal.strength).toBeGreaterThan(0)
            expect(signal.strength).toBeLessThanOrEqual(1)
            expect([-1, 0, 1]).toContain(signal.direction)
            for (const { value: number } of signal.features) expect(Number.isFinite(number)).toBe(true)
            expect(signal.window_end_us).toBe(bench.us)
            expect(signal.window_start_us).toBeLessThanOrEqual(bench.us)
            expect(signal.window_events).toBeGreaterThan(0)
            expect(signal.book_quality).toBe('LIVE')
          }
        }
      }),
    )
  })
})
