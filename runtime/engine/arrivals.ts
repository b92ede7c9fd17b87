import type { Follower, Reader, StoredBatch } from '../api/broker.ts'
import { assert } from '../api/fault.ts'
import { RecordCursor } from '../log/batch.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import type { Envelope } from './envelope.ts'
import type { Standing } from './feed.ts'
import type { WriterCodecs } from './options.ts'
import { storedEnvelope } from './stored.ts'

/** One partition to be read as it grows, from `offset`. */
export interface ArrivalPartition {
  readonly topic: PlannedTopic
  readonly partition: number
  readonly offset: number
}

export interface ArrivalsOptions {
  readonly broker: Reader
  readonly producers: ReadonlyMap<string, number>
  readonly codecs: WriterCodecs | undefined
  readonly partitions: readonly ArrivalPartition[]
}

/** Partitions taken as they come, batch by batch, in turn: which batch is first depends on the network, so tasks journal it. */
export class Arrivals {
  readonly #options: ArrivalsOptions
  readonly #follower: Follower
  readonly #waiting: (StoredBatch | undefined)[]
  readonly #cursor = new RecordCursor()
  /** Offset behind the last batch taken, by partition. */
  readonly #positions: number[]
  #fetching: Promise<void> | undefined
  #turn = 0

  constructor(options: ArrivalsOptions) {
    this.#options = options
    this.#positions = options.partitions.map(({ offset }) => offset)
    this.#waiting = options.partitions.map(() => undefined)
    this.#follower = options.broker.follow(
      options.partitions.map(({ topic, partition, offset }) => ({ topic: topic.name, partition, offset })),
    )
  }

  /** Hands out the next batch that is here, record by record; whether there was one. */
  take(to: (envelope: Envelope) => void): boolean {
    const { partitions } = this.#options
    for (let i = 0; i < partitions.length; i++) {
      const at = (this.#turn + i) % partitions.length
      const batch = this.#waiting[at] ?? this.#follower.take(at)
      if (batch === undefined) continue
      if (!this.#hand(at, batch, to)) continue
      this.#turn = at + 1
      return true
    }
    return false
  }

  /** Whether nothing durable is left to take. */
  async drained(): Promise<boolean> {
    const { broker, partitions } = this.#options
    for (const [at, { topic, partition }] of partitions.entries()) {
      if ((await broker.read(topic.name, partition, this.#positions[at] as number)) !== undefined) return false
    }
    return true
  }

  /** How far each partition was read. */
  standing(): Standing[] {
    return this.#options.partitions.map(({ topic, partition }, at) => ({
      topic: topic.name,
      partition,
      offset: this.#follower.taken(at),
      held: this.#waiting[at]?.records ?? 0,
    }))
  }

  /** Resolves when there may be more. */
  ready(): Promise<void> {
    const fetching = this.#fetching
    if (fetching === undefined) return this.#follower.ready()
    this.#fetching = undefined
    return fetching
  }

  close(): Promise<void> {
    return this.#follower.close()
  }

  #hand(at: number, batch: StoredBatch, to: (envelope: Envelope) => void): boolean {
    const { codecs, producers, partitions } = this.#options
    const fetching = codecs?.prepare(batch.schema_id)
    this.#waiting[at] = fetching === undefined ? undefined : batch
    if (fetching !== undefined) {
      this.#fetching = fetching
      return false
    }
    const { topic, offset } = partitions[at] as ArrivalPartition
    const decode = codecs?.get(batch.schema_id, topic.record)
    this.#positions[at] = batch.base_offset + batch.records
    const cursor = this.#cursor.open(batch, Math.max(offset, batch.base_offset))
    while (cursor.next()) {
      const producer = producers.get(cursor.producer)
      assert(producer !== undefined, `${topic.name}/${batch.partition} holds ${cursor.id} of an unknown producer`)
      to(storedEnvelope(topic, batch, cursor, producer, decode))
    }
    return true
  }
}
