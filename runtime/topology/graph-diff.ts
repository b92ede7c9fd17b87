import type { Graph, GraphEdge, GraphNode } from './graph.ts'

/**
 * Two graphs as one: what only `after` has is marked added, what only `before` has removed, what both have and declare
 * otherwise changed. Removed nodes and edges stand behind the others, in their own order.
 */
export function diffGraphs(before: Graph, after: Graph): Graph {
  const old_nodes = new Map(before.nodes.map((node) => [node.id, node]))
  const old_edges = new Map(before.edges.map((edge) => [keyOf(edge), edge]))
  const nodes = after.nodes.map((node) => markNode(node, old_nodes.get(node.id)))
  const edges = after.edges.map((edge) => markEdge(edge, old_edges.get(keyOf(edge))))
  const new_nodes = new Set(after.nodes.map(({ id }) => id))
  const new_edges = new Set(after.edges.map(keyOf))
  for (const node of before.nodes) if (!new_nodes.has(node.id)) nodes.push({ ...node, mark: 'removed' })
  for (const edge of before.edges) if (!new_edges.has(keyOf(edge))) edges.push({ ...edge, mark: 'removed' })
  return { ...after, lanes: [...new Set([...after.lanes, ...before.lanes])], nodes, edges }
}

/** Counts of what is marked: of nodes and edges together. */
export function diffSummary({ nodes, edges }: Graph): { added: number; removed: number; changed: number } {
  const all = [...nodes, ...edges]
  const of = (mark: string) => all.filter((one) => one.mark === mark).length
  return { added: of('added'), removed: of('removed'), changed: of('changed') }
}

function keyOf({ from, to, topic, port }: GraphEdge): string {
  return JSON.stringify([from, to, topic, port])
}

function markNode(node: GraphNode, old: GraphNode | undefined): GraphNode {
  if (old === undefined) return { ...node, mark: 'added' }
  const changes = changesOf(old.declared, node.declared, '')
  if (old.lane !== node.lane) changes.push(`lane: ${old.lane} -> ${node.lane}`)
  return changes.length === 0 ? node : { ...node, mark: 'changed', changes }
}

function markEdge(edge: GraphEdge, old: GraphEdge | undefined): GraphEdge {
  if (old === undefined) return { ...edge, mark: 'added' }
  const same = old.partitions === edge.partitions && old.as === edge.as && old.feedback_us === edge.feedback_us
  return same ? edge : { ...edge, mark: 'changed' }
}

/** Leaves that differ, with their paths. */
function changesOf(before: unknown, after: unknown, path: string): string[] {
  if (isPlain(before) && isPlain(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return names.flatMap((name) => changesOf(before[name], after[name], path === '' ? name : `${path}.${name}`))
  }
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)]
  return was === is ? [] : [`${path}: ${was} -> ${is}`]
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
