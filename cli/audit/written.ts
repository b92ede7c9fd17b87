import type { Reader, RecordType } from '../../runtime/api/index.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import type { RecordAt } from '../../runtime/engine/task.ts'
import type { PlannedTopic } from '../../runtime/plan/plan.ts'
import { schemaId } from '../../schemas/framing.ts'

/** A build's stretch of a topic: from this stream time on, microseconds, records have this schema. */
interface Era {
  readonly from_us: number
  readonly schema_id: number
  /** Encodes as that build did. */
  readonly record: RecordType<unknown>
}

/**
 * With which schema each topic was written at each stream time, for the topics that have had several or another one.
 *
 * A build takes a directory over behind the stream time that the one before had passed, so that times tell builds apart.
 * One pass over the batches of these topics.
 */
export async function recordsAt(
  reader: Reader,
  topics: Iterable<PlannedTopic>,
  codecs: WriterCodecs,
): Promise<RecordAt> {
  const eras = new Map<PlannedTopic, readonly Era[]>()
  for (const topic of topics) {
    const own = schemaId(topic.record)
    const found = await erasOf(reader, topic, codecs)
    if (found.some(({ schema_id }) => schema_id !== own)) eras.set(topic, found)
  }
  return (topic, at_us) => eras.get(topic)?.findLast(({ from_us }) => from_us <= at_us)?.record
}

async function erasOf(reader: Reader, topic: PlannedTopic, codecs: WriterCodecs): Promise<Era[]> {
  const begins: { from_us: number; schema_id: number }[] = []
  for (let partition = 0; partition < topic.partitions; partition++) {
    const { start_offset, end_offset } = reader.partition(topic.name, partition)
    let last: number | undefined
    for (let offset = start_offset; offset < end_offset; ) {
      const batch = await reader.read(topic.name, partition, offset)
      if (batch === undefined) break
      offset = batch.base_offset + batch.records
      if (batch.schema_id === last) continue
      last = batch.schema_id
      begins.push({ from_us: batch.first_time_us, schema_id: batch.schema_id })
    }
  }
  begins.sort((a, b) => a.from_us - b.from_us)
  const changes = begins.filter(({ schema_id }, index) => begins[index - 1]?.schema_id !== schema_id)
  return changes.map((era) => ({ ...era, record: writtenAs(topic.record, era.schema_id, codecs) }))
}

/** The record whose bodies are those of another build; a value that its schema cannot say is written as ours. */
function writtenAs(type: RecordType<unknown>, id: number, codecs: WriterCodecs): RecordType<unknown> {
  if (id === schemaId(type)) return type
  const write = codecs.writer?.(id, type)
  return {
    ...type,
    decode: codecs.get(id, type),
    encode(value, arena) {
      if (write?.(value, arena) !== true) type.encode(value, arena)
    },
  }
}
