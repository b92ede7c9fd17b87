import { AppError, type Put } from '../../runtime/api/index.ts'
import { partitionOf, valueKey } from '../../runtime/api/log.ts'
import type { Cluster } from './cluster.ts'
import { CommittedFilter } from './committed.ts'
import { kafkaError } from './errors.ts'
import { listedOffsets } from './reader.ts'
import { BatchCursor } from './record-batch.ts'
import type { EncodedBatch } from './record-encoder.ts'
import { RecordScanner } from './record-scanner.ts'
import { fetch } from './requests/fetch.ts'
import { LATEST } from './requests/list-offsets.ts'
import { encodeValues } from './value-encoder.ts'

/**
 * Key-value stores as one compacted topic: a record per change, key `store, zero byte, key`, null for a deletion.
 *
 * A key's partition follows from what stands before its first zero byte (the task's name), so that one task's values
 * lie together. Every call reads on to the high watermark that it finds, judged by position: markers and aborted records
 * occupy offsets too. It waits until all up to there is decided, so that it sees what was committed before the call. What
 * was read is kept and read on from by the next call, never trusted by itself; after `KEPT_MS` without a call it is
 * dropped, long before compaction forgets deletions.
 */

const FETCH_BYTES = 8 * 1024 * 1024
const WAIT_MS = 500
/** How long an abandoned transaction may hold a call up. */
const UNDECIDED_MS = 60_000
const KEPT_MS = 60_000

interface Shard {
  position: number
  /** By the record's key in Latin-1, whose order is that of the bytes. */
  readonly values: Map<string, Uint8Array>
}

export class Stores {
  readonly #cluster: Cluster
  readonly #topic: string
  readonly #shards = new Map<number, Promise<Shard>>()
  #partitions = 0
  #expiry: NodeJS.Timeout | undefined

  /** `topic`: as Kafka knows it. */
  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster
    this.#topic = topic
  }

  get topic(): string {
    return this.#topic
  }

  close(): void {
    clearTimeout(this.#expiry)
    this.#shards.clear()
  }

  /** Learns the number of partitions; 0 while there is no such topic. */
  opened(partitions: number): void {
    this.#partitions = partitions
  }

  get partitions(): number {
    return this.#partitions
  }

  /** The changes by partition, encoded; a key that is too long is refused as every broker refuses it. */
  encode(puts: readonly Put[], max_bytes: number): Map<number, EncodedBatch[]> {
    const shards = new Map<number, { key: Uint8Array; value: Uint8Array | null }[]>()
    for (const { store, key, value } of puts) {
      const shard = this.#shardOf(key)
      const record = { key: recordKey(store, key), value }
      const records = shards.get(shard)
      if (records === undefined) shards.set(shard, [record])
      else records.push(record)
    }
    const encoded = new Map<number, EncodedBatch[]>()
    for (const [shard, records] of shards) {
      encoded.set(shard, encodeValues(records, max_bytes, `${this.#topic}/${shard}`))
    }
    return encoded
  }

  async get(store: string, key: string): Promise<Uint8Array | undefined> {
    if (this.#partitions === 0) return undefined
    const shard = await this.#read(this.#shardOf(key))
    return shard.values.get(recordKey(store, key).toString('latin1'))
  }

  async *scan(store: string, prefix: string): AsyncGenerator<{ key: string; value: Uint8Array }> {
    const shards = prefix.includes('\0') ? [this.#shardOf(prefix)] : [...Array(this.#partitions).keys()]
    if (this.#partitions === 0) return
    const wanted = recordKey(store, prefix).toString('latin1')
    const skipped = recordKey(store, '').length
    const found: [string, Uint8Array][] = []
    for (const { values } of await Promise.all(shards.map((shard) => this.#read(shard)))) {
      for (const entry of values) if (entry[0].startsWith(wanted)) found.push(entry)
    }
    found.sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [key, value] of found) yield { key: Buffer.from(key, 'latin1').toString('utf8', skipped), value }
  }

  #shardOf(key: string): number {
    const end = key.indexOf('\0')
    return partitionOf(end < 0 ? key : key.slice(0, end), this.#partitions)
  }

  /** The shard's values as of now. Calls for one shard go one after another. */
  #read(partition: number): Promise<Shard> {
    const last = this.#shards.get(partition)
    const next = this.#readOn(partition, last)
    this.#shards.set(partition, next)
    next.catch(() => {
      if (this.#shards.get(partition) === next) this.#shards.delete(partition)
    })
    clearTimeout(this.#expiry)
    this.#expiry = setTimeout(() => this.#shards.clear(), KEPT_MS)
    this.#expiry.unref()
    return next
  }

  async #readOn(partition: number, last: Promise<Shard> | undefined): Promise<Shard> {
    const where = [{ topic: this.#topic, partition }]
    // Before waiting for the call in front, so that the end is that of this call.
    const [end] = (await listedOffsets(this.#cluster, where, LATEST, 'read_uncommitted')) as [number]
    let shard = await last?.catch(() => undefined)
    shard ??= { position: 0, values: new Map() }
    const give_up_at = performance.now() + UNDECIDED_MS
    while (shard.position < end) {
      const before = shard.position
      await this.#step(partition, shard)
      if (shard.position === before && performance.now() > give_up_at) {
        throw new AppError('STATE_UNDECIDED', `${this.#topic}/${partition}@${before} waits for an open transaction`, {
          exit_code: 4,
          hint: '`aitrader txn list` shows it, `aitrader txn abort` ends it',
        })
      }
    }
    return shard
  }

  async #step(partition: number, shard: Shard): Promise<void> {
    const topic = this.#topic
    const output = await this.#cluster.request(
      { leader: { topic, partition } },
      fetch,
      {
        max_wait_ms: WAIT_MS,
        min_bytes: 1,
        max_bytes: FETCH_BYTES,
        isolation: 'read_committed',
        topics: [{ topic, partitions: [{ partition, offset: shard.position, max_bytes: FETCH_BYTES }] }],
      },
      { channel: 'read' },
    )
    const fetched = output.partitions[0]
    if (fetched === undefined || fetched.error_code !== 0) {
      throw kafkaError(fetched?.error_code ?? -1, `reading ${topic}/${partition}@${shard.position}`)
    }
    const cursor = new BatchCursor().open(fetched.records, `${topic}/${partition}`)
    const filter = new CommittedFilter().open(fetched.aborted)
    const scanner = new RecordScanner()
    while (filter.next(cursor)) {
      cursor.check()
      scanner.open(cursor)
      while (scanner.next()) {
        if (cursor.base_offset + scanner.offset_delta < shard.position) continue
        const key = scanner.bytes.toString('latin1', scanner.key_start, scanner.key_end)
        if (scanner.value_null) shard.values.delete(key)
        // A copy of its own: a view would keep the whole fetch.
        else shard.values.set(key, Buffer.from(scanner.bytes.subarray(scanner.value_start, scanner.value_end)))
      }
    }
    if (cursor.end > 0) shard.position = cursor.last_offset + 1
  }
}

/** `store, zero byte, key`; longer ones than every broker takes are refused. */
export function recordKey(store: string, key: string): Buffer {
  // The log core's key begins with a byte of kind.
  return valueKey(store, key).subarray(1)
}
