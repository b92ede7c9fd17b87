import type { Put } from '../../runtime/api/index.ts'
import { partitionOf, valueKey } from '../../runtime/api/log.ts'
import type { CompactedTopic } from './compacted.ts'
import type { EncodedBatch } from './record-encoder.ts'
import { encodeValues } from './value-encoder.ts'

/**
 * Key-value stores in one compacted topic: a record per change, key `store, zero byte, key`, null for a deletion.
 *
 * A key's partition follows from what stands before its first zero byte (the task's name), so that one task's values
 * lie together: reading them reads one partition. A scan whose prefix names no task reads all.
 */
export class Stores {
  readonly #topic: CompactedTopic

  constructor(topic: CompactedTopic) {
    this.#topic = topic
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
      encoded.set(shard, encodeValues(records, max_bytes, `${this.#topic.topic}/${shard}`))
    }
    return encoded
  }

  async get(store: string, key: string): Promise<Uint8Array | undefined> {
    if (this.#topic.partitions === 0) return undefined
    return (await this.#topic.values(this.#shardOf(key))).get(recordKey(store, key))
  }

  /** In byte order of keys, as of the first step: what is committed later is not seen. */
  async *scan(store: string, prefix: string): AsyncGenerator<{ key: string; value: Uint8Array }> {
    const { partitions } = this.#topic
    if (partitions === 0) return
    const shards = prefix.includes('\0') ? [this.#shardOf(prefix)] : [...Array(partitions).keys()]
    const wanted = recordKey(store, prefix)
    const skipped = recordKey(store, '').length
    const read = await Promise.all(shards.map((shard) => this.#topic.values(shard)))
    const found = read.flatMap((values) => [...values.from(wanted)])
    found.sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [key, value] of found) yield { key: Buffer.from(key, 'latin1').toString('utf8', skipped), value }
  }

  #shardOf(key: string): number {
    const end = key.indexOf('\0')
    return partitionOf(end < 0 ? key : key.slice(0, end), this.#topic.partitions)
  }
}

/** `store, zero byte, key`; longer ones than every broker takes are refused. */
function recordKey(store: string, key: string): Buffer {
  // The log core's key begins with a byte of kind.
  return valueKey(store, key).subarray(1)
}
