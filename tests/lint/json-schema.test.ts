import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { shippedWorld } from '../../cli/world.ts'
import {
  overlayJsonSchema,
  overlaySchemaFile,
  topologyJsonSchema,
  topologySchemaFile,
} from '../../runtime/topology/json-schema.ts'

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

  test.each([
    ['a number', 'partitions: 4', "partitions: '${PARTITIONS}'"],
    ['a word of a list', 'kind: SPOT', 'kind: ${KIND}'],
    ['a time', 'retention: 7d', 'retention: ${DAYS}d'],
    ['a parameter', 'seed: 1', 'seed: ${SEED}'],
    ['a record', 'record: BookUpdate', 'record: ${RECORD}'],
  ])('takes a variable for %s', (_what, literal, variable) => {
    expect(crypto).toContain(literal)
    validate(parse(crypto.replace(literal, variable)))
    expect(validate.errors).toBe(null)
  })

  test('is a file that ends in a newline', () => {
    const { path, text } = topologySchemaFile(world)
    expect(path).toBe('schemas/generated/topology.schema.json')
    expect(JSON.parse(text)).toEqual(schema)
    expect(text.endsWith('}\n')).toBe(true)
  })
})

describe('the JSON Schema of overlays', () => {
  const validateOverlay = new Ajv({ allErrors: true, strict: false }).compile(overlayJsonSchema(world))
  const placesOf = (overlay: unknown) => {
    validateOverlay(overlay)
    return [...new Set((validateOverlay.errors ?? []).map(({ instancePath }) => instancePath))]
  }

  test('accepts the shipped overlay, and what is taken away', () => {
    const prod = readFileSync(new URL('../../topology/overlays/prod.yaml', import.meta.url), 'utf8')
    expect(placesOf(parse(prod))).toEqual([])
    expect(
      placesOf({ owner: null, topics: { 'market.nbbo.v1': { retention: null } }, stages: { nbbo: null } }),
    ).toEqual([])
  })

  test('accepts a whole topology', () => expect(placesOf(parse(crypto))).toEqual([]))

  test('refuses what a topology would not take either', () => {
    expect(placesOf({ owmer: 'x' })).toEqual([''])
    expect(placesOf({ topics: { 'market.nbbo.v1': { partitions: 'many' } } })).toEqual([
      '/topics/market.nbbo.v1/partitions',
    ])
    expect(placesOf({ stages: { books: { use: 'book-builder', params: { level: 3 } } } })).toContain(
      '/stages/books/params',
    )
  })

  test('is a file that ends in a newline', () => {
    const { path, text } = overlaySchemaFile(world)
    expect(path).toBe('schemas/generated/overlay.schema.json')
    expect(JSON.parse(text)).toEqual(overlayJsonSchema(world))
    expect(text.endsWith('}\n')).toBe(true)
  })
})
