import type { Word } from '../draft.ts'
import { hintFor, nearest } from '../nearest.ts'
import { own } from '../world.ts'
import { inputPorts, processorOf, type Scope } from './scope.ts'

/** Every name that is used exists: processors, records, topics, sources, ports. */
export function checkNames({ draft, world, report }: Scope): void {
  const topicExists = (topic: Word | undefined) => {
    if (topic === undefined || draft.topics.has(topic.value) || draft.topics.size === 0) return
    const message = `there is no topic \`${topic.value}\``
    report.add('UNKNOWN_TOPIC', topic.at, message, hintFor(topic.value, draft.topics.keys(), 'topics'))
  }

  for (const { record } of draft.topics.values()) {
    if (record === undefined || own(world.records, record.value) !== undefined) continue
    const hint = hintFor(record.value, Object.keys(world.records), 'records')
    report.add('UNKNOWN_RECORD', record.at, `there is no record \`${record.value}\``, hint)
  }

  for (const source of draft.sources) {
    if (own(world.sources, source.name) === undefined) {
      const hint = hintFor(source.name, Object.keys(world.sources), 'sources')
      report.add('UNKNOWN_SOURCE', source.at, `there is no source \`${source.name}\``, hint)
    }
    topicExists(source.to)
  }

  for (const { topics } of [...draft.sinks, ...draft.external_readers]) for (const topic of topics) topicExists(topic)

  const sources = new Set(draft.sources.map(({ name }) => name))
  for (const stage of draft.stages) {
    if (sources.has(stage.name)) {
      const message = `\`${stage.name}\` is the name of a source already`
      report.add('NAME_TAKEN', stage.at, message, 'give the stage another name')
    }
    if (stage.use !== undefined && processorOf(stage, world) === undefined) {
      const hint = hintFor(stage.use.value, Object.keys(world.processors), 'processors')
      report.add('UNKNOWN_PROCESSOR', stage.use.at, `there is no processor \`${stage.use.value}\``, hint)
    }
    for (const { topic } of stage.from ?? []) topicExists(topic)
    for (const { topic } of stage.to ?? []) topicExists(topic)
    topicExists(stage.faults_to)
  }
}

/** The ports of a stage are its processor's, each of them, and no others. */
export function checkPorts({ draft, world, report }: Scope): void {
  for (const stage of draft.stages) {
    const processor = processorOf(stage, world)
    if (processor === undefined) continue

    const compare = (
      given: readonly { port: string; at: number }[],
      ports: readonly string[],
      at: number,
      word: string,
      optional: readonly string[] = [],
    ) => {
      const needed = ports.filter((port) => !optional.includes(port))
      const missing = new Set(needed.filter((port) => !given.some((one) => one.port === port)))
      for (const { port, at: port_at } of given) {
        if (ports.includes(port)) continue
        const free = ports.filter((one) => !given.some((other) => other.port === one))
        const hint = hintFor(port, free.length > 0 ? free : ports, 'ports')
        report.add('UNKNOWN_PORT', port_at, `\`${processor.name}\` has no ${word} port \`${port}\``, hint)
        const meant = nearest(port, missing)
        if (meant !== undefined) missing.delete(meant)
      }
      for (const port of missing) {
        const field = word === 'output' ? 'to' : 'from'
        const message = `\`${stage.name}\` connects the ${word} port \`${port}\` to no topic`
        report.add('MISSING_PORT', at, message, `add \`${port}: TOPIC\` under \`${field}\``)
      }
    }
    const { optional, outputs, optional_outputs } = processor
    if (stage.from !== undefined)
      compare(stage.from, Object.keys(inputPorts(processor)), stage.from_at, 'input', optional)
    if (stage.to !== undefined) compare(stage.to, Object.keys(outputs), stage.to_at, 'output', optional_outputs)
  }
}
