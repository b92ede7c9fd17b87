import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { shippedWorld } from '../../cli/world.ts'
import { topologyJsonSchema, topologySchemaFile } from '../../runtime/topology/json-schema.ts'

/** Another validator than ours reads the schema, as an editor would. */

interface Described {
  properties: Record<string, { description: string }>
}

const world = await shippedWorld()
const schema = topologyJsonSchema(world)
const validate = new Ajv({ allErrors: true, strict: false }).compile(schema)
const crypto = readFileSync(new URL('../../topology/crypto.yaml', import.meta.url), 'utf8')

describe('the JSON Schema of topologies', () => {
  test('accepts the shipped topology', () => {
    expect(validate(parse(crypto))).toBe(true)
    expect(validate.errors).toBe(null)
  })

  test.each([
    ['an unknown processor', 'use: pattern-scorer', 'use: pattern-scorrer', '/stages/pattern-scorer/use'],
    ['an unknown record', 'record: BookUpdate', 'record: BookUpdat', '/topics/market.books.v1/record'],
    ['a wrong type', 'partitions: 4', 'partitions: many', '/topics/audit.raw-ticks.v1/partitions'],
    ['an unknown field', 'faults_to:', 'fault_to:', '/stages/normalizer'],
    ['an unknown port', '      frames: audit', '      frame: audit', '/stages/normalizer/from'],
    ['an unknown source', '  feed:', '  food:', '/sources'],
    ['a missing effect', '    effect:', '    effct:', '/stages/inference-enricher'],
    [
      'an unknown parameter',
      '      events: market.events.v1\n    to:\n      books',
      '      events: market.events.v1\n    params: { level: 3 }\n    to:\n      books',
      '/stages/book-builder/params',
    ],
    [
      'an effect that is none',
      '    snapshot_every: 1',
      '    effect: { runner: linear/1, latency: 1ms }',
      '/stages/strategy/effect',
    ],
  ])('refuses %s where it stands', (_what, good, bad, place) => {
    expect(crypto).toContain(good)
    expect(validate(parse(crypto.replace(good, bad)))).toBe(false)
    expect(validate.errors!.map(({ instancePath }) => instancePath)).toContain(place)
  })

  test('tells editors what every processor, port and parameter is', () => {
    const stages = (schema.properties as { stages: { patternProperties: Record<string, unknown> } }).stages
    const stage = Object.values(stages.patternProperties)[0] as {
      properties: { use: { anyOf: unknown[] } }
      allOf: { if: { properties: { use: { const: string } } }; then: { properties: Record<string, Described> } }[]
    }
    expect(stage.properties.use.anyOf).toContainEqual({
      const: 'nbbo',
      description: world.processors.nbbo!.description,
    })
    const book = stage.allOf.find((one) => one.if.properties.use.const === 'book-builder')!.then.properties
    expect(book.params!.properties.levels!.description).toBe('Levels per side in a BookUpdate.')
    expect(book.from!.properties.events!.description).toBe('A topic of MarketEvent.')
  })

  test('is a file that ends in a newline', () => {
    const { path, text } = topologySchemaFile(world)
    expect(path).toBe('schemas/generated/topology.schema.json')
    expect(JSON.parse(text)).toEqual(schema)
    expect(text.endsWith('}\n')).toBe(true)
  })
})
