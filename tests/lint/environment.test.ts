import { describe, expect, test } from 'vitest'
import { substitute } from '../../runtime/topology/environment.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { type MapTree, readYaml, toPlain } from '../../runtime/topology/yaml.ts'
import { world } from './world.ts'

/** `variables` stands under `environment`; the rest is a topology whose parts may speak of them. */
function read(variables: string, parts: { partitions?: string; params?: string; owner?: string }, given = {}) {
  const { partitions = '4', params = '{ window: 3 }', owner = 'tests' } = parts
  const text = `name: small
description: A chain.
owner: ${owner}
environment: ${variables}
sources:
  feed: { to: frames.v1 }
topics:
  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 1 }
  events.v1:
    record: MarketEvent
    key: instrument_id
    partitions: ${partitions}
  dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }
stages:
  decode: { use: decode, from: { in: frames.v1 }, to: { out: events.v1 }, faults_to: dead.v1 }
  tuned:
    use: tuned
    from: { in: events.v1 }
    params: ${params}
`
  return lint(text, 'small.yaml', world, { environment: given })
}

const PARTS = '{ PARTS: { description: How many., type: integer, default: 2 } }'

describe('variables', () => {
  test('have their default, or what the environment says, as a value of their type', () => {
    const partitions = (given: object) =>
      read(PARTS, { partitions: '${PARTS}' }, given).topology!.topics['events.v1']!.partitions
    expect([partitions({}), partitions({ PARTS: '16' })]).toEqual([2, 16])
  })

  test.each([
    ['integer', '7', 7],
    ['integer', '7.5', undefined],
    ['integer', '007', undefined],
    ['integer', '9007199254740993', undefined],
    ['integer', '', undefined],
    ['integer', '0x10', undefined],
    ['number', '0.25', 0.25],
    ['number', '1e3', undefined],
    ['number', 'NaN', undefined],
    ['boolean', 'true', true],
    ['boolean', 'yes', undefined],
    ['text', 'true', 'true'],
    ['text', '', ''],
  ])('%s from %j is %j', (type, text, value) => {
    const given = read(`{ V: { description: A value., type: ${type} } }`, { owner: "'o${V}'" }, { V: text })
    if (value === undefined) expect(given.findings.map(({ code }) => code)).toEqual(['VARIABLE_INVALID'])
    else expect(given.topology!.owner).toBe(`o${value}`)
  })

  test('are one place: what is wrong inside a text that was filled in is said of the whole', () => {
    const { tree, report } = readYaml("expression: '${LONG} == 1'\n", 'x.yaml')
    const values = new Map([['LONG', 'a_long_name_that_reaches_beyond_the_text']])
    const filled = substitute(tree!, values, report) as MapTree
    const { value } = filled.entries.get('expression')!
    expect(toPlain(value)).toBe('a_long_name_that_reaches_beyond_the_text == 1')
    expect(report.inside(value, 42)).toBe(12)
    expect(report.inside((tree as MapTree).entries.get('expression')!.value, 8)).toBe(21)
  })

  test('within a longer text are written out, several too, and the doubled sign is the text itself', () => {
    const two = '{ A: { description: One., default: x }, B: { description: Two., type: integer, default: 5 } }'
    expect(read(two, { owner: "'${A}-${B}-${A} $${A} $$ ${A}'" }).topology!.owner).toBe('x-5-x ${A} $$ x')
  })

  test('are put in before types are checked, at the place where they are used', () => {
    const { findings } = read('{ W: { description: Window., default: wide } }', { params: "{ window: '${W}' }" })
    expect(findings).toEqual([
      {
        file: 'small.yaml',
        line: 19,
        column: 23,
        code: 'PARAMETER_INVALID',
        message: '`window` is the text `wide`, not a whole number',
        hint: 'Events looked at.',
      },
    ])
  })

  test('that the process has and the file does not declare are not there', () => {
    const { findings } = read(PARTS, { owner: '${HOME}' }, { HOME: 'here' })
    expect(findings.map(({ line, column, code, hint }) => [line, column, code, hint])).toEqual([
      [3, 8, 'VARIABLE_UNDECLARED', 'names: `PARTS`'],
    ])
  })

  test('have no defaults of a shell', () => {
    const { findings } = read(PARTS, { owner: "'${PARTS:-3}'" })
    expect(findings.map(({ code, hint }) => [code, hint])).toEqual([['VARIABLE_UNDECLARED', 'names: `PARTS`']])
  })

  test('without value make one finding, however often they are used', () => {
    const { findings } = read('{ V: { description: A value. } }', { owner: '${V}', partitions: '${V}' })
    expect(findings.map(({ line, column, code }) => [line, column, code])).toEqual([[4, 16, 'VARIABLE_MISSING']])
  })

  test('that are not closed are said so', () => {
    const { findings } = read(PARTS, { owner: "'${PARTS'" })
    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      ['VARIABLE_UNDECLARED', '`${PARTS` is not closed'],
    ])
  })

  test('between braces want quotes', () => {
    const { findings } = read(PARTS, { params: '{ window: ${PARTS} }' })
    expect(findings[0]).toMatchObject({
      line: 19,
      code: 'YAML_SYNTAX',
      hint: "between braces or brackets, write a variable in quotes: '${NAME}'",
    })
  })

  test.each(['API_KEY', 'DB_PASSWORD', 'GITHUB_TOKEN', 'SECRET', 'KITE_ACCESS_KEY', 'AWS_CREDENTIALS'])(
    '%s is a secret, and its value is nowhere in what is said',
    (name) => {
      const { findings } = read(`{ ${name}: { description: Opens. } }`, {}, { [name]: 'hunter2' })
      expect(findings.map(({ code }) => code)).toEqual(['VARIABLE_SECRET'])
      expect(JSON.stringify(findings)).not.toContain('hunter2')
    },
  )

  test.each(['DB_PWD', 'DB_PASS', 'SASL_PASSWORDS', 'PRIVATE_KEYS', 'APIKEY', 'JWT', 'ENCRYPTION_KEY', 'VENUE_PIN'])(
    '%s too',
    (name) => {
      const { findings } = read(`{ ${name}: { description: Opens. } }`, {}, { [name]: 'hunter2' })
      expect(findings.map(({ code }) => code)).toEqual(['VARIABLE_SECRET'])
    },
  )

  test.each([
    ['postgres://desk:hunter2@db:5432/x', {}],
    ['', { SITE: 'https://:hunter2@host/' }],
    ['', { SITE: '-----BEGIN RSA PRIVATE KEY-----\nhunter2' }],
  ])('a value that opens something is one, whatever its name: %s %o', (fallback, given) => {
    const { findings } = read(`{ SITE: { description: Where., default: '${fallback}' } }`, { owner: '${SITE}' }, given)
    expect(findings.map(({ code }) => code)).toEqual(['VARIABLE_SECRET'])
    expect(JSON.stringify(findings)).not.toContain('hunter2')
  })

  test.each(['PARTITION_KEY', 'TOKENS_PER_SECOND', 'KEYED', 'PASS_RATE', 'COMPASS', 'AUTH_MODE', 'PIN_BAR'])(
    '%s is none',
    (name) => {
      expect(read(`{ ${name}: { description: A value., default: x } }`, {}).findings).toEqual([])
    },
  )
})
