import { edgeLabel, type Graph, type GraphEdge, type GraphNode } from '../../runtime/topology/graph.ts'
import { COLOURS } from './mermaid.ts'

/**
 * Draws a graph in the language of Graphviz. Nodes and edges have ids (`stage_nbbo`, `edge_3`) and classes, which its
 * pictures carry on, so that a page can find them.
 */
export function dot({ topology, lanes, nodes, edges }: Graph): string {
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
  lines.push(...edges.map((edge, number) => `  ${edgeLine(edge, number)}`))
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

function edgeLine(edge: GraphEdge, number: number): string {
  const { from, to, feedback_us, mark } = edge
  const words = [...(feedback_us === undefined ? [] : ['feedback']), ...(mark === undefined ? [] : [mark])]
  const given = [
    `id="edge_${number}"`,
    ...(words.length === 0 ? [] : [`class=${quote(words.join(' '))}`]),
    `label=${quote(edgeLabel(edge).replaceAll(', ', '\n'))}`,
  ]
  // Against the flow: it must not decide what stands before what.
  if (feedback_us !== undefined) given.push('style=dashed', 'constraint=false')
  if (mark !== undefined) given.push(...painted(mark))
  return `${from} -> ${to} [${given.join(', ')}]`
}

function painted(mark: NonNullable<GraphNode['mark']>): string[] {
  const line = quote(COLOURS[mark][1])
  return [`color=${line}`, `fontcolor=${line}`, 'penwidth=2']
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
