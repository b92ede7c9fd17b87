import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { dot } from '../../cli/graph/dot.ts'
import { withLive } from '../../cli/graph/live.ts'
import { mermaid } from '../../cli/graph/mermaid.ts'
import { page } from '../../cli/graph/page.ts'
import { layOut } from '../../cli/graph/svg.ts'
import { judgedWorld } from '../../cli/world.ts'
import { graphOf } from '../../runtime/topology/graph.ts'
import { diffGraphs, diffSummary } from '../../runtime/topology/graph-diff.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { world } from './world.ts'

const TEXT = `
name: small
description: A stage, a reader outside.
owner: tests
sources:
  feed: { to: frames.v1 }
topics:
  frames.v1: { record: RawFrame, key: venue_symbol, partitions: 4 }
  events.v1: { record: MarketEvent, key: instrument_id, partitions: 4 }
  dead.v1: { record: DeadLetter, key: origin_topic, partitions: 1 }
stages:
  decode: { use: decode, from: { in: frames.v1 }, to: { out: events.v1 }, faults_to: dead.v1 }
external_readers:
  screens: { topics: [events.v1, dead.v1], owner: desk, description: 'Shown to "people".' }
`
const AFTER = TEXT.replace(
  'partitions: 4 }\n  dead',
  'partitions: 8 }\n  books.v1: { record: BookUpdate, key: instrument_id, partitions: 4 }\n  dead',
)
  .replace(
    'external_readers',
    '  book: { use: book-builder, from: { events: events.v1 }, to: { books: books.v1 }, faults_to: dead.v1 }\nexternal_readers',
  )
  .replace('[events.v1, dead.v1]', '[dead.v1]')

function graph(text: string) {
  const { topology, findings } = lint(text, 'small.yaml', world)
  expect(findings).toEqual([])
  return graphOf(topology!, (name) => (name === 'decode' ? 'market' : undefined))
}

