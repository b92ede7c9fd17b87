import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import type { Processor } from '../../runtime/api/index.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { BookUpdate, Nbbo, records } from '../../schemas/generated/index.ts'
import { Hand } from './kit.ts'

/** Expressions over records: what types, what is found where, what is exact, and what each failure is called. */

const BOOK = {
  instrument_id: 'A.X',
  venue: 'X',
  symbol: 'A',
  sequence: 1,
  quality: 'LIVE',
  bid_px: 10_000,
  bid_qty: 5,
  ask_px: null,
  ask_qty: null,
  bids: [{ px: 10_000, qty: 5 }],
  asks: [],
  proven_levels: 1,
  proven_bid_levels: 1,
  proven_ask_levels: 1,
  spread_px: null,
  imbalance: 0.5,
  microprice_px: 1,
  order_flow_imbalance: 0,
  event_time_us: 1,
  receive_time_us: 2,
}

function made(name: string, params: object, output: typeof BookUpdate | typeof Nbbo = BookUpdate) {
  const use = { inputs: { in: BookUpdate }, outputs: { out: output as never }, params: params as never }
  return (processors[name] as Processor).specialize!(use)
}

function filterOf(where: string) {
  const { processor, problems } = made('filter', { where })
  expect(problems).toEqual([])
  return new Hand(processor, 'A.X', {})
}

function problemsOf(where: string) {
  return made('filter', { where }).problems.map(({ offset, message, hint }) => [offset, message, hint])
}

describe('types', () => {
  test.each([
    ['record.bid_pz > 1', 7, 'BookUpdate has no field `bid_pz`', 'did you mean `bid_px`?'],
    ['has(record.bid_pz)', 11, 'BookUpdate has no field `bid_pz`', 'did you mean `bid_px`?'],
    ['record.bids.exists(b, b.pz > 1)', 24, 'Level has no field `pz`', 'did you mean `px`?'],
    ['recrod.bid_px > 1', 0, 'there is no `recrod` here', 'did you mean `record`?'],
    ['record.quality == "LIV"', 18, '`LIV` is no BookQuality', 'did you mean `LIVE`?'],
    ['record.quality in ["LIVE", "GAPS"]', 27, '`GAPS` is no BookQuality', 'did you mean `GAP`?'],
    ['record.bid_px == null', 0, 'no such overload: int == null', 'a null is an absent field: ask with `has(...)`'],
    [
      '1 < 2 && record.bid_px + 1.5 > 2',
      9,
      'no such overload: int + double',
      'ints and doubles do not mix: write 1.0 for 1, or say `double(x)` or `int(x)`',
    ],
    ['record.bid_px', 0, 'this is int, and bool is wanted', 'write a comparison'],
    ['timestamp("x") > timestamp("y")', 0, '`timestamp` is no function of expressions', expect.any(String)],
    ['record.bid_px >', 15, 'unexpected token: EOF', 'see docs/builtin-stages.md'],
    ['dyn(1) == 1', 0, '`dyn` is no function of expressions', expect.any(String)],
    ['"a".matches("a+")', 4, '`matches` is no function of expressions', expect.any(String)],
  ])('%s', (where, offset, message, hint) => {
    expect(problemsOf(where)[0]).toEqual([offset, message, hint])
  })

  test('several names at once', () => {
    expect(problemsOf('record.bid_pz > record.ask_pz')).toHaveLength(2)
  })
})

