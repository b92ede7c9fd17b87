import { AppError } from '../../runtime/api/index.ts'
import { describeProducers, listTransactions } from './admin.ts'
import type { Cluster } from './cluster.ts'

/**
 * Whether a partition's last stable offset is held back by a transaction that nobody has decided yet.
 *
 * A commit is answered before its markers stand in the partitions, so a reader that wants to see every commit answered
 * before its call has to wait where a decided transaction still lacks its marker, and must not wait for one that is being
 * written, or whose writer is gone. An id that this principal may not see counts as undecided.
 */
export async function heldBack(cluster: Cluster, topic: string, partition: number): Promise<boolean> {
  const [first] = await openThere(cluster, topic, partition)
  return first !== undefined && (await decided(cluster, [first])).length === 0
}

/** What holds a partition back although it is decided, for people: `normalizer-3 PrepareAbort`. */
export async function holding(cluster: Cluster, topic: string, partition: number): Promise<string[]> {
  return decided(cluster, await openThere(cluster, topic, partition))
}

/** Producers with an open transaction in the partition, the oldest first. */
async function openThere(cluster: Cluster, topic: string, partition: number): Promise<number[]> {
  const [found] = await describeProducers(cluster, [{ topic, partition }])
  const open = (found?.producers ?? []).filter(({ open_since_offset }) => open_since_offset >= 0)
  return open.toSorted((a, b) => a.open_since_offset - b.open_since_offset).map(({ producer_id }) => producer_id)
}

/** Those of these producers whose transaction is decided, with its state: `normalizer-3 PrepareAbort`. */
export async function decided(cluster: Cluster, producer_ids: readonly number[]): Promise<string[]> {
  if (producer_ids.length === 0) return []
  const listed = await listTransactions(cluster, { producer_ids })
  return listed
    .filter(({ state }) => state !== 'Ongoing')
    .map(({ transactional_id, state }) => `${transactional_id} ${state}`)
}

export function lateMarkers(where: string, late: readonly string[]): AppError {
  const of = late.length === 0 ? '' : `: ${late.join(', ')}`
  return new AppError('MARKERS_LATE', `${where} waits for the markers of decided transactions${of}`, {
    exit_code: 4,
    hint: 'a broker is away or overloaded, or a transaction hangs: `aitrader txn list` shows it',
  })
}
