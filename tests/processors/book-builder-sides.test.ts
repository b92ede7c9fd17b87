import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imbalance, microprice } from '../../processors/book-builder/features.ts'
import { BookSide } from '../../processors/book-builder/side.ts'
import type { BookUpdate, Level } from '../../schemas/generated/index.ts'
import { port } from './kit.ts'
import { change, gap, hand, levels, type Pairs, snapshot } from './level-events.ts'

/** A side as a map, sorted anew at every question. */
class PlainSide {
  levels = new Map<number, number>()
  readonly sign: number
  constructor(sign: number) {
    this.sign = sign
  }
  set(px: number, qty: number): void {
    if (qty === 0) this.levels.delete(px)
    else this.levels.set(px, qty)
  }
  top(count: number): Level[] {
    return levels([...this.levels].sort(([a], [b]) => this.sign * (b - a))).slice(0, count)
  }
}

const level = fc.tuple(fc.integer({ min: 1, max: 120 }), fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 })))

describe('a side', () => {
  it.each([1, -1] as const)('of sign %i equals one sorted anew after every change', (sign) => {
    fc.assert(
      fc.property(fc.array(level, { maxLength: 300 }), (changes) => {
        const side = new BookSide(sign, 1_000)
        const plain = new PlainSide(sign)
        for (const [px, qty] of changes) {
          side.set(px, qty)
          plain.set(px, qty)
          expect(side.top(5)).toEqual(plain.top(5))
        }
        const all = plain.top(Number.POSITIVE_INFINITY)
        expect(side.top(1_000)).toEqual(all)
        expect(side.flat()).toEqual(all.flatMap(({ px, qty }) => [px, qty]))
        const again = new BookSide(sign, 1_000)
        again.restore(side.flat())
        expect(again.top(1_000)).toEqual(all)
      }),
      { numRuns: 150 },
    )
  })

  it('moves many levels at once as it moves few', () => {
    const side = new BookSide(1, 10_000)
    for (let px = 1; px <= 5_000; px++) side.set(px, px)
    side.set(10, 0)
    side.set(4_999, 0)
    side.set(10, 7)
    side.set(1, 8)
    expect(side.length).toBe(4_999)
    expect(side.flat().slice(0, 4)).toEqual([5_000, 5_000, 4_998, 4_998])
    expect(side.flat().slice(-20)).toEqual([10, 7, 9, 9, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 8])
  })

  it('loses its farthest levels once it is an eighth too long', () => {
    const side = new BookSide(-1, 16)
    for (let px = 40; px > 23; px--) side.set(px, 1)
    expect(side.length).toBe(17)
    side.set(23, 1)
    expect(side.length).toBe(16)
    expect(side.top(100).map(({ px }) => px)).toEqual([23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38])
  })
})

describe('any feed', () => {
  const side = fc.array(level, { maxLength: 6 })
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constant('change' as const), side, side) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('snapshot' as const), side, side) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('gap' as const), side, side) },
  )

  it('gives the book that its levels make when built anew, also through restarts', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat({ max: 40 }), (steps, restart_at) => {
        const builder = hand({ levels: 4 })
        const restarted = hand({ levels: 4 })
        let usable = false
        const bids = new PlainSide(1)
        const asks = new PlainSide(-1)
        for (const [i, [kind, b, a]] of steps.entries()) {
          if (i === restart_at) restarted.restart()
          const sequence = i + 1
          if (kind === 'gap') usable = false
          if (kind === 'snapshot') {
            usable = true
            bids.levels.clear()
            asks.levels.clear()
          }
          // Two levels of one price in a snapshot: the first counts, as levels come best first.
          if (kind !== 'gap' && usable) {
            for (const [px, qty] of kind === 'snapshot' ? b.toReversed() : b) bids.set(px, qty)
            for (const [px, qty] of kind === 'snapshot' ? a.toReversed() : a) asks.set(px, qty)
          }
          const one =
            kind === 'gap'
              ? gap('depth', sequence)
              : (kind === 'snapshot' ? snapshot : (...rest: [number, Pairs, Pairs]) => change(sequence, ...rest))(
                  sequence,
                  b,
                  a,
                )
          const answer = builder.on('events', one)
          expect(restarted.on('events', one)).toEqual(answer)
          const [update] = port<BookUpdate>(answer, 'books')
          if (kind === 'gap' || !usable) continue
          const [top_bids, top_asks] = [bids.top(4), asks.top(4)]
          const [bid, ask] = [top_bids[0], top_asks[0]]
          const crossed = bid !== undefined && ask !== undefined && bid.px >= ask.px
          expect(update).toMatchObject({
            sequence,
            quality: crossed ? 'CROSSED' : kind === 'snapshot' ? 'SNAPSHOT' : 'LIVE',
            bids: top_bids,
            asks: top_asks,
            bid_px: bid?.px ?? null,
            ask_qty: ask?.qty ?? null,
            imbalance: imbalance(top_bids, top_asks),
            microprice_px:
              bid === undefined || ask === undefined
                ? 0
                : microprice({ bid_px: bid.px, bid_qty: bid.qty, ask_px: ask.px, ask_qty: ask.qty }),
          })
        }
        expect(restarted.text()).toBe(builder.text())
      }),
      { numRuns: 300 },
    )
  })
})
