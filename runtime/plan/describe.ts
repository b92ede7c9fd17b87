import type { Plan, PlannedTask } from './plan.ts'

/**
 * The plan in words, stable from run to run, so that a golden file shows what an edit of a topology changes:
 * sub-topologies (stages joined in memory), tasks, inputs, outputs, feedback edges, effects.
 */
export function describe(plan: Plan): string {
  const lines = [`topology ${plan.topology.name}`, '', 'topics']
  for (const topic of plan.topics) {
    const partitions = `${topic.partitions} partition${topic.partitions === 1 ? '' : 's'}`
    lines.push(`  ${topic.name}: ${topic.record.name} by ${topic.key}, ${partitions}`)
  }
  lines.push('', 'sources')
  for (const source of plan.sources) lines.push(`  ${source.producer} ${source.name} -> ${source.topic.name}`)
  for (const [number, stages] of subTopologies(plan).entries()) {
    lines.push('', `sub-topology ${number}`)
    for (const stage of stages) lines.push(...describeStage(plan.tasks.filter((task) => task.stage === stage)))
  }
  return `${lines.join('\n')}\n`
}

function describeStage(tasks: readonly PlannedTask[]): string[] {
  const first = tasks[0] as PlannedTask
  const last = tasks[tasks.length - 1] as PlannedTask
  const numbers = first === last ? `${first.producer}` : `${first.producer}-${last.producer}`
  const effect = first.processor.kind === 'processor' ? '' : `, ${first.processor.kind} effect`
  const count = `${tasks.length} task${tasks.length === 1 ? '' : 's'}`
  const lines = [
    `  ${first.stage} (${first.processor.name}${effect}): producer ${numbers}, ${count}, merge ${first.merge}`,
  ]
  const ports = new Map<string, string>()
  for (const input of first.inputs) {
    const all = tasks.length === 1 || first.inputs.filter((other) => other.port === input.port).length > 1
    const how = input.table ? 'table' : all && input.topic.partitions > 1 ? 'broadcast' : 'keyed'
    const delay = input.delay_us > 0 ? `, feedback after ${input.delay_us} us` : ''
    ports.set(input.port, `    in  ${input.port} <- ${input.topic.name} (${how}${delay})`)
  }
  lines.push(...ports.values())
  for (const [port, topic] of first.outputs) lines.push(`    out ${port} -> ${topic.name}`)
  if (first.faults_to !== undefined) lines.push(`    faults -> ${first.faults_to.name}`)
  return lines
}

/** Stages connected by edges that need no broker between them: same partition, or every partition in one process. */
function subTopologies(plan: Plan): string[][] {
  const group = new Map<string, number>(plan.stages.map((stage, index) => [stage, index]))
  const join = (a: string, b: string) => {
    const [from, to] = [group.get(a) as number, group.get(b) as number]
    for (const [stage, number] of group) if (number === Math.max(from, to)) group.set(stage, Math.min(from, to))
  }
  for (const task of plan.tasks) {
    for (const input of task.inputs) {
      if (input.delay_us > 0 || input.table) continue
      for (const writer of plan.tasks) {
        const writes = [...writer.outputs.values()].includes(input.topic)
        if (writes && writer.number === task.number && input.partition === task.number) join(writer.stage, task.stage)
      }
    }
  }
  const numbers = [...new Set(plan.stages.map((stage) => group.get(stage) as number))].sort((a, b) => a - b)
  return numbers.map((number) => plan.stages.filter((stage) => group.get(stage) === number))
}
