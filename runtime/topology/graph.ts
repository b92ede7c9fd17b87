import type { StageDeclaration, Topology } from './types.ts'

/**
 * A topology as a graph to be drawn: what writes and reads are nodes, topics stand on the edges between them.
 *
 * A topic that nobody reads is a node of its own. Dead letters, which every stage can write, are one node without edges:
 * nine equal edges would say nothing. Plain data, so that it can be compared, written as JSON and drawn by anyone.
 */
export interface Graph {
  readonly topology: string
  /** What moves and commits together on Kafka, in the order of the stages; empty if the plan was not asked. */
  readonly lanes: readonly string[]
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

export type NodeKind = 'source' | 'stage' | 'effect' | 'topic' | 'sink' | 'reader'

/** Against another topology. */
export type Mark = 'added' | 'removed' | 'changed'

export interface GraphNode {
  /** Kind and name: `stage_book_builder`. Letters, digits and underlines, so that every format takes it. */
  readonly id: string
  readonly kind: NodeKind
  readonly name: string
  /** What stands under the name. */
  readonly notes: readonly string[]
  readonly lane?: string
  /** As declared, with defaults. */
  readonly declared: unknown
  readonly mark?: Mark
  /** Fields that differ, `params.levels: 10 -> 20`. */
  readonly changes?: readonly string[]
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  readonly topic: string
  readonly partitions: number
  /** The reading port; undefined where no stage reads. */
  readonly port?: string
  readonly as: 'keyed' | 'broadcast'
  /** Least delay of a feedback edge, microseconds. */
  readonly feedback_us?: number
  readonly mark?: Mark
  readonly live?: Live
}

/** What a running process says of an edge. */
export interface Live {
  readonly records_per_s: number
  /** Records that the reader has not worked off; undefined where nobody measures it. */
  readonly lag_records?: number
}

/** `laneOf` answers a stage's or source's lane; without it nothing is grouped. */
export function graphOf(topology: Topology, laneOf?: (name: string) => string | undefined): Graph {
  const stages = Object.entries(topology.stages)
  const dead_letters = new Set(stages.flatMap(([, { faults_to }]) => (faults_to === undefined ? [] : [faults_to])))
  const laneFields = (name: string) => {
    const lane = laneOf?.(name)
    return lane === undefined ? {} : { lane }
  }
  const nodes: GraphNode[] = []
  for (const [name, declared] of Object.entries(topology.sources)) {
    nodes.push({ id: idOf('source', name), kind: 'source', name, notes: [], ...laneFields(name), declared })
  }
  for (const [name, stage] of stages) {
    const { effect, use } = stage
    const notes = name === use ? [] : [use]
    if (effect !== undefined) notes.push(`effect, ${effect.latency_us / 1_000} ms`)
    const kind = effect === undefined ? 'stage' : 'effect'
    nodes.push({ id: idOf('stage', name), kind, name, notes, ...laneFields(name), declared: stage })
  }
  const outside = [
    ...Object.entries(topology.sinks ?? {}).map(([name, one]) => ({ kind: 'sink' as const, name, one })),
    ...Object.entries(topology.external_readers ?? {}).map(([name, one]) => ({ kind: 'reader' as const, name, one })),
  ]
  for (const { kind, name, one } of outside) nodes.push({ id: idOf(kind, name), kind, name, notes: [], declared: one })

  const readers = (topic: string) => [
    ...readersOf(stages, topic),
    ...outside
      .filter(({ one }) => one.topics.includes(topic))
      .map(({ kind, name }) => ({ to: idOf(kind, name), as: 'keyed' as const })),
  ]
  for (const [name, declared] of Object.entries(topology.topics)) {
    const letters = dead_letters.has(name)
    if (!letters && readers(name).length > 0) continue
    if (letters && readersOf(stages, name).length > 0) continue
    const notes = [`×${declared.partitions}${letters ? ', faults of every stage' : ''}`]
    nodes.push({ id: idOf('topic', name), kind: 'topic', name, notes, declared })
  }

  const edges: GraphEdge[] = []
  const connect = (from: string, topic: string) => {
    const partitions = topology.topics[topic]?.partitions ?? 0
    const found = readers(topic)
    for (const reader of found) edges.push({ from, topic, partitions, ...reader })
    if (found.length === 0) edges.push({ from, to: idOf('topic', topic), topic, partitions, as: 'keyed' })
  }
  for (const [name, { to }] of Object.entries(topology.sources)) connect(idOf('source', name), to)
  for (const [name, { to }] of stages) for (const topic of Object.values(to)) connect(idOf('stage', name), topic)
  for (const topic of dead_letters) {
    for (const reader of readers(topic)) {
      const partitions = topology.topics[topic]?.partitions ?? 0
      const from = idOf('topic', topic)
      if (nodes.some(({ id }) => id === from)) edges.push({ from, topic, partitions, ...reader })
    }
  }
  const lanes = [...new Set(nodes.flatMap(({ lane }) => (lane === undefined ? [] : [lane])))]
  return { topology: topology.name, lanes, nodes, edges }
}

function readersOf(stages: readonly (readonly [string, StageDeclaration])[], topic: string) {
  return stages.flatMap(([stage, { from }]) =>
    Object.entries(from)
      .filter(([, input]) => input.topic === topic)
      .map(([port, { as, feedback_us }]) => ({
        to: idOf('stage', stage),
        port,
        as,
        ...(feedback_us === undefined ? {} : { feedback_us }),
      })),
  )
}

/** Prefixed, because languages of pictures have words of their own (`end`). */
function idOf(kind: 'source' | 'stage' | 'topic' | 'sink' | 'reader', name: string): string {
  return `${kind}_${name.replaceAll(/[^A-Za-z0-9]/g, '_')}`
}

/** What an edge says: topic, partitions, how it is read, what flows. */
export function edgeLabel({ topic, partitions, as, feedback_us, live }: GraphEdge): string {
  const words = [`${topic} ×${partitions}`]
  if (as === 'broadcast') words.push('broadcast')
  if (feedback_us !== undefined) words.push(`feedback ${feedback_us} µs`)
  if (live !== undefined) words.push(`${rateText(live.records_per_s)}/s`)
  if (live?.lag_records !== undefined) words.push(`lag ${live.lag_records}`)
  return words.join(', ')
}

function rateText(rate: number): string {
  return rate >= 100 ? String(Math.round(rate)) : String(Math.round(rate * 10) / 10)
}
