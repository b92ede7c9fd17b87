import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canonicalForm } from '../../schemas/canonical.ts'
import { generateRecords, writeGenerated } from '../../schemas/generate.ts'
import * as generated from '../../schemas/generated/index.ts'
import { readModel } from '../../schemas/generator/model.ts'

const ROOT = join(import.meta.dirname, '../..')

const side = { type: 'enum', name: 'Side', symbols: ['BUY', 'SELL'], doc: 'Which side.' }
const field = (name: string, type: unknown) => ({ name, type, doc: `The ${name}.` })
const record = (name: string, ...fields: unknown[]) => ({
  type: 'record',
  name,
  namespace: 'aitrader',
  doc: 'A.',
  fields,
})
const model = (...schemas: unknown[]) =>
  readModel(schemas.map((schema, i) => ({ path: `${i}.avsc`, text: JSON.stringify(schema) })))

describe('the repository', () => {
  it('has generated files as its schemas say', () => {
    expect(writeGenerated(generateRecords(ROOT), { root: ROOT, check: true })).toEqual([])
  })

  it('knows every schema file by the name of its record', () => {
    const names = readdirSync(join(ROOT, 'schemas'))
      .filter((name) => name.endsWith('.avsc'))
      .map((name) => (JSON.parse(readFileSync(join(ROOT, 'schemas', name), 'utf8')) as { name: string }).name)
    expect(Object.keys(generated.records)).toEqual(names.sort())
    for (const [name, type] of Object.entries(generated.records)) expect(type.name).toBe(name)
    expect(generated.SideValues).toEqual(['BUY', 'SELL'])
  })
})

describe('schemas that are unfit', () => {
  it.each([
    ['0.avsc: A.x: type float is not supported', record('A', field('x', 'float'))],
    ['0.avsc: A.x: type map is not supported', record('A', field('x', { type: 'map', values: 'int' }))],
    ['0.avsc: A.x: a union must be ["null", type]', record('A', field('x', ['long', 'null']))],
    ['0.avsc: A.x: type aitrader.A is not supported', record('A', field('x', ['null', 'aitrader.A']))],
    ['0.avsc: A.x: type A is not supported (or refers to itself)', record('A', field('x', ['null', 'A']))],
    ['0.avsc: A.x: an array of nullable', record('A', field('x', { type: 'array', items: ['null', 'int'] }))],
    ['0.avsc: A.x: a field needs a doc', record('A', { name: 'x', type: 'int' })],
    ['0.avsc: A.x: logical type date is not supported', record('A', field('x', { type: 'int', logicalType: 'date' }))],
    [
      '0.avsc: A.x: a decimal must be bytes of scale 0',
      record('A', field('x', { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 })),
    ],
    [
      '0.avsc: A.x: a decimal holds 38 digits',
      record('A', field('x', { type: 'bytes', logicalType: 'decimal', precision: 39 })),
    ],
    ['0.avsc: the file: record A has no fields', record('A')],
    ['0.avsc: a schema file must define a record', side],
    ['0.avsc: undefined type name: Nothing', record('A', field('x', 'Nothing'))],
  ])('%s', (message, schema) => {
    const error = message.includes('undefined type') ? /undefined type name: aitrader\.Nothing/ : message
    expect(() => model(schema)).toThrow(error)
  })

  it('are refused when a name has two meanings, docs apart', () => {
    const first = record('A', field('side', side))
    const told = record('B', field('side', { ...side, doc: 'Told otherwise.' }))
    expect([...model(first, told).named.keys()].sort()).toEqual(['A', 'B', 'Side'])
    const other = record('B', field('side', { ...side, symbols: ['BUY', 'SELL', 'NONE'] }))
    expect(() => model(first, other)).toThrow('1.avsc: B.side: Side differs from its definition in 0.avsc')
    expect(() => model(first, first)).toThrow('1.avsc: another file defines A too')
  })
})

describe('writing', () => {
  let root: string
  const avsc = (name: string, schema: unknown) => writeFileSync(join(root, 'schemas', name), JSON.stringify(schema))
  const hash = () => /schemasHash = '(\w{64})'/.exec(readFileSync(join(root, 'schemas/generated/index.ts'), 'utf8'))![1]

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'schemas-'))
    mkdirSync(join(root, 'schemas'))
    avsc('a.avsc', record('A', field('side', side)))
    avsc('b-c.avsc', record('BC', field('x', 'long')))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const write = (check: boolean) => writeGenerated(generateRecords(root), { root, check })

  it('makes what is missing, then finds nothing to do', () => {
    const made = ['a.ts', 'bc.ts', 'named-types.ts', 'index.ts'].map((name) => `schemas/generated/${name}`)
    mkdirSync(join(root, 'schemas/generated'))
    expect(write(true)).toEqual([...made, 'docs/generated/records.md'])
    expect(readdirSync(join(root, 'schemas/generated'))).toEqual([])
    expect(write(false)).toEqual([...made, 'docs/generated/records.md'])
    expect(write(false)).toEqual([])
    expect(write(true)).toEqual([])
  })

  it('deletes what no schema makes any more, and only then changes the hash', () => {
    write(false)
    const before = hash()
    avsc('b-c.avsc', record('BC', { ...field('x', 'long'), doc: 'Told otherwise.' }))
    expect(write(false)).toEqual(['schemas/generated/bc.ts', 'docs/generated/records.md'])
    expect(hash()).toBe(before)
    rmSync(join(root, 'schemas/b-c.avsc'))
    const changed = ['schemas/generated/index.ts', 'docs/generated/records.md', 'schemas/generated/bc.ts']
    expect(write(true)).toEqual(changed)
    expect(write(false)).toEqual(changed)
    expect(readdirSync(join(root, 'schemas/generated')).sort()).toEqual(['a.ts', 'index.ts', 'named-types.ts'])
    expect(hash()).not.toBe(before)
  })

  it('leaves files of other generators alone', () => {
    write(false)
    writeFileSync(join(root, 'schemas/generated/topology.schema.json'), '{}')
    const other = [{ path: 'schemas/generated/topology.schema.json', text: '{"a":1}' }]
    expect(writeGenerated(other, { root, check: false })).toEqual(['schemas/generated/topology.schema.json'])
    expect(write(true)).toEqual([])
  })
})

describe('the canonical form', () => {
  it('spells names in full, keeps what bytes depend on, drops the rest', () => {
    const schema = {
      doc: 'x',
      fields: [
        { type: { type: 'long', logicalType: 'timestamp-micros' }, name: 'a', default: 1, doc: 'y' },
        { name: 'b', type: ['null', { type: 'fixed', name: 'other.F', size: 4, aliases: ['G'] }, 'other.F'] },
        { name: 'c', type: { type: 'map', values: { type: 'array', items: { type: 'string' } } } },
        { name: 'd', type: { name: 'E', symbols: ['X'], type: 'enum' } },
        { name: 'e', type: 'E' },
      ],
      namespace: 'ns',
      name: 'R',
      type: 'record',
    }
    expect(canonicalForm(schema)).toBe(
      '{"name":"ns.R","type":"record","fields":[{"name":"a","type":"long"},' +
        '{"name":"b","type":["null",{"name":"other.F","type":"fixed","size":4},"other.F"]},' +
        '{"name":"c","type":{"type":"map","values":{"type":"array","items":"string"}}},' +
        '{"name":"d","type":{"name":"ns.E","type":"enum","symbols":["X"]}},{"name":"e","type":"ns.E"}]}',
    )
  })
})
