import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bad, jsonFrame, textFields } from '../../processors/normalizer/json-frame.ts'

/** Numbers that stay text, against a reviver that asks JSON.parse itself for the source of each. */

const NAMES = ['price', 'qty']
const texts = textFields(...NAMES)
const bytes = (text: string) => new TextEncoder().encode(text)

type Reviver = (key: string, value: unknown, context: { source: string }) => unknown
function oracle(text: string): unknown {
  const revive: Reviver = (key, value, { source }) =>
    typeof value === 'number' && NAMES.includes(key) ? source : value
  try {
    const value = JSON.parse(text, revive as never)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : 'FRAME_MALFORMED'
  } catch {
    return 'FRAME_MALFORMED'
  }
}
function own(text: string): unknown {
  try {
    return jsonFrame(bytes(text), texts)
  } catch (bad) {
    if (bad instanceof Bad) return bad.code
    throw bad
  }
}

describe('a JSON frame whose numbers stay text', () => {
  it.each([
    ['{"price":0.10,"qty" : 1.50000000}', { price: '0.10', qty: '1.50000000' }],
    ['{"bids":[{"price":1e2},{"price":-0}]}', { bids: [{ price: '1e2' }, { price: '-0' }] }],
    ['{"a\\"price":1,"note":"\\"price\\":1,"}', { 'a"price': 1, note: '"price":1,' }],
    ['{"price":"1","qty":null,"other":1.0}', { price: '1', qty: null, other: 1 }],
    ['{"price":01}', 'FRAME_MALFORMED'],
    ['{"price":1.}', 'FRAME_MALFORMED'],
    ['{"price":1', 'FRAME_MALFORMED'],
    ['[{"price":1}]', 'FRAME_MALFORMED'],
  ])('%s', (text, value) => {
    expect(own(text)).toEqual(value)
    expect(oracle(text)).toEqual(value)
  })

  const key = fc.constantFrom('price', 'qty', 'x', 'a"price', '\\', '\\"qty', 'price":1,')
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      key,
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }))
  const whole = fc
    .tuple(fc.dictionary(key, tree, { maxKeys: 5 }), fc.constantFrom(0, 1))
    .map(([value, indent]) => JSON.stringify(value, null, indent))

  it('is what JSON.parse says, whatever its strings hold', () => {
    fc.assert(
      fc.property(whole, (text) => {
        expect(own(text)).toEqual(oracle(text))
      }),
    )
  })

  it('is refused when JSON.parse refuses it', () => {
    const damage = fc.tuple(whole, fc.nat(), fc.constantFrom('', '"', '\\', ',', '0', '-', '}', ':'))
    fc.assert(
      fc.property(damage, ([text, at, by]) => {
        const place = at % text.length
        const damaged = text.slice(0, place) + by + text.slice(place + 1)
        expect(own(damaged)).toEqual(oracle(damaged))
      }),
      { numRuns: 2_000 },
    )
  })
})
