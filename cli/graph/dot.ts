import { edgeLabel, type Graph, type GraphEdge, type GraphNode } from '../../runtime/topology/graph.ts'
import { COLOURS } from './mermaid.ts'

/**
 * Draws a graph in the language of Graphviz. Nodes and edges have ids (`stage_nbbo`, `edge_3`) and classes, which its
 * pictures carry on, so that a page can find them. What goes nearly everywhere is drawn pale and does not shape the
 * picture: tables that half of the stages read, a stage that reads half of the topics, readers outside.
 */
export function dot(graph: Graph): string {
  const { topology, lanes, nodes, edges } = graph
  const aside = asides(graph)
  const lines = [
    `digraph ${quote(topology)} {`,
    '  graph [rankdir=LR, fontname="Helvetica", fontsize=11, nodesep=0.25, ranksep=0.6]',
    '  node [fontname="Helvetica", fontsize=11, style="filled", fillcolor="#f6f8fa", color="#57606a"]',
    '  edge [fontname="Helvetica", fontsize=9, color="#57606a", arrowsize=0.7]',
  ]
  const own = (lane: string | undefined) => nodes.filter((node) => node.lane === lane)
  lanes.forEach((lane, number) => {
    lines.push(`  subgraph cluster_${number} {`)
    lines.push(`    graph [label=${quote(`lane ${lane}`)}, style="rounded,dashed", color="#8c959f"]`)
    lines.push(...own(lane).map((node) => `    ${nodeLine(node)}`))
    lines.push('  }')
  })
  lines.push(...own(undefined).map((node) => `  ${nodeLine(node)}`))
  lines.push(...edges.map((edge, number) => `  ${edgeLine(edge, number, aside.has(edge))}`))
  return `${lines.join('\n')}\n}\n`
}

const SHAPES = {
  source: 'oval',
  stage: 'box',
  effect: 'hexagon',
  topic: 'cylinder',
  sink: 'parallelogram',
  reader: 'cds',
} as const satisfies Record<GraphNode['kind'], string>

function nodeLine({ id, kind, name, notes, mark }: GraphNode): string {
  const given = [
    `id=${quote(id)}`,
    `class=${quote(mark === undefined ? kind : `${kind} ${mark}`)}`,
    `label=${quote([name, ...notes].join('\n'))}`,
    `shape=${SHAPES[kind]}`,
  ]
  if (mark !== undefined) given.push(...painted(mark), `fillcolor=${quote(COLOURS[mark][0])}`)
  return `${id} [${given.join(', ')}]`
}

/** Edges beside the flow, which would hide it if all were drawn alike. */
function asides({ nodes, edges }: Graph): Set<GraphEdge> {
  // A small picture hides nothing.
  if (nodes.length < 8) return new Set()
  const stages = nodes.filter(({ kind }) => kind === 'stage' || kind === 'effect').map(({ id }) => id)
  const outside = new Set(nodes.filter(({ kind }) => kind === 'reader' || kind === 'sink').map(({ id }) => id))
  const topics = new Map(Map.groupBy(edges, ({ topic }) => topic))
  const half = (count: number, of: number) => count * 2 >= of
  const readers = (of: readonly GraphEdge[]) => new Set(of.map(({ to }) => to).filter((to) => stages.includes(to))).size
  const tables = new Set(
    [...topics].flatMap(([topic, of]) =>
      of.every((edge) => edge.as === 'broadcast' || outside.has(edge.to)) && half(readers(of), stages.length)
        ? [topic]
        : [],
    ),
  )
  const read = (stage: string) => new Set(edges.filter(({ to }) => to === stage).map(({ topic }) => topic)).size
  const watchers = new Set([...outside, ...stages.filter((stage) => half(read(stage), topics.size))])
  const beside = ({ topic, to, feedback_us, mark }: GraphEdge) =>
    feedback_us === undefined && mark === undefined && (tables.has(topic) || watchers.has(to))
  return new Set(edges.filter(beside))
}

function edgeLine(edge: GraphEdge, number: number, aside: boolean): string {
  const { from, to, feedback_us, mark } = edge
  const words = [
    ...(feedback_us === undefined ? [] : ['feedback']),
    ...(mark === undefined ? [] : [mark]),
    ...(aside ? ['aside'] : []),
  ]
  const given = [
    `id="edge_${number}"`,
    ...(words.length === 0 ? [] : [`class=${quote(words.join(' '))}`]),
    `label=${quote(edgeLabel(edge).replaceAll(', ', '\n'))}`,
  ]
  // Against the flow: it must not decide what stands before what.
  if (feedback_us !== undefined) given.push('style=dashed', 'constraint=false')
  if (mark !== undefined) given.push(...painted(mark))
  if (aside) given.push('weight=0', 'color="#d0d7de"', 'fontcolor="#8c959f"', 'fontsize=8')
  return `${from} -> ${to} [${given.join(', ')}]`
}

function painted(mark: NonNullable<GraphNode['mark']>): string[] {
  const line = quote(COLOURS[mark][1])
  return [`color=${line}`, `fontcolor=${line}`, 'penwidth=2']
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
