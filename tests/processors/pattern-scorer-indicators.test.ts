import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Atr } from '../../processors/pattern-scorer/indicators/atr.ts'
import { Ema } from '../../processors/pattern-scorer/indicators/ema.ts'
import { RollingMax } from '../../processors/pattern-scorer/indicators/extreme.ts'
import { RollingSum } from '../../processors/pattern-scorer/indicators/rolling-sum.ts'
import { Rsi } from '../../processors/pattern-scorer/indicators/rsi.ts'
import { Vwap } from '../../processors/pattern-scorer/indicators/vwap.ts'
import { Welford } from '../../processors/pattern-scorer/indicators/welford.ts'
import { Window } from '../../processors/pattern-scorer/indicators/window.ts'
import type { Json } from '../../runtime/api/index.ts'

const prices = fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 120 })
const length = fc.integer({ min: 1, max: 20 })

const mean = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length
const variance = (xs: readonly number[]) => mean(xs.map((x) => (x - mean(xs)) ** 2))
/** Equal but for rounding, relative to the size of the inputs. */
const near = (actual: number, expected: number, size: number) =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * size)

describe('against the formula computed from scratch', () => {
  test('Welford: mean and population variance of the last n', () => {
    fc.assert(
      fc.property(prices, length, (xs, n) => {
        const welford = new Welford(n)
        for (const [i, x] of xs.entries()) {
          welford.add(x)
          const held = xs.slice(Math.max(0, i + 1 - n), i + 1)
          near(welford.mean, mean(held), 1e7)
          near(welford.variance, variance(held), 1e14)
          expect(welford.variance).toBeGreaterThanOrEqual(0)
          expect(welford.ready).toBe(i + 1 >= n)
        }
      }),
    )
  })

  test('RollingSum: sum of the last n', () => {
    fc.assert(
      fc.property(prices, length, (xs, n) => {
        const sum = new RollingSum(n)
        for (const [i, x] of xs.entries()) {
          sum.add(x)
          const held = xs.slice(Math.max(0, i + 1 - n), i + 1)
          expect(sum.value).toBe(held.reduce((total, value) => total + value, 0))
        }
      }),
    )
  })

  test('RollingMax: greatest of the last n', () => {
    fc.assert(
      fc.property(prices, length, (xs, n) => {
        const max = new RollingMax(n)
        for (const [i, x] of xs.entries()) {
          max.add(x)
          expect(max.value).toBe(Math.max(...xs.slice(Math.max(0, i + 1 - n), i + 1)))
          expect(max.ready).toBe(i + 1 >= n)
        }
      }),
    )
  })

  test('Ema: the mean of the first n, then 2 / (n + 1) of each', () => {
    fc.assert(
      fc.property(prices, length, (xs, n) => {
        const ema = new Ema(n)
        let expected = 0
        for (const [i, x] of xs.entries()) {
          ema.add(x)
          expected = i < n ? mean(xs.slice(0, i + 1)) : expected * (1 - 2 / (n + 1)) + (x * 2) / (n + 1)
          near(ema.value, expected, 1e7)
        }
      }),
    )
  })

  test('Rsi and Atr: Wilder averages of the whole series', () => {
    const wilder = (xs: readonly number[], n: number) =>
      xs.slice(n).reduce((average, x) => (average * (n - 1) + x) / n, mean(xs.slice(0, n)))
    fc.assert(
      fc.property(prices, length, fc.integer({ min: 0, max: 500 }), (closes, n, half) => {
        fc.pre(closes.length > n + 1)
        const rsi = new Rsi(n)
        const atr = new Atr(n)
        for (const close of closes) {
          rsi.add(close)
          atr.add(close + half, close - half, close)
        }
        const changes = closes.slice(1).map((close, i) => close - closes[i]!)
        const gain = wilder(
          changes.map((change) => Math.max(change, 0)),
          n,
        )
        const loss = wilder(
          changes.map((change) => Math.max(-change, 0)),
          n,
        )
        near(rsi.value, gain + loss === 0 ? 50 : 100 - 100 / (1 + gain / loss), 100)
        const ranges = [2 * half, ...changes.map((change) => Math.max(2 * half, Math.abs(change) + half))]
        near(atr.value, wilder(ranges, n), 1e7)
      }),
    )
  })

  test('Vwap: over the last n closed bars and the open one', () => {
    const trade = fc.record({ px: fc.integer({ min: 1, max: 1e6 }), qty: fc.integer({ min: 1, max: 1e6 }) })
    fc.assert(
      fc.property(
        fc.array(fc.array(trade, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 30 }),
        length,
        (bars, n) => {
          const vwap = new Vwap(n)
          for (const [i, bar] of bars.entries()) {
            if (i > 0) vwap.close()
            for (const { px, qty } of bar) vwap.trade(px, qty)
            const held = bars.slice(Math.max(0, i - n), i + 1).flat()
            const volume = held.reduce((sum, { qty }) => sum + qty, 0)
            near(vwap.value, held.reduce((sum, { px, qty }) => sum + px * qty, 0) / volume, 1e6)
          }
        },
      ),
    )
  })

  test('Window: start and events of the last n slots', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 }), length, (events, n) => {
        const window = new Window(n)
        for (const [i, count] of events.entries()) {
          window.add(1_000 + i, count)
          const first = Math.max(0, i + 1 - n)
          expect(window.start_us).toBe(1_000 + first)
          expect(window.events).toBe(events.slice(first, i + 1).reduce((sum, x) => sum + x, 0))
        }
      }),
    )
  })
})

