import {
  describeProducers,
  describeTopics,
  describeTransaction,
  listOffsets,
  listTransactions,
} from '../../connectors/kafka/admin.ts'
import type { KafkaBroker } from '../../connectors/kafka/broker.ts'
import { namesOf } from '../../connectors/kafka/names.ts'

/** One transactional id of a topology. */
export interface TransactionRow {
  readonly id: string
  /** As Kafka calls it: `Ongoing`, `CompleteCommit`, `CompleteAbort`... */
  readonly state: string
  readonly producer_id: number
  readonly producer_epoch: number
  /** Since the last one was begun, milliseconds of the wall clock; null if there was none since the id was taken. */
  readonly begun_ms_ago: number | null
  readonly timeout_ms: number
  /** What an open one has touched, `topic/partition`. */
  readonly partitions: readonly string[]
}

/** Records that nobody can read yet because a transaction in front of them is open. */
export interface HeldPartition {
  readonly topic: string
  readonly partition: number
  /** Offsets from the last stable one to the end. */
  readonly held: number
  /** Who holds them. */
  readonly producer_id: number
  /** Undefined of a producer that no coordinator knows. */
  readonly id: string | undefined
  /** Nobody will end it: its coordinator knows of none that is open. */
  readonly hangs: boolean
}

/** Every transaction of the topology, by id. */
export async function transactionsOf({ cluster }: KafkaBroker, topology: string): Promise<TransactionRow[]> {
  const prefix = namesOf(topology).transactionalId('')
  const listed = (await listTransactions(cluster)).filter(({ transactional_id }) => transactional_id.startsWith(prefix))
  const rows = await Promise.all(
    listed.map(async ({ transactional_id }): Promise<TransactionRow | undefined> => {
      const found = await describeTransaction(cluster, transactional_id)
      if (found === undefined) return undefined
      const { state, producer_id, producer_epoch, started_ms, timeout_ms, topics } = found
      return {
        id: transactional_id,
        state,
        producer_id,
        producer_epoch,
        begun_ms_ago: started_ms < 0 ? null : Math.max(0, Date.now() - started_ms),
        timeout_ms,
        partitions: topics.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`)),
      }
    }),
  )
  return rows.filter((row) => row !== undefined)
}

export function isOpen({ state }: Pick<TransactionRow, 'state'>): boolean {
  return state === 'Ongoing' || state.startsWith('Prepare')
}

/** Partitions of the topology's topics in which records wait for an open transaction, whoever began it. */
export async function heldPartitions(broker: KafkaBroker, topology: string): Promise<HeldPartition[]> {
  const { cluster } = broker
  const names = namesOf(topology)
  const declared = broker.topics().map(({ name, partitions }) => ({ topic: names.topic(name), partitions }))
  const stores = await describeTopics(cluster, [names.state, names.topics])
  const counted = [...declared, ...stores.map(({ topic, partitions }) => ({ topic, partitions: partitions.length }))]
  const all = counted.flatMap(({ topic, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
  )
  // The ends first: what is written in between then looks held by nobody.
  const ends = await listOffsets(cluster, all, 'latest')
  const stable = await listOffsets(cluster, all, 'stable')
  const held = all
    .map((one, i) => ({ ...one, held: (ends[i]?.offset ?? 0) - (stable[i]?.offset ?? 0) }))
    .filter((one) => one.held > 0)
  if (held.length === 0) return []
  const listed = await listTransactions(cluster)
  const producers = await describeProducers(cluster, held)
  return held.flatMap(({ topic, partition, held: count }) => {
    const found = producers.find((one) => one.topic === topic && one.partition === partition)
    const open = (found?.producers ?? []).filter(({ open_since_offset }) => open_since_offset >= 0)
    const [first] = open.sort((a, b) => a.open_since_offset - b.open_since_offset)
    if (first === undefined) return []
    const transaction = listed.find(({ producer_id }) => producer_id === first.producer_id)
    return [
      {
        topic,
        partition,
        held: count,
        producer_id: first.producer_id,
        id: transaction?.transactional_id,
        hangs: transaction === undefined || !isOpen(transaction),
      },
    ]
  })
}
