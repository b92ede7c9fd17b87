import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadTopology, ROOT } from '../../cli/compose.ts'
import { mermaid } from '../../cli/graph/mermaid.ts'
import { denialCodes } from '../../processors/execution/controls/codes.ts'
import { execution } from '../../processors/execution/index.ts'
import { graphOf } from '../../runtime/topology/graph.ts'
import { PatternValues } from '../../schemas/generated/index.ts'
import { blocksOf, page, pages } from './markdown.ts'

/** A path of the repository, told from other words by the room it begins with. */
const PATH = /^(?:bench|cli|connectors|docs|models|processors|runtime|schemas|scripts|tests|topology)\/[\w./-]*[\w/]$/

describe.each(pages())('%s', (path) => {
  const text = page(path)

  test('links lead to files that are there', () => {
    const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string)
    const local = targets.filter((target) => !target.startsWith('https://'))
    expect(local.filter((target) => !existsSync(join(ROOT, dirname(path), target)))).toEqual([])
  })

  test('paths that it names are there', () => {
    const named = [...text.matchAll(/`([^`\s]+)`/g)].map(([, name]) => name as string)
    expect(named.filter((name) => PATH.test(name) && !existsSync(join(ROOT, name)))).toEqual([])
  })
})

describe('the picture in the README', async () => {
  const topology = await loadTopology(join(ROOT, 'topology/crypto.yaml'))
  const picture = blocksOf(page('README.md')).find(({ language }) => language === 'mermaid')?.lines ?? []
  const drawn = mermaid(graphOf(topology)).trimEnd().split('\n')

  test('says nothing that `aitrader graph` does not draw, in its order', () => {
    expect(picture).toEqual(drawn.filter((line) => picture.includes(line)))
  })

  test('shows every source and every stage of the shipped topology, each with an edge', () => {
    const nodes = drawn.filter((line) => /^ {2}(?:source|stage)_\w+[[({]/.test(line))
    expect(nodes).toHaveLength(Object.keys(topology.sources).length + Object.keys(topology.stages).length)
    const ids = nodes.map((line) => /^ {2}(\w+?)[[({]/.exec(line)?.[1] as string)
    expect(nodes.filter((line) => !picture.includes(line))).toEqual([])
    const edges = picture.filter((line) => line.includes('->'))
    expect(ids.filter((id) => !edges.some((edge) => edge.includes(` ${id}`)))).toEqual([])
  })
})

describe('tables that people wrote say what the code says', () => {
  /** First cells of a table's rows below `heading`. */
  const rows = (path: string, heading: string) =>
    (page(path).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
      .split('\n')
      .filter((line) => /^\| [^-]/.test(line))
      .slice(1)
      .map((line) => line.split('|').map((cell) => cell.trim()))

  test('the controls, in the order in which they are asked', () => {
    const asked = [...new Set(Object.values(denialCodes).map(({ control }) => control))]
    expect(rows('docs/trading.md', 'Pre-trade controls').map(([, id]) => id)).toEqual(asked)
  })

  test('parameters of the controls', () => {
    const params = rows('docs/trading.md', 'Pre-trade controls').flatMap(([, , , cell]) => [
      ...(cell ?? '').matchAll(/`([a-z_]+)`/g),
    ])
    const known = Object.keys(execution.params.properties)
    expect(params.map(([, name]) => name as string).filter((name) => !known.includes(name))).toEqual([])
  })

  test('the patterns', () => {
    expect(rows('docs/trading.md', 'Patterns').map(([, name]) => name)).toEqual([...PatternValues])
  })

  test('the stages of the shipped topology', async () => {
    const { stages } = await loadTopology(join(ROOT, 'topology/crypto.yaml'))
    const named = rows('docs/architecture.md', 'The dataflow').map(([, name]) => name?.replaceAll('`', ''))
    expect(named).toEqual(Object.keys(stages))
  })

  test('error codes with their exit codes', () => {
    const source = ['cli', 'connectors', 'runtime']
      .flatMap((room) =>
        readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((name) => `${room}/${name}`),
      )
      .filter((name) => name.endsWith('.ts'))
      .map(page)
      .join('\n')
    const table = page('docs/operations.md').split('| exit | error |')[1]?.split('\n').slice(2) ?? []
    const codes = table.flatMap((line) => {
      const [, exit, errors = ''] = line.split('|')
      return [...errors.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => ({ code: code as string, exit: Number(exit) }))
    })
    expect(codes.length).toBeGreaterThan(20)
    for (const { code, exit } of codes) {
      // The code, and its exit code before the next error begins.
      const places = [...source.matchAll(new RegExp(`'${code}'(?:(?!new AppError)[\\s\\S]){0,500}`, 'g'))].map(
        ([place]) => place,
      )
      expect(
        places.some((place) => exitsOf(place).includes(exit)),
        `${code} ends with ${exit}`,
      ).toBe(true)
    }
  })
})

function exitsOf(place: string): number[] {
  const exit = /exit_code: ([^,\n}]+)/.exec(place)?.[1] ?? ''
  return [...exit.matchAll(/\d/g)].map(([digit]) => Number(digit))
}
