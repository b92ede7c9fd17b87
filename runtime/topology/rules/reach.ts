import { REDELIVERY_SOURCE } from '../world.ts'
import { processorOf, type Scope, speaks } from './scope.ts'

/**
 * Something flows into every stage, and out of every topic.
 *
 * A topology that lists no `external_readers` may have any, so nothing is said of topics that no stage reads; one that
 * lists them, even none, has no others beside its sinks.
 */
export function checkReach({ draft, world, report }: Scope): void {
  if (!draft.whole) return
  const flowing = new Set<string>()
  for (const { to } of draft.sources) if (to !== undefined) flowing.add(to.value)
  for (const topic of draft.topics.values()) if (topic.external) flowing.add(topic.name)
  const written = new Set(flowing)
  for (const stage of draft.stages) {
    for (const { topic } of stage.to ?? []) if (topic !== undefined) written.add(topic.value)
    if (stage.faults_to !== undefined) written.add(stage.faults_to.value)
  }
  const waiting = new Set(draft.stages)
  for (let moved = true; moved; ) {
    moved = false
    for (const stage of waiting) {
      const processor = processorOf(stage, world)
      const readable = (stage.from ?? []).filter(({ port, topic }) => {
        return processor?.tables[port] === undefined && topic !== undefined
      })
      // A stage without inputs, or with an input that another finding speaks of, is not judged.
      const unclear = readable.some(({ topic }) => !draft.topics.has(topic!.value) || !written.has(topic!.value))
      const fed = readable.length === 0 || processor === undefined || unclear
      if (!fed && !readable.some(({ topic }) => flowing.has(topic!.value))) continue
      waiting.delete(stage)
      moved = true
      for (const { topic } of stage.to ?? []) if (topic !== undefined) flowing.add(topic.value)
      if (stage.faults_to !== undefined) flowing.add(stage.faults_to.value)
    }
  }
  for (const stage of waiting) {
    const names = (stage.from ?? []).map(({ topic }) => `\`${topic?.value}\``)
    const message = `nothing that comes from outside reaches \`${stage.name}\`, by way of ${names.join(', ')}`
    report.add('STAGE_UNREACHABLE', stage.at, message, 'connect one of its topics to a source, or drop the stage')
  }
  checkReaders({ draft, world, report })
}

function checkReaders({ draft, world, report }: Scope): void {
  if (!draft.root.entries.has('external_readers')) return
  const read = new Set<string>()
  for (const { from } of draft.stages)
    for (const { topic } of from ?? []) if (topic !== undefined) read.add(topic.value)
  for (const { name, to } of draft.sources) if (name === REDELIVERY_SOURCE && to !== undefined) read.add(to.value)
  for (const { topics } of [...draft.sinks, ...draft.external_readers]) for (const { value } of topics) read.add(value)
  // Refused records are for people.
  for (const { faults_to } of draft.stages) if (faults_to !== undefined) read.add(faults_to.value)

  for (const stage of draft.stages) {
    const outputs = processorOf(stage, world)?.outputs ?? {}
    for (const { port, at, topic } of stage.to ?? []) {
      const declared = topic === undefined ? undefined : draft.topics.get(topic.value)
      if (declared === undefined || read.has(declared.name) || !speaks(outputs[port]?.name, declared)) continue
      read.add(declared.name)
      const message = `nobody reads \`${declared.name}\``
      const others = draft.external_readers.map(({ name }) => `\`${name}\``)
      const who = others.length === 0 ? 'under `external_readers`' : `to ${others.join(', ')} of \`external_readers\``
      report.add('TOPIC_UNREAD', at, message, `connect a stage, add it ${who}, or drop it`)
    }
  }
}
