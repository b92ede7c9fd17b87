import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import type { Processor } from '../../runtime/api/index.ts'
import { Bar, BookUpdate, MarketEvent } from '../../schemas/generated/index.ts'
import { BOOK } from './builtin-kit.ts'
import { Hand } from './kit.ts'

/** Which faults a stage is said to end in: those that it can, and of simple expressions no others. */

function made(name: string, params: object, out: unknown = BookUpdate, input: unknown = BookUpdate) {
  const use = { inputs: { in: input }, outputs: { out }, params }
  const { processor, problems } = (processors[name] as Processor).specialize!(use as never)
  expect(problems).toEqual([])
  return processor
}
const raisedBy = (where: string, input: unknown = BookUpdate) =>
  [...made('filter', { where }, input, input).raises!].sort()

describe('a filter raises', () => {
  test.each([
    ['record.symbol == "A"', []],
    ['record.quality in ["LIVE"] && record.symbol.startsWith("A") || key != "b"', []],
    ['record.bid_px > 1', ['FIELD_ABSENT']],
    ['has(record.bid_px) && record.bid_px > 1', []],
    ['!has(record.bid_px) || record.bid_px > 1', []],
    ['has(record.bid_px) || record.bid_px > 1', ['FIELD_ABSENT']],
    ['has(record.bid_px) ? record.bid_px > 1 : false', []],
    ['has(record.bid_px) ? true : record.bid_px > 1', ['FIELD_ABSENT']],
    ['!(has(record.bid_px) && has(record.ask_px)) || record.ask_px - record.bid_px <= 2', []],
    ['has(record.ask_px) && record.bid_px > 1', ['FIELD_ABSENT']],
    ['record.sequence * 1000 > 1', []],
    ['record.sequence * 1025 > 1', ['INTEGER_OVERFLOW']],
    ['record.sequence * record.sequence > 1', ['INTEGER_OVERFLOW']],
    ['-record.sequence < -9223372036854775808', []],
    ['record.sequence % 2 == 0', []],
    ['1 / record.sequence > 1', ['DIVISION_BY_ZERO']],
    ['record.imbalance / 0.0 > 1.0', []],
    ['double(record.sequence) > 1.0 && int(record.sequence) > 1', []],
    ['int(record.imbalance) > 1', ['INTEGER_OVERFLOW']],
    ['int(record.symbol) > 1', ['EXPRESSION_FAILED']],
    ['px("1", record.sequence) > 1', ['INTEGER_OVERFLOW', 'SCALE_INEXACT']],
    ['record.bids.exists(b, b.px > 1 && b.qty + b.px > 1)', []],
    ['record.bids[0].px > 1', ['EXPRESSION_FAILED', 'FIELD_ABSENT']],
    ['size(record.bids) > 1 && abs(record.sequence) > least(1, greatest(2, record.sequence))', []],
  ])('%s: %o', (where, codes) => {
    expect(raisedBy(where)).toEqual(codes)
  })

  test.each([
    ['record.trade.px > 1', ['FIELD_ABSENT']],
    ['has(record.trade) && record.trade.px > 1', []],
    ['has(record.trade.px)', ['FIELD_ABSENT']],
  ])('of a record within a record, %s: %o', (where, codes) => {
    expect(raisedBy(where, MarketEvent)).toEqual(codes)
  })
})

test('what is written is noted where it may not fit', () => {
  const raised = (set: object) => made('map', { set }).raises
  expect(raised({})).toEqual([])
  expect(
    raised({ symbol: 'record.venue', bid_px: 'record.ask_px', sequence: 'record.event_time_us', spread_px: 'null' }),
  ).toEqual([])
  expect(raised({ sequence: 'record.event_time_us + 1' })).toEqual(['VALUE_OUT_OF_RANGE'])
  expect(raised({ imbalance: 'record.imbalance / 0.0' })).toEqual(['VALUE_OUT_OF_RANGE'])
  expect(raised({ bid_px: 'record.symbol == "A" ? record.ask_px : null' })).toEqual([])
  expect(raised({ sequence: 'record.bid_px' })).toEqual(['FIELD_ABSENT'])
  const window = { kind: 'tumbling', size_ms: 1, aggregate: { n: { op: 'count' } }, set: { sequence: 'n' } }
  expect(made('window', window).raises).toEqual(['VALUE_OUT_OF_RANGE'])
  expect(made('window', { ...window, set: {} }).raises).toEqual([])
  expect(made('window', { ...window, set: {}, time: 'record.event_time_us' }).raises).toEqual([
    'VALUE_OUT_OF_RANGE',
    'LATE',
  ])
})

