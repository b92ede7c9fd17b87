import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import type { Json, Processor } from '../../runtime/api/index.ts'
import { canonical, parseCanonical } from '../../runtime/state/canonical.ts'
import { BookUpdate } from '../../schemas/generated/index.ts'
import { BOOK } from './builtin-kit.ts'
import { type Answer, Hand, port } from './kit.ts'

/** Joins by the records' own times, in disorder and over restarts, against the plainest statement of what belongs together. */

const outputs = { out: BookUpdate, unmatched: BookUpdate, late_left: BookUpdate, late_right: BookUpdate }

function joinOf(params: object) {
  const { processor, problems } = (processors.join as Processor).specialize!({
    inputs: { left: BookUpdate, right: BookUpdate },
    outputs,
    params: {
      set: { sequence: 'left.sequence * 1000 + right.sequence' },
      time: { left: 'left.event_time_us', right: 'right.event_time_us' },
      late: 'emit',
      unmatched: 'emit',
      ...params,
    } as never,
  })
  expect(problems).toEqual([])
  return new Hand(processor, 'A.X', {})
}

interface Given {
  readonly side: 'left' | 'right'
  readonly at_us: number
  readonly sequence: number
}
const book = ({ at_us, sequence }: Omit<Given, 'side'>) => ({ ...BOOK, event_time_us: at_us, sequence })
const given = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 25 })), { maxLength: 50 })
  .map((steps) => {
    let newest = 100_000
    return steps.map(([left, ahead, behind], i): Given => {
      newest += ahead * 1_000
      return { side: left ? 'left' : 'right', at_us: newest - behind * 1_000, sequence: i + 1 }
    })
  })

/** Plays the records with timers between them and a restart behind one of them. */
function play(hand: Hand, records: readonly Given[], crash: number): Answer[] {
  const answers: Answer[] = []
  records.forEach((one, i) => {
    answers.push(...hand.advance(i), hand.on(one.side, book(one), i), ...hand.advance(i))
    if (i !== crash) return
    const text = canonical(hand.processor.snapshot(hand.state) as Json)
    hand.state = hand.processor.restore(parseCanonical(text), 'A.X', {})
  })
  return answers
}
const on = (answers: readonly Answer[], name: string) =>
  answers.flatMap((answer) => port<BookUpdate>(answer, name)).map(({ sequence }) => sequence)
const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)

describe('interval', () => {
  test.each([
    [{ before_ms: 10, after_ms: 5, grace_ms: 0 }],
    [{ before_ms: 0, after_ms: 5, grace_ms: 2 }],
    [{ before_ms: 4, after_ms: 0, grace_ms: 12 }],
    [{ before_ms: 0, after_ms: 0, grace_ms: 0 }],
  ])('%o pairs every record that is not late with all that belong to it', (bounds) => {
    const { before_ms, after_ms, grace_ms } = bounds
    fc.assert(
      fc.property(given, fc.nat(49), (records, crash) => {
        const last = { side: 'right', at_us: 1e9, sequence: 999 } as const
        const answers = play(joinOf({ kind: 'interval', ...bounds }), [...records, last], crash)
        let seen_us = Number.NEGATIVE_INFINITY
        const taken: Given[] = []
        const pairs: number[] = []
        const late = { left: [] as number[], right: [] as number[] }
        for (const one of records) {
          const reach_us = (one.side === 'left' ? after_ms : before_ms) * 1_000
          if (seen_us > one.at_us + reach_us + grace_ms * 1_000) {
            late[one.side].push(one.sequence)
            continue
          }
          for (const other of taken) {
            if (other.side === one.side) continue
            const [left, right] = one.side === 'left' ? [one, other] : [other, one]
            const apart_us = right.at_us - left.at_us
            if (apart_us < -before_ms * 1_000 || apart_us > after_ms * 1_000) continue
            pairs.push(left.sequence * 1_000 + right.sequence)
          }
          taken.push(one)
          seen_us = Math.max(seen_us, one.at_us)
        }
        const met = new Set(pairs.map((pair) => Math.floor(pair / 1_000)))
        const alone = taken.filter(({ side, sequence }) => side === 'left' && !met.has(sequence))
        expect(sorted(on(answers, 'out'))).toEqual(sorted(pairs))
        expect(on(answers, 'late_left')).toEqual(late.left)
        expect(on(answers, 'late_right')).toEqual(late.right)
        expect(sorted(on(answers, 'unmatched'))).toEqual(sorted(alone.map(({ sequence }) => sequence)))
      }),
      { numRuns: 100 },
    )
  })

  test('after silence none waits any longer, and what comes for it is late', () => {
    const hand = joinOf({ kind: 'interval', before_ms: 1, after_ms: 2, grace_ms: 3, idle_ms: 50 })
    hand.on('left', book({ at_us: 10_000, sequence: 1 }), 1_000)
    hand.on('right', book({ at_us: 11_000, sequence: 2 }), 2_000)
    hand.on('left', book({ at_us: 30_000, sequence: 3 }), 3_000)
    expect(on(hand.advance(52_999), 'unmatched')).toEqual([])
    expect(on(hand.advance(53_000), 'unmatched')).toEqual([3])
    expect(hand.state).toMatchObject({ lefts: [], rights: [] })
    expect(on([hand.on('right', book({ at_us: 30_000, sequence: 4 }), 53_001)], 'late_right')).toEqual([4])
    expect(hand.on('left', book({ at_us: 40_000, sequence: 5 }), 53_002)).toEqual({ outputs: { out: [] } })
  })

  test('a pair that cannot be written refuses the record and leaves the state as it was', () => {
    const set = { imbalance: '1.0 / (left.imbalance - right.imbalance)' }
    const hand = joinOf({ kind: 'interval', before_ms: 1, after_ms: 1, time: undefined, set })
    hand.on('left', BOOK, 1_000)
    const before = hand.text()
    const detail = { field: 'imbalance', message: 'Infinity does not fit double' }
    expect(hand.on('right', BOOK, 1_500)).toEqual({ fault: 'VALUE_OUT_OF_RANGE', detail })
    expect(hand.text()).toBe(before)
  })

  test('records that are past do not count as kept', () => {
    const hand = joinOf({ kind: 'interval', before_ms: 1, after_ms: 1, time: undefined, max_kept: 1 })
    expect(hand.on('right', BOOK, 1_000)).toEqual({ outputs: { out: [] } })
    expect(hand.on('right', BOOK, 2_000)).toMatchObject({ fault: 'TOO_MANY_KEPT' })
    expect(hand.on('right', BOOK, 3_000)).toEqual({ outputs: { out: [] } })
  })
})