test('rounding errors do not pile up: a million large values leave no trace', () => {
  const welford = new Welford(7)
  const sum = new RollingSum(7)
  for (let i = 0; i < 1_000_000; i += 1) {
    const x = 1e12 + (i % 13) * 0.37
    welford.add(x)
    sum.add(x)
  }
  for (let i = 0; i < 14; i += 1) {
    welford.add(5)
    sum.add(5)
  }
  expect(welford.mean).toBe(5)
  expect(welford.variance).toBe(0)
  expect(sum.value).toBe(35)
})

describe('restored from a snapshot at any point, the rest is the same to the last bit', () => {
  interface Kept {
    feed(x: number): void
    read(): unknown
    snapshot(): Json
    restore(json: Json): void
  }
  const wrap = <T extends { snapshot(): Json; restore(json: Json): void }>(
    it: T,
    feed: (it: T, x: number) => void,
    read: (it: T) => unknown,
  ): Kept => ({
    feed: (x) => feed(it, x),
    read: () => read(it),
    snapshot: () => it.snapshot(),
    restore: (json) => it.restore(json),
  })
  const makers: Record<string, (n: number) => Kept> = {
    Ema: (n) =>
      wrap(
        new Ema(n),
        (it, x) => it.add(x),
        (it) => [it.value, it.ready],
      ),
    RollingSum: (n) =>
      wrap(
        new RollingSum(n),
        (it, x) => it.add(x),
        (it) => it.value,
      ),
    RollingMax: (n) =>
      wrap(
        new RollingMax(n),
        (it, x) => it.add(x),
        (it) => [it.value, it.ready],
      ),
    Welford: (n) =>
      wrap(
        new Welford(n),
        (it, x) => it.add(x),
        (it) => [it.mean, it.variance, it.ready],
      ),
    Atr: (n) =>
      wrap(
        new Atr(n),
        (it, x) => it.add(x + 3, x - 2, x),
        (it) => [it.value, it.ready],
      ),
    Rsi: (n) =>
      wrap(
        new Rsi(n),
        (it, x) => it.add(x),
        (it) => [it.value, it.ready],
      ),
    Vwap: (n) =>
      wrap(
        new Vwap(n),
        (it, x) => (x % 3 === 0 ? it.close() : it.trade(x, x % 7)),
        (it) => it.value,
      ),
    Window: (n) =>
      wrap(
        new Window(n),
        (it, x) => it.add(x, x % 5),
        (it) => [it.start_us, it.events, it.full],
      ),
  }
  test.each(Object.keys(makers))('%s', (name) => {
    const make = makers[name]!
    fc.assert(
      fc.property(prices, length, fc.nat(), (xs, n, at) => {
        const cut = at % (xs.length + 1)
        let broken = make(n)
        const whole = make(n)
        for (const [i, x] of xs.entries()) {
          if (i === cut) {
            const json = JSON.parse(JSON.stringify(broken.snapshot()))
            broken = make(n)
            broken.restore(json)
          }
          broken.feed(x)
          whole.feed(x)
          expect(broken.read()).toStrictEqual(whole.read())
        }
        expect(broken.snapshot()).toStrictEqual(whole.snapshot())
      }),
    )
  })
})
