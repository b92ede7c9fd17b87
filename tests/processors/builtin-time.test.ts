import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import type { Processor } from '../../runtime/api/index.ts'
import { Bar, BookUpdate } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port } from './kit.ts'

/** Stages over time against the plainest statement of what each promises, on random records. */

function book(fields: object) {
  return {
    instrument_id: 'A.X',
    venue: 'X',
    symbol: 'A',
    sequence: 0,
    quality: 'LIVE',
    bid_px: 1,
    bid_qty: 1,
    ask_px: null,
    ask_qty: null,
    bids: [],
    asks: [],
    proven_levels: 0,
    proven_bid_levels: 0,
    proven_ask_levels: 0,
    spread_px: null,
    imbalance: 0,
    microprice_px: 0,
    order_flow_imbalance: 0,
    event_time_us: 0,
    receive_time_us: 0,
    ...fields,
  }
}

type Port = Readonly<Record<string, unknown>>

function use(name: string, inputs: Port, outputs: Port, params: object) {
  const generic = processors[name] as Processor
  return generic.specialize!({ inputs: inputs as never, outputs: outputs as never, params: params as never })
}

function hand(name: string, inputs: Port, outputs: Port, params: object) {
  const { processor, problems } = use(name, inputs, outputs, params)
  expect(problems).toEqual([])
  return new Hand(processor, 'A.X', {})
}

/** What all answers say on one port, in order. */
function all<T>(answers: readonly Answer[], name: string): T[] {
  return answers.flatMap((answer) => port<T>(answer, name))
}

/** Plays records at their stream times, timers between them, and lets a long time pass behind. */
function play(one: Hand, records: readonly { port?: string; at_us: number; value: object }[]): Answer[] {
  const answers: Answer[] = []
  for (const { port: name = 'in', at_us, value } of records) {
    answers.push(...one.advance(at_us), one.on(name, value, at_us), ...one.advance(at_us))
  }
  answers.push(...one.advance(1e12))
  return answers
}

const gaps = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 })
/** Stream times that never go back, by the gaps between them. */
function timesOf(between: readonly number[]): number[] {
  let at = 1_000
  return between.map((gap) => {
    at += gap * 1_000
    return at
  })
}

const books = { in: BookUpdate }
const set = {
  interval: '"x"',
  start_time_us: 'start_us',
  end_time_us: 'end_us',
  open_px: 'first',
  high_px: 'most',
  low_px: 'least_px',
  close_px: 'last',
  volume_qty: 'total',
  trades: 'n',
  origin: '"TRADES"',
}
const aggregate = {
  first: { op: 'first', of: 'record.bid_px' },
  most: { op: 'max', of: 'record.bid_px' },
  least_px: { op: 'min', of: 'record.bid_px' },
  last: { op: 'last', of: 'record.bid_px' },
  total: { op: 'sum', of: 'record.bid_qty' },
  n: { op: 'count' },
}

interface Seen {
  at_us: number
  px: number
}
function barOf(start_us: number, end_us: number, seen: readonly Seen[]) {
  const px = seen.map((one) => one.px)
  // By time; of one time, `first` is what came first and `last` what came last.
  const ordered = [...seen].sort((a, b) => a.at_us - b.at_us)
  return {
    start_time_us: start_us,
    end_time_us: end_us,
    open_px: ordered[0]!.px,
    close_px: ordered.at(-1)!.px,
    high_px: Math.max(...px),
    low_px: Math.min(...px),
    volume_qty: px.reduce((sum, one) => sum + one, 0),
    trades: px.length,
  }
}
const byStart = (a: { start_time_us: number }, b: { start_time_us: number }) => a.start_time_us - b.start_time_us

