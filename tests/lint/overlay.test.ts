import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lint } from '../../runtime/topology/lint.ts'
import { layOver } from '../../runtime/topology/overlay.ts'
import { readYaml, toPlain } from '../../runtime/topology/yaml.ts'
import { world } from './world.ts'

const BASE = `name: small
description: A chain.
owner: tests
kafka: { client: kafkajs, compression: none }
sources:
  feed: { to: frames.v1 }
topics:
  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 1, retention: 1d }
  events.v1: { record: MarketEvent, key: instrument_id, partitions: 4 }
  dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }
stages:
  decode: { use: decode, from: { in: frames.v1 }, to: { out: events.v1 }, faults_to: dead.v1 }
external_readers:
  studies: { topics: [events.v1, dead.v1], owner: research, description: Studies. }
`

function laid(...texts: string[]) {
  return lint(BASE, 'small.yaml', world, {
    overlays: texts.map((text, index) => ({ file: `over-${index + 1}.yaml`, text })),
  })
}

describe('overlays', () => {
  test('a misspelt field that the topology has already is named', () => {
    const [finding] = laid('stagez: { decode: { snapshot_every: 7 } }').findings
    expect(finding).toMatchObject({ code: 'UNKNOWN_FIELD', hint: 'did you mean `stages`, which is given already?' })
  })

  test('mappings merge at every depth, lists and scalars are replaced, null takes away', () => {
    const { topology, findings } = laid(
      `kafka: { compression: lz4 }
topics:
  frames.v1: { retention: null }
  events.v1: { partitions: 8, retention: 2d }
external_readers:
  studies: { topics: [events.v1] }
`,
    )
    expect(findings).toEqual([])
    expect(topology!.kafka).toMatchObject({ client: 'kafkajs', compression: 'lz4' })
    expect(topology!.topics['frames.v1']).toMatchObject({ record: 'RawFrame', partitions: 1, retention_us: undefined })
    expect(topology!.topics['events.v1']).toMatchObject({ partitions: 8, retention_us: 172_800_000_000 })
    expect(topology!.external_readers!.studies!.topics).toEqual(['events.v1'])
  })

  test('several are laid over in their order', () => {
    const { topology } = laid('owner: first\ndescription: First.\n', 'owner: second\n')
    expect([topology!.owner, topology!.description]).toEqual(['second', 'First.'])
  })

  test('a finding stands in the file that the value came from', () => {
    const { findings } = laid(
      '# a comment\ntopics:\n  events.v1:\n    partitions: many\n',
      'stages:\n  decode: { use: dcode }\nowmer: me\n',
    )
    expect(findings.map(({ file, line, column, code }) => [file, line, column, code])).toEqual([
      ['over-1.yaml', 4, 17, 'WRONG_TYPE'],
      ['over-2.yaml', 2, 18, 'UNKNOWN_PROCESSOR'],
      ['over-2.yaml', 3, 1, 'UNKNOWN_FIELD'],
    ])
  })

  test('what is missing after one took it away is missing where it was', () => {
    const { findings } = laid('topics:\n  events.v1: { record: null }\nowner: null\n')
    expect(findings.map(({ file, line, column, code, message }) => [file, line, column, code, message])).toEqual([
      ['small.yaml', 1, 1, 'MISSING_FIELD', '`topology` has no `owner`'],
      ['small.yaml', 9, 3, 'MISSING_FIELD', '`events.v1` has no `record`'],
    ])
  })

  test('of a damaged one only the damage is told', () => {
    const { topology, findings } = laid('topics: [\n')
    expect(topology).toBeUndefined()
    expect(findings.map(({ file, code }) => [file, code])).toEqual([['over-1.yaml', 'YAML_SYNTAX']])
  })

  test('a list or a word is none', () => {
    expect(laid('- topics\n').findings).toEqual([
      {
        file: 'over-1.yaml',
        line: 1,
        column: 1,
        code: 'WRONG_TYPE',
        message: 'an overlay is a mapping',
        hint: 'write the fields of the topology that differ: `topics: { market.books.v1: { retention: 30d } }`',
      },
    ])
  })

  test.each([
    [
      'topics:\n  event.v1: { retention: 2d }',
      '`topics` has no `event.v1` to change, and a new one needs `record`',
      'did you mean `events.v1`?',
    ],
    [
      'stages:\n  decod: { params: {} }',
      '`stages` has no `decod` to change, and a new one needs `use`',
      'did you mean `decode`?',
    ],
    [
      'topics:\n  zzz: { partitions: 2 }',
      '`topics` has no `zzz` to change, and a new one needs `record`',
      'topics: `frames.v1`, `events.v1`, `dead.v1`',
    ],
  ])('a name that the topology does not have is the one finding: %s', (text, message, hint) => {
    expect(laid(`${text}\n`).findings).toEqual([
      { file: 'over-1.yaml', line: 2, column: 3, code: 'OVERLAY_INVALID', message, hint },
    ])
  })

  test('what is new may be written in two of them, and a misspelt field is told as such', () => {
    const { all } = laid(
      'topics:\n  more.v1: { key: symbol }\n',
      'topics:\n  more.v1: { record: Nbbo, partitions: 1 }\n',
    )
    expect(all.map(({ code }) => code)).not.toContain('OVERLAY_INVALID')
    const { findings } = laid('topics:\n  more.v1: { recrod: Nbbo, key: symbol, partitions: 1 }\n')
    expect(findings.map(({ code }) => code)).not.toContain('OVERLAY_INVALID')
    expect(findings).toContainEqual(expect.objectContaining({ code: 'UNKNOWN_FIELD', hint: 'did you mean `record`?' }))
  })

  test('one that is read as a topology is told to be none', () => {
    const { topology, all } = lint('topics:\n  frames.v1: { retention: 2d }\n', 'over.yaml', world)
    expect(topology).toBeUndefined()
    expect(all).toEqual([
      {
        file: 'over.yaml',
        line: 1,
        column: 1,
        code: 'MISSING_FIELD',
        message: '`topology` has no `name`, `description`, `owner`, `sources`, `stages`',
        hint: 'an overlay is linted with what it is laid over: `aitrader lint TOPOLOGY --overlay over.yaml`; a topology needs them all',
      },
    ])
  })

  test('a new mapping takes nothing away either', () => {
    const { findings } = laid('stages:\n  other: { use: relay, lane: null }\n')
    expect(findings.map(({ line, column, code }) => [line, column, code])).toContainEqual([2, 24, 'OVERLAY_INVALID'])
  })
})