describe('values', () => {
  test.each([
    ['record.bid_px == 10000', true],
    ['record.bid_px / 3 == 3333 && -10000 / 3 == -3333 && record.bid_px % 3 == 1', true],
    ['has(record.ask_px)', false],
    ['has(record.ask_px) && record.ask_px > 1', false],
    ['record.bids.all(b, b.px > 1) && size(record.asks) == 0', true],
    ['px("100.00", 2) == record.bid_px && px("-0.5", 1) == -5', true],
    ['rescale(record.bid_px, 2, 4) == 1000000 && rescale(1000000, 4, 2) == 10000', true],
    ['least(1, 2) + greatest(1, 2) + abs(-3) == 6', true],
    ['record.imbalance < 1 && double(record.bid_px) * 0.5 == 5000.0', true],
    ['key == "A.X" && stream_time_us == 1', true],
    ['9007199254740993 - 9007199254740992 == 1', true],
  ])('%s', (where, passes) => {
    const hand = filterOf(where)
    expect(hand.on('in', BOOK)).toEqual({ outputs: passes ? { out: [BOOK] } : {} })
  })

  test.each([
    ['record.ask_px > 1', 'FIELD_ABSENT'],
    ['record.bids[3].px > 1', 'FIELD_ABSENT'],
    ['1 / (record.sequence - 1) > 1', 'DIVISION_BY_ZERO'],
    ['1 % (record.sequence - 1) > 1', 'DIVISION_BY_ZERO'],
    ['record.bid_px * 9223372036854775807 > 1', 'INTEGER_OVERFLOW'],
    ['px("0.001", record.sequence) > 1', 'SCALE_INEXACT'],
    ['px(record.symbol, 2) > 1', 'SCALE_INEXACT'],
    ['rescale(record.bid_px + 1, 2, 1) > 1', 'SCALE_INEXACT'],
    ['int(record.symbol) > 1', 'EXPRESSION_FAILED'],
  ])('%s is a fault', (where, fault) => {
    expect(filterOf(where).on('in', BOOK)).toMatchObject({ fault })
  })

  test.each([
    ['record.ask_px > 1', '`ask_px` is null or not there: `has(...)` asks'],
    ['record.bids[3].px > 1', 'index out of bounds, index 3 >= size 1'],
    ['1 / (record.sequence - 1) > 1', 'division by zero'],
    ['int(record.symbol) > 1', '`A` is no whole number'],
  ])('what a dead letter says of %s', (where, message) => {
    expect(filterOf(where).on('in', BOOK)).toMatchObject({ detail: { expression: where, message } })
  })

  test('are compared and computed as exactly as bigint does it', () => {
    const wide = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
    const sum = filterOf('record.bid_px + record.sequence > record.receive_time_us')
    const product = filterOf('record.bid_px * 3 - record.sequence < record.receive_time_us')
    fc.assert(
      fc.property(wide, wide, wide, (a, b, c) => {
        const book = { ...BOOK, bid_px: a, sequence: b, receive_time_us: c }
        const [x, y, z] = [BigInt(a), BigInt(b), BigInt(c)]
        expect(sum.on('in', book)).toEqual({ outputs: x + y > z ? { out: [book] } : {} })
        expect(product.on('in', book)).toEqual({ outputs: x * 3n - y < z ? { out: [book] } : {} })
      }),
    )
  })
})

describe('map', () => {
  const base = { price_scale: '2', qty_scale: '8', basis: '"DEPTH"', venues: '1' }

  test('says which fields are missing, unknown or of another type', () => {
    const { problems } = made('map', { set: { price_scale: '2.5', vanues: '1', basis: '"DEPHT"' } }, Nbbo)
    expect(problems.map(({ pointer, message, hint }) => [pointer, message, hint])).toEqual([
      ['/set/price_scale', 'this is double, and the field is int', 'say `int(...)`, which cuts towards zero'],
      ['/set', 'Nbbo has no field `vanues`', 'did you mean `venues`?'],
      ['/set/basis', '`DEPHT` is no NbboBasis', 'did you mean `DEPTH`?'],
      ['/set', 'Nbbo gets no `qty_scale`, `venues`', 'add an expression for `qty_scale`, `venues` under `set`'],
    ])
  })

  test('keeps a null that it only hands on, and refuses what does not fit', () => {
    const set = { ...base, bid_px: 'record.ask_px', ask_px: 'record.bid_px * record.receive_time_us' }
    const { processor, problems } = made('map', { set }, Nbbo)
    expect(problems).toEqual([])
    const hand = new Hand(processor, 'A.X', {})
    expect(hand.on('in', BOOK)).toMatchObject({ outputs: { out: [{ bid_px: null, ask_px: 20_000, bid_qty: 5 }] } })
    const receive_time_us = 10 ** 14
    expect(hand.on('in', { ...BOOK, receive_time_us })).toMatchObject({
      fault: 'VALUE_OUT_OF_RANGE',
      detail: { field: 'ask_px', message: '1000000000000000000 does not fit long' },
    })
  })
})

