import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadTopology, ROOT } from '../../cli/compose.ts'
import { mermaid } from '../../runtime/topology/graph.ts'
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
  const drawn = mermaid(topology).trimEnd().split('\n')

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