describe('window', () => {
  test.each([
    ['tumbling', { kind: 'tumbling', size_ms: 7 }, 7_000, 7_000],
    ['sliding', { kind: 'sliding', size_ms: 9, step_ms: 3 }, 9_000, 3_000],
    ['sliding with holes', { kind: 'sliding', size_ms: 3, step_ms: 5 }, 3_000, 5_000],
  ])('%s by stream time holds each record in every window around it', (_name, kind, size_us, step_us) => {
    fc.assert(
      fc.property(gaps, (between) => {
        const seen = timesOf(between).map((at_us, i) => ({ at_us, px: (i * 7) % 11 }))
        const answers = play(
          hand('window', books, { out: Bar }, { ...kind, aggregate, set, late: 'drop' }),
          seen.map(({ at_us, px }) => ({ at_us, value: book({ bid_px: px, bid_qty: px }) })),
        )
        const expected: object[] = []
        for (let start = -2 * size_us; start < 400_000; start++) {
          if (start % step_us !== 0) {
            start += step_us - (((start % step_us) + step_us) % step_us) - 1
            continue
          }
          const inside = seen.filter(({ at_us }) => at_us >= start && at_us < start + size_us)
          if (inside.length > 0) expected.push(barOf(start, start + size_us, inside))
        }
        expect(all<Bar>(answers, 'out').sort(byStart)).toMatchObject(expected)
        expect(all(answers, 'out')).toHaveLength(expected.length)
      }),
      { numRuns: 60 },
    )
  })

  test('session ends after a gap', () => {
    fc.assert(
      fc.property(gaps, (between) => {
        const seen = timesOf(between).map((at_us, i) => ({ at_us, px: (i * 7) % 11 }))
        const sessions: Seen[][] = []
        for (const one of seen) {
          const open = sessions.at(-1)
          if (open !== undefined && one.at_us - open.at(-1)!.at_us < 5_000) open.push(one)
          else sessions.push([one])
        }
        const params = { kind: 'session', gap_ms: 5, aggregate, set }
        const records = seen.map(({ at_us, px }) => ({ at_us, value: book({ bid_px: px, bid_qty: px }) }))
        const made = all(play(hand('window', books, { out: Bar }, params), records), 'out')
        const expected = sessions.map((session) => barOf(session[0]!.at_us, session.at(-1)!.at_us + 5_000, session))
        expect(made).toMatchObject(expected)
        expect(made).toHaveLength(expected.length)
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['tumbling', { kind: 'tumbling', size_ms: 10 }],
    ['session', { kind: 'session', gap_ms: 10 }],
  ])('%s by the records’ own time counts each record once or calls it late', (_name, kind) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }), (times) => {
        const params = {
          ...kind,
          time: 'record.event_time_us',
          grace_ms: 8,
          idle_ms: 500,
          late: 'emit',
          aggregate,
          set,
        }
        const records = times.map((time, i) => {
          return { at_us: i * 1_000, value: book({ sequence: i, bid_qty: 2 ** (i % 30), event_time_us: time * 1_000 }) }
        })
        const answers = play(hand('window', books, { out: Bar, late: BookUpdate }, params), records)
        const bars = all<Bar>(answers, 'out')
        const late = all<BookUpdate>(answers, 'late')
        const total = records.reduce((sum, { value }) => sum + value.bid_qty, 0)
        const found = bars.reduce((sum, bar) => sum + bar.volume_qty, 0)
        expect(found + late.reduce((sum, one) => sum + (one.bid_qty ?? 0), 0)).toBe(total)
        // Nothing within grace of the newest time seen before is late.
        for (const { sequence, event_time_us } of late) {
          const newest = Math.max(...times.slice(0, sequence)) * 1_000
          expect(newest - event_time_us).toBeGreaterThanOrEqual(8_000)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('sums past 2^53 are refused, not rounded', () => {
    const one = hand('window', books, { out: Bar }, { kind: 'tumbling', size_ms: 10, aggregate, set })
    one.on('in', book({ bid_qty: Number.MAX_SAFE_INTEGER }), 1_000)
    one.on('in', book({ bid_qty: 1 }), 1_000)
    expect(() => one.advance(20_000)).toThrow('VALUE_OUT_OF_RANGE')
    expect(one.state).toMatchObject({ windows: [] })
  })

  test('names the sizes that its kind needs', () => {
    const { problems } = use('window', books, { out: Bar }, { kind: 'session', size_ms: 5, aggregate: {}, set: {} })
    expect(problems.slice(0, 2).map(({ pointer, message }) => [pointer, message])).toEqual([
      ['/size_ms', 'a session window has no `size_ms`'],
      ['/kind', 'a session window needs `gap_ms`'],
    ])
  })
})

describe('join', () => {
  const sides = { left: BookUpdate, right: BookUpdate }
  const outputs = { out: BookUpdate, unmatched: BookUpdate, late_left: BookUpdate, late_right: BookUpdate }
  const pairs = { sequence: 'left.sequence * 1000 + right.sequence' }
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { maxLength: 40 })
  const recordsOf = (given: readonly (readonly [number, boolean])[]) => {
    const times = timesOf(given.map(([gap]) => gap))
    return given.map(([, left], i) => {
      return {
        port: left ? 'left' : 'right',
        at_us: times[i]!,
        value: book({ sequence: i + 1, event_time_us: times[i] }),
      }
    })
  }
  const sequences = (answers: readonly Answer[], name: string) =>
    all<BookUpdate>(answers, name).map(({ sequence }) => sequence)

  test.each([['by stream time'], ['by their own time']])('as of, %s, meets the newest that is not too old', (how) => {
    const time = how === 'by stream time' ? {} : { time: { left: 'left.event_time_us', right: 'right.event_time_us' } }
    fc.assert(
      fc.property(steps, (given) => {
        const records = recordsOf(given)
        const params = { kind: 'as_of', within_ms: 12, unmatched: 'emit', set: pairs, ...time }
        const answers = play(hand('join', sides, outputs, params), records)
        const met: number[] = []
        const alone: number[] = []
        records.forEach((left, i) => {
          if (left.port === 'right') return
          const right = records.slice(0, i).findLast((one) => one.port === 'right')
          if (right !== undefined && left.at_us - right.at_us <= 12_000) {
            met.push(left.value.sequence * 1_000 + right.value.sequence)
          } else alone.push(left.value.sequence)
        })
        expect(sequences(answers, 'out')).toEqual(met)
        expect(sequences(answers, 'unmatched')).toEqual(alone)
      }),
      { numRuns: 60 },
    )
  })

  test('interval makes every pair within bounds once, and says which left records met none', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const records = recordsOf(given)
        const params = { kind: 'interval', before_ms: 4, after_ms: 7, unmatched: 'emit', set: pairs }
        const answers = play(hand('join', sides, outputs, params), records)
        const lefts = records.filter((one) => one.port === 'left')
        const rights = records.filter((one) => one.port === 'right')
        const partners = lefts.map((left) =>
          rights.filter(({ at_us }) => at_us >= left.at_us - 4_000 && at_us <= left.at_us + 7_000),
        )
        const expected = lefts.flatMap(({ value }, i) =>
          partners[i]!.map((right) => value.sequence * 1_000 + right.value.sequence),
        )
        expect(sequences(answers, 'out').sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
        const alone = lefts.filter((_, i) => partners[i]!.length === 0).map(({ value }) => value.sequence)
        expect(sequences(answers, 'unmatched')).toEqual(alone)
      }),
      { numRuns: 60 },
    )
  })

  test('a record whose partners have been forgotten is late', () => {
    const time = { left: 'left.event_time_us', right: 'right.event_time_us' }
    const params = { kind: 'interval', before_ms: 0, after_ms: 5, time, grace_ms: 2, set: pairs, unmatched: 'drop' }
    const one = hand('join', sides, outputs, params)
    one.on('left', book({ event_time_us: 20_000 }))
    expect(one.on('right', book({ event_time_us: 17_999 }))).toMatchObject({ fault: 'LATE' })
    expect(one.on('right', book({ event_time_us: 18_000 }))).toEqual({ outputs: { out: [] } })
    expect(one.on('left', book({ event_time_us: 12_999 }))).toMatchObject({ fault: 'LATE' })
    expect(one.on('left', book({ event_time_us: 13_000, sequence: 3 }))).toMatchObject({ outputs: { out: [{}] } })
  })
})

