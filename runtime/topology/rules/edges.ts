import { avroOf } from '../avro.ts'
import type { DraftTopic, Word } from '../draft.ts'
import { hintFor, nearest } from '../nearest.ts'
import { DEAD_LETTER_RECORD, own } from '../world.ts'
import { inputPorts, processorOf, type Scope, speaks } from './scope.ts'

/** One end of an edge: who is connected to a topic, and the record it speaks. */
interface End {
  readonly who: string
  readonly at: number
  readonly record: string
}

/** Both ends of an edge speak the record of the topic between them. */
export function checkRecords(scope: Scope): void {
  const { draft, world, report } = scope
  const ends = connections(scope)
  for (const topic of draft.topics.values()) {
    const { record } = topic
    if (record === undefined || own(world.records, record.value) === undefined) continue
    const all = ends.get(topic.name) ?? []
    const other = all.filter((end) => end.record !== record.value)
    const words = new Set(all.map((end) => end.record))

    // Where all ends agree with each other, it is the topic that is wrong: one problem, not one per end.
    const [agreed] = words
    if (agreed !== undefined && words.size === 1 && other.length > 1) {
      const message = `\`${topic.name}\` holds ${record.value}, and everything connected to it speaks ${agreed}`
      report.add('RECORD_MISMATCH', record.at, message, `write \`record: ${agreed}\``)
      continue
    }
    for (const end of other) {
      const message = `${end.who} speaks ${end.record}, and \`${topic.name}\` holds ${record.value}`
      report.add('RECORD_MISMATCH', end.at, message, topicsOf(end.record, draft.topics))
    }
    checkKey(topic, scope)
  }
}

function topicsOf(record: string, topics: ReadonlyMap<string, DraftTopic>): string {
  const names = [...topics.values()].filter((topic) => topic.record?.value === record).map(({ name }) => `\`${name}\``)
  return names.length > 0 ? `topics of ${record}: ${names.join(', ')}` : `no topic holds ${record}: declare one`
}

function connections({ draft, world }: Scope): Map<string, End[]> {
  const ends = new Map<string, End[]>()
  const add = (topic: Word | undefined, who: string, record: string | undefined) => {
    if (topic === undefined || record === undefined) return
    const list = ends.get(topic.value) ?? []
    list.push({ who, at: topic.at, record })
    ends.set(topic.value, list)
  }
  for (const { name, to } of draft.sources) add(to, `source \`${name}\``, own(world.sources, name)?.record)
  for (const stage of draft.stages) {
    add(stage.faults_to, `\`faults_to\` of \`${stage.name}\``, DEAD_LETTER_RECORD)
    const processor = processorOf(stage, world)
    if (processor === undefined) continue
    const inputs = inputPorts(processor)
    for (const { port, topic } of stage.from ?? []) {
      add(topic, `port \`${port}\` of \`${stage.name}\``, own(inputs, port)?.name)
    }
    for (const { port, topic } of stage.to ?? []) {
      add(topic, `port \`${port}\` of \`${stage.name}\``, own(processor.outputs, port)?.name)
    }
  }
  return ends
}

function checkKey({ key, record }: DraftTopic, { world, report }: Scope): void {
  const type = record === undefined ? undefined : own(world.records, record.value)
  if (key === undefined || type === undefined) return
  const { fields } = avroOf(type)
  const field = fields.get(key.value)
  if (field?.type.kind === 'string') return
  const texts = [...fields.values()].filter((one) => one.type.kind === 'string').map(({ name }) => name)
  const message = field
    ? `\`${key.value}\` of ${type.name} is no string field`
    : `${type.name} has no field \`${key.value}\``
  const hint = hintFor(key.value, texts, `string fields of ${type.name}`)
  report.add('KEY_INVALID', key.at, message, hint)
}

