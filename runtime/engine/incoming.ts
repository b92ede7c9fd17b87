import { assert } from '../api/fault.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import type { Envelope } from './envelope.ts'
import { type FrontierMark, NOTHING_US } from './frontiers.ts'

/** One partition to be read in merge order, and from where. */
export interface FeedPartition {
  readonly topic: PlannedTopic
  readonly partition: number
  /** Records up to this stream time are known already, microseconds. */
  readonly passed_us: number
  /** Number, in merge order, of the first record behind it. */
  readonly index: number
}

/** A commit of a writing lane that touched the partition: it counts once its last record is seen. */
interface Touch {
  /** How far the lane had come before this commit. */
  readonly before_us: number
  readonly producer: number
  readonly seq: number
}

/** What one lane has written of one partition. */
interface Writer {
  /** Stream time up to which the lane's marks say that it wrote everything. */
  marked_us: number
  readonly touches: Touch[]
  /** Stream time of its last record seen. */
  seen_us: number
  /** Whether a mark of it was seen. */
  begun: boolean
}

/**
 * A partition's records between arrival and release, per producer in order, and how far the lanes that write it have
 * come.
 */
export class Incoming {
  readonly topic: PlannedTopic
  readonly partition: number
  readonly passed_us: number
  /** Numbers of the lanes that may write it. */
  readonly lanes: readonly number[]
  readonly #producers: ReadonlyMap<string, number>
  /** By number of the lane. */
  readonly #writers = new Map<number, Writer>()
  readonly #queues: Envelope[][] = []
  readonly #heads: number[] = []
  /** Last sequence number seen, by producer. */
  readonly #seen = new Map<number, number>()
  readonly #queue_of = new Map<number, number>()
  held = 0
  /** Merge-order number of the next record released. */
  #index: number
  /**
   * Marks that say what was written before those that are left were cut: until everything was read that stood here then,
   * only records tell how far their writers had come.
   */
  cut = false
  /** Offset behind which the marks that are left say everything; undefined until it was asked for. */
  settled_at: number | undefined
  /** Lanes whose marks were found to be cut. */
  cuts = 0

  constructor(
    { topic, partition, passed_us, index }: FeedPartition,
    lanes: readonly number[],
    producers: ReadonlyMap<string, number>,
  ) {
    this.topic = topic
    this.partition = partition
    this.passed_us = passed_us
    this.lanes = lanes
    this.#index = index
    this.#producers = producers
    for (const lane of lanes)
      this.#writers.set(lane, { marked_us: passed_us, touches: [], seen_us: passed_us, begun: false })
  }

  /** Takes note of a mark: how far a lane has come, and what it has written here. */
  mark(lane: number, { frontier_us, since_us, written }: FrontierMark): void {
    const writer = this.#writers.get(lane)
    if (writer === undefined || frontier_us < writer.marked_us) return
    if (!writer.begun && since_us > Math.max(this.passed_us, NOTHING_US)) {
      this.cut = true
      this.cuts++
      this.settled_at = undefined
    }
    writer.begun = true
    const write = written.find((one) => one.topic === this.topic.name && one.partition === this.partition)
    if (write !== undefined && write.stream_time_us > this.passed_us) {
      const { seq } = write
      const producer = numberOf(this.#producers, write.producer)
      if ((this.#seen.get(producer) ?? -1) < seq) writer.touches.push({ before_us: writer.marked_us, producer, seq })
    }
    writer.marked_us = frontier_us
  }

  /** Takes a record in; false if it is by no lane that may write here. */
  add(lane: number | undefined, envelope: Envelope): boolean {
    const { producer, seq, stream_time_us } = envelope
    if (stream_time_us <= this.passed_us) return true
    const writer = lane === undefined ? undefined : this.#writers.get(lane)
    if (writer === undefined) return false
    this.#seen.set(producer, seq)
    if (stream_time_us > writer.seen_us) writer.seen_us = stream_time_us
    const { touches } = writer
    while (touches[0] !== undefined && (this.#seen.get(touches[0].producer) ?? -1) >= touches[0].seq) touches.shift()
    this.#push(envelope)
    return true
  }

  #push(envelope: Envelope): void {
    let at = this.#queue_of.get(envelope.producer)
    if (at === undefined) {
      at = this.#queues.length
      this.#queue_of.set(envelope.producer, at)
      this.#queues.push([])
      this.#heads.push(0)
    }
    ;(this.#queues[at] as Envelope[]).push(envelope)
    this.held++
  }

  /** Number of the queue whose head comes first in merge order, or -1. */
  #first(): number {
    let best = -1
    let best_head: Envelope | undefined
    for (let i = 0; i < this.#queues.length; i++) {
      const head = (this.#queues[i] as Envelope[])[this.#heads[i] as number]
      if (head === undefined) continue
      if (
        best_head === undefined ||
        head.stream_time_us < best_head.stream_time_us ||
        (head.stream_time_us === best_head.stream_time_us && head.producer < best_head.producer)
      ) {
        best = i
        best_head = head
      }
    }
    return best
  }

  /** Stream time of the next record, or infinity. */
  get next_us(): number {
    const at = this.held === 0 ? -1 : this.#first()
    if (at < 0) return Number.POSITIVE_INFINITY
    return ((this.#queues[at] as Envelope[])[this.#heads[at] as number] as Envelope).stream_time_us
  }

  /** Takes the next record off, which there must be, numbered. */
  take(): Envelope {
    const at = this.#first()
    const queue = this.#queues[at] as Envelope[]
    const head = this.#heads[at] as number
    const envelope = queue[head] as Envelope
    if (head + 1 === queue.length) {
      queue.length = 0
      this.#heads[at] = 0
    } else if (head > 4096 && head * 2 > queue.length) {
      queue.splice(0, head + 1)
      this.#heads[at] = 0
    } else this.#heads[at] = head + 1
    this.held--
    return { ...envelope, offset: this.#index++ }
  }

  /** Stream time up to which every record of the partition has been seen. */
  get frontier_us(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { marked_us, touches, seen_us } of this.#writers.values()) {
      const by_marks = this.cut ? this.passed_us : touches.length === 0 ? marked_us : (touches[0] as Touch).before_us
      // A lane writes a partition in stream time, so a record says that those before its instant are there.
      const own = Math.max(by_marks, seen_us - 1)
      if (own < least) least = own
    }
    return least
  }

  /** Whether nothing is held, and nothing that a mark told of is awaited. */
  get empty(): boolean {
    if (this.held > 0) return false
    for (const { touches } of this.#writers.values()) if (touches.length > 0) return false
    return true
  }
}

/** A producer's number; one that the plan does not know breaks an invariant. */
export function numberOf(producers: ReadonlyMap<string, number>, name: string): number {
  const number = producers.get(name)
  assert(number !== undefined, `records of the unknown producer ${name}`)
  return number
}
