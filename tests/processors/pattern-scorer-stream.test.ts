import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { patternScorer } from '../../processors/pattern-scorer/index.ts'
import type { Json } from '../../runtime/api/index.ts'
import { Bench, bookOf, paramsOf, SMALL, tradeOf } from './scorer-bench.ts'

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
