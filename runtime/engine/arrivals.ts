import type { Reader, StoredBatch } from '../api/broker.ts'
import { assert } from '../api/fault.ts'
import { RecordCursor } from '../log/batch.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import { CodedFollower } from './coded-follower.ts'
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
  readonly #batches: CodedFollower
  readonly #cursor = new RecordCursor()
  /** Offset behind the last batch taken, by partition. */
  readonly #positions: number[]
  #turn = 0

  constructor(options: ArrivalsOptions) {
    this.#options = options
    this.#positions = options.partitions.map(({ offset }) => offset)
    const from = options.partitions.map(({ topic, partition, offset }) => ({ topic: topic.name, partition, offset }))
    this.#batches = new CodedFollower(options.broker.follow(from), options.codecs)
  }

  /** Hands out the next batch that is here, record by record; whether there was one. */
  take(to: (envelope: Envelope) => void): boolean {
    const { partitions } = this.#options
    for (let i = 0; i < partitions.length; i++) {
      const at = (this.#turn + i) % partitions.length
      const batch = this.#batches.take(at)
      if (batch === undefined) continue
      this.#hand(at, batch, to)
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
      offset: this.#batches.taken(at),
      held: this.#batches.waiting(at)?.records ?? 0,
    }))
  }

  /** Resolves when there may be more. */
  ready(): Promise<void> {
    return this.#batches.ready()
  }

  close(): Promise<void> {
    return this.#batches.close()
  }

  #hand(at: number, batch: StoredBatch, to: (envelope: Envelope) => void): void {
    const { producers, partitions } = this.#options
    const { topic, offset } = partitions[at] as ArrivalPartition
    const decode = this.#batches.decode(batch, topic)
    this.#positions[at] = batch.base_offset + batch.records
    const cursor = this.#cursor.open(batch, Math.max(offset, batch.base_offset))
    while (cursor.next()) {
      const producer = producers.get(cursor.producer)
      assert(producer !== undefined, `${topic.name}/${batch.partition} holds ${cursor.id} of an unknown producer`)
      to(storedEnvelope(topic, batch, cursor, producer, decode))
    }
  }
}