describe('map writes what CEL has no type for', () => {
  const base = { price_scale: '2', qty_scale: '8', basis: '"DEPTH"', venues: '1' }
  const madeBy = (set: object, output: typeof BookUpdate | typeof Nbbo, book: object = {}) => {
    const { processor, problems } = made('map', { set }, output)
    expect(problems).toEqual([])
    const answer = new Hand(processor, 'A.X', {}).on('in', { ...BOOK, ...book })
    return 'fault' in answer ? answer.fault : answer.outputs.out![0]
  }

  test.each([
    ['record.quality == "LIVE" ? record.bid_px : null', 10_000],
    ['record.quality != "LIVE" ? (record.bid_px) : (null)', null],
    ['has(record.ask_px) ? null : (record.bid_px + 1) * 2', 20_002],
    ['has(record.ask_px) ? record.ask_px : record.sequence > 5 ? null : record.bid_px - 1', 9_999],
    ['record.sequence == 1 ? record.ask_px : null', null],
    ['record.sequence == 1 ? record.ask_px + 1 : null', 'FIELD_ABSENT'],
  ])('a null on one side: %s', (text, value) => {
    const out = madeBy({ ...base, bid_px: text }, Nbbo)
    expect(typeof out === 'string' ? out : (out as Nbbo).bid_px).toBe(value)
  })

  test('an empty list', () => {
    expect(madeBy({ bids: '[]' }, BookUpdate)).toMatchObject({ bids: [] })
  })

  test('with the place of what is wrong on either side', () => {
    const text = 'has(record.bid_pz) ? null : (record.ask_pz)'
    const { problems } = made('map', { set: { ...base, bid_px: text } }, Nbbo)
    expect(problems.map(({ offset, message }) => [offset, message])).toEqual([
      [11, 'BookUpdate has no field `bid_pz`'],
      [36, 'BookUpdate has no field `ask_pz`'],
    ])
    const typed = made('map', { set: { ...base, bid_px: 'has(record.bid_px) ? null : "a"' } }, Nbbo).problems
    expect(typed).toMatchObject([{ offset: 28, message: 'this is string, and the field is int' }])
  })

  test('but no word of another list', () => {
    const { problems } = made('map', { set: { ...base, basis: 'record.quality' } }, Nbbo)
    expect(problems).toMatchObject([{ pointer: '/set/basis', message: 'no BookQuality is a NbboBasis' }])
  })
})

describe('lint', () => {
  const world = { processors, records }
  const head = `name: x
description: d
owner: o
sources: { feed: { to: frames } }
topics:
  frames: { record: RawFrame, key: venue_symbol, partitions: 1, description: d }
  out: { record: RawFrame, key: venue_symbol, partitions: 1, description: d }
  dead: { record: DeadLetter, key: origin_topic, partitions: 1, description: d }
stages:
  f:
    use: filter
    description: d
    from: { in: frames }
    to: { out: out }
    faults_to: dead
    params:
`
  const placeOf = (params: string) => {
    const { findings } = lint(head + params, 'x.yaml', world)
    return findings.filter(({ code }) => code === 'EXPRESSION_INVALID').map(({ line, column }) => [line, column])
  }

  test.each([
    ['plain', '      where: record.frame_sec > 1\n', [17, 21]],
    ['double quotes', '      where: "key == \\"a\\" && record.frame_sec > 1"\n', [17, 38]],
    ['single quotes', "      where: 'key == ''a'' && record.frame_sec > 1'\n", [17, 38]],
    ['literal block', '      where: |\n        key == "a" &&\n        record.frame_sec > 1\n', [19, 16]],
    ['folded block', '      where: >\n        key == "a" &&\n        record.frame_sec > 1\n', [19, 16]],
    ['folded plain', '      where: key == "a" &&\n        record.frame_sec > 1\n', [18, 16]],
  ])('finds the place in %s text', (_name, params, place) => {
    expect(placeOf(params)).toEqual([place])
  })
})