describe('throttle and dedupe', () => {
  test('keep their promises of any stretch of stream time', () => {
    fc.assert(
      fc.property(gaps, (between) => {
        const records = timesOf(between).map((at_us, i) => ({ at_us, value: book({ sequence: (i * 7) % 5 }) }))
        const slow = hand('throttle', books, { out: BookUpdate }, { max: 2, per_ms: 10 })
        const once = hand('dedupe', books, { out: BookUpdate }, { by: 'record.sequence', within_ms: 10 })
        const passed: number[] = []
        const kept = new Map<number, number>()
        for (const { at_us, value } of records) {
          const fits = passed.filter((one) => one > at_us - 10_000).length < 2
          if (fits) passed.push(at_us)
          expect(port(slow.on('in', value, at_us), 'out')).toHaveLength(fits ? 1 : 0)
          const before = kept.get(value.sequence)
          const fresh = before === undefined || before <= at_us - 10_000
          if (fresh) kept.set(value.sequence, at_us)
          expect(port(once.on('in', value, at_us), 'out')).toHaveLength(fresh ? 1 : 0)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('sample by hash takes all records of a value or none, and about one in n', () => {
    const one = hand('sample', books, { out: BookUpdate }, { one_in: 4, by: 'record.sequence' })
    const taken = Array.from({ length: 4_000 }, (_, i) => port(one.on('in', book({ sequence: i })), 'out').length)
    const again = Array.from({ length: 4_000 }, (_, i) => port(one.on('in', book({ sequence: i })), 'out').length)
    expect(again).toEqual(taken)
    expect(taken.filter((n) => n > 0).length).toBe(982)
  })

  test('sample by hash takes its share of numbers that are alike, too', () => {
    const alike = Array.from({ length: 4_000 }, (_, i) => i).filter((i) => /^[02468]+$/.test(String(i)))
    const half = hand('sample', books, { out: BookUpdate }, { one_in: 2, by: 'record.sequence' })
    const taken = alike.filter((sequence) => port(half.on('in', book({ sequence })), 'out').length > 0)
    expect([alike.length, taken.length]).toEqual([250, 120])
  })
})
