/** Transactions as an operator sees them, and the end of one that hangs. */
import { AppError } from '../../runtime/api/index.ts'
import { byTopic, perLeader, type TopicPartition } from './admin-topics.ts'
import type { Cluster } from './cluster.ts'
import { CODE, check } from './errors.ts'
import { initProducerId } from './requests/init-producer-id.ts'
import * as request from './requests/transactions.ts'

const TRANSACTIONAL_ID_NOT_FOUND = 105

/** Transactional ids of all brokers, sorted; `states` narrows them, for example to `Ongoing`. */
export async function listTransactions(
  cluster: Cluster,
  filter: { states?: readonly string[]; producer_ids?: readonly number[] } = {},
): Promise<request.ListedTransaction[]> {
  const { brokers } = await cluster.metadata([])
  const input = { states: filter.states ?? [], producer_ids: filter.producer_ids ?? [] }
  const answers = await Promise.all(
    brokers.map(async ({ node_id }) => {
      const output = await cluster.request({ node: node_id }, request.listTransactions, input)
      check(output.error_code, `listing the transactions of broker ${node_id}`)
      return output.transactions
    }),
  )
  return answers.flat().sort((a, b) => (a.transactional_id < b.transactional_id ? -1 : 1))
}

/** Undefined if the id has never been used, or was forgotten. */
export async function describeTransaction(
  cluster: Cluster,
  transactional_id: string,
): Promise<request.DescribedTransaction | undefined> {
  const to = { coordinator: 'transaction', key: transactional_id } as const
  const [found] = (await cluster.request(to, request.describeTransaction, { transactional_id })).transactions
  if (found === undefined || found.error_code === TRANSACTIONAL_ID_NOT_FOUND) return undefined
  check(found.error_code, `describing the transaction of ${transactional_id}`)
  return found
}

export interface PartitionProducers extends TopicPartition {
  readonly producers: readonly request.ActiveProducer[]
}

/** Producers that the partitions know, with the offset at which an open transaction of theirs begins. */
export async function describeProducers(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<PartitionProducers[]> {
  const found = await perLeader(cluster, partitions, {}, async (leader, group, once) => {
    const topics = byTopic(group, ({ partition }) => partition)
    return (await cluster.request(leader, request.describeProducers, { topics }, once)).partitions
  })
  return found.map(({ topic, partition, error_code, error_message, producers }) => {
    check(error_code, `describing the producers of ${topic}/${partition}`, { message: error_message })
    return { topic, partition, producers }
  })
}

/**
 * Aborts the open transaction of an id the orderly way: by taking the id, which fences its producer. That one sees
 * `FENCED` at its next commit and joins anew.
 */
export async function abortTransaction(cluster: Cluster, transactional_id: string): Promise<void> {
  const to = { coordinator: 'transaction', key: transactional_id } as const
  const input = { transactional_id, transaction_timeout_ms: 10_000, producer_id: -1, producer_epoch: -1 }
  const { error_code } = await cluster.request(to, initProducerId, input)
  check(error_code, `aborting the transaction of ${transactional_id}`)
}

/**
 * Writes the abort marker that is missing at the end of a transaction which its coordinator no longer knows (a hanging
 * one, as `kafka-transactions.sh abort` does). Throws `KAFKA_NO_TRANSACTION` if none of this producer is open there.
 */
export async function abortHanging(cluster: Cluster, at: TopicPartition, producer_id: number): Promise<void> {
  const [known] = await describeProducers(cluster, [at])
  const producer = known?.producers.find((one) => one.producer_id === producer_id && one.open_since_offset >= 0)
  if (producer === undefined) {
    throw new AppError(
      'KAFKA_NO_TRANSACTION',
      `producer ${producer_id} has nothing open in ${at.topic}/${at.partition}`,
      {
        exit_code: 2,
      },
    )
  }
  const output = await cluster.request({ leader: at }, request.writeTxnMarkers, {
    producer_id,
    producer_epoch: producer.producer_epoch,
    // A producer that never committed here has no coordinator's epoch (-1): 0 is taken by the leader then.
    coordinator_epoch: Math.max(0, producer.coordinator_epoch),
    commit: false,
    topics: [{ topic: at.topic, partitions: [at.partition] }],
  })
  const [result] = output.partitions
  check(result?.error_code ?? CODE.UNKNOWN_TOPIC_OR_PARTITION, `aborting in ${at.topic}/${at.partition}`)
}
