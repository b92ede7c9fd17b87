import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { updated } from '../../cli/test/update.ts'
import { align } from '../../runtime/topology/test-align.ts'
import { compare } from '../../runtime/topology/test-compare.ts'

/** What is expected and what there is are paired in their order, so that a difference is told where it is. */

const pairs = (expected: string, actual: string) =>
  align(expected.length, actual.length, (e, a) => (expected[e] === actual[a] ? 0 : 2)).map(
    (pair) => `${expected[pair.expected ?? -1] ?? ' '}${actual[pair.actual ?? -1] ?? ' '}`,
  )

test.each([
  ['abc', 'abc', ['aa', 'bb', 'cc']],
  ['abc', 'xabc', [' x', 'aa', 'bb', 'cc']],
  ['abc', 'axbc', ['aa', ' x', 'bb', 'cc']],
  ['abc', 'ac', ['aa', 'b ', 'cc']],
  ['abc', 'axc', ['aa', 'bx', 'cc']],
  ['ab', 'ba', ['a ', 'bb', ' a']],
  ['', 'a', [' a']],
  ['a', '', ['a ']],
])('%j and %j', (expected, actual, found) => expect(pairs(expected, actual)).toEqual(found))

test('where there is too much to try, the n-th is paired with the n-th', () => {
  const found = align(600, 601, (e, a) => (e === a + 1 ? 0 : 2))
  expect(found[0]).toEqual({ expected: 0, actual: 0 })
  expect(found.at(-1)).toEqual({ expected: undefined, actual: 600 })
})

test('a record in another place is told as that, with both places', () => {
  const at = (x: number, line = 0) => ({ at_us: 0, value: { x, y: x }, line })
  expect(compare('t', [at(2, 5), at(1, 6)], [at(1), at(2)], 1, 0)).toMatchObject([
    { index: 0, line: 5, kind: 'missing', message: 'expected here, and it comes as t[1]' },
    { index: 1, line: 6, kind: 'extra', message: 'not expected here, but in line 5, at 0 us: {"x":2,"y":2}' },
  ])
})

const record = fc.record({ at_us: fc.nat(2).map((ms) => ms * 1000), x: fc.nat(2), y: fc.nat(2) })

test('every record is paired or alone, once and in order, and nothing differs only where nothing does', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 8 }), fc.array(record, { maxLength: 8 }), (wanted, got) => {
      const expected = wanted.map(({ at_us, x, y }, line) => ({ at_us, value: { x, y }, line }))
      const actual = got.map(({ at_us, x, y }) => ({ at_us, value: { x, y } }))
      const found = align(expected.length, actual.length, (e, a) =>
        JSON.stringify(wanted[e]) === JSON.stringify(got[a]) ? 0 : 1.5,
      )
      const places = (side: 'expected' | 'actual') =>
        found.map((pair) => pair[side]).filter((place) => place !== undefined)
      expect(places('expected')).toEqual(wanted.map((_, i) => i))
      expect(places('actual')).toEqual(got.map((_, i) => i))
      const same = JSON.stringify(wanted) === JSON.stringify(got)
      expect(compare('t', expected, actual, 1, 0).length === 0).toBe(same)
    }),
  )
})

test('what --update makes of the differences is what there is, wherever it was inserted, moved or taken away', () => {
  const written = (all: readonly { at_us: number; x: number; y: number }[]) =>
    all.map(({ at_us, x, y }) => ({ at: `${at_us / 1000}ms`, value: { x, y } }))
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), fc.array(record, { maxLength: 6 }), (wanted, got) => {
      const text = `tests:\n  - name: a\n    given: {}\n    expect: { t: ${JSON.stringify(written(wanted))} }\n`
      const expected = wanted.map(({ at_us, x, y }) => ({ at_us, value: { x, y }, line: 4 }))
      const actual = got.map(({ at_us, x, y }) => ({ at_us, value: { x, y } }))
      const differences = compare('t', expected, actual, 2, 0)
      const now = parse(updated(text, [{ number: 0, differences }]).text)
      expect(now.tests[0].expect.t).toEqual(written(got))
    }),
  )
})
