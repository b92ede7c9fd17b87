import fc from 'fast-check'
import { expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import type { Json, Processor } from '../../runtime/api/index.ts'
import { canonical, parseCanonical } from '../../runtime/state/canonical.ts'
import { BookUpdate } from '../../schemas/generated/index.ts'
import { BOOK } from './builtin-kit.ts'
import { Hand, port } from './kit.ts'

/** The mean of a window against the plainest statement of it, over disorder, sessions that grow together, and restarts. */

function made(params: object) {
  const use = { inputs: { in: BookUpdate }, outputs: { out: BookUpdate }, params }
  return (processors.window as Processor).specialize!(use as never)
}

function hand(params: object) {
  const { processor, problems } = made(params)
  expect(problems).toEqual([])
  return new Hand(processor, 'A.X', {})
}

function restart(one: Hand): void {
  const text = canonical(one.processor.snapshot(one.state) as Json)
  one.state = one.processor.restore(parseCanonical(text), 'A.X', {})
}

/** The whole number nearest to the mean; of two, the one farther from zero. */
function meanOf(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + BigInt(value), 0n)
  const count = BigInt(values.length)
  const miss = (mean: bigint) => (sum < mean * count ? mean * count - sum : sum - mean * count)
  const size = (mean: bigint) => (mean < 0n ? -mean : mean)
  const near = [sum / count - 1n, sum / count, sum / count + 1n]
  near.sort((a, b) => Number(miss(a) - miss(b)) || Number(size(b) - size(a)))
  return Number(near[0])
}

const aggregate = { mean: { op: 'avg', of: 'record.bid_px' } }
const set = { bid_px: 'mean' }
const time = { time: 'record.event_time_us', grace_ms: 1_000 }
const END = { ...BOOK, event_time_us: 1e9, bid_px: 0 }

test.each([
  ['tumbling', { kind: 'tumbling', size_ms: 100 }],
  ['session', { kind: 'session', gap_ms: 20 }],
])(
  'of a %s window it is the nearest whole number, halves away from zero, in whatever order records come',
  (_name, kind) => {
    const px = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger())
    const record = fc.record({ px, at_ms: fc.integer({ min: 0, max: 99 }), restarted: fc.boolean() })
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), (given) => {
        const one = hand({ ...kind, ...time, aggregate, set })
        for (const { px, at_ms, restarted } of given) {
          one.on('in', { ...BOOK, bid_px: px, event_time_us: at_ms * 1_000 })
          if (restarted) restart(one)
        }
        one.on('in', END)
        const means = one.advance(1e12).flatMap((answer) => port<BookUpdate>(answer, 'out').map(({ bid_px }) => bid_px))
        const sorted = given.toSorted((a, b) => a.at_ms - b.at_ms)
        const expected: number[][] = []
        let last_ms = Number.NEGATIVE_INFINITY
        for (const { px, at_ms } of sorted) {
          if (kind.kind === 'tumbling' ? expected.length > 0 : at_ms - last_ms < 20) expected.at(-1)!.push(px)
          else expected.push([px])
          last_ms = at_ms
        }
        expect(means).toEqual(expected.map(meanOf))
      }),
      { numRuns: 200 },
    )
  },
)

test('of doubles it is their sum, in the order of arrival, through their number', () => {
  const params = { kind: 'tumbling', size_ms: 1, aggregate: { mean: { op: 'avg', of: 'record.imbalance' } } }
  const one = hand({ ...params, set: { imbalance: 'mean' } })
  for (const imbalance of [0.1, 0.2, 0.4]) one.on('in', { ...BOOK, imbalance }, 5)
  restart(one)
  expect(one.advance(1_000).flatMap((answer) => port<BookUpdate>(answer, 'out'))).toMatchObject([
    { imbalance: (0.1 + 0.2 + 0.4) / 3 },
  ])
})

test('a field that is null is the fault that it is for others', () => {
  const one = hand({ kind: 'tumbling', size_ms: 1, aggregate, set })
  expect(one.on('in', { ...BOOK, bid_px: null }, 5)).toMatchObject({ fault: 'FIELD_ABSENT' })
})

test('it shows what it comes to so far', () => {
  const one = hand({ kind: 'tumbling', size_ms: 1, aggregate, set })
  for (const bid_px of [1, 2]) one.on('in', { ...BOOK, bid_px }, 5)
  const snapshot = one.processor.snapshot(one.state) as Json
  expect(one.processor.readable!(snapshot)).toMatchObject({ windows: [{ aggregate: { mean: 2n } }] })
})

test.each([
  [{ mean: { op: 'avg' } }, '/aggregate/mean', '`avg` is of nothing'],
  [
    { mean: { op: 'avg', of: 'record.symbol' } },
    '/aggregate/mean/of',
    'this is string, and `avg` is of an int or a double',
  ],
  [{ mean: { op: 'avg', of: 'record.imbalance' } }, '/set/bid_px', 'this is double, and the field is int'],
])('lint types it: %o', (given, pointer, message) => {
  const [problem] = made({ kind: 'tumbling', size_ms: 1, aggregate: given, set }).problems
  expect(problem).toMatchObject({ pointer, message })
})
