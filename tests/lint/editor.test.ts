import { globSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shippedWorld } from '../../cli/world.ts'
import { EditorServer, hasServer, noServer, type Position } from './editor-server.ts'

/** What an editor with the YAML language server says of a topology, by the schema that its first line names. */

const world = await shippedWorld()
const crypto = readFileSync('topology/crypto.yaml', 'utf8')

let server: EditorServer
beforeAll(async () => {
  if (hasServer) server = await EditorServer.start()
})
afterAll(async () => {
  if (hasServer) await server.stop()
})

const names = Object.keys(world.processors)
  .sort()
  .map((name) => JSON.stringify(name))
  .join(' | ')

const TEST_SCHEMA = '# yaml-language-server: $schema=../../schemas/generated/test.schema.json'

let opened = 0
/** The shipped topology with an edit, as a file of its own beside it. */
async function open(good = '', edited = ''): Promise<{ path: string; text: string; found: string[] }> {
  expect(crypto).toContain(good)
  const path = `topology/edited-${++opened}.yaml`
  const text = crypto.replace(good, edited)
  const diagnostics = await server.open(path, text)
  return { path, text, found: diagnostics.map(({ message, range }) => `${range.start.line + 1}: ${message}`) }
}

/** Where `what` begins, plus `characters`. */
function place(text: string, what: string, characters = 0): Position {
  const at = text.indexOf(what)
  expect(at).toBeGreaterThan(-1)
  const before = text.slice(0, at + characters).split('\n')
  return { line: before.length - 1, character: before.at(-1)!.length }
}

describe.skipIf(!hasServer)(`an editor${noServer}`, () => {
  test.each(globSync('topology/{,overlays/}*.yaml').sort())('finds nothing wrong in %s', async (path) => {
    expect(await server.open(path, readFileSync(path, 'utf8'))).toEqual([])
  })

  test.each(globSync('tests/topology/*.test.yaml').sort())('finds nothing wrong in %s', async (path) => {
    expect(
      await server.open(path.replace('.test.', '.edited.'), `${TEST_SCHEMA}\n${readFileSync(path, 'utf8')}`),
    ).toEqual([])
  })

  test('knows the fields of a test, and underlines others', async () => {
    const path = 'tests/topology/edited.test.yaml'
    const text = `${TEST_SCHEMA}
topology: topology/crypto.yaml
stages: [nbbo]
tests:
  - name: a case
    untill: 1s
    given:
      market.books.v1:
        - { at: 1, value: {} }
    expect: {}
    
`
    const found = await server.open(path, text)
    expect(found.map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([
      '9: Incorrect type. Expected "string".',
      '6: Property untill is not allowed.',
    ])
    expect(await server.complete(path, place(text, '    \n', 4))).toEqual(
      expect.arrayContaining(['until', 'expect_state']),
    )
    expect(await server.hover(path, place(text, 'stages', 2))).toContain('Stages that run')
  })

  test('offers every processor at `use:`', async () => {
    const { path, text } = await open('use: pattern-scorer', 'use: ')
    const offered = await server.complete(path, place(text, 'use: \n', 'use: '.length))
    expect(offered.filter((one) => one in world.processors).sort()).toEqual(Object.keys(world.processors).sort())
  })

  test('offers the ports of the processor that a stage uses', async () => {
    const { path, text } = await open(
      '      events: market.events.v1\n    to:\n      books:',
      '      \n    to:\n      books:',
    )
    expect(await server.complete(path, place(text, '      \n    to:', 6))).toContain('events')
  })

  test('offers the parameters of that processor', async () => {
    const { path, text } = await open(
      '    faults_to: dead-letter.v1\n\n  nbbo:',
      '    faults_to: dead-letter.v1\n    params:\n      \n\n  nbbo:',
    )
    const at = place(text, '    params:\n      \n', '    params:\n      '.length)
    expect(await server.complete(path, at)).toEqual(expect.arrayContaining(['levels', 'max_levels', 'stale_after_ms']))
  })

  test('explains a field', async () => {
    const { path, text } = await open()
    expect(await server.hover(path, place(text, 'commit_interval_ms: 5', 3))).toContain(
      'Least wall time between two commits, milliseconds.',
    )
    expect(await server.hover(path, place(text, 'retention: 7d', 3))).toContain(
      'Stream time that records are kept at least',
    )
    expect(await server.hover(path, place(text, 'limit_through_bps: 1', 3))).toContain('basis points')
  })

  test.each([
    ['an unknown field', '    lane: market\n    from:', '    lain: market\n    from:', 'Property lain is not allowed.'],
    ['an unknown processor', 'use: pattern-scorer', 'use: pattern-scorrer', `Value must be ${names}.`],
    ['a field of the wrong type', 'partitions: 4', 'partitions: many', 'Incorrect type. Expected "integer".'],
    ['a time without a unit', 'retention: 7d', 'retention: 7', 'Incorrect type. Expected "string".'],
  ])('underlines %s where it stands', async (_what, good, bad, message) => {
    const { text, found } = await open(good, bad)
    const line = place(text, bad.trim()).line + 1
    expect(found).toEqual([`${line}: ${message}`])
  })
})
