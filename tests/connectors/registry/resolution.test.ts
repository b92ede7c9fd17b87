import avsc, { type Schema } from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { incompatibilities, sameSchema } from '../../../connectors/registry/index.ts'
import { mismatches } from '../../../connectors/registry/resolution.ts'
import { records } from '../../../schemas/generated/index.ts'

type Field = { name: string; type: unknown; default?: unknown; aliases?: string[]; doc?: string }
const record = (...fields: Field[]) => JSON.stringify({ type: 'record', name: 'Sample', namespace: 'a', fields })
const field = (type: unknown, more: object = {}): Field => ({ name: 'f', type, ...more })
const colours = (...symbols: string[]) => ({ type: 'enum', name: 'Colour', symbols })
const inner = (...fields: Field[]) => ({ type: 'record', name: 'Inner', fields })

describe('bytes of one schema read as another', () => {
  test.each<[string, Field[], Field[], string[]]>([
    ['the same', [field('int')], [field('int')], []],
    ['a promotion', [field('double')], [field('int')], []],
    ['a promotion backwards', [field('int')], [field('long')], ['f was long and is read as int']],
    ['text as bytes', [field('bytes')], [field('string')], []],
    ['another type', [field('int')], [field('string')], ['f was string and is read as int']],
    ['a field added with a default', [field('int'), { name: 'g', type: 'int', default: 1 }], [field('int')], []],
    [
      'a field added without one',
      [field('int'), { name: 'g', type: 'int' }],
      [field('int')],
      ['g was not written and has no default'],
    ],
    ['a field removed', [field('int')], [field('int'), { name: 'g', type: 'int' }], []],
    ['a field renamed', [{ name: 'g', type: 'int', aliases: ['f'] }], [field('int')], []],
    ['a field that may now be null', [field(['null', 'int'])], [field('int')], []],
    ['one that may no longer', [field('int')], [field(['null', 'int'])], ['f was null and is read as int']],
    [
      'another branch of a union',
      [field(['null', 'int'])],
      [field(['null', 'string'])],
      ['f string is in no branch of [null, int]'],
    ],
    [
      'deep in an array of records',
      [field({ type: 'array', items: inner({ name: 'px', type: 'long' }) })],
      [field({ type: 'array', items: inner({ name: 'px', type: 'string' }) })],
      ['f[].px was string and is read as long'],
    ],
    [
      'deep behind a null',
      [field(['null', inner({ name: 'px', type: 'long' })])],
      [field(['null', inner({ name: 'px', type: 'string' })])],
      ['f.px was string and is read as long'],
    ],
    [
      'values of a map',
      [field({ type: 'map', values: 'int' })],
      [field({ type: 'map', values: 'bytes' })],
      ['f{} was bytes and is read as int'],
    ],
    ['a symbol added', [field(colours('RED', 'BLUE'))], [field(colours('RED'))], []],
    [
      'a symbol gone',
      [field(colours('RED'))],
      [field(colours('RED', 'BLUE'))],
      ['f the reader does not know the symbol BLUE'],
    ],
    [
      'a symbol gone, with a default',
      [field({ ...colours('RED'), default: 'RED' })],
      [field(colours('RED', 'BLUE'))],
      [],
    ],
    [
      'another fixed size',
      [field({ type: 'fixed', name: 'Id', size: 16 })],
      [field({ type: 'fixed', name: 'Id', size: 8 })],
      ['f was 8 bytes and is read as 16'],
    ],
    [
      'another record',
      [field(inner())],
      [field({ ...inner(), name: 'Other' })],
      ['f was the record a.Other and is read as a.Inner'],
    ],
  ])('%s', (_, reader, writer, expected) => {
    const found = mismatches(record(...reader), record(...writer))
    expect(found.map(({ path, reason }) => `${path} ${reason}`)).toEqual(expected)
  })

  test('a record that holds itself, also within a union', () => {
    const list = (type: string) =>
      JSON.stringify({
        type: 'record',
        name: 'List',
        fields: [
          { name: 'value', type },
          { name: 'next', type: ['null', 'List'] },
        ],
      })
    expect(mismatches(list('long'), list('int'))).toEqual([])
    expect(mismatches(list('int'), list('long'))).toEqual([{ path: 'value', reason: 'was long and is read as int' }])
  })

  test('agrees with avsc, which then decodes them', () => {
    const scalar = fc.constantFrom('int', 'long', 'double', 'string', 'bytes', 'boolean', 'null')
    const type = fc.oneof(
      scalar,
      fc.uniqueArray(fc.constantFrom('int', 'string', 'boolean', 'null'), { minLength: 1, maxLength: 3 }),
      scalar.map((items) => ({ type: 'array', items })),
      fc.uniqueArray(fc.constantFrom('A', 'B', 'C'), { minLength: 1 }).map((symbols) => colours(...symbols)),
      scalar.map((one) => inner({ name: 'x', type: one })),
    )
    fc.assert(
      fc.property(type, type, (reader, writer) => {
        const [r, w] = [record(field(reader)), record(field(writer))]
        expect(mismatches(r, w).length === 0, `${r} reads ${w}`).toBe(avscReads(r, w))
      }),
      { numRuns: 500 },
    )
  })

  test.each(Object.values(records).map((type) => [type.name, type.schema] as const))('%s reads itself', (_, schema) => {
    expect(mismatches(schema, schema)).toEqual([])
  })
})

function avscReads(reader: string, writer: string): boolean {
  const [readerType, writerType] = [reader, writer].map((text) => avsc.Type.forSchema(JSON.parse(text) as Schema))
  try {
    readerType?.createResolver(writerType!)
    return true
  } catch {
    return false
  }
}

describe('modes', () => {
  const text = record(field('string'))
  const number = record(field('int'))
  const wider = record(field('long'))
  const versions = [text, number].map((schema, index) => ({ version: index + 1, id: index, schema }))
  const found = (mode: Parameters<typeof incompatibilities>[0], schema: string) =>
    incompatibilities(mode, schema, versions).map(({ direction, version }) => `${direction} ${version}`)

  test.each([
    ['NONE', []],
    ['BACKWARD', []],
    ['BACKWARD_TRANSITIVE', ['backward 1']],
    ['FORWARD', ['forward 2']],
    ['FORWARD_TRANSITIVE', ['forward 1', 'forward 2']],
    ['FULL', ['forward 2']],
    ['FULL_TRANSITIVE', ['backward 1', 'forward 1', 'forward 2']],
  ] as const)('%s', (mode, expected) => expect(found(mode, wider)).toEqual(expected))
})

test('docs and layout are no difference, defaults are one', () => {
  const plain = record(field('int', { default: 1 }))
  expect(sameSchema(plain, record(field('int', { doc: 'words', default: 1 })))).toBe(true)
  expect(sameSchema(plain, JSON.stringify(JSON.parse(plain), null, 2))).toBe(true)
  expect(sameSchema(plain, record(field('int', { default: 2 })))).toBe(false)
  expect(sameSchema(plain, record(field('long', { default: 1 })))).toBe(false)
})
