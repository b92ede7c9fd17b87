import type { Follower, Position, Reader, StoredBatch } from '../api/broker.ts'
import { AppError } from '../api/fault.ts'
import { RecordCursor } from '../log/batch.ts'
import type { LanePlan } from '../plan/lanes.ts'
import { CodedFollower } from './coded-follower.ts'
import type { Envelope } from './envelope.ts'
import { FRONTIERS, type FrontierMark, type FrontierType } from './frontiers.ts'
import { type FeedPartition, Incoming, numberOf } from './incoming.ts'
import type { WriterCodecs } from './options.ts'
import { storedEnvelope } from './stored.ts'

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
  /** The marks of `#marked` first, then the partitions. */
  readonly #follower: Follower
  readonly #batches: CodedFollower
  /** Numbers of the lanes whose marks are followed. */
  readonly #marked: readonly number[]
  readonly #lane_of: ReadonlyMap<number, number>
  readonly #ended = new Set<number>()
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
    this.#batches = new CodedFollower(this.#follower, options.codecs)
    const lane_of = new Map<number, number>()
    for (const lane of options.lanes.lanes) {
      for (const { producer } of [...lane.sources, ...lane.tasks]) lane_of.set(producer, lane.number)
    }
    this.#lane_of = lane_of
  }

  static async open(options: FeedOptions): Promise<Feed> {
    const { broker, lanes, partitions, producers } = options
    const incoming = partitions.map((part) => new Incoming(part, lanes.writers(part.topic, part.partition), producers))
    const marked = [...new Set(incoming.flatMap((one) => one.lanes))].sort((a, b) => a - b)
    const wanted: { topic: string; partition: number; passed_us: number }[] = []
    for (const lane of marked) {
      const passed_us = Math.min(...incoming.filter((one) => one.lanes.includes(lane)).map((one) => one.passed_us))
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
        const batch = this.#batches.take(this.#marked.length + at)
        if (batch === undefined) break
        this.#takeOver(incoming, batch)
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
    } else {
      const index = this.#marked.length + at
      if (this.#batches.waiting(index) === undefined && this.#follower.taken(index) >= settled_at) incoming.cut = false
    }
  }

  #mark(lane: number, mark: FrontierMark): void {
    if (mark.ended) this.#ended.add(lane)
    else this.#ended.delete(lane)
    for (const incoming of this.#incoming) incoming.mark(lane, mark)
  }

  #takeOver(incoming: Incoming, batch: StoredBatch): void {
    const { topic, partition } = incoming
    const decode = this.#batches.decode(batch, topic)
    const cursor = this.#cursor.open(batch)
    while (cursor.next()) {
      const producer = numberOf(this.#options.producers, cursor.producer)
      const envelope = storedEnvelope(topic, batch, cursor, producer, decode)
      if (incoming.add(this.#lane_of.get(producer), envelope)) continue
      throw new AppError(
        'FOREIGN_RECORD',
        `${topic.name}/${partition} holds ${cursor.id}, which no stage of this topology writes there`,
        {
          exit_code: 3,
          hint: 'was the topic written by another topology or an earlier one? `aitrader plan` shows what differs',
        },
      )
    }
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
    return this.#incoming.map(({ topic, partition, held }, at) => {
      const index = this.#marked.length + at
      const waiting = this.#batches.waiting(index)?.records ?? 0
      return { topic: topic.name, partition, offset: this.#follower.taken(index), held: held + waiting }
    })
  }

  /** Whether every lane that is read has said that it ended, and everything it wrote is released. */
  get ended(): boolean {
    return this.#ended.size === this.#marked.length && this.#incoming.every((incoming) => incoming.empty)
  }

  /** Resolves when something may have arrived. */
  ready(): Promise<void> {
    return this.#asking ?? this.#batches.ready()
  }

  close(): Promise<void> {
    return this.#follower.close()
  }
}
