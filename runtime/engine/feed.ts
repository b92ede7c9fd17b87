import type { Follower, Position, Reader, StoredBatch } from '../api/broker.ts'
import { AppError, assert } from '../api/fault.ts'
import { RecordCursor } from '../log/batch.ts'
import type { LanePlan } from '../plan/lanes.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import type { Envelope } from './envelope.ts'
import { FRONTIERS, type FrontierMark, type FrontierType, NOTHING_US } from './frontiers.ts'
import type { WriterCodecs } from './options.ts'
import { storedEnvelope } from './stored.ts'

/** One partition to be read in merge order, and from where. */
export interface FeedPartition {
  readonly topic: PlannedTopic
  readonly partition: number
  /** Records up to this stream time are known already, microseconds. */
  readonly passed_us: number
  /** Number, in merge order, of the first record behind it. */
  readonly index: number
}

export interface FeedOptions {
  readonly broker: Reader
  readonly lanes: LanePlan
  readonly mark: FrontierType
  readonly producers: ReadonlyMap<string, number>
  readonly codecs?: WriterCodecs | undefined
  readonly partitions: readonly FeedPartition[]
}

/** How far a partition was read: everything before `offset` was taken over, of it `held` records wait for their turn. */
export interface Standing {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly held: number
}

/** Records held per partition beyond which no more are taken of it while others are awaited. */
const MAX_HELD = 20_000

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

/** A partition's records between arrival and release, per producer in order. */
class Incoming {
  readonly topic: PlannedTopic
  readonly partition: number
  readonly passed_us: number
  /** By number of the lane. */
  readonly writers = new Map<number, Writer>()
  readonly #queues: Envelope[][] = []
  readonly #heads: number[] = []
  /** Last sequence number seen, by producer. */
  readonly seen = new Map<number, number>()
  readonly #queue_of = new Map<number, number>()
  held = 0
  /** A batch whose schema is being fetched. */
  waiting: StoredBatch | undefined
  /** Merge-order number of the next record released. */
  index: number
  /**
   * Marks that say what was written before those that are left were cut: until everything was read that stood here then,
   * only records tell how far their writers had come.
   */
  cut = false
  /** Offset behind which the marks that are left say everything; undefined until it was asked for. */
  settled_at: number | undefined
  /** Lanes whose marks were found to be cut. */
  cuts = 0

  constructor({ topic, partition, passed_us, index }: FeedPartition, lanes: readonly number[]) {
    this.topic = topic
    this.partition = partition
    this.passed_us = passed_us
    this.index = index
    for (const lane of lanes)
      this.writers.set(lane, { marked_us: passed_us, touches: [], seen_us: passed_us, begun: false })
  }

  push(envelope: Envelope): void {
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
    return { ...envelope, offset: this.index++ }
  }

  /** Stream time up to which every record of the partition has been seen. */
  get frontier_us(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { marked_us, touches, seen_us } of this.writers.values()) {
      const by_marks = this.cut ? this.passed_us : touches.length === 0 ? marked_us : (touches[0] as Touch).before_us
      // A lane writes a partition in stream time, so a record says that those before its instant are there.
      const own = Math.max(by_marks, seen_us - 1)
      if (own < least) least = own
    }
    return least
  }
}

/**
 * Partitions that several lanes write, put into merge order: (stream time, producer, sequence) within a partition, each
 * record numbered as an undivided log would number it.
 *
 * A record is released when every lane that may write its partition has passed its stream time, which the lanes' marks
 * say. Nothing depends on when things arrive.
 */
export class Feed {
  readonly #options: FeedOptions
  readonly #incoming: readonly Incoming[]
  readonly #follower: Follower
  /** Numbers of the lanes whose marks are followed; index as in the follower. */
  readonly #marked: readonly number[]
  readonly #lane_of: ReadonlyMap<number, number>
  readonly #ended = new Set<number>()
  /** A schema that a batch waits for. */
  #fetching: Promise<void> | undefined
  /** An end that is being asked for. */
  #asking: Promise<void> | undefined
  #failure: unknown
  readonly #cursor = new RecordCursor()

