import type { Follower, Position, StoredBatch } from '../../runtime/api/index.ts'
import { RetriableError } from '../../runtime/api/index.ts'
import { listOffsets } from './admin.ts'
import type { Cluster } from './cluster.ts'
import { CommittedFilter } from './committed.ts'
import { CODE, isRetriable, kafkaError } from './errors.ts'
import { unrecoverable } from './reader.ts'
import { BatchCursor, damaged } from './record-batch.ts'
import { decodeRecords } from './record-decoder.ts'
import { type FetchedPartition, fetch } from './requests/fetch.ts'
import { closed } from './transaction.ts'
import { topicsOf } from './write.ts'

/**
 * Follows partitions: one loop of long polls per broker, read ahead into one queue per partition.
 *
 * A partition whose queue is full (`QUEUE_BYTES`, less if there are many) is left out of the polls until it is taken
 * from, so that it stops nobody else; while one is left out the polls are short, so that it comes back soon. Batches are
 * decoded when they are taken, and the next poll is sent before that. Positions below the log's start or beyond its end are `STATE_UNRECOVERABLE`
 * (exit 3), never a jump to another offset. What may pass (a broker that is away, another leader) is tried again for
 * `PATIENCE_MS`, then the reading ends with it.
 */

const QUEUE_BYTES = 4 * 1024 * 1024
/** Of all queues together, if there are many partitions; each holds `LEAST_BYTES` and a batch all the same. */
const QUEUES_BYTES = 128 * 1024 * 1024
const LEAST_BYTES = 64 * 1024
const PARTITION_BYTES = 1024 * 1024
const FETCH_BYTES = 16 * 1024 * 1024
const LONG_POLL_MS = 500
const SHORT_POLL_MS = 20
const PATIENCE_MS = 300_000
const MAX_PAUSE_MS = 250

/** Committed batches of one fetch: those of `bytes` that lie at `starts`. */
interface Chunk {
  bytes: Buffer
  /** The answer that its bytes lie in is kept for it: see `settle`. */
  shared: boolean
  readonly starts: readonly number[]
  taken: number
}

interface Followed {
  /** In the port's name, and in Kafka's. */
  readonly topic: string
  readonly kafka_topic: string
  readonly partition: number
  readonly chunks: Chunk[]
  /** Decoded and not taken: more than one if schema ids differ within a batch. */
  readonly decoded: StoredBatch[]
  queued_bytes: number
  /** Offset to be fetched next. */
  position: number
  /** Broker that is asked; -1: to be found out. */
  node: number
  /** Nothing was read of it yet, and it may begin with what is left of the log. */
  or_start: boolean
}

export interface FollowerOptions {
  readonly cluster: Cluster
  readonly kafkaName: (topic: string) => string
  /** Told what each answer says of a partition's start and last stable offset. */
  heard(topic: string, partition: number, start: number, end: number): void
  /** Told once it was closed. */
  closed(follower: Follower): void
}

let followers = 0

export class KafkaFollower implements Follower {
  readonly #options: FollowerOptions
  readonly #followed: readonly Followed[]
  /** By `topic/partition` in Kafka's names. */
  readonly #by_name = new Map<string, Followed>()
  readonly #queue_bytes: number
  readonly #channel = `follow ${followers++}`
  readonly #stop = new AbortController()
  /** Brokers that a loop polls. */
  readonly #loops = new Set<number>()
  readonly #cursor = new BatchCursor()
  /** Wakes loops that wait because all their queues are full. */
  #drained: (() => void)[] = []
  /** Of the one who reads, since it asked last. */
  #waiting: PromiseWithResolvers<void> | undefined
  #fresh = true
  #failure: unknown
  #troubled_since = 0
  #turn = 0

