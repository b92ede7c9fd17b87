import { avroOf } from '../avro.ts'
import { own } from '../world.ts'
import { processorOf, type Scope } from './scope.ts'

/**
 * Records that share a state come to the same task.
 *
 * A topic puts equal keys into one partition. A processor that keeps its state by another field (or one state for all)
 * would keep several of them where a keyed topic has more than one partition: each task knows a part.
 */
export function checkStateKeys({ draft, world, report }: Scope): void {
  for (const stage of draft.stages) {
    const processor = processorOf(stage, world)
    if (processor === undefined) continue
    for (const { port, as, topic: word } of stage.from ?? []) {
      const keyOf = own(processor.state_key, port)
      const record = own(processor.inputs, port)
      const topic = word === undefined ? undefined : draft.topics.get(word.value)
      if (keyOf === undefined || record === undefined || topic === undefined || as?.value === 'broadcast') continue
      if (topic.record?.value !== record.name || topic.key === undefined) continue
      if (topic.partitions === undefined || topic.partitions.value === 1) continue
      const by = stateField(keyOf, record)
      if (by === undefined || by === topic.key.value) continue
      const whose = by === '' ? 'one state for all records' : `its state by ${by}`
      const has = `\`${topic.name}\` is spread over ${topic.partitions.value} partitions by ${topic.key.value}`
      const hint = `read a topic with ${by === '' ? 'one partition' : `\`key: ${by}\``}, or read it \`as: broadcast\``
      report.add('STATE_SPLIT', word!.at, `\`${stage.name}\` keeps ${whose}, and ${has}`, hint)
    }
  }
}

type KeyOf = (value: unknown, origin: string) => string

/**
 * The field that a state key is made of: found by asking it of records whose text fields each hold their own name.
 * Empty if it is always the same; undefined if it cannot be told (made of several fields, of the origin, or refused).
 */
function stateField(keyOf: KeyOf, record: Parameters<typeof avroOf>[0]): string | undefined {
  const texts = [...avroOf(record).fields.values()].filter(({ type }) => type.kind === 'string').map(({ name }) => name)
  const probe = (mark: string) => Object.fromEntries(texts.map((name) => [name, `${mark}${name}`]))
  try {
    const [one, other, elsewhere] = [keyOf(probe('1:'), 'a/0'), keyOf(probe('2:'), 'a/0'), keyOf(probe('1:'), 'b/1')]
    if (one !== elsewhere) return undefined
    if (one === other) return ''
    return texts.find((name) => one === `1:${name}`)
  } catch {
    return undefined
  }
}
