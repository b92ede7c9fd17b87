import type { Producer, Transaction } from '../../runtime/api/index.ts'
import type { Cluster } from './cluster.ts'
import { closed, type EncodedTransaction } from './transaction.ts'
import { type PartitionWrite, producePartitions } from './write.ts'

/**
 * Writes without transactions: records first, then the journal and state that count on them. After a crash between the
 * two the records are written again, and nothing fences: at least once. It is here so that the price of exactly-once can
 * be measured; nothing but benches opens it.
 */
export interface PlainProducerOptions {
  readonly cluster: Cluster
  readonly channel: string
  encode(transaction: Transaction): EncodedTransaction
  committed(writes: readonly PartitionWrite[]): void
}

const DEADLINE_MS = 30_000

export class PlainProducer implements Producer {
  readonly #options: PlainProducerOptions
  #last: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: PlainProducerOptions) {
    this.#options = options
  }

  commit(transaction: Transaction): Promise<void> {
    if (this.#closed) return Promise.reject(closed())
    const encoded = this.#options.encode(transaction)
    const done = this.#last.then(() => this.#write(encoded.writes)).finally(() => encoded.release?.())
    this.#last = done.catch(() => {})
    return done
  }

  /** Takes nothing more; resolves when what was taken is done. */
  close(): Promise<void> {
    this.#closed = true
    return this.#last
  }

  async #write(writes: readonly PartitionWrite[]): Promise<void> {
    const is_record = ({ port_topic }: PartitionWrite) =>
      port_topic !== undefined && !port_topic.startsWith('aitrader.')
    for (const part of [writes.filter(is_record), writes.filter((write) => !is_record(write))]) {
      const { cluster, channel } = this.#options
      await producePartitions(part, {
        cluster,
        channel,
        transactional_id: null,
        producer_id: -1,
        producer_epoch: -1,
        sequences: new Map(),
        deadline_ms: DEADLINE_MS,
      })
    }
    this.#options.committed(writes)
  }
}