test('what becomes of a record otherwise than by a fault raises none', () => {
  const time = { kind: 'tumbling', size_ms: 1, aggregate: {}, set: {}, time: 'record.event_time_us' }
  expect(made('window', { ...time, late: 'drop' }).raises).toEqual(['VALUE_OUT_OF_RANGE'])
  expect(made('throttle', { max: 1, per_ms: 1 }).raises).toEqual([])
  expect(made('throttle', { max: 1, per_ms: 1, excess: 'fault' }).raises).toEqual(['THROTTLED'])
})

/** Expressions that type, over fields that may be null. */
const typed = fc.letrec<{ int: string; bool: string }>((tie) => {
  const [int, bool] = [tie('int'), tie('bool')]
  return {
    int: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(
        'record.bid_px',
        'record.ask_px',
        'record.sequence',
        '0',
        '2',
        '9007199254740993',
        'size(record.bids)',
      ),
      fc.constantFrom(
        'int(record.imbalance)',
        'int(record.symbol)',
        'record.bids[0].px',
        'record.bids[record.sequence].qty',
      ),
      fc.tuple(int, fc.constantFrom('+', '-', '*', '/', '%'), int).map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc.tuple(fc.constantFrom('-', 'abs', 'int'), int).map(([name, a]) => `${name}(${a})`),
      fc.tuple(fc.constantFrom('least', 'greatest'), int, int).map(([name, a, b]) => `${name}(${a}, ${b})`),
      fc.tuple(int, int).map(([a, b]) => `rescale(${a}, 0, ${b})`),
      int.map((a) => `px(record.symbol, ${a})`),
      fc.tuple(bool, int, int).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    ),
    bool: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('has(record.bid_px)', 'has(record.ask_px)', '!has(record.bid_px)', 'record.symbol == "1"'),
      fc.tuple(int, fc.constantFrom('<', '>=', '==', '!='), int).map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc.tuple(bool, fc.constantFrom('&&', '||'), bool).map(([a, op, b]) => `(${a} ${op} ${b})`),
      bool.map((a) => `!(${a})`),
      fc.tuple(fc.constantFrom('all', 'exists'), bool).map(([name, a]) => `record.bids.${name}(b, b.px > 3 || ${a})`),
    ),
  }
})
const px = fc.oneof(fc.constantFrom(null, 0, 1), fc.maxSafeInteger())
const book = fc.record({
  bid_px: px,
  ask_px: px,
  sequence: fc.oneof(fc.constantFrom(0, 1, 3), fc.maxSafeNat()),
  imbalance: fc.constantFrom(0, -2.5, 1e18, 1e19),
  symbol: fc.constantFrom('A', '1', '1.5', '-9223372036854775808'),
  bids: fc.constantFrom([], [{ px: 3, qty: 1 }]),
})

test('an expression ends in no fault that it is not said to', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(typed.bool, fc.array(book, { minLength: 1, maxLength: 4 }), (where, books) => {
      const use = { inputs: { in: BookUpdate }, outputs: { out: BookUpdate }, params: { where } }
      const { processor, problems } = (processors.filter as Processor).specialize!(use as never)
      if (problems.length > 0) return
      for (const fields of books) {
        const answer = new Hand(processor, 'A.X', {}).on('in', { ...BOOK, ...fields })
        if (!('fault' in answer)) continue
        seen.add(answer.fault)
        expect(processor.raises).toContain(answer.fault)
      }
    }),
    { numRuns: 3_000 },
  )
  const all = ['DIVISION_BY_ZERO', 'EXPRESSION_FAILED', 'FIELD_ABSENT', 'INTEGER_OVERFLOW', 'SCALE_INEXACT']
  expect([...seen].sort()).toEqual(all)
})

test('what is written ends in no fault that it is not said to', () => {
  const bars = { interval: '"x"', start_time_us: '1', end_time_us: '2', origin: '"TRADES"', trades: '1' }
  const fields = { open_px: '0', high_px: '0', low_px: '0', close_px: '0', volume_qty: '0' }
  fc.assert(
    fc.property(typed.int, book, (text, given) => {
      const set = { ...bars, ...fields, open_px: text }
      const use = { inputs: { in: BookUpdate }, outputs: { out: Bar }, params: { set } }
      const { processor, problems } = (processors.map as Processor).specialize!(use as never)
      if (problems.length > 0) return
      const answer = new Hand(processor, 'A.X', {}).on('in', { ...BOOK, ...given })
      if ('fault' in answer) expect(processor.raises).toContain(answer.fault)
    }),
    { numRuns: 1_000 },
  )
})
