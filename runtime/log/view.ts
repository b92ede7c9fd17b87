import type { Follower, PartitionInfo, Position, Reader, StoredBatch, TopicSpec } from '../api/broker.ts'
import { topicDigest } from './digest.ts'
import { after, valueKey } from './keys.ts'
import { findBatch, loadDigest, readState } from './partition.ts'
import type { LogReads } from './store.ts'
import { decodeBatch } from './stored-batch.ts'
import { TopicTable } from './topics.ts'

/** When a store changes: how often it has, and the next time. */
export interface Changes {
  count(): number
  next(): Promise<void>
}

/**
 * The reading half of a log: what is durable in a store, whoever writes it.
 *
 * Each call sees one state of the store, as new as the call. Damaged batches are `DATA_DAMAGED` (exit 3), topics that
 * nobody declared `TOPIC_UNKNOWN` (exit 2).
 */
export class LogView implements Reader {
  readonly #reads: LogReads
  readonly #refresh: () => void
  readonly #close: () => Promise<void>
  readonly #changes: Changes
  readonly #topics: TopicTable

  /**
   * `refresh` makes `reads` see what was committed up to now; `changes` tells followers when to look again (without it,
   * after a few milliseconds).
   */
  constructor(
    reads: LogReads,
    refresh: () => void = () => {},
    close: () => Promise<void> = async () => {},
    changes: Changes = polled,
  ) {
    this.#reads = reads
    this.#refresh = refresh
    this.#close = close
    this.#changes = changes
    this.#topics = new TopicTable(reads)
  }

  topics(): readonly TopicSpec[] {
    this.#refresh()
    this.#topics.load(this.#reads)
    return this.#topics.all().map((topic) => topic.spec)
  }

  /** Number of a partition within the store. */
  number(topic: string, partition: number): number {
    if (this.#topics.get(topic) === undefined) this.topics()
    return this.#topics.number(topic, partition)
  }

  partition(topic: string, partition: number): PartitionInfo {
    this.#refresh()
    const { start_offset, end_offset } = readState(this.#reads, this.number(topic, partition))
    return { topic, partition, start_offset, end_offset }
  }

  async highWatermark(topic: string, partition: number): Promise<number> {
    return this.partition(topic, partition).end_offset
  }

  async read(topic: string, partition: number, offset: number): Promise<StoredBatch | undefined> {
    this.#refresh()
    const number = this.number(topic, partition)
    const found = findBatch(this.#reads, number, Math.max(0, offset), `${topic}/${partition}`)
    if (found === undefined) return undefined
    return decodeBatch(found.key, found.value, topic, partition, found.base_offset)
  }

  follow(from: readonly Position[]): Follower {
    const next = from.map(({ offset }) => offset)
    let closed = false
    let looked = -1
    return {
      take: (index) => {
        const { topic, partition } = from[index] as Position
        looked = Math.max(looked, this.#changes.count())
        this.#refresh()
        const number = this.number(topic, partition)
        const found = findBatch(this.#reads, number, next[index] as number, `${topic}/${partition}`)
        if (found === undefined || closed) return undefined
        const batch = decodeBatch(found.key, found.value, topic, partition, found.base_offset)
        next[index] = batch.base_offset + batch.records
        return batch
      },
      taken: (index) => next[index] as number,
      ready: async () => {
        if (this.#changes.count() <= looked) await this.#changes.next()
      },
      close: async () => {
        closed = true
      },
    }
  }

  async offsetAt(topic: string, partition: number, stream_time_us: number): Promise<number> {
    let { start_offset: offset } = this.partition(topic, partition)
    for (;;) {
      const batch = await this.read(topic, partition, offset)
      if (batch === undefined || batch.last_time_us >= stream_time_us) return offset
      offset = batch.base_offset + batch.records
    }
  }

  async *scan(store: string, prefix = ''): AsyncGenerator<{ key: string; value: Uint8Array }> {
    this.#refresh()
    const from = valueKey(store, prefix)
    const name_bytes = valueKey(store, '').length
    for (const { key, value } of this.#reads.range(from, after(from))) {
      yield { key: Buffer.from(key.subarray(name_bytes)).toString('utf8'), value }
    }
  }

  async get(store: string, key: string): Promise<Uint8Array | undefined> {
    this.#refresh()
    return this.#reads.get(valueKey(store, key))
  }

  async digests(): Promise<Readonly<Record<string, { records: number; sha256: string }>>> {
    this.#refresh()
    this.#topics.load(this.#reads)
    const digests: Record<string, { records: number; sha256: string }> = {}
    for (const { spec, first } of this.#topics.all()) {
      if (spec.internal === true) continue
      let records = 0
      const chains: Buffer[] = []
      for (let i = 0; i < spec.partitions; i++) {
        const state = readState(this.#reads, first + i)
        records += state.end_offset
        chains.push(loadDigest(this.#reads, first + i, state, `${spec.name}/${i}`).current())
      }
      digests[spec.name] = { records, sha256: topicDigest(chains) }
    }
    return digests
  }

  close(): Promise<void> {
    return this.#close()
  }
}

const POLL_MS = 5

const polled: Changes = {
  count: () => 0,
  next: () => new Promise((resolve) => setTimeout(resolve, POLL_MS)),
}
