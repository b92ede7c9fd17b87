import { describe, expect, test } from 'vitest'
import { lint } from '../../runtime/topology/lint.ts'
import { lintLibrary } from '../../runtime/topology/templates.ts'
import { world } from './world.ts'

const LIBRARY = `templates:
  decoder:
    description: A decoder with a topic of its own.
    parameters:
      from: { description: Its frames. }
      partitions: { description: Of its topic., type: integer, default: 2 }
      retention: { description: Of its topic., default: 1d }
    topics:
      \${instance}.events.v1:
        record: MarketEvent
        key: instrument_id
        partitions: \${partitions}
        retention: \${retention}
        description: Costs $\${5}, from \${from}.
    stages:
      decode-\${instance}:
        use: decode
        from: { in: '\${from}' }
        to: { out: '\${instance}.events.v1' }
        faults_to: dead.v1
`

const BASE = `name: small
description: Chains.
owner: tests
environment:
  DAYS: { description: Days., type: integer, default: 3 }
include: [lib/decoders.yaml]
sources:
  feed: { to: frames.v1 }
topics:
  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 1 }
  dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }
stages: {}
use_templates:
`

function made(uses: string, library = LIBRARY) {
  return lint(BASE + uses, 'topology/small.yaml', world, {
    include: (path) => (path === 'lib/decoders.yaml' ? { file: `topology/${path}`, text: library } : undefined),
  })
}

const short = ({ findings }: ReturnType<typeof lint>) =>
  findings.map(({ file, line, column, code, message }) => [file, line, column, code, message])

describe('templates', () => {
  test('every use makes topics and stages with its values', () => {
    const { topology, findings } = made(
      `  okx: { template: decoder, with: { from: frames.v1 } }
  kite: { template: decoder, with: { from: frames.v1, partitions: 8, retention: '\${DAYS}d' } }
`,
    )
    expect(findings).toEqual([])
    expect(Object.keys(topology!.topics)).toEqual(['frames.v1', 'dead.v1', 'okx.events.v1', 'kite.events.v1'])
    expect(topology!.topics['okx.events.v1']).toMatchObject({
      partitions: 2,
      retention_us: 86_400_000_000,
      description: 'Costs ${5}, from frames.v1.',
    })
    expect(topology!.topics['kite.events.v1']).toMatchObject({ partitions: 8, retention_us: 3 * 86_400_000_000 })
    expect(topology!.stages['decode-kite']).toMatchObject({
      use: 'decode',
      from: { in: { topic: 'frames.v1', as: 'keyed' } },
      to: { out: 'kite.events.v1' },
    })
  })

  test('a finding in what was made stands in the template and names the use', () => {
    const result = made(
      `  okx: { template: decoder, with: { from: frames.v1 } }
  kite: { template: decoder, with: { from: frame.v1, partitions: 0 } }
`,
    )
    const note = ' (in `kite`, a use of the template `decoder`)'
    expect(short(result)).toEqual([
      ['topology/lib/decoders.yaml', 12, 21, 'INVALID_VALUE', `\`partitions\` is 0, below 1${note}`],
      ['topology/lib/decoders.yaml', 18, 21, 'UNKNOWN_TOPIC', `there is no topic \`frame.v1\`${note}`],
    ])
    expect(result.findings[1]!.hint).toBe('did you mean `frames.v1`?')
  })

  test('parameters are those of the template, each of its type', () => {
    const result = made(
      `  okx: { template: decoder, with: { form: frames.v1 } }
  kite:
    template: decoder
    with:
      from: frames.v1
      partitions: many
`,
    )
    expect(short(result)).toEqual([
      ['topology/small.yaml', 14, 3, 'MISSING_PARAMETER', '`decoder` is used without its parameter `from`'],
      ['topology/small.yaml', 14, 37, 'UNKNOWN_PARAMETER', '`decoder` has no parameter `form`'],
      ['topology/small.yaml', 19, 19, 'PARAMETER_INVALID', '`partitions` of `decoder` is not a whole number'],
    ])
  })

  test('what a template does not know is said once, and its uses are not gone into', () => {
    const result = made(
      `  okx: { template: decoder, with: { from: frames.v1 } }
  kite: { template: decoder, with: { from: frames.v1 } }
`,
      LIBRARY.replace("'${from}'", "'${form}'").replace('${retention}', '${DAYS}'),
    )
    expect(short(result)).toEqual([
      ['topology/lib/decoders.yaml', 13, 20, 'VARIABLE_UNDECLARED', 'there is no variable `DAYS`'],
      ['topology/lib/decoders.yaml', 18, 21, 'VARIABLE_UNDECLARED', 'there is no variable `form`'],
    ])
  })

  test('two things of one name are one too many', () => {
    const result = made(
      `  okx: { template: decoder, with: { from: frames.v1 } }
  kite: { template: decoder, with: { from: frames.v1 } }
`,
      LIBRARY.replace('decode-${instance}:', 'decode:'),
    )
    expect(short(result)).toEqual([
      [
        'topology/lib/decoders.yaml',
        16,
        7,
        'NAME_TAKEN',
        'there is a `decode` already (in `kite`, a use of the template `decoder`)',
      ],
    ])
  })

  test('a file of templates is checked without a topology', () => {
    expect(lintLibrary(LIBRARY, 'lib.yaml')).toEqual([])
    const bad = LIBRARY.replace('description: A decoder', 'descriptoin: A decoder').replace('default: 2', 'default: x')
    expect(lintLibrary(`${bad}stages: {}\n`, 'lib.yaml').map(({ line, code }) => [line, code])).toEqual([
      [3, 'UNKNOWN_FIELD'],
      [6, 'VARIABLE_INVALID'],
      [21, 'UNKNOWN_FIELD'],
    ])
  })

  test('one alone is a topology of its topics, its stages and those that it is connected to', () => {
    const template = {
      template: 'decoder',
      instance: 'alone',
      with: { from: 'raw.v1', partitions: 1 },
      topics: {
        'raw.v1': { record: 'RawFrame', key: 'venue_symbol', partitions: 1 },
        'dead.v1': { record: 'DeadLetter', key: 'origin_topic', partitions: 1 },
      },
    }
    const { topology, findings } = lint(LIBRARY, 'lib.yaml', world, { template })
    expect(findings).toEqual([])
    expect(Object.keys(topology!.topics)).toEqual(['raw.v1', 'dead.v1', 'alone.events.v1'])
    expect(Object.keys(topology!.stages)).toEqual(['decode-alone'])
  })
})
