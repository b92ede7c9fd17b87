import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import type { Json, Processor } from '../../runtime/api/index.ts'
import { canonical, parseCanonical } from '../../runtime/state/canonical.ts'
import { Bar, BookUpdate } from '../../schemas/generated/index.ts'
import { BOOK } from './builtin-kit.ts'
import { type Answer, Hand, port } from './kit.ts'

/** Windows at their edges: disorder against a model of batches, numbers that are no numbers, holes, and the order of closing. */

const set = {
  interval: '"x"',
  start_time_us: 'start_us',
  end_time_us: 'end_us',
  open_px: 'first',
  high_px: 'most',
  low_px: 'smallest',
  close_px: 'last',
  volume_qty: 'total',
  trades: 'n',
  origin: '"TRADES"',
}
const aggregate = {
  first: { op: 'first', of: 'record.bid_px' },
  most: { op: 'max', of: 'record.bid_px' },
  smallest: { op: 'min', of: 'record.bid_px' },
  last: { op: 'last', of: 'record.bid_px' },
  total: { op: 'sum', of: 'record.bid_qty' },
  n: { op: 'count' },
}

function windowOf(params: object) {
  const { processor, problems } = (processors.window as Processor).specialize!({
    inputs: { in: BookUpdate },
    outputs: { out: Bar, late: BookUpdate },
    params: { aggregate, set, ...params } as never,
  })
  expect(problems).toEqual([])
  return new Hand(processor, 'A.X', {})
}

const book = (fields: object) => ({ ...BOOK, ...fields })
const barsOf = (answers: readonly Answer[]) => answers.flatMap((answer) => port<Bar>(answer, 'out'))
/** What a snapshot writes and a restart reads. */
function restart(hand: Hand): void {
  const text = canonical(hand.processor.snapshot(hand.state) as Json)
  hand.state = hand.processor.restore(parseCanonical(text), 'A.X', {})
}

interface Seen {
  readonly at_us: number
  readonly px: number
}
const rangeOf = (start_us: number, end_us: number, seen: readonly Seen[]) => {
  const ordered = [...seen].sort((a, b) => a.at_us - b.at_us)
  const px = seen.map((one) => one.px)
  return {
    start_time_us: start_us,
    end_time_us: end_us,
    open_px: ordered[0]!.px,
    close_px: ordered.at(-1)!.px,
    high_px: Math.max(...px),
    low_px: Math.min(...px),
    volume_qty: px.length,
    trades: px.length,
  }
}

describe('disorder within grace changes nothing', () => {
  // Every time is some milliseconds of progress less a disorder that is smaller than grace.
  const times = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 19 })), { maxLength: 40 })
  const seenOf = (given: readonly (readonly [number, number])[]) => {
    let newest = 1_000
    const used = new Set<number>()
    return given.flatMap(([ahead, behind], i): Seen[] => {
      newest += ahead * 1_000
      const at_us = newest - behind * 1_000
      // Of one time, `first` and `last` follow the order of arrival, which a batch does not know.
      if (used.has(at_us)) return []
      used.add(at_us)
      return [{ at_us, px: (i * 7) % 23 }]
    })
  }
  const fixed = (size: number, step: number) => (seen: readonly Seen[]) => {
    const bars: object[] = []
    const most = Math.max(0, ...seen.map(({ at_us }) => at_us))
    for (let start = -100_000; start <= most; start += step) {
      const inside = seen.filter(({ at_us }) => at_us >= start && at_us < start + size)
      if (inside.length > 0) bars.push(rangeOf(start, start + size, inside))
    }
    return bars
  }
  const sessions = (gap: number) => (seen: readonly Seen[]) => {
    const runs: Seen[][] = []
    for (const one of [...seen].sort((a, b) => a.at_us - b.at_us)) {
      const open = runs.at(-1)
      if (open !== undefined && one.at_us - open.at(-1)!.at_us < gap) open.push(one)
      else runs.push([one])
    }
    return runs.map((run) => rangeOf(run[0]!.at_us, run.at(-1)!.at_us + gap, run))
  }

  test.each([
    ['tumbling', { kind: 'tumbling', size_ms: 5 }, fixed(5_000, 5_000)],
    ['sliding', { kind: 'sliding', size_ms: 10, step_ms: 5 }, fixed(10_000, 5_000)],
    ['sliding with holes', { kind: 'sliding', size_ms: 2, step_ms: 5 }, fixed(2_000, 5_000)],
    ['session', { kind: 'session', gap_ms: 6 }, sessions(6_000)],
  ])('%s', (_name, kind, model) => {
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 39 }), (given, crash) => {
        const seen = seenOf(given)
        const hand = windowOf({ ...kind, time: 'record.event_time_us', grace_ms: 20, idle_ms: 1_000 })
        const answers: Answer[] = []
        seen.forEach(({ at_us, px }, i) => {
          const now_us = i * 10
          answers.push(...hand.advance(now_us))
          const answer = hand.on('in', book({ event_time_us: at_us, bid_px: px, bid_qty: 1 }), now_us)
          expect(answer).not.toHaveProperty('fault')
          answers.push(answer, ...hand.advance(now_us))
          if (i === crash) restart(hand)
        })
        answers.push(...hand.advance(1e12))
        const expected = model(seen)
        const made = barsOf(answers)
        expect(made).toHaveLength(expected.length)
        expect([...made].sort((a, b) => a.start_time_us - b.start_time_us)).toMatchObject(expected)
      }),
      { numRuns: 150 },
    )
  })
})

