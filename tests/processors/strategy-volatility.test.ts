import { expect, test } from 'vitest'
import { noVolatility, sample, volatilityBps } from '../../processors/strategy/volatility.ts'

/** Samples of 100 ms, an average over two. */
function estimate(mids: readonly (readonly [us: number, mid2: number])[]): number | undefined {
  const v = noVolatility()
  for (const [us, mid2] of mids) sample(v, mid2, us, 100_000, 2)
  return volatilityBps(v, 2)
}

test('is the root of the mean squared return per sample interval', () => {
  // 10 bps up, then none: the mean of 100 and 0.
  const up = [
    [0, 100_000],
    [100_000, 100_100],
  ] as const
  expect(estimate(up)).toBe(undefined)
  expect(estimate([...up, [200_000, 100_100]])).toBeCloseTo(Math.sqrt(50), 9)
  // From the third on by 2 / (2 + 1).
  expect(estimate([...up, [200_000, 100_100], [300_000, 100_100]])).toBeCloseTo(Math.sqrt(50 / 3), 9)
})

test('a mid within the interval is passed over', () => {
  expect(
    estimate([
      [0, 100_000],
      [99_999, 900_000],
      [100_000, 100_100],
      [200_000, 100_100],
    ]),
  ).toBeCloseTo(Math.sqrt(50), 9)
})

test('a return over four intervals counts a quarter of its square', () => {
  expect(
    estimate([
      [0, 100_000],
      [400_000, 100_100],
      [500_000, 100_100],
    ]),
  ).toBeCloseTo(Math.sqrt(12.5), 9)
})
