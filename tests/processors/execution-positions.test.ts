import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimalText } from '../../processors/execution/money.ts'
import { applyFill, flat, type PositionState, unrealizedDoubled } from '../../processors/execution/positions.ts'

const TERMS = { instrument_id: 'A.X', venue: 'X', symbol: 'A', price_scale: 2, qty_scale: 3, multiplier: 1 }
const fill = (qty: number, px: number, fee = 0n) => ({ qty, px, fee, count: 1 as const })
const fold = (...fills: readonly [qty: number, px: number][]): PositionState =>
  fills.reduce((position, [qty, px]) => applyFill(position, fill(qty, px)), flat(TERMS))

describe('positions', () => {
  it.each<[string, readonly [number, number][], Partial<PositionState>]>([
    [
      'adds at average cost',
      [
        [10, 100],
        [30, 200],
      ],
      { qty: 40, cost: 7_000n, realized_pnl: 0n },
    ],
    [
      'releases average cost',
      [
        [10, 100],
        [30, 200],
        [-20, 300],
      ],
      { qty: 20, cost: 3_500n, realized_pnl: 2_500n },
    ],
    [
      'closes',
      [
        [10, 100],
        [-10, 90],
      ],
      { qty: 0, cost: 0n, realized_pnl: -100n },
    ],
    [
      'flips through zero',
      [
        [10, 100],
        [-15, 120],
      ],
      { qty: -5, cost: -600n, realized_pnl: 200n },
    ],
    [
      'sells short and buys back',
      [
        [-10, 100],
        [4, 70],
      ],
      { qty: -6, cost: -600n, realized_pnl: 120n },
    ],
    [
      'keeps what is truncated open',
      [
        [3, 100],
        [4, 101],
        [-1, 100],
      ],
      { qty: 6, cost: 604n, realized_pnl: 0n },
    ],
  ])('%s', (_name, fills, expected) => {
    expect(fold(...fills)).toMatchObject(expected)
  })

  it('multiplies by the contract multiplier', () => {
    const lot = { ...flat(TERMS), multiplier: 50 }
    expect(applyFill(applyFill(lot, fill(2, 100)), fill(-1, 101))).toMatchObject({ cost: 5_000n, realized_pnl: 50n })
  })

  const anyFill = fc.record({
    qty: fc.integer({ min: -1_000_000, max: 1_000_000 }).filter((qty) => qty !== 0),
    px: fc.integer({ min: 1, max: 9_007_199_254_740_991 }),
    fee: fc.bigInt({ min: -1_000_000n, max: 1_000_000n }),
    count: fc.constant(1 as const),
  })

  it('is the sum of its signed fills, and cash is conserved exactly', () => {
    fc.assert(
      fc.property(fc.array(anyFill, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (fills, multiplier) => {
        const after = fills.reduce(applyFill, { ...flat(TERMS), multiplier })
        const paid = fills.reduce((sum, one) => sum + BigInt(one.qty) * BigInt(one.px) * BigInt(multiplier), 0n)
        expect(after.qty).toBe(fills.reduce((sum, one) => sum + one.qty, 0))
        expect(after.fees).toBe(fills.reduce((sum, one) => sum + one.fee, 0n))
        expect(after.cost - after.realized_pnl).toBe(paid)
        expect(after.fills).toBe(fills.length)
        // Cost has the sign of the position and is gone with it.
        expect(after.qty === 0 ? after.cost === 0n : after.cost >= 0n === after.qty > 0 || after.cost === 0n).toBe(true)
        // Profit in all, at any price, is value less what was paid.
        const value = 2n * BigInt(after.qty) * 777n * BigInt(multiplier)
        expect(2n * after.realized_pnl + unrealizedDoubled(after, 777, 777)).toBe(value - 2n * paid)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is worth after a bust what it would be without the execution', () => {
    fc.assert(
      fc.property(fc.array(anyFill, { minLength: 1, maxLength: 20 }), fc.nat(), (fills, pick) => {
        const busted = fills[pick % fills.length] as (typeof fills)[number]
        const reversal = { ...busted, qty: -busted.qty, fee: -busted.fee, count: -1 as const }
        const left = fills.filter((one) => one !== busted)
        const with_bust = [...fills, reversal].reduce<PositionState>(applyFill, flat(TERMS))
        const without = left.reduce<PositionState>(applyFill, flat(TERMS))
        const worth = (position: PositionState) => position.realized_pnl - position.cost - position.fees
        expect([with_bust.qty, with_bust.fees, with_bust.fills]).toEqual([without.qty, without.fees, without.fills])
        expect(worth(with_bust)).toBe(worth(without))
      }),
      { numRuns: 1_000 },
    )
  })
})

it('writes amounts as decimal text', () => {
  expect([decimalText(123_450n, 3), decimalText(-5n, 2), decimalText(0n, 4), decimalText(7n, 0)]).toEqual([
    '123.45',
    '-0.05',
    '0',
    '7',
  ])
})