  private constructor(
    options: FeedOptions,
    incoming: readonly Incoming[],
    marked: readonly number[],
    from: Position[],
  ) {
    this.#options = options
    this.#incoming = incoming
    this.#marked = marked
    this.#follower = options.broker.follow(from)
    const lane_of = new Map<number, number>()
    for (const lane of options.lanes.lanes) {
      for (const { producer } of [...lane.sources, ...lane.tasks]) lane_of.set(producer, lane.number)
    }
    this.#lane_of = lane_of
  }

  static async open(options: FeedOptions): Promise<Feed> {
    const { broker, lanes, partitions } = options
    const incoming = partitions.map((part) => new Incoming(part, lanes.writers(part.topic, part.partition)))
    const marked = [...new Set(incoming.flatMap((one) => [...one.writers.keys()]))].sort((a, b) => a - b)
    const wanted: { topic: string; partition: number; passed_us: number }[] = []
    for (const lane of marked) {
      const passed_us = Math.min(...incoming.filter((one) => one.writers.has(lane)).map((one) => one.passed_us))
      wanted.push({ topic: FRONTIERS, partition: lane, passed_us })
    }
    for (const { topic, partition, passed_us } of incoming) wanted.push({ topic: topic.name, partition, passed_us })
    // All at once: a stage that reads everything reads a hundred partitions.
    const from = await Promise.all(
      wanted.map(async ({ topic, partition, passed_us }): Promise<Position> => {
        // Nothing up to `passed_us` is wanted, and retention may cut it before it is read. Stream times begin at 0: of a
        // lane that begins nothing need be looked for.
        const offset = passed_us > 0 ? await broker.offsetAt(topic, partition, passed_us) : 0
        return { topic, partition, offset, or_start: true }
      }),
    )
    return new Feed(options, incoming, marked, from)
  }

  /** Takes over what has arrived. */
  pump(): void {
    if (this.#failure !== undefined) throw this.#failure
    for (let i = 0; i < this.#marked.length; i++) {
      for (let batch = this.#follower.take(i); batch !== undefined; batch = this.#follower.take(i)) {
        const lane = this.#marked[i] as number
        this.#cursor.open(batch)
        while (this.#cursor.next()) {
          this.#mark(lane, this.#options.mark.decode(batch.bodies, this.#cursor.body_start, this.#cursor.body_end))
        }
      }
    }
    for (const [at, incoming] of this.#incoming.entries()) {
      while (incoming.held < MAX_HELD || incoming.next_us > incoming.frontier_us) {
        const batch = incoming.waiting ?? this.#follower.take(this.#marked.length + at)
        if (batch === undefined || !this.#takeOver(incoming, batch)) break
      }
      if (incoming.cut) this.#settle(incoming, at)
    }
  }

  /** A partition whose marks were cut: where it ends by now, and whether everything up to there was taken over. */
  #settle(incoming: Incoming, at: number): void {
    const { topic, partition, settled_at, cuts } = incoming
    if (settled_at === undefined) {
      // Asked behind the first mark that is left: what its lane had written before is in the log by then.
      this.#asking ??= this.#options.broker
        .highWatermark(topic.name, partition)
        .then(
          (end) => {
            if (incoming.cuts === cuts) incoming.settled_at = end
          },
          (error: unknown) => {
            this.#failure = error
          },
        )
        .then(() => {
          this.#asking = undefined
        })
    } else if (incoming.waiting === undefined && this.#follower.taken(this.#marked.length + at) >= settled_at) {
      incoming.cut = false
    }
  }

  /** Takes over a batch, or keeps it while its schema is being fetched. */
  #takeOver(incoming: Incoming, batch: StoredBatch): boolean {
    const { codecs } = this.#options
    const fetching = codecs?.prepare(batch.schema_id)
    incoming.waiting = fetching === undefined ? undefined : batch
    if (fetching !== undefined) {
      this.#fetching = fetching
      return false
    }
    const { topic } = incoming
    const decode = codecs?.get(batch.schema_id, topic.record)
    const cursor = this.#cursor.open(batch)
    while (cursor.next()) this.#record(incoming, storedEnvelope(topic, batch, cursor, this.#producer(), decode))
    return true
  }