test('windows that one record ends close in the order of their ends', () => {
  const hand = windowOf({ kind: 'tumbling', size_ms: 10, time: 'record.event_time_us', grace_ms: 50 })
  for (const at_us of [31_000, 1_000, 21_000, 11_000]) {
    hand.on('in', book({ event_time_us: at_us }), 1)
    hand.advance(1)
  }
  hand.on('in', book({ event_time_us: 200_000 }), 2)
  const ends = barsOf(hand.advance(2)).map(({ end_time_us }) => end_time_us)
  expect(ends).toEqual([10_000, 20_000, 30_000, 40_000])
})

test('a record between two windows is in none, and that is not late, but time goes on by it', () => {
  const hand = windowOf({ kind: 'sliding', size_ms: 3, step_ms: 5 })
  expect(hand.on('in', BOOK, 4_000)).toEqual({ outputs: {} })
  expect(hand.advance(1e9)).toEqual([])

  const timed = windowOf({ kind: 'sliding', size_ms: 3, step_ms: 5, time: 'record.event_time_us' })
  timed.on('in', book({ event_time_us: 1_000 }), 1)
  expect(timed.on('in', book({ event_time_us: 3_000 }), 2)).toEqual({ outputs: {} })
  expect(barsOf(timed.advance(2))).toMatchObject([{ start_time_us: 0, end_time_us: 3_000 }])
})

test.each([
  ['for', '`for` is a word of CEL'],
  ['int', '`int` is a word of CEL'],
  ['map', '`map` is a word of CEL'],
  ['record', '`record` stands for something else here'],
  ['end_us', '`end_us` stands for something else here'],
])('lint refuses %s as the name of an aggregate', (name, message) => {
  const params = { kind: 'tumbling', size_ms: 1, aggregate: { ...aggregate, [name]: { op: 'count' } }, set }
  const use = { inputs: { in: BookUpdate }, outputs: { out: Bar }, params: params as never }
  expect((processors.window as Processor).specialize!(use).problems).toMatchObject([
    { pointer: `/aggregate/${name}`, message },
  ])
})

test('lint refuses more open windows of a key than a snapshot should hold', () => {
  const params = { kind: 'session', gap_ms: 1, grace_ms: 10_000, time: 'record.event_time_us', aggregate, set }
  const use = { inputs: { in: BookUpdate }, outputs: { out: Bar }, params: params as never }
  expect((processors.window as Processor).specialize!(use).problems).toMatchObject([
    { pointer: '/grace_ms', message: 'a key could have 10001 windows open, and 10000 is the most' },
  ])
  expect(() => windowOf({ ...params, grace_ms: 9_999 })).not.toThrow()
})

test('doubles that are not finite are kept over a restart', () => {
  const doubles = {
    first: { op: 'first', of: 'int(1.0)' },
    most: { op: 'max', of: '1.0 / (record.imbalance - 0.5)' },
    smallest: { op: 'min', of: '-1.0 / (record.imbalance - 0.5)' },
    total: { op: 'sum', of: '0.0 / (record.imbalance - 0.5)' },
    last: { op: 'last', of: 'record.bid_px' },
    n: { op: 'count' },
  }
  const texts = {
    interval: 'string(most) + " " + string(smallest) + " " + string(total)',
    open_px: 'first',
    high_px: 'last',
    low_px: 'last',
    volume_qty: 'n',
  }
  const hand = windowOf({ kind: 'tumbling', size_ms: 10, aggregate: doubles, set: { ...set, ...texts } })
  hand.on('in', BOOK, 1_000)
  restart(hand)
  hand.on('in', BOOK, 2_000)
  restart(hand)
  expect(barsOf(hand.advance(20_000))).toMatchObject([{ interval: '+Inf -Inf NaN', volume_qty: 2 }])
})

test('a lone time far ahead ends the windows before it once, and leaves the state small', () => {
  const hand = windowOf({ kind: 'tumbling', size_ms: 10, time: 'record.event_time_us', late: 'emit' })
  hand.on('in', book({ event_time_us: 1_000 }), 1)
  hand.on('in', book({ event_time_us: Number.MAX_SAFE_INTEGER - 10_000 }), 2)
  expect(barsOf(hand.advance(2))).toHaveLength(1)
  expect(port(hand.on('in', book({ event_time_us: 2_000 }), 3), 'late')).toHaveLength(1)
  expect((hand.state as { windows: unknown[] }).windows).toHaveLength(1)
})
