import type { TopicSpec } from '../../runtime/api/index.ts'
import type { TopicPartition } from './admin.ts'
import { deleteRecords } from './admin.ts'
import type { Cluster } from './cluster.ts'
import type { PartitionReader } from './reader.ts'

/**
 * Drops what retention allows: by stream time, and by size, never at or behind a recovery position.
 *
 * By time goes what stands before the first record that is young enough. Kafka tells no sizes of parts of a log, so that
 * by size goes what an average of samples says; the broker frees the disk segment by segment, later.
 */
export async function trimTopics(
  cluster: Cluster,
  reader: PartitionReader,
  topics: readonly TopicSpec[],
  kafkaName: (topic: string) => string,
  stream_time_us: number,
  keep_from: ReadonlyMap<string, number>,
): Promise<number> {
  await reader.refresh(topics, false)
  const before: (TopicPartition & { readonly offset: number })[] = []
  let dropped = 0
  for (const spec of topics) {
    for (let partition = 0; partition < spec.partitions; partition++) {
      const { start_offset } = reader.info(spec.name, partition)
      const allowed = await allowedOffset(reader, spec, partition, stream_time_us)
      const offset = Math.min(allowed, keep_from.get(`${spec.name}/${partition}`) ?? allowed)
      if (offset <= start_offset) continue
      before.push({ topic: kafkaName(spec.name), partition, offset })
      dropped += offset - start_offset
    }
  }
  if (before.length > 0) await deleteRecords(cluster, before)
  await reader.refresh(topics, false)
  return dropped
}

/** What stands before it may go. */
async function allowedOffset(
  reader: PartitionReader,
  { name, retention_us, retention_bytes }: TopicSpec,
  partition: number,
  stream_time_us: number,
): Promise<number> {
  const { start_offset, end_offset } = reader.info(name, partition)
  let offset = start_offset
  if (retention_us !== undefined && stream_time_us > retention_us && end_offset > start_offset) {
    offset = await reader.offsetAt(name, partition, stream_time_us - retention_us)
  }
  if (retention_bytes !== undefined && end_offset > start_offset) {
    const kept = Math.floor(retention_bytes / (await bytesPerOffset(reader, name, partition)))
    offset = Math.max(offset, end_offset - kept)
  }
  return Math.min(offset, end_offset)
}

async function bytesPerOffset(reader: PartitionReader, topic: string, partition: number): Promise<number> {
  const { start_offset, end_offset } = reader.info(topic, partition)
  let bytes = 0
  let offsets = 0
  for (const part of [0, 0.33, 0.66, 0.99]) {
    const sample = await reader.sample(topic, partition, Math.floor(start_offset + (end_offset - start_offset) * part))
    bytes += sample.bytes
    offsets += sample.offsets
  }
  return offsets === 0 ? Number.POSITIVE_INFINITY : bytes / offsets
}
