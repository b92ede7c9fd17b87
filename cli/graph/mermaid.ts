import { edgeLabel, type Graph, type GraphEdge, type GraphNode } from '../../runtime/topology/graph.ts'

/**
 * Draws a graph as a Mermaid flowchart: sources rounded, effects hexagons, topics that nobody reads cylinders, readers
 * outside as flags; a feedback edge is dashed. A lane is a frame; what is added is green, removed red, changed amber.
 */
export function mermaid({ lanes, nodes, edges }: Graph): string {
  const lines = ['flowchart LR']
  const own = (lane: string | undefined) => nodes.filter((node) => node.lane === lane)
  lanes.forEach((lane, number) => {
    lines.push(`  subgraph lane_${number}["lane ${escaped(lane)}"]`)
    lines.push(...own(lane).map((node) => `    ${node.id}${shape(node)}`))
    lines.push('  end')
  })
  lines.push(...own(undefined).map((node) => `  ${node.id}${shape(node)}`))
  lines.push(...edges.map((edge) => `  ${edge.from} ${arrow(edge)} ${edge.to}`))
  const marks = new Set([...nodes, ...edges].flatMap(({ mark }) => mark ?? []))
  for (const mark of MARKS) {
    if (!marks.has(mark)) continue
    const [fill, stroke] = COLOURS[mark]
    lines.push(`  classDef ${mark} fill:${fill},stroke:${stroke},stroke-width:2px`)
    const marked = nodes.filter((node) => node.mark === mark).map(({ id }) => id)
    if (marked.length > 0) lines.push(`  class ${marked.join(',')} ${mark}`)
    const numbers = edges.flatMap((edge, number) => (edge.mark === mark ? [number] : []))
    if (numbers.length > 0) lines.push(`  linkStyle ${numbers.join(',')} stroke:${stroke},stroke-width:2px`)
  }
  return `${lines.join('\n')}\n`
}

const MARKS = ['added', 'removed', 'changed'] as const

/** Fill and line of what is marked. */
export const COLOURS = {
  added: ['#e3f6e5', '#1a7f37'],
  removed: ['#ffe5e3', '#cf222e'],
  changed: ['#fff3d6', '#9a6700'],
} as const

function shape({ kind, name, notes }: GraphNode): string {
  const text = kind === 'topic' ? [name, ...notes].join(' ') : [name, ...notes].join('<br/>')
  const label = `"${escaped(text)}"`
  switch (kind) {
    case 'source':
      return `([${label}])`
    case 'effect':
      return `{{${label}}}`
    case 'topic':
      return `[(${label})]`
    case 'sink':
      return `[/${label}/]`
    case 'reader':
      return `>${label}]`
    default:
      return `[${label}]`
  }
}

function arrow(edge: GraphEdge): string {
  // The topic is the node that it leads to.
  if (edge.port === undefined && edge.to.startsWith('topic_') && edge.live === undefined) return '-->'
  const label = `"${escaped(edgeLabel(edge))}"`
  return edge.feedback_us === undefined ? `-- ${label} -->` : `-. ${label} .->`
}

/** Quotes end a label and Mermaid reads `#` as the beginning of a code. */
function escaped(text: string): string {
  return text.replaceAll('#', '#35;').replaceAll('"', '#quot;')
}