describe('a stage', () => {
  const text = readFileSync('tests/topology/builtin.yaml', 'utf8')
  const world = { processors, records, sources: {} }
  const findingsOf = (from: string, to: string) => {
    expect(text).toContain(from)
    const { findings } = lint(text.replace(from, to), 'x.yaml', { processors, records })
    return findings.map(({ code, message }) => [code, message])
  }

  test.each([
    [
      'that passes records on writes a topic of the same records',
      'to: { out: tight }',
      'to: { out: quotes }',
      ['RECORD_MISMATCH', 'port `out` of `tight` speaks BookUpdate, and `quotes` holds Nbbo'],
    ],
    [
      'that routes has an expression for each port',
      'routes: { live: record.quality == "LIVE" }',
      'routes: { life: record.quality == "LIVE" }',
      ['EXPRESSION_INVALID', '`routes` has no expression for the port `live`'],
    ],
    [
      'that routes connects each port',
      'to: { live: live, otherwise: doubtful }',
      'to: { live: live }',
      ['MISSING_PORT', '`by-quality` connects the output port `otherwise` to no topic'],
    ],
    [
      'that splits names a list',
      'each: bids',
      'each: bid_px',
      ['EXPRESSION_INVALID', 'BookUpdate has no list `bid_px`'],
    ],
    [
      'looks its row up before it reads it',
      'lookup: record.instrument_id',
      'lookup: row.instrument_id',
      ['EXPRESSION_INVALID', 'the row is not known before it is looked up'],
    ],
    [
      'passes what has no row only where the types agree',
      'lookup: record.instrument_id',
      'missing: pass\n      lookup: record.instrument_id',
      ['EXPRESSION_INVALID', 'BookUpdate cannot pass as Nbbo'],
    ],
    [
      'sums numbers',
      '{ op: sum, of: record.bid_qty }',
      '{ op: sum, of: record.symbol }',
      ['EXPRESSION_INVALID', 'this is string, and `sum` is of an int or a double'],
    ],
    [
      'has the sizes of its kind of window',
      'size_ms: 10',
      'gap_ms: 10',
      ['EXPRESSION_INVALID', 'a tumbling window has no `gap_ms`'],
    ],
    [
      'has the bounds of its kind of join',
      'within_ms: 10\n      unmatched',
      'before_ms: 10\n      unmatched',
      ['EXPRESSION_INVALID', 'an as_of join has no `before_ms`'],
    ],
  ])('%s', (_name, from, to, finding) => {
    expect(findingsOf(from, to)).toContainEqual(finding)
  })

  test.each([
    ['per_ms: 10', 'per_ms: 1000000000001', '`per_ms` is 1000000000001, above 1000000000000'],
    ['within_ms: 10 }', 'within_ms: 9007199254740991 }', '`within_ms` is 9007199254740991, above 1000000000000'],
    ['size_ms: 10', 'size_ms: 9007199254740991', '`size_ms` is 9007199254740991, above 1000000000000'],
  ])('has times that stay exact: %s', (from, to, message) => {
    expect(findingsOf(from, to)).toContainEqual(['PARAMETER_INVALID', message])
  })

  test('is told how a number is written under `set`', () => {
    const { findings } = lint(text.replace("price_scale: '2'", 'price_scale: 2'), 'x.yaml', { processors, records })
    expect(findings).toMatchObject([
      { message: '`price_scale` is `2`, not text', hint: expect.stringContaining("one in quotes: `'2'`") },
    ])
  })

  test('with an expression that lint never saw does not start', () => {
    const { topology } = lint(text, 'x.yaml', { processors, records })
    const tight = { ...topology!.stages.tight!, params: { where: 'record.bid_pz > 1' } }
    const changed = { ...topology!, stages: { ...topology!.stages, tight } }
    expect(() => plan(changed, world)).toThrow('stage tight: `where`: BookUpdate has no field `bid_pz`')
  })
})
