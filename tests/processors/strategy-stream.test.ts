import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Decision } from '../../schemas/generated/index.ts'
import { type Answer, type Hand, port } from './kit.ts'
import { desk, LISTED, nbboOf, positionOf, predictionOf, signalOf, T0 } from './strategy-records.ts'

/**
 * Any stream of records. The venue is played by the test: a decision may be filled in part, 50 ms later, by the next
 * records in hand.
 */
type Item =
  | { kind: 'signal'; pattern: number; direction: number; strength: number }
  | { kind: 'prediction'; bps: number; ttl_ms: number }
  | { kind: 'nbbo'; bid: number; spread: number; live: number }
  | { kind: 'fill'; share: number }

const PATTERNS = [
  'BREAKOUT',
  'MOMENTUM',
  'MEAN_REVERSION',
  'BOOK_PRESSURE',
  'VOLUME_SURGE',
  'VOLATILITY_REGIME',
] as const

const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({
    kind: fc.constant('signal' as const),
    pattern: fc.nat(5),
    direction: fc.constantFrom(-1, 1),
    strength: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('prediction' as const),
    bps: fc.double({ min: -20, max: 20, noNaN: true }),
    ttl_ms: fc.integer({ min: 1, max: 3_000 }),
  }),
  fc.record({
    kind: fc.constant('nbbo' as const),
    bid: fc.integer({ min: 5_990_000, max: 6_010_000 }),
    spread: fc.integer({ min: 0, max: 300 }),
    live: fc.nat(9),
  }),
  fc.record({ kind: fc.constant('fill' as const), share: fc.constantFrom(0, 0.5, 1, 1) }),
)
const streams = fc.array(fc.tuple(fc.integer({ min: 1_000, max: 250_000 }), item), { maxLength: 150, size: 'max' })

const over = {
  weights: { breakout: 1, momentum: 1, mean_reversion: 1, book_pressure: 1, volume_surge: 1, model: 2 },
  score_threshold: 0.05,
  exit_score: 0.05,
  min_edge_bps: 0,
  allow_short: true,
  max_hold_ms: 2_000,
  volatility_sample_ms: 100,
  volatility_samples: 5,
}

interface Made {
  readonly decision: Decision
  readonly us: number
  readonly position: number
}

/** Plays the stream; `restart` says before which records the state goes through a snapshot. */
function play(items: readonly (readonly [number, Item])[], params: object, restart: (i: number) => boolean) {
  const hand: Hand = desk({ ...over, ...params })
  const made: Made[] = []
  let us = T0
  let nbbo_us = 0
  let position = 0
  let open: Decision | undefined
  const take = (answer: Answer) => {
    expect(answer).not.toHaveProperty('fault')
    for (const decision of port<Decision>(answer, 'decisions')) {
      made.push({ decision, us: nbbo_us + decision.book_age_us, position })
      open = decision
    }
  }
  for (const [i, [wait_us, next]] of items.entries()) {
    us += wait_us
    if (restart(i)) hand.restart()
    for (const answer of hand.advance(us)) take(answer)
    if (next.kind === 'signal') {
      const { pattern, direction, strength } = next
      take(hand.on('signals', signalOf({ pattern: PATTERNS[pattern]!, direction, strength }), us))
    } else if (next.kind === 'prediction') {
      const expires_at_us = us + next.ttl_ms * 1_000
      take(hand.on('predictions', predictionOf({ expected_return_bps: next.bps, expires_at_us }), us))
    } else if (next.kind === 'nbbo') {
      const { bid, spread, live } = next
      nbbo_us = us
      take(hand.on('nbbo', nbboOf({ bid_px: bid, ask_px: bid + spread, quality: live === 0 ? 'STALE' : 'LIVE' }), us))
    } else if (open !== undefined) {
      position += Math.floor((open.qty * next.share) / 1_000) * 1_000 * (open.side === 'BUY' ? 1 : -1)
      open = undefined
      take(hand.on('positions', positionOf(position), us))
    }
  }
  return { made, state: hand.text(), timers: [...hand.ctx.timers] }
}

const sizings = fc.constantFrom({ sizing: 'FIXED_FRACTION' }, { sizing: 'VOLATILITY_TARGET' })

test('restored from a snapshot before any records, the rest is the same', () => {
  let decisions = 0
  fc.assert(
    fc.property(streams, sizings, fc.integer({ min: 1, max: 5 }), (items, params, every) => {
      const whole = play(items, params, () => false)
      expect(play(items, params, (i) => i % every === 0)).toStrictEqual(whole)
      decisions += whole.made.length
    }),
  )
  expect(decisions).toBeGreaterThan(30)
})

test('what every decision keeps to', () => {
  fc.assert(
    fc.property(streams, sizings, (items, params) => {
      const { made } = play(items, params, () => false)
      let before_us = Number.NEGATIVE_INFINITY
      for (const [count, { decision, us, position }] of made.entries()) {
        expect(decision.decision_id).toBe(`strategy-BTCUSDT-${count}`)
        expect(us - before_us).toBeGreaterThanOrEqual(500_000)
        before_us = us

        expect(decision.book_quality).toBe('LIVE')
        expect(decision.book_age_us).toBeLessThanOrEqual(1_000_000)
        expect(decision.qty % LISTED.lot_size_qty).toBe(0)
        expect(decision.qty).toBeGreaterThanOrEqual(LISTED.min_qty)
        expect(decision.limit_px).toBe(decision.reference_px)
        expect(new Set(decision.inputs).size).toBe(decision.inputs.length)

        const sign = decision.side === 'BUY' ? 1 : -1
        const exit = decision.factors.at(-1)!.name.startsWith('exit_')
        if (exit) expect(decision.qty).toBeLessThanOrEqual(Math.abs(position))
        else {
          expect(decision.expected_edge_bps - decision.cost_bps).toBeGreaterThanOrEqual(0)
          expect(decision.score * sign).toBeGreaterThan(0)
          const after = BigInt(Math.abs(position + sign * decision.qty)) * BigInt(decision.reference_px)
          expect(after).toBeLessThanOrEqual(10_000n * 10n ** 10n)
        }
        let score = 0
        for (const { value, weight, contribution } of decision.factors) {
          expect(contribution).toBe(value * weight + 0)
          expect(Math.abs(value)).toBeLessThanOrEqual(1)
          score += contribution
        }
        expect(decision.score).toBe(score)
      }
    }),
  )
})
