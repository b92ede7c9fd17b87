import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dot } from '../cli/graph/dot.ts'
import { mermaid } from '../cli/graph/mermaid.ts'
import { layOut } from '../cli/graph/svg.ts'
import { judgedWorld } from '../cli/world.ts'
import { graphOf } from '../runtime/topology/graph.ts'
import { lint } from '../runtime/topology/lint.ts'
import { world as small } from '../tests/lint/world.ts'

/**
 * Times of `aitrader lint` and `aitrader graph` for generated topologies of 10, 50 and 500 stages: chains of a decoder,
 * book builders and pattern scorers, which have parameters, faults and joined inputs as real ones have.
 *
 * `first` includes scanning the sources of the three processors; the others are the median of further calls. Run with
 * `node bench/lint.ts [FILE]`; the results go to the file, else to stdout.
 */
const COUNTS = [10, 50, 500]
const CALLS = 9

const shipped = await judgedWorld()
const results = []
for (const stages of COUNTS) {
  const fresh = (await judgedWorld()).impurities
  const world = { ...small, impurities: fresh ?? shipped.impurities! }
  const text = chain(stages)
  const read = () => lint(text, 'chain.yaml', world)
  const first = timed(read)
  const { topology, findings } = first.result
  if (topology === undefined) throw new Error(`the generated topology is wrong: ${JSON.stringify(findings[0])}`)
  const graph = graphOf(topology)
  const began_ms = performance.now()
  const svg = await layOut(dot(graph))
  results.push({
    stages: Object.keys(topology.stages).length,
    topology_bytes: text.length,
    lint_first_ms: first.ms,
    lint_ms: median(read),
    graph_mermaid_ms: median(() => mermaid(graphOf(topology))),
    graph_dot_ms: median(() => dot(graphOf(topology))),
    graph_svg_ms: rounded(performance.now() - began_ms),
    svg_bytes: svg.length,
  })
}
const [cpu] = cpus()
const report = `${JSON.stringify({ node: process.version, cpu: cpu?.model, cores: cpus().length, results }, null, 2)}\n`
const file = process.argv[2]
if (file === undefined) process.stdout.write(report)
else writeFileSync(file, report)

/** One decoder, then pairs of a book builder and a scorer, each on topics of its own. */
function chain(stages: number): string {
  const lines = [
    'name: chain',
    'description: Generated.',
    'owner: bench',
    'sources:',
    '  feed: { to: frames.v1 }',
    'topics:',
  ]
  const topic = (name: string, record: string, key: string) =>
    lines.push(`  ${name}: { record: ${record}, key: ${key}, partitions: 4, retention: 7d, description: Generated. }`)
  topic('frames.v1', 'RawFrame', 'venue_symbol')
  topic('events.v1', 'MarketEvent', 'instrument_id')
  topic('dead.v1', 'DeadLetter', 'origin_topic')
  const pairs = Math.floor((stages - 1) / 2)
  const odd = (stages - 1) % 2
  for (let pair = 0; pair < pairs + odd; pair++) {
    topic(`books-${pair}.v1`, 'BookUpdate', 'instrument_id')
    if (pair < pairs) topic(`signals-${pair}.v1`, 'PatternSignal', 'instrument_id')
  }
  lines.push('stages:')
  const stage = (name: string, use: string, from: string, to: string, more = '') =>
    lines.push(`  ${name}: { use: ${use}, description: Generated., from: { ${from} }, to: { ${to} }${more} }`)
  stage('decode', 'decode', 'in: frames.v1', 'out: events.v1', ', faults_to: dead.v1')
  for (let pair = 0; pair < pairs + odd; pair++) {
    const books = `books-${pair}.v1`
    stage(
      `book-${pair}`,
      'book-builder',
      'events: events.v1',
      `books: ${books}`,
      ', faults_to: dead.v1, params: { levels: 5 }',
    )
    if (pair >= pairs) continue
    stage(`scorer-${pair}`, 'pattern-scorer', `events: events.v1, books: ${books}`, `signals: signals-${pair}.v1`)
  }
  return `${lines.join('\n')}\n`
}

function timed<T>(call: () => T): { ms: number; result: T } {
  const began_ms = performance.now()
  const result = call()
  return { ms: rounded(performance.now() - began_ms), result }
}

function median(call: () => unknown): number {
  const times = Array.from({ length: CALLS }, () => timed(call).ms).sort((a, b) => a - b)
  return times[Math.floor(CALLS / 2)]!
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
