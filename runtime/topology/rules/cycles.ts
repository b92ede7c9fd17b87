import type { DraftInput } from '../draft.ts'
import { own } from '../world.ts'
import { processorOf, type Scope, speaks } from './scope.ts'

/** From a stage to the stages that read what it writes, one edge per reading port. */
interface Edge {
  readonly from: number
  readonly to: number
  readonly topic: string
  readonly input: DraftInput
}

/** Cycles are declared: every one has a feedback edge with a delay, and every feedback edge has a cycle. */
export function checkCycles({ draft, world, report }: Scope): void {
  const edges: Edge[] = []
  const readers = new Map<string, { stage: number; input: DraftInput }[]>()
  draft.stages.forEach((stage, index) => {
    for (const input of stage.from ?? []) {
      if (input.topic === undefined) continue
      const list = readers.get(input.topic.value) ?? []
      list.push({ stage: index, input })
      readers.set(input.topic.value, list)
    }
  })
  draft.stages.forEach((stage, index) => {
    const outputs = processorOf(stage, world)?.outputs ?? {}
    // An output on a topic of another record is a mistake of its own; cycles through it are not meant.
    const meant = (stage.to ?? []).filter(
      ({ port, topic }) => topic && speaks(own(outputs, port)?.name, draft.topics.get(topic.value)),
    )
    const written = [...meant.map(({ topic }) => topic), stage.faults_to]
    for (const topic of new Set(written.map((word) => word?.value))) {
      if (topic === undefined) continue
      for (const reader of readers.get(topic) ?? []) {
        edges.push({ from: index, to: reader.stage, topic, input: reader.input })
      }
    }
  })

  const plain = edges.filter(({ input }) => input.feedback === undefined)
  const names = draft.stages.map(({ name }) => name)
  for (;;) {
    const cycle = findCycle(plain, names.length)
    if (cycle === undefined) break
    // The edge to mark is the one that leads back up the file: from a later stage to the earliest of the cycle.
    const back = cycle.reduce((best, edge) => (edge.to < best.to ? edge : best))
    const start = cycle.indexOf(back) + 1
    const order = [...cycle.slice(start), ...cycle.slice(0, start)]
    const path = order.map((edge) => `${names[edge.from]} -(${edge.topic})->`).join(' ')
    const message = `undeclared cycle: ${path} ${names[back.to]}`
    const topic = back.topic
    const hint = `mark one of its edges, here: \`${back.input.port}: { topic: ${topic}, feedback: { min_delay_us: 1000 } }\``
    report.add('UNDECLARED_CYCLE', back.input.at, message, hint)
    for (let i = plain.length - 1; i >= 0; i--) if (plain[i]!.input === back.input) plain.splice(i, 1)
  }

  draft.stages.forEach((stage, index) => {
    for (const { port, feedback, topic } of stage.from ?? []) {
      if (feedback === undefined) continue
      if (feedback.min_delay_us !== undefined && feedback.min_delay_us <= 0) {
        const message = `\`min_delay_us\` is ${feedback.min_delay_us}, and a feedback edge takes time`
        report.add('FEEDBACK_DELAY', feedback.at, message, 'give the least latency of the loop, above 0')
      }
      if (topic === undefined || !draft.topics.has(topic.value) || !draft.whole) continue
      const writers = edges.filter((edge) => edge.to === index && edge.topic === topic.value)
      if (writers.length === 0 || writers.some(({ from }) => reaches(edges, index, from))) continue
      const message = `feedback edge \`${port}\` of \`${stage.name}\` closes no cycle`
      report.add('FEEDBACK_NOT_ON_CYCLE', feedback.at, message, 'drop `feedback`: it only delays the records')
    }
  })
}

/** A shortest cycle through the first stage that has one. */
function findCycle(edges: readonly Edge[], stages: number): Edge[] | undefined {
  const outgoing = Array.from({ length: stages }, (_, i) => edges.filter(({ from }) => from === i))
  for (let start = 0; start < stages; start++) {
    const came = new Map<number, Edge>()
    const queue = [start]
    for (let head = 0; head < queue.length; head++) {
      for (const edge of outgoing[queue[head]!]!) {
        if (came.has(edge.to)) continue
        came.set(edge.to, edge)
        if (edge.to === start) {
          const cycle = [edge]
          while (cycle[0]!.from !== start) cycle.unshift(came.get(cycle[0]!.from)!)
          return cycle
        }
        queue.push(edge.to)
      }
    }
  }
  return undefined
}

function reaches(edges: readonly Edge[], start: number, goal: number): boolean {
  const seen = new Set([start])
  for (const stage of seen) {
    if (stage === goal) return true
    for (const edge of edges) if (edge.from === stage) seen.add(edge.to)
  }
  return false
}
