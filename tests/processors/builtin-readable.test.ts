import { expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import type { Json, Processor } from '../../runtime/api/index.ts'
import { BookUpdate } from '../../schemas/generated/index.ts'
import { BOOK } from './builtin-kit.ts'
import { Hand } from './kit.ts'

/** Snapshots hold records as bytes; what people are shown of them are records. */

function hand(name: string, inputs: readonly string[], params: object) {
  const ports = Object.fromEntries(inputs.map((port) => [port, BookUpdate]))
  const use = { inputs: ports, outputs: { out: BookUpdate }, params }
  const { processor, problems } = (processors[name] as Processor).specialize!(use as never)
  expect(problems).toEqual([])
  return new Hand(processor, 'A.X', {})
}

const shown = (one: Hand) => one.processor.readable?.(JSON.parse(one.text()) as Json)

test('the last record of a window is shown, and its aggregates by their names', () => {
  const aggregate = { n: { op: 'first', of: 'record.symbol' }, wide: { op: 'max', of: 'record.imbalance / 0.0' } }
  const one = hand('window', ['in'], { kind: 'tumbling', size_ms: 1_000, aggregate, set: {} })
  one.on('in', BOOK, 1)
  one.on('in', { ...BOOK, sequence: 2, bid_px: null, bids: [] }, 2)
  expect(shown(one)).toEqual({
    next_id: 1,
    seen_us: 2,
    windows: [
      {
        id: 0,
        start_us: 0,
        end_us: 1_000_000,
        aggregate: { n: 'A', wide: Number.POSITIVE_INFINITY },
        last: { ...BOOK, sequence: 2, bid_px: null, bids: [] },
        first_id: 'test/0:0',
        last_id: 'test/0:1',
      },
    ],
  })
})

test('the records of both sides of a join are shown', () => {
  const params = { kind: 'interval', before_ms: 1, after_ms: 1, set: {} }
  const one = hand('join', ['left', 'right'], params)
  one.on('left', BOOK, 1)
  one.on('right', { ...BOOK, sequence: 7 }, 2)
  expect(shown(one)).toEqual({
    lefts: [{ number: 0, at_us: 1, value: BOOK, id: 'test/0:0', met: true }],
    rights: [{ number: 1, at_us: 2, value: { ...BOOK, sequence: 7 }, id: 'test/0:1', met: true }],
    next_number: 2,
    seen_us: 2,
  })
})

test('stages that pack nothing are shown as they are', () => {
  for (const name of ['sample', 'throttle', 'dedupe']) {
    const params = {
      sample: { one_in: 2 },
      throttle: { max: 1, per_ms: 1 },
      dedupe: { by: 'record.sequence', within_ms: 1 },
    }
    expect(hand(name, ['in'], params[name as never]).processor.readable).toBeUndefined()
  }
})