  constructor(from: readonly Position[], options: FollowerOptions) {
    this.#options = options
    this.#followed = from.map(({ topic, partition, offset, or_start = false }) => ({
      topic,
      kafka_topic: options.kafkaName(topic),
      partition,
      chunks: [],
      decoded: [],
      queued_bytes: 0,
      position: offset,
      node: -1,
      or_start,
    }))
    for (const one of this.#followed) this.#by_name.set(`${one.kafka_topic}/${one.partition}`, one)
    this.#queue_bytes = Math.min(QUEUE_BYTES, Math.max(LEAST_BYTES, Math.floor(QUEUES_BYTES / from.length)))
    this.#assign().catch((error) => this.#fail(error))
  }

  take(index: number): StoredBatch | undefined {
    const followed = this.#followed[index] as Followed
    const ready = followed.decoded.shift()
    if (ready !== undefined) return ready
    const chunk = followed.chunks[0]
    if (chunk === undefined || this.#stop.signal.aborted) return undefined
    const cursor = this.#cursor.open(chunk.bytes, `${followed.topic}/${followed.partition}`)
    cursor.at(chunk.starts[chunk.taken++] as number)
    cursor.check()
    const was_full = followed.queued_bytes >= this.#queue_bytes
    followed.queued_bytes -= cursor.end - cursor.start
    if (chunk.taken === chunk.starts.length) followed.chunks.shift()
    if (was_full && followed.queued_bytes < this.#queue_bytes) for (const wake of this.#drained.splice(0)) wake()
    const batches = decodeRecords(cursor, followed.topic, followed.partition)
    if (batches.length > 1) followed.decoded.push(...batches.slice(1))
    return batches[0]
  }

  taken(index: number): number {
    const { decoded, chunks, position } = this.#followed[index] as Followed
    if (decoded[0] !== undefined) return decoded[0].base_offset
    const chunk = chunks[0]
    if (chunk === undefined) return position
    const cursor = new BatchCursor().open(chunk.bytes, '')
    cursor.at(chunk.starts[chunk.taken] as number)
    return cursor.base_offset
  }

  ready(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#stop.signal.aborted) return Promise.reject(closed())
    if (this.#fresh) {
      this.#fresh = false
      return Promise.resolve()
    }
    // Who asks again waits no longer for the answer before. Kept until something comes, these would fill a quiet night.
    this.#waiting?.resolve()
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    for (const wake of this.#drained.splice(0)) wake()
    this.#waiting?.reject(closed())
    this.#waiting = undefined
    this.#options.closed(this)
    // Polls under way end with their connections or by themselves: nobody waits for them.
  }

  /** Finds the leader of every partition that has none and sees that a loop runs for it. */
  async #assign(): Promise<void> {
    const { cluster } = this.#options
    for (const one of this.#followed) {
      if (one.node >= 0) continue
      one.node = await cluster.leader(one.kafka_topic, one.partition, { signal: this.#stop.signal })
    }
    for (const { node } of this.#followed) {
      if (this.#loops.has(node) || this.#stop.signal.aborted) continue
      this.#loops.add(node)
      this.#loop(node).catch((error) => this.#fail(error))
    }
  }

  async #loop(node: number): Promise<void> {
    let pause_ms = 2
    while (!this.#stop.signal.aborted) {
      const mine = this.#followed.filter((one) => one.node === node)
      if (mine.length === 0) {
        this.#loops.delete(node)
        return
      }
      const open = mine.filter(({ queued_bytes }) => queued_bytes < this.#queue_bytes)
      if (open.length === 0) {
        await new Promise<void>((resolve) => this.#drained.push(resolve))
        continue
      }
      try {
        const sound = await this.#poll(node, open, open.length < mine.length ? SHORT_POLL_MS : LONG_POLL_MS)
        if (!sound) throw new RetriableError('NOT_LEADER_OR_FOLLOWER', 'partitions moved to another broker')
        this.#troubled_since = 0
        pause_ms = 2
      } catch (error) {
        if (!(error instanceof RetriableError)) throw error
        const now = performance.now()
        if (this.#troubled_since === 0) this.#troubled_since = now
        else if (now - this.#troubled_since > PATIENCE_MS) throw error
        await new Promise((resolve) => setTimeout(resolve, pause_ms))
        pause_ms = Math.min(pause_ms * 2, MAX_PAUSE_MS)
        for (const one of mine) {
          one.node = -1
          this.#options.cluster.invalidate(one.kafka_topic)
        }
        // This loop goes on with what its broker still leads; others are started for the rest.
        await this.#assign()
      }
    }
  }

  /** One poll; false if a partition is led by another by now. */
  async #poll(node: number, open: readonly Followed[], max_wait_ms: number): Promise<boolean> {
    const { cluster } = this.#options
    // Brokers fill an answer in the order asked for: each partition is first in turn.
    const turn = this.#turn++ % open.length
    const ordered = turn === 0 ? open : [...open.slice(turn), ...open.slice(0, turn)]
    const wanted = ordered.map(({ kafka_topic: topic, partition, position: offset }) => ({ topic, partition, offset }))
    const max_bytes = Math.min(PARTITION_BYTES, this.#queue_bytes)
    const output = await cluster.request(
      { node },
      fetch,
      {
        max_wait_ms,
        min_bytes: 1,
        max_bytes: FETCH_BYTES,
        isolation: 'read_committed',
        topics: topicsOf(wanted, ({ partition, offset }) => ({ partition, offset, max_bytes })),
      },
      { channel: this.#channel, retry: false, signal: this.#stop.signal },
    )
    if (this.#stop.signal.aborted) return true
    let sound = true
    let fresh = false
    for (const one of this.#followed) if (one.node === node) settle(one)
    for (const fetched of output.partitions) {
      const one = this.#by_name.get(`${fetched.topic}/${fetched.partition}`)
      if (one === undefined) continue
      if (fetched.error_code === 0) {
        this.#options.heard(one.topic, one.partition, fetched.log_start_offset, fetched.last_stable_offset)
        one.or_start = false
        if (enqueue(one, fetched)) fresh = true
      } else if (fetched.error_code === CODE.OFFSET_OUT_OF_RANGE && one.or_start) {
        const [start] = await listOffsets(cluster, [{ topic: one.kafka_topic, partition: one.partition }], 'earliest')
        if (start === undefined || start.offset <= one.position) throw this.#outOfRange(one)
        one.position = start.offset
      } else if (isRetriable(fetched.error_code)) sound = false
      else if (fetched.error_code === CODE.OFFSET_OUT_OF_RANGE) throw this.#outOfRange(one)
      else throw kafkaError(fetched.error_code, `reading ${one.topic}/${one.partition}@${one.position}`)
    }
    if (fresh) this.#wake()
    return sound
  }

  #outOfRange({ topic, partition, position }: Followed): Error {
    return unrecoverable(`${topic}/${partition}`, position)
  }

  #wake(): void {
    if (this.#waiting === undefined) this.#fresh = true
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return
    this.#failure ??= error
    this.#waiting?.reject(this.#failure)
    this.#waiting = undefined
  }
}

/** Queues the committed batches of an answer; true if it leads further, be it past markers only. */
function enqueue(one: Followed, fetched: FetchedPartition): boolean {
  const cursor = new BatchCursor().open(fetched.records, `${one.topic}/${one.partition}`)
  const filter = new CommittedFilter().open(fetched.aborted)
  const starts: number[] = []
  let bytes = 0
  while (filter.next(cursor)) {
    if (cursor.last_offset < one.position) continue
    starts.push(cursor.start)
    bytes += cursor.end - cursor.start
  }
  if (cursor.end === 0) {
    if (fetched.records.length > 0) throw damaged(`${one.topic}/${one.partition}@${one.position}`, 'half a batch')
    return false
  }
  one.position = Math.max(one.position, cursor.last_offset + 1)
  if (starts.length === 0) return true
  one.chunks.push({ bytes: fetched.records, shared: true, starts, taken: 0 })
  one.queued_bytes += bytes
  return true
}

/**
 * Gives what is still queued when the next answer is here bytes of its own, so that a partition that nobody takes from
 * does not keep what was fetched for others. Who keeps up pays for no copy.
 */
function settle(one: Followed): void {
  for (const chunk of one.chunks) {
    if (!chunk.shared) continue
    chunk.bytes = Buffer.from(chunk.bytes)
    chunk.shared = false
  }
}