type Plain = null | number | string | Plain[] | { [name: string]: Plain }

const isMap = (value: Plain | undefined): value is { [name: string]: Plain } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The rule as the page tells it, on plain data; counts what was to be taken away and is not there. */
function merged(
  below: { [name: string]: Plain },
  over: { [name: string]: Plain },
): [{ [name: string]: Plain }, number] {
  const out = { ...below }
  let nothing = 0
  for (const [name, value] of Object.entries(over)) {
    if (value === null) {
      if (!Object.hasOwn(below, name)) nothing++
      delete out[name]
    } else if (isMap(value)) {
      const there = below[name]
      const [inner, count] = merged(isMap(there) ? there : {}, value)
      nothing += count
      out[name] = inner
    } else out[name] = value
  }
  return [out, nothing]
}

test('any overlay merges as the rule says', () => {
  const { tree } = fc.letrec<{ tree: Plain; map: { [name: string]: Plain } }>((tie) => ({
    map: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('tree'), { maxKeys: 3 }),
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<Plain>(1, 'x', null),
      fc.array(fc.constantFrom<Plain>(1, 'y'), { maxLength: 2 }),
      tie('map'),
    ),
  }))
  const map = tree.filter(isMap)
  fc.assert(
    fc.property(map, map, (below, over) => {
      const { tree: base, report } = readYaml(JSON.stringify(below), 'base')
      const result = layOver(base!, [{ file: 'over', text: JSON.stringify(over) }], report)
      const [expected, nothing] = merged(below, over)
      expect(toPlain(result)).toEqual(expected)
      expect(report.findings().map(({ code }) => code)).toEqual(Array(nothing).fill('OVERLAY_INVALID'))
    }),
    { numRuns: 300 },
  )
})
