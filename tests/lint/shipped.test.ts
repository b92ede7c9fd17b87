import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shippedWorld } from '../../cli/world.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { world } from './world.ts'

const shipped = await shippedWorld()

const crypto = readFileSync(new URL('../../topology/crypto.yaml', import.meta.url), 'utf8')

/** Line of the first line that holds `text`, from 1. */
function lineOf(text: string): number {
  return crypto.split('\n').findIndex((line) => line.includes(text)) + 1
}

describe('the shipped topology', () => {
  test('has no finding', () => {
    expect(lint(crypto, 'crypto.yaml', shipped).findings).toEqual([])
  })

  test('with four mistakes has four findings at once, each at its very place', () => {
    const bad = crypto
      .replace('use: pattern-scorer', 'use: pattern-scorrer')
      .replace('record: BookUpdate', 'record: BookUpdat')
      .replace(/partitions: \d+/, 'partitions: many')
      .replace('\nowner:', '\nowmer:')
    const { topology, findings } = lint(bad, 'bad.yaml', shipped)
    expect(topology).toBeUndefined()
    expect(findings.map(({ line, column, code, hint }) => [line, column, code, hint])).toEqual([
      [lineOf('owner:'), 1, 'UNKNOWN_FIELD', 'did you mean `owner`?'],
      [lineOf('partitions: '), 17, 'WRONG_TYPE', expect.stringContaining('Number of partitions')],
      [lineOf('record: BookUpdate'), 13, 'UNKNOWN_RECORD', 'did you mean `BookUpdate`?'],
      [lineOf('use: pattern-scorer'), 10, 'UNKNOWN_PROCESSOR', 'did you mean `pattern-scorer`?'],
    ])
    expect(new Set(findings.map(({ file }) => file))).toEqual(new Set(['bad.yaml']))
  })

  test('with any line dropped, doubled, retyped or re-indented ends in findings inside the text, never in an error', () => {
    const lines = crypto.split('\n')
    const change = fc.record({
      at: fc.nat({ max: lines.length - 2 }),
      how: fc.constantFrom('drop', 'double', 'indent', 'type', 'name'),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = [...lines]
        for (const { at, how } of changes) {
          const line = changed[at] ?? ''
          if (how === 'drop') changed.splice(at, 1)
          if (how === 'double') changed.splice(at, 0, line)
          if (how === 'indent') changed[at] = ` ${line}`
          if (how === 'type') changed[at] = line.replace(/: .*$/, ': [1, { a: null }]')
          if (how === 'name') changed[at] = line.replace(/(\w)(\w*):/, '$2$1:')
        }
        const text = changed.join('\n')
        const { topology, findings } = lint(text, 'x.yaml', shipped)
        expect((topology === undefined) === findings.length > 0).toBe(true)
        for (const { line, column, message, hint } of findings) {
          expect(line >= 1 && line <= changed.length).toBe(true)
          expect(column >= 1 && column <= changed[line - 1]!.length + 1).toBe(true)
          expect(message).not.toBe('')
          expect(hint).not.toBe('')
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('text that is no topology', () => {
  test.each([
    ['', 'WRONG_TYPE'],
    ['# only a comment\n', 'WRONG_TYPE'],
    ['- a\n- b\n', 'WRONG_TYPE'],
    ['just text', 'WRONG_TYPE'],
    ['a: 1\n---\nb: 2\n', 'YAML_SYNTAX'],
    ['a: !secret x\n', 'YAML_SYNTAX'],
    [`a: ${'['.repeat(20_000)}`, 'YAML_SYNTAX'],
    ['\u0000\u0001', 'WRONG_TYPE'],
  ])('%j is one finding on line 1 or below', (text, code) => {
    const { topology, findings } = lint(text, 'x.yaml', world)
    expect(topology).toBeUndefined()
    expect(findings.map((finding) => finding.code)).toEqual([code])
  })
})

test('a slip at the top of a file is not reported for every line below it', () => {
  const { findings } = lint(
    crypto.replace(/^.*\n/, ' ').replace('    symbol: BTCUSDT', '     symbol: BTCUSDT'),
    'x.yaml',
    shipped,
  )
  expect(findings.map(({ line, column, code }) => [line, column, code])).toEqual([[2, 1, 'YAML_SYNTAX']])
})

describe('a large topology', () => {
  const stages = 50
  const text = [
    'name: large\ndescription: A chain.\nowner: tests\nsources:\n  feed: { to: frames.v1 }\ntopics:',
    '  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 1 }',
    '  dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }',
    ...Array.from(
      { length: stages },
      (_, i) => `  t${i}.v1: { record: MarketEvent, key: instrument_id, partitions: 4 }`,
    ),
    'stages:',
    '  s0: { use: decode, from: { in: frames.v1 }, to: { out: t0.v1 }, faults_to: dead.v1 }',
    ...Array.from(
      { length: stages - 1 },
      (_, i) => `  s${i + 1}: { use: relay, from: { in: t${i}.v1 }, to: { out: t${i + 1}.v1 } }`,
    ),
  ].join('\n')

  test('of 50 stages is read', () => {
    const { topology, findings } = lint(text, 'large.yaml', world)
    expect(findings).toEqual([])
    expect(Object.keys(topology!.stages)).toHaveLength(stages)
  })

  test('closed to a ring has one finding that shows the whole ring', () => {
    const ring = text.replace('to: { out: t49.v1 }', 'to: { out: t0.v1 }').replace(/ {2}t49\.v1.*\n/, '')
    const { findings } = lint(ring, 'large.yaml', world)
    expect(findings.map(({ code }) => code)).toEqual(['UNDECLARED_CYCLE'])
    expect(findings[0]!.message.split('->')).toHaveLength(stages)
  })
})
