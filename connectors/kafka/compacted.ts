import { listOffsets } from './admin.ts'
import type { Cluster } from './cluster.ts'
import { CommittedFilter } from './committed.ts'
import { kafkaError } from './errors.ts'
import { markerType } from './outcome.ts'
import { BatchCursor } from './record-batch.ts'
import { RecordScanner } from './record-scanner.ts'
import { type FetchedPartition, fetch } from './requests/fetch.ts'
import { decided, lateMarkers } from './undecided.ts'

/**
 * The values of a compacted topic, partition by partition, as of each call.
 *
 * A call captures the high watermark and reads on to it, judged by position: markers and aborted records occupy offsets
 * too. What lies before the last stable offset is kept and read on from by the next call, never trusted by itself, and
 * dropped after `KEPT_MS` without a call, long before compaction forgets deletions. Behind the last stable offset stand
 * transactions of others that are still open: there, records whose commit marker is found count, open ones do not, so
 * that a process that died in the middle holds nobody up; one that is decided and lacks its marker is waited for.
 */

const FETCH_BYTES = 8 * 1024 * 1024
/** How long a decided transaction may lack its markers. */
const MARKERS_MS = 60_000
const MARKERS_PAUSE_MS = 5
const KEPT_MS = 60_000

/** By the key's bytes as Latin-1, whose order is that of the bytes; null is a deletion. */
type Changes = Map<string, Uint8Array | null>

interface Kept {
  position: number
  readonly values: Map<string, Uint8Array>
}

/** A partition's values at one moment. */
export class Values {
  readonly #kept: ReadonlyMap<string, Uint8Array>
  readonly #later: ReadonlyMap<string, Uint8Array | null>

  constructor(kept: ReadonlyMap<string, Uint8Array>, later: ReadonlyMap<string, Uint8Array | null>) {
    this.#kept = kept
    this.#later = later
  }

  get(key: Buffer): Uint8Array | undefined {
    const text = key.toString('latin1')
    const later = this.#later.get(text)
    return later === undefined ? this.#kept.get(text) : (later ?? undefined)
  }

  /** Those whose key begins with `prefix`, in no order; keys as Latin-1. */
  *from(prefix: Buffer): Generator<readonly [key: string, value: Uint8Array]> {
    const text = prefix.toString('latin1')
    for (const entry of this.#kept) if (entry[0].startsWith(text) && !this.#later.has(entry[0])) yield entry
    for (const [key, value] of this.#later) if (value !== null && key.startsWith(text)) yield [key, value]
  }
}

export class CompactedTopic {
  /** As Kafka knows it. */
  readonly topic: string
  /** 0 while there is no such topic. */
  partitions = 0
  readonly #cluster: Cluster
  readonly #kept = new Map<number, Promise<Kept>>()
  #expiry: NodeJS.Timeout | undefined

  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster
    this.topic = topic
  }

  close(): void {
    clearTimeout(this.#expiry)
    this.#kept.clear()
  }

  /** The partition's values as of now. Calls for one partition read one after another. */
  async values(partition: number): Promise<Values> {
    clearTimeout(this.#expiry)
    this.#expiry = setTimeout(() => this.#kept.clear(), KEPT_MS)
    this.#expiry.unref()
    const { topic } = this
    const [high] = await listOffsets(this.#cluster, [{ topic, partition }], 'latest')
    const high_watermark = high?.offset ?? 0
    const reading = this.#readOn(partition, high_watermark, this.#kept.get(partition))
    this.#kept.set(partition, reading)
    reading.catch(() => {
      if (this.#kept.get(partition) === reading) this.#kept.delete(partition)
    })
    const { position, values } = await reading
    if (position >= high_watermark) return new Values(values, new Map())
    return new Values(values, await this.#peek(partition, position, high_watermark))
  }

  /** Reads committed changes up to `end` or the last stable offset, whichever comes first. */
  async #readOn(partition: number, end: number, last: Promise<Kept> | undefined): Promise<Kept> {
    const kept: Kept = (await last?.catch(() => undefined)) ?? { position: 0, values: new Map() }
    const scanner = new RecordScanner()
    while (kept.position < end) {
      const fetched = await this.#fetch(partition, kept.position, 'read_committed')
      const cursor = new BatchCursor().open(fetched.records, `${this.topic}/${partition}`)
      const filter = new CommittedFilter().open(fetched.aborted)
      while (filter.next(cursor)) {
        cursor.check()
        scan(scanner.open(cursor), (key, value) => {
          if (value === null) kept.values.delete(key)
          else kept.values.set(key, value)
        })
      }
      if (cursor.end === 0) break
      kept.position = cursor.last_offset + 1
    }
    return kept
  }

  /** Changes in `[from, end)` whose transaction is committed, though an open one stands before them. */
  async #peek(partition: number, from: number, end: number): Promise<Changes> {
    const give_up_at = performance.now() + MARKERS_MS
    for (;;) {
      const changes: Changes = new Map()
      const open = new Map<number, [key: string, value: Uint8Array | null][]>()
      const scanner = new RecordScanner()
      // On to the present end, since markers may have come meanwhile.
      for (let position = from; ; ) {
        const fetched = await this.#fetch(partition, position, 'read_uncommitted')
        const cursor = new BatchCursor().open(fetched.records, `${this.topic}/${partition}`)
        while (cursor.next()) {
          const { producer_id } = cursor
          if (cursor.control) {
            const committed = markerType(cursor) === 1
            for (const [key, value] of open.get(producer_id) ?? []) if (committed) changes.set(key, value)
            open.delete(producer_id)
          } else if (cursor.base_offset < end) {
            cursor.check()
            const own = open.get(producer_id) ?? []
            scan(scanner.open(cursor), (key, value) => own.push([key, value]))
            if (cursor.transactional) open.set(producer_id, own)
            else for (const [key, value] of own) changes.set(key, value)
          }
        }
        if (cursor.end === 0) break
        position = cursor.last_offset + 1
      }
      const late = open.size === 0 ? [] : await decided(this.#cluster, [...open.keys()])
      if (late.length === 0) return changes
      if (performance.now() > give_up_at) throw lateMarkers(`${this.topic}/${partition}@${from}`, late)
      await new Promise((resolve) => setTimeout(resolve, MARKERS_PAUSE_MS))
    }
  }

  async #fetch(partition: number, offset: number, isolation: 'read_committed' | 'read_uncommitted') {
    const { topic } = this
    const output = await this.#cluster.request(
      { leader: { topic, partition } },
      fetch,
      {
        max_wait_ms: 0,
        min_bytes: 0,
        max_bytes: FETCH_BYTES,
        isolation,
        topics: [{ topic, partitions: [{ partition, offset, max_bytes: FETCH_BYTES }] }],
      },
      { channel: 'read' },
    )
    const fetched = output.partitions[0] as FetchedPartition
    if (fetched.error_code !== 0) throw kafkaError(fetched.error_code, `reading ${topic}/${partition}@${offset}`)
    return fetched
  }
}

/** Values are copies: a view would keep the whole fetch. */
function scan(scanner: RecordScanner, each: (key: string, value: Uint8Array | null) => void): void {
  while (scanner.next()) {
    const { bytes, key_start, key_end, value_start, value_end, value_null } = scanner
    const key = bytes.toString('latin1', key_start, key_end)
    each(key, value_null ? null : Buffer.from(bytes.subarray(value_start, value_end)))
  }
}
