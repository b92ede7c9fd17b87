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
  const [found] = await describeProducers(cluster, [{ topic, partition }])
  const open = (found?.producers ?? []).filter(({ open_since_offset }) => open_since_offset >= 0)
  if (open.length === 0) return false
  const first = open.reduce((least, one) => (one.open_since_offset < least.open_since_offset ? one : least))
  return undecided(cluster, [first.producer_id])
}

/** Whether none of these producers has a transaction that was decided and not marked everywhere. */
export async function undecided(cluster: Cluster, producer_ids: readonly number[]): Promise<boolean> {
  return (await decided(cluster, producer_ids)).length === 0
}

/** Those of these producers whose transaction is decided, with its state: `normalizer-3 PrepareAbort`. */
export async function decided(cluster: Cluster, producer_ids: readonly number[]): Promise<string[]> {
  const listed = await listTransactions(cluster, { producer_ids })
  return listed
    .filter(({ state }) => state !== 'Ongoing')
    .map(({ transactional_id, state }) => `${transactional_id} ${state}`)
}
