import { type Reader, recordId } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { scan } from './scan.ts'
import { TRACED } from './trace.ts'

/**
 * Ids of all fills, orders and decisions of a directory: those on the topics in their order, then those that only the
 * trail still knows (`held`): a record that was taken away is traced too, and found missing.
 */
export async function objectIds(
  reader: Reader,
  topology: Topology,
  held: readonly { readonly id: string }[],
): Promise<string[]> {
  const ids = new Set<string>()
  const cursor = new RecordCursor()
  for (const record of TRACED) {
    for (const [topic, declared] of Object.entries(topology.topics)) {
      if (declared.record !== record) continue
      for (let partition = 0; partition < declared.partitions; partition++) {
        for await (const stretch of scan(reader, topic, partition, reader.partition(topic, partition).end_offset)) {
          if ('damage' in stretch) continue
          cursor.open(stretch.batch)
          while (cursor.next()) ids.add(recordId(cursor.producer, cursor.seq))
        }
      }
    }
  }
  for (const { id } of held) ids.add(id)
  return [...ids]
}