  /** Stream time up to which everything has arrived, microseconds; infinity without partitions. */
  get frontier_us(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { frontier_us } of this.#incoming) if (frontier_us < least) least = frontier_us
    return least
  }

  /** Stream time of the next record to be released, or infinity; at most `frontier_us` means that it may be. */
  get next_us(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { next_us } of this.#incoming) if (next_us < next) next = next_us
    return next
  }

  /** Hands out every record of the instant `at_us`, partition by partition; `at` is the partition's number here. */
  release(at_us: number, to: (envelope: Envelope, at: number) => void): void {
    for (let at = 0; at < this.#incoming.length; at++) {
      const incoming = this.#incoming[at] as Incoming
      while (incoming.next_us === at_us) to(incoming.take(), at)
    }
  }

  /** How far each partition was read. */
  standing(): Standing[] {
    return this.#incoming.map(({ topic, partition, held, waiting }, at) => ({
      topic: topic.name,
      partition,
      offset: this.#follower.taken(this.#marked.length + at),
      held: held + (waiting?.records ?? 0),
    }))
  }

  /** Whether every lane that is read has said that it ended, and everything it wrote is released. */
  get ended(): boolean {
    if (this.#ended.size < this.#marked.length) return false
    return this.#incoming.every(({ held, writers }) => {
      return held === 0 && [...writers.values()].every((writer) => writer.touches.length === 0)
    })
  }

  /** Resolves when something may have arrived. */
  ready(): Promise<void> {
    if (this.#asking !== undefined) return this.#asking
    const fetching = this.#fetching
    if (fetching === undefined) return this.#follower.ready()
    this.#fetching = undefined
    return fetching
  }

  close(): Promise<void> {
    return this.#follower.close()
  }

  #mark(lane: number, mark: FrontierMark): void {
    if (mark.ended) this.#ended.add(lane)
    else this.#ended.delete(lane)
    for (const incoming of this.#incoming) {
      const writer = incoming.writers.get(lane)
      if (writer === undefined || mark.frontier_us < writer.marked_us) continue
      if (!writer.begun && mark.since_us > Math.max(incoming.passed_us, NOTHING_US)) {
        incoming.cut = true
        incoming.cuts++
        incoming.settled_at = undefined
      }
      writer.begun = true
      const { name } = incoming.topic
      const write = mark.written.find((one) => one.topic === name && one.partition === incoming.partition)
      if (write !== undefined && write.stream_time_us > incoming.passed_us) {
        const producer = this.#number(write.producer)
        if ((incoming.seen.get(producer) ?? -1) < write.seq) {
          writer.touches.push({ before_us: writer.marked_us, producer, seq: write.seq })
        }
      }
      writer.marked_us = mark.frontier_us
    }
  }

  #record(incoming: Incoming, envelope: Envelope): void {
    const { producer, seq, stream_time_us } = envelope
    if (stream_time_us <= incoming.passed_us) return
    const lane = this.#lane_of.get(producer)
    const writer = lane === undefined ? undefined : incoming.writers.get(lane)
    if (writer === undefined) {
      const { topic, partition } = incoming
      throw new AppError(
        'FOREIGN_RECORD',
        `${topic.name}/${partition} holds ${this.#cursor.id}, which no stage of this topology writes there`,
        {
          exit_code: 3,
          hint: 'was the topic written by another topology or an earlier one? `aitrader plan` shows what differs',
        },
      )
    }
    incoming.seen.set(producer, seq)
    if (stream_time_us > writer.seen_us) writer.seen_us = stream_time_us
    const { touches } = writer
    while (touches[0] !== undefined && (incoming.seen.get(touches[0].producer) ?? -1) >= touches[0].seq) touches.shift()
    incoming.push(envelope)
  }

  #producer(): number {
    return this.#number(this.#cursor.producer)
  }

  #number(name: string): number {
    const number = this.#options.producers.get(name)
    assert(number !== undefined, `records of the unknown producer ${name}`)
    return number
  }
}
