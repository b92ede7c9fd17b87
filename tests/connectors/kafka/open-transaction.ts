/** A transaction that a test holds open, on a real broker: what a process leaves that died in the middle. */
import type { Cluster } from '../../../connectors/kafka/cluster.ts'
import { encodeRecords } from '../../../connectors/kafka/record-encoder.ts'
import { addPartitionsToTxn } from '../../../connectors/kafka/requests/add-partitions-to-txn.ts'
import { endTxn } from '../../../connectors/kafka/requests/end-txn.ts'
import { initProducerId } from '../../../connectors/kafka/requests/init-producer-id.ts'
import { encodeValues } from '../../../connectors/kafka/value-encoder.ts'
import { type PartitionWrite, producePartitions, topicsOf } from '../../../connectors/kafka/write.ts'
import { batchOf, type TestRecord } from '../../conformance/records.ts'

const LIMITS = { target_bytes: 1 << 20, max_bytes: 1 << 24, compression: 'none' } as const

interface Identity {
  readonly transactional_id: string
  readonly producer_id: number
  readonly producer_epoch: number
}

export class OpenTransaction {
  readonly #cluster: Cluster
  readonly #identity: Identity
  readonly #sequences = new Map<string, number>()

  private constructor(cluster: Cluster, identity: Identity) {
    this.#cluster = cluster
    this.#identity = identity
  }

  /** `transactional_id` as Kafka knows it. */
  static async begin(cluster: Cluster, transactional_id: string, timeout_ms = 60_000): Promise<OpenTransaction> {
    const { producer_id, producer_epoch } = await cluster.request(
      { coordinator: 'transaction', key: transactional_id },
      initProducerId,
      { transactional_id, transaction_timeout_ms: timeout_ms, producer_id: -1, producer_epoch: -1 },
    )
    return new OpenTransaction(cluster, { transactional_id, producer_id, producer_epoch })
  }

  /** `topic` as Kafka knows it. */
  write(topic: string, partition: number, records: readonly TestRecord[]): Promise<void> {
    return this.#write({ topic, partition, batches: encodeRecords([batchOf(topic, partition, records)], LIMITS) })
  }

  /** A record of a compacted topic: `store, zero byte, key`. */
  put(topic: string, partition: number, key: string, value: string | null): Promise<void> {
    const record = { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }
    return this.#write({ topic, partition, batches: encodeValues([record], 1 << 20, topic) })
  }

  async #write(write: Omit<PartitionWrite, 'base_offset' | 'end_offset'>): Promise<void> {
    const writes = [{ ...write, base_offset: -1, end_offset: -1 }]
    const topics = topicsOf(writes, ({ partition }) => partition)
    await this.#cluster.request(this.#coordinator, addPartitionsToTxn, { ...this.#identity, topics })
    await producePartitions(writes, {
      ...this.#identity,
      cluster: this.#cluster,
      channel: 'main',
      sequences: this.#sequences,
      deadline_ms: 10_000,
    })
  }

  async end(fate: 'commit' | 'abort'): Promise<void> {
    await this.#cluster.request(this.#coordinator, endTxn, { ...this.#identity, commit: fate === 'commit' })
  }

  get #coordinator() {
    return { coordinator: 'transaction', key: this.#identity.transactional_id } as const
  }
}
