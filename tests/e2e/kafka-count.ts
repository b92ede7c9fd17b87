import { openTarget } from '../../cli/run/target.ts'
import type { Reader } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { Site } from './kafka-site.ts'

/** What a producer has written, over all partitions of all topics. */
export interface Written {
  readonly producer: string
  readonly records: number
  /** Sequence numbers below the greatest one that are nowhere. */
  readonly missing: number
  /** Those that are there more than once. */
  readonly doubled: number
}

/** Counts every record's sequence number in every user topic of a site. */
export async function countAll({ kafka, registry, topology }: Site): Promise<readonly Written[]> {
  const target = await openTarget({ kafka, registry }, topology)
  try {
    const counts = new Map<string, number[]>()
    for (const { name, partitions, internal } of target.broker.topics()) {
      if (internal === true) continue
      for (let partition = 0; partition < partitions; partition++)
        await countOne(target.broker, name, partition, counts)
    }
    return [...counts].map(([producer, seqs]) => {
      const found = Array.from(seqs, (count) => count ?? 0)
      return {
        producer,
        records: found.reduce((sum, count) => sum + count, 0),
        missing: found.filter((count) => count === 0).length,
        doubled: found.filter((count) => count > 1).length,
      }
    })
  } finally {
    await target.close()
  }
}

async function countOne(
  reader: Reader,
  topic: string,
  partition: number,
  counts: Map<string, number[]>,
): Promise<void> {
  const cursor = new RecordCursor()
  for (let offset = 0; ; ) {
    const batch = await reader.read(topic, partition, offset)
    if (batch === undefined) return
    cursor.open(batch, offset)
    while (cursor.next()) {
      const { producer, seq } = cursor
      const of = counts.get(producer) ?? []
      counts.set(producer, of)
      of[seq] = (of[seq] ?? 0) + 1
    }
    offset = batch.base_offset + batch.records
  }
}
