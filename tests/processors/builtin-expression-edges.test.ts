import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processors } from '../../processors/index.ts'
import type { Processor } from '../../runtime/api/index.ts'
import { BookUpdate } from '../../schemas/generated/index.ts'
import { BOOK } from './builtin-kit.ts'
import { Hand } from './kit.ts'

/** Where expressions could answer wrongly instead of not at all: lint refuses it, or the record is refused by name. */

function made(where: string) {
  const use = { inputs: { in: BookUpdate }, outputs: { out: BookUpdate }, params: { where } }
  return (processors.filter as Processor).specialize!(use as never)
}

function answerOf(where: string, fields: Partial<BookUpdate> = {}) {
  const { processor, problems } = made(where)
  expect(problems).toEqual([])
  return new Hand(processor, 'A.X', {}).on('in', { ...BOOK, ...fields })
}

const passes = (where: string, fields: Partial<BookUpdate> = {}) => {
  const answer = answerOf(where, fields)
  return 'fault' in answer ? answer.fault : 'out' in answer.outputs
}

describe('lint refuses', () => {
  test.each([
    [
      'record.bid_px > 60000.5',
      14,
      'int > double: a whole number in a scale is compared with 60000.5 as it stands',
      'write `px("60000.5", scale)` for a price or quantity, else `double(x)`',
    ],
    [
      'record.imbalance < record.bid_px',
      17,
      'double < int compares two kinds of numbers',
      'say `double(x)` or `int(x)` on one side',
    ],
    ['record.bid_px > 9223372036854775808', 16, '9223372036854775808 leaves 64 bits', expect.any(String)],
    ['record.bids == record.asks', 12, 'lists of records cannot be compared', expect.any(String)],
    ['record.bids[0] in record.bids', 15, 'lists of records cannot be compared', expect.any(String)],
    [
      'record.bids.all(a, record.bids.all(b, record.bids.all(c, a.px + b.px == c.px)))',
      50,
      '`all` within `all` within `all`: the time of one record could have no end',
      'two deep is the most',
    ],
    [
      'px("60000.505", 2) < record.bid_px',
      0,
      'this can never be computed: 60000.505 is finer than 2 decimal places',
      '',
    ],
    ['record.bid_px > (1 + 2) / (3 - 3)', 17, 'this can never be computed: division by zero', ''],
    ['record.bid_px > 1 / 0', 16, 'this can never be computed: division by zero', ''],
    ['record.bid_px < 9223372036854775807 + 1', 16, expect.stringContaining('integer overflow'), ''],
    ['record.bid_px < -(-9223372036854775808)', 16, 'this can never be computed: a whole number leaves 64 bits', ''],
    ['record.bid_px < -9223372036854775808 / -1', 16, 'this can never be computed: a whole number leaves 64 bits', ''],
    ['int("1.5") > record.bid_px', 0, 'this can never be computed: `1.5` is no whole number', ''],
    ['bid_px > 1', 0, 'there is no `bid_px` here', 'write `record.bid_px`'],
    ['record.bid_px > 0 and record.bid_px < 5', 18, 'CEL has no `and`', 'write `&&`'],
    ['record.bid_px > 0 or true', 18, 'CEL has no `or`', 'write `||`'],
    ['not has(record.bid_px)', 0, 'CEL has no `not`', 'write `!`'],
    ['record.bid_px = 1', 14, 'CEL has no `=`', 'write `==`'],
    ['has(key)', 4, 'has() invalid argument', '`has` asks for a field: `has(record.bid_px)`'],
  ])('%s', (where, offset, message, hint) => {
    const [problem] = made(where).problems
    expect([problem?.offset, problem?.message, problem?.hint]).toEqual([
      offset,
      message,
      hint === '' ? expect.any(String) : hint,
    ])
  })

  test.each([
    ['record.imbalance < 1'],
    ['-9223372036854775808 < record.bid_px'],
    ['record.symbol in ["A", "and"]'],
    ['record.symbol == "a = b or c"'],
    ['record.bids.map(b, b.px) == [10000]'],
    ['record.bids.all(a, record.bids.all(b, a.px == b.px))'],
  ])('but not %s', (where) => {
    expect(passes(where)).toBeTypeOf('boolean')
    expect(passes(where)).not.toBe('fault')
  })
})

