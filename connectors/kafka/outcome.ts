import type { Cluster } from './cluster.ts'
import { BatchCursor } from './record-batch.ts'
import { RecordScanner } from './record-scanner.ts'
import { fetch } from './requests/fetch.ts'
import type { PartitionWrite } from './write.ts'

/**
 * What became of a transaction, read from the log: the first marker of its producer behind its records.
 *
 * `undefined` if none is there in time, or if no offset of the transaction is known.
 */

export type Outcome = 'committed' | 'aborted'

const FETCH_BYTES = 1024 * 1024
/** Type of a marker, in its key behind a version of two bytes. */
const COMMIT = 1

export async function outcomeOf(
  cluster: Cluster,
  writes: readonly PartitionWrite[],
  producer_id: number,
  give_up_at: number,
): Promise<Outcome | undefined> {
  const write = writes.find(({ base_offset }) => base_offset >= 0)
  if (write === undefined) return undefined
  const { topic, partition } = write
  const cursor = new BatchCursor()
  let offset = write.base_offset
  while (performance.now() < give_up_at) {
    const { partitions } = await cluster.request(
      { leader: { topic, partition } },
      fetch,
      {
        max_wait_ms: 100,
        min_bytes: 1,
        max_bytes: FETCH_BYTES,
        isolation: 'read_uncommitted',
        topics: [{ topic, partitions: [{ partition, offset, max_bytes: FETCH_BYTES }] }],
      },
      { deadline_ms: Math.max(1, give_up_at - performance.now()) },
    )
    const fetched = partitions[0]
    if (fetched === undefined || fetched.error_code !== 0) return undefined
    cursor.open(fetched.records, `${topic}/${partition}`)
    while (cursor.next()) {
      offset = cursor.last_offset + 1
      if (!cursor.control || cursor.producer_id !== producer_id) continue
      return markerType(cursor) === COMMIT ? 'committed' : 'aborted'
    }
  }
  return undefined
}

/** Of the control batch that `cursor` stands on: 0 abort, 1 commit; others are not markers of transactions. */
export function markerType(cursor: BatchCursor): number {
  const record = new RecordScanner().open(cursor)
  if (!record.next() || record.key_end - record.key_start < 4) return -1
  return record.bytes.readInt16BE(record.key_start + 2)
}