describe('as of', () => {
  test('each left record meets the newest that has come and is not after it, however late that came', () => {
    fc.assert(
      fc.property(given, fc.nat(49), (records, crash) => {
        const answers = play(joinOf({ kind: 'as_of', within_ms: 12 }), records, crash)
        const rights: Given[] = []
        const pairs: number[] = []
        const alone: number[] = []
        const late: number[] = []
        let seen_us = Number.NEGATIVE_INFINITY
        for (const one of records) {
          if (one.side === 'right') {
            rights.push(one)
            continue
          }
          if (one.at_us < seen_us) {
            late.push(one.sequence)
            continue
          }
          seen_us = one.at_us
          const before = rights.filter(({ at_us }) => at_us <= one.at_us)
          const newest = Math.max(...before.map(({ at_us }) => at_us))
          const found = before.findLast(({ at_us }) => at_us === newest)
          if (found !== undefined && one.at_us - found.at_us <= 12_000) {
            pairs.push(one.sequence * 1_000 + found.sequence)
          } else alone.push(one.sequence)
        }
        expect(on(answers, 'out')).toEqual(pairs)
        expect(on(answers, 'unmatched')).toEqual(alone)
        expect(on(answers, 'late_left')).toEqual(late)
      }),
      { numRuns: 200 },
    )
  })

  test('a right record is late if a newer one has answered', () => {
    const hand = joinOf({ kind: 'as_of' })
    const right = (at_us: number) => hand.on('right', book({ at_us, sequence: 1 }))
    right(10)
    right(20)
    hand.on('left', book({ at_us: 30, sequence: 1 }))
    expect(port(right(19), 'late_right')).toHaveLength(1)
    expect(port(right(20), 'late_right')).toHaveLength(0)
    expect(port(right(25), 'late_right')).toHaveLength(0)
    expect(port(right(24), 'late_right')).toHaveLength(1)
    expect((hand.state as { rights: unknown[] }).rights).toHaveLength(1)
  })

  test('of more right records than are kept the oldest are forgotten, so that an answer is the newest or none', () => {
    const hand = joinOf({ kind: 'as_of', max_kept: 3 })
    for (const at_us of [10, 20, 30, 40]) {
      expect(hand.on('right', book({ at_us, sequence: at_us }))).toEqual({ outputs: {} })
    }
    expect(on([hand.on('left', book({ at_us: 15, sequence: 1 }))], 'unmatched')).toEqual([1])
    expect(on([hand.on('left', book({ at_us: 45, sequence: 2 }))], 'out')).toEqual([2_040])
  })
})
