import type { InputDeclaration, StageDeclaration, Topology } from './types.ts'

/**
 * Draws a topology as a Mermaid flowchart.
 *
 * Topics stand on the edges with their partition count; an edge is dashed if it is a feedback edge and says so if it is
 * broadcast. Effects are hexagons, sources rounded, topics that no stage reads are cylinders. Dead letters, which
 * every stage can write, are one node without edges: nine equal edges would say nothing.
 */
export function mermaid(topology: Topology): string {
  const lines = ['flowchart LR']
  const topic_ids = new Map(Object.keys(topology.topics).map((name, index) => [name, `topic${index}`]))
  const stages = Object.entries(topology.stages)
  const dead_letters = new Set(stages.flatMap(([, { faults_to }]) => (faults_to === undefined ? [] : [faults_to])))

  for (const name of Object.keys(topology.sources)) lines.push(`  ${sourceId(name)}(["${name}"])`)
  for (const [name, stage] of stages) lines.push(`  ${stageId(name)}${box(name, stage)}`)
  for (const [name, { partitions }] of Object.entries(topology.topics)) {
    if (isRead(topology, name)) continue
    const what = dead_letters.has(name) ? ', faults of every stage' : ''
    lines.push(`  ${topic_ids.get(name)}[("${name} ×${partitions}${what}")]`)
  }

  const arrows = (from: string, topic: string) => {
    const label = `${topic} ×${topology.topics[topic]?.partitions}`
    const readers = readersOf(topology, topic)
    for (const { stage, input } of readers) lines.push(`  ${from} ${arrow(label, input)} ${stageId(stage)}`)
    if (readers.length === 0) lines.push(`  ${from} --> ${topic_ids.get(topic)}`)
  }
  for (const [name, { to }] of Object.entries(topology.sources)) arrows(sourceId(name), to)
  for (const [name, stage] of stages) for (const topic of Object.values(stage.to)) arrows(stageId(name), topic)
  return `${lines.join('\n')}\n`
}

function readersOf(topology: Topology, topic: string): { stage: string; input: InputDeclaration }[] {
  return Object.entries(topology.stages).flatMap(([stage, { from }]) =>
    Object.values(from)
      .filter((input) => input.topic === topic)
      .map((input) => ({ stage, input })),
  )
}

function isRead(topology: Topology, topic: string): boolean {
  return readersOf(topology, topic).length > 0
}

function box(name: string, { use, effect }: StageDeclaration): string {
  const label = name === use ? name : `${name}<br/>${use}`
  return effect === undefined ? `["${label}"]` : `{{"${label}<br/>effect, ${effect.latency_us / 1_000} ms"}}`
}

function arrow(label: string, { as, feedback_us }: InputDeclaration): string {
  const how = as === 'broadcast' ? `${label}, broadcast` : label
  return feedback_us === undefined ? `-- "${how}" -->` : `-. "${how}, feedback ${feedback_us} µs" .->`
}

/** Prefixed, because Mermaid has words of its own (`end`). */
function stageId(name: string): string {
  return `stage_${name.replaceAll('-', '_')}`
}

function sourceId(name: string): string {
  return `source_${name.replaceAll('-', '_')}`
}