/** Keyed inputs of a stage are co-partitioned; tables are broadcast. */
export function checkPartitioning({ draft, world, report }: Scope): void {
  for (const stage of draft.stages) {
    const processor = processorOf(stage, world)
    if (processor === undefined || stage.from === undefined) continue
    let first: { port: string; topic: DraftTopic } | undefined
    for (const { port, as, topic: word } of stage.from) {
      if (own(processor.tables, port) !== undefined) {
        if (as?.value !== 'keyed') continue
        const message = `\`${port}\` is a table of \`${processor.name}\`, and tables are broadcast`
        report.add('TABLE_NOT_BROADCAST', as.at, message, 'leave `as` out')
        continue
      }
      if (as?.value === 'broadcast' || own(processor.inputs, port) === undefined) continue
      const topic = word === undefined ? undefined : draft.topics.get(word.value)
      if (word === undefined || topic === undefined) continue
      if (first === undefined) {
        first = { port, topic }
        continue
      }
      const { partitions, key } = first.topic
      if (partitions && topic.partitions && partitions.value !== topic.partitions.value) {
        const counts = `${topic.partitions.value} partitions, and \`${first.port}\` has ${partitions.value}`
        const hint = 'give both topics the same count, or read one `as: broadcast`'
        report.add('PARTITIONS_MISMATCH', word.at, `keyed input \`${port}\` of \`${stage.name}\` has ${counts}`, hint)
      }
      if (key && topic.key && key.value !== topic.key.value && validKey(topic, world) && validKey(first.topic, world)) {
        const message = `keyed input \`${port}\` of \`${stage.name}\` has the key ${topic.key.value}, and \`${first.port}\` has ${key.value}`
        report.add('KEY_MISMATCH', word.at, message, 'key both topics alike, or read one `as: broadcast`')
      }
    }
  }
}

function validKey(topic: DraftTopic, world: Scope['world']): boolean {
  const type = topic.record === undefined ? undefined : own(world.records, topic.record.value)
  return (
    type !== undefined && topic.key !== undefined && avroOf(type).fields.get(topic.key.value)?.type.kind === 'string'
  )
}

/** What is read is written, and what is declared is used. */
export function checkCoverage({ draft, world, report }: Scope): void {
  const written = new Set<string>()
  const read = new Map<string, Word>()
  const lost: { name: string | undefined; record: string | undefined }[] = []
  /** Outputs that nobody has to connect: what could write a topic that nothing writes. */
  const spare: { stage: string; port: string; record: string }[] = []
  const note = (topic: Word | undefined) => {
    if (topic === undefined) lost.push({ name: undefined, record: undefined })
    else if (draft.topics.has(topic.value)) written.add(topic.value)
    else lost.push({ name: nearest(topic.value, draft.topics.keys()), record: undefined })
  }
  for (const source of draft.sources) note(source.to)
  for (const stage of draft.stages) {
    for (const { topic } of stage.to ?? []) note(topic)
    if (stage.faults_to !== undefined) note(stage.faults_to)
    for (const { topic } of stage.from ?? []) if (topic && !read.has(topic.value)) read.set(topic.value, topic)
    const processor = processorOf(stage, world)
    for (const [port, type] of Object.entries(processor?.outputs ?? {})) {
      const output = stage.to?.find((one) => one.port === port)
      if (output === undefined && processor?.optional_outputs?.includes(port) === true) {
        spare.push({ stage: stage.name, port, record: type.name })
        continue
      }
      if (output?.topic && speaks(type.name, draft.topics.get(output.topic.value))) continue
      lost.push({ name: undefined, record: type.name })
    }
  }
  for (const { topics } of [...draft.sinks, ...draft.external_readers]) {
    for (const topic of topics) if (!read.has(topic.value)) read.set(topic.value, topic)
  }
  if (!draft.whole) return

  for (const topic of draft.topics.values()) {
    if (written.has(topic.name)) continue
    if (topic.external && read.has(topic.name)) continue
    const reader = read.get(topic.name)
    // An output that another finding speaks of may be the missing writer.
    const explained = lost.some(({ name, record }) =>
      name !== undefined ? name === topic.name : record === undefined || record === topic.record?.value,
    )
    if (explained) continue
    if (reader !== undefined) {
      const message = `nothing writes \`${topic.name}\`, which is read here`
      const could = spare.find(({ record }) => record === topic.record?.value)
      const hint =
        could === undefined
          ? 'connect a stage or a source to it'
          : `add \`${could.port}: ${topic.name}\` under \`to\` of \`${could.stage}\``
      report.add('TOPIC_UNWRITTEN', reader.at, message, hint)
    } else if (![...read.keys()].some((name) => nearest(name, [topic.name]) !== undefined && !draft.topics.has(name))) {
      report.add(
        'TOPIC_UNUSED',
        topic.at,
        `nothing writes and nothing reads \`${topic.name}\``,
        'connect it or drop it',
      )
    }
  }
}