describe('a graph', () => {
  test('in Mermaid has a frame per lane, and readers outside', () => {
    expect(mermaid(graph(TEXT))).toBe(`flowchart LR
  subgraph lane_0["lane market"]
    stage_decode["decode"]
  end
  source_feed(["feed"])
  reader_screens>"screens"]
  topic_dead_v1[("dead.v1 ×1, faults of every stage")]
  source_feed -- "frames.v1 ×4" --> stage_decode
  stage_decode -- "events.v1 ×4" --> reader_screens
  topic_dead_v1 -- "dead.v1 ×1" --> reader_screens
`)
  })

  test('draws what goes nearly everywhere beside the flow', async () => {
    const shipped = new URL('../../topology/crypto.yaml', import.meta.url)
    const { topology } = lint(readFileSync(shipped, 'utf8'), 'crypto.yaml', await judgedWorld())
    const { edges } = graphOf(topology!)
    const lines = dot(graphOf(topology!)).split('\n')
    const aside = edges.filter((_, number) => lines.some((line) => line.includes(`id="edge_${number}", class="aside"`)))
    const said = new Set(aside.map(({ topic, to }) => (topic === 'reference.instruments.v1' ? topic : to)))
    expect([...said].sort()).toEqual([
      'reader_analytics_consumers',
      'reader_audit_consumers',
      'reader_strategy_consumers',
      'reference.instruments.v1',
      'stage_audit_sink',
    ])
    const flow = edges.filter((edge) => !aside.includes(edge))
    expect(
      flow
        .filter(({ to }) => to === 'stage_execution')
        .map(({ topic }) => topic)
        .sort(),
    ).toEqual(['control.v1', 'decisions.v1', 'executions.v1', 'market.nbbo.v1'])
  })

  test('in the language of Graphviz has ids and classes', () => {
    expect(dot(graph(TEXT)).split('\n').slice(4)).toEqual([
      '  subgraph cluster_0 {',
      '    graph [label="lane market", style="rounded,dashed", color="#8c959f"]',
      '    stage_decode [id="stage_decode", class="stage", label="decode", shape=box]',
      '  }',
      '  source_feed [id="source_feed", class="source", label="feed", shape=oval]',
      '  reader_screens [id="reader_screens", class="reader", label="screens", shape=cds]',
      '  topic_dead_v1 [id="topic_dead_v1", class="topic", label="dead.v1\\n×1, faults of every stage", shape=cylinder]',
      '  source_feed -> stage_decode [id="edge_0", label="frames.v1 ×4"]',
      '  stage_decode -> reader_screens [id="edge_1", label="events.v1 ×4"]',
      '  topic_dead_v1 -> reader_screens [id="edge_2", label="dead.v1 ×1"]',
      '}',
      '',
    ])
  })

  test('as SVG is one element, laid out here', async () => {
    const svg = await layOut(dot(graph(TEXT)))
    expect(svg).toMatch(/^<svg width="\d+pt"[\s\S]*<\/svg>\n$/)
    expect([...svg.matchAll(/<g id="((?!graph|clust)\w+)"/g)].map(([, id]) => id).sort()).toEqual([
      'edge_0',
      'edge_1',
      'edge_2',
      'reader_screens',
      'source_feed',
      'stage_decode',
      'topic_dead_v1',
    ])
  })

  test('as a page needs nothing from anywhere, and no text of the topology can run', async () => {
    const bad = graph(TEXT.replace('Shown to "people".', '</script><script>alert(1)</script>'))
    const text = page(bad, await layOut(dot(bad)))
    expect(text.match(/(src|href)=|url\(|import /g)).toBeNull()
    expect(text.match(/<script/g)).toHaveLength(2)
    const [, data] = /<script id="graph" type="application\/json">(.*?)<\/script>/s.exec(text)!
    const details = JSON.parse(data!)
    expect(details.reader_screens.declared.description).toBe('</script><script>alert(1)</script>')
    expect(Object.keys(details)).toEqual([...bad.nodes.map(({ id }) => id), 'edge_0', 'edge_1', 'edge_2'])
    for (const id of Object.keys(details)) expect(text).toContain(`<g id="${id}"`)
    const [, script] = /<script>\n(.*?)<\/script>/s.exec(text)!
    expect(() => new Function(script!)).not.toThrow()
  })
})

describe('beside an older topology', () => {
  const both = diffGraphs(graph(TEXT), graph(AFTER))

  test('what was added, removed and changed is marked', () => {
    expect(both.nodes.map(({ id, mark, changes }) => [id, mark, changes])).toEqual([
      ['source_feed', undefined, undefined],
      ['stage_decode', undefined, undefined],
      ['stage_book', 'added', undefined],
      ['reader_screens', 'changed', ['topics: ["events.v1","dead.v1"] -> ["dead.v1"]']],
      ['topic_books_v1', 'added', undefined],
      ['topic_dead_v1', undefined, undefined],
    ])
    expect(both.edges.map(({ from, to, mark }) => [from, to, mark])).toEqual([
      ['source_feed', 'stage_decode', undefined],
      ['stage_decode', 'stage_book', 'added'],
      ['stage_book', 'topic_books_v1', 'added'],
      ['topic_dead_v1', 'reader_screens', undefined],
      ['stage_decode', 'reader_screens', 'removed'],
    ])
    expect(diffSummary(both)).toEqual({ added: 4, removed: 1, changed: 1 })
    expect(diffSummary(diffGraphs(graph(TEXT), graph(TEXT)))).toEqual({ added: 0, removed: 0, changed: 0 })
  })

  test('every picture shows the marks', async () => {
    const lines = mermaid(both).split('\n')
    expect(lines.slice(-8)).toEqual([
      '  classDef added fill:#e3f6e5,stroke:#1a7f37,stroke-width:2px',
      '  class stage_book,topic_books_v1 added',
      '  linkStyle 1,2 stroke:#1a7f37,stroke-width:2px',
      '  classDef removed fill:#ffe5e3,stroke:#cf222e,stroke-width:2px',
      '  linkStyle 4 stroke:#cf222e,stroke-width:2px',
      '  classDef changed fill:#fff3d6,stroke:#9a6700,stroke-width:2px',
      '  class reader_screens changed',
      '',
    ])
    const svg = await layOut(dot(both))
    expect(
      [...svg.matchAll(/class="\w+ (\w+ (?:added|removed|changed)|added|removed)"/g)].map(([, mark]) => mark).sort(),
    ).toEqual(['added', 'added', 'reader changed', 'removed', 'stage added', 'topic added'])
    expect(page(both, svg)).toContain('6 nodes, 5 edges · +4 −1 ~1')
  })
})

describe('with a running process', () => {
  const metrics = (frames: number, events: number) => `# TYPE aitrader_records_total counter
aitrader_records_total{lane="a",topic="frames.v1"} ${frames}
aitrader_records_total{lane="a",topic="events.v1"} ${events}
aitrader_records_total{lane="b",topic="events.v1"} 100
aitrader_lag_records{lane="a",topic="frames.v1"} 3
aitrader_lag_records{lane="b",topic="frames.v1"} 7
aitrader_lag_records{lane="c",topic="frames.v1"} 50
aitrader_queue_records{lane="a",stage="decode",topic="frames.v1"} 1
aitrader_queue_records{lane="b",stage="decode",topic="frames.v1"} 0
aitrader_queue_records{lane="c",stage="other",topic="frames.v1"} 0
aitrader_records_total_other{topic="frames.v1"} 9
`

  test('edges say how much flows and what their reader has not worked off', async () => {
    let looks = 0
    const asked: string[] = []
    const live = await withLive(graph(TEXT), 'http://here:1/', {
      fetch: async (url) => {
        asked.push(url)
        return looks++ === 0 ? metrics(10, 5000) : metrics(13, 6000)
      },
      now_ms: () => 2000 * looks,
      wait: async () => {},
      window_ms: 2000,
    })
    expect(asked).toEqual(['http://here:1/metrics', 'http://here:1/metrics'])
    expect(live.edges.map(({ topic, live: flow }) => [topic, flow])).toEqual([
      ['frames.v1', { records_per_s: 1.5, lag_records: 11 }],
      ['events.v1', { records_per_s: 500 }],
      ['dead.v1', undefined],
    ])
    expect(mermaid(live)).toContain('source_feed -- "frames.v1 ×4, 1.5/s, lag 11" --> stage_decode')
    expect(dot(live)).toContain('label="events.v1 ×4\\n500/s"')
  })

  test('one that began anew between the looks has no negative rate', async () => {
    let looks = 0
    const options = { now_ms: () => 1000 * looks, wait: async () => {}, window_ms: 1000 }
    const fetch = async () => (looks++ === 0 ? metrics(10, 10) : metrics(4, 10))
    const { edges } = await withLive(graph(TEXT), 'http://here:1', { ...options, fetch })
    expect(edges[0]!.live).toEqual({ records_per_s: 0, lag_records: 11 })
  })

  test('one that does not answer is the outside world’s failure', async () => {
    const server = createServer()
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const { port } = server.address() as AddressInfo
    await new Promise((done) => server.close(done))
    const options = { now_ms: () => 0, wait: async () => {}, window_ms: 1 }
    const fetched = async (url: string) => (await fetch(url)).text()
    await expect(
      withLive(graph(TEXT), `http://127.0.0.1:${port}`, { ...options, fetch: fetched }),
    ).rejects.toMatchObject({
      code: 'PROCESS_UNREACHABLE',
      exit_code: 4,
    })
  })
})