describe('64 bits end with a fault, in functions too', () => {
  const text = (symbol: string) => ({ symbol })
  test.each([
    ['px(record.symbol, 0) > 0', text('9223372036854775807'), true],
    ['px(record.symbol, 0) > 0', text('9223372036854775808'), 'INTEGER_OVERFLOW'],
    ['px(record.symbol, 0) < 0', text('-9223372036854775808'), true],
    ['px(record.symbol, 2) > 0', text('92233720368547758.08'), 'INTEGER_OVERFLOW'],
    ['rescale(record.bid_px, 0, 18) > 0', {}, 'INTEGER_OVERFLOW'],
    ['rescale(record.bid_px, -3, 2) > 0', {}, 'SCALE_INEXACT'],
    ['abs(px(record.symbol, 0)) > 0', text('-9223372036854775808'), 'INTEGER_OVERFLOW'],
    ['-px(record.symbol, 0) > 0', text('-9223372036854775808'), 'INTEGER_OVERFLOW'],
    ['-px(record.symbol, 0) > 0', text('-9223372036854775807'), true],
    ['px(record.symbol, 0) / -1 > 0', text('-9223372036854775808'), 'INTEGER_OVERFLOW'],
    ['px(record.symbol, 0) / -1 > 0', text('-9223372036854775807'), true],
    ['record.bids.all(b, -px(record.symbol, 0) > b.px)', text('-9223372036854775808'), 'INTEGER_OVERFLOW'],
    ['px(record.symbol, 0) % -1 == 0', text('-9223372036854775808'), true],
    ['int(record.imbalance) > 0', { imbalance: 9.3e18 }, 'INTEGER_OVERFLOW'],
    ['int(record.imbalance) > 0', { imbalance: Number.NaN }, 'INTEGER_OVERFLOW'],
    ['int(record.imbalance) == 9007199254740992', { imbalance: 2 ** 53 }, true],
    ['int(record.imbalance) == -2', { imbalance: -2.9 }, true],
    ['int(record.symbol) == 0', text(''), 'EXPRESSION_FAILED'],
    ['int(record.symbol) == 8', text('0b1000'), 'EXPRESSION_FAILED'],
    ['int(record.symbol) == -7', text('-7'), true],
    ['int(record.symbol) > 0', text('9223372036854775808'), 'EXPRESSION_FAILED'],
    ['int(record.bid_px) == 10000', {}, true],
  ])('%s of %o', (where, fields, result) => {
    expect(passes(where, fields)).toBe(result)
  })
})

describe('text from outside', () => {
  test('that is a bomb is refused as fast as it is read, and its dead letter stays small', () => {
    for (const symbol of [`1.${'0'.repeat(200_000)}1`, '9'.repeat(1_000_000), `${'0'.repeat(1_000_000)}x`]) {
      const answer = answerOf('px(record.symbol, 2) > 0', { symbol })
      expect(answer).toMatchObject({ fault: 'SCALE_INEXACT' })
      expect(JSON.stringify(answer).length).toBeLessThan(400)
    }
  })

  test('and the text of a long expression do not fill dead letters', () => {
    const where = `record.symbol != "${'a'.repeat(100_000)}" && record.bids[7].px > 1`
    const answer = answerOf(where)
    expect(answer).toMatchObject({ fault: 'FIELD_ABSENT' })
    expect(JSON.stringify(answer).length).toBeLessThan(600)
  })
})

/** Expressions that look like some that people write, most of them wrong. */
const wild = fc.letrec<{ any: string }>((tie) => {
  const one = tie('any')
  return {
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('record.bid_px', 'record.ask_px', 'record.bids', 'record.symbol', 'record.quality', 'record'),
      fc.constantFrom('record.imbalance', 'has(record.ask_px)', '1', '0', '-1', '1.5', '"a"', '"1.5"', 'true', 'null'),
      fc.constantFrom('9223372036854775807', 'key', '[]', '[1, 2]', '{}', '{"a": 1}', 'b', 'b"x"', '1u'),
      fc
        .tuple(one, fc.constantFrom('+', '-', '*', '/', '%', '<', '>=', '==', '&&', '||', 'in'), one)
        .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
      fc
        .tuple(fc.constantFrom('size', 'int', 'double', 'string', 'bool', 'abs', '!', '-'), one)
        .map(([name, a]) => `${name}(${a})`),
      fc.tuple(fc.constantFrom('px', 'least'), one, one).map(([name, a, b]) => `${name}(${a}, ${b})`),
      fc.tuple(one, one, one).map(([a, b, c]) => `rescale(${a}, ${b}, ${c})`),
      fc.tuple(one, one, one).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.tuple(one, one).map(([a, b]) => `${a}[${b}]`),
      fc
        .tuple(one, fc.constantFrom('all', 'exists', 'filter', 'map'), one)
        .map(([a, name, b]) => `${a}.${name}(b, ${b})`),
      fc.tuple(one, fc.constantFrom('px', 'qty', 'bids')).map(([a, field]) => `${a}.${field}`),
    ),
  }
}).any

test('whatever is written, lint refuses it, or every record has an answer or a fault with a code of its own', () => {
  const codes = new Set<string>()
  fc.assert(
    fc.property(wild, (text) => {
      for (const where of [text, `(${text}) == (${text})`]) {
        const { processor, problems } = made(where)
        if (problems.length > 0) continue
        const answer = new Hand(processor, 'A.X', {}).on('in', BOOK)
        if (!('fault' in answer)) continue
        codes.add(answer.fault)
        expect(processor.raises).toContain(answer.fault)
      }
    }),
    { numRuns: 1_500 },
  )
  for (const code of codes) expect(Object.keys(processors.filter!.faults)).toContain(code)
})
