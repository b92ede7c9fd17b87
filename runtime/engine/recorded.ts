import type { Reader, StoredBatch } from '../api/broker.ts'
import { AppError } from '../api/fault.ts'
import { RecordCursor } from '../log/batch.ts'
import { outputTopics, type Plan, type PlannedTopic } from '../plan/plan.ts'
import type { Envelope } from './envelope.ts'
import type { CodedReader, WriterCodecs } from './options.ts'
import { storedEnvelope } from './stored.ts'

/**
 * One recorded partition, read record by record in the order of its offsets; a batch in memory at a time.
 *
 * Only records of the wanted producers are stopped at, and it ends where the partition ended when it was opened: a
 * writer beside it may go on. `head` is undefined while a batch has to be loaded (`load`) and
 * after the end (`ended`).
 */
export class RecordedPartition {
  readonly topic: PlannedTopic
  readonly partition: number
  private readonly reader: Reader
  private readonly wanted: (producer: string) => boolean
  private readonly cursor = new RecordCursor()
  private batch: StoredBatch | undefined
  private next_offset = 0
  private readonly end_offset: number
  /** Standing at a record that nobody has taken yet. */
  standing = false
  ended = false

  constructor(reader: Reader, topic: PlannedTopic, partition: number, wanted: (producer: string) => boolean) {
    this.reader = reader
    this.topic = topic
    this.partition = partition
    this.wanted = wanted
    this.end_offset = reader.partition(topic.name, partition).end_offset
  }

  /** The record in hand; undefined if there is none loaded. */
  get head(): RecordCursor | undefined {
    return this.standing ? this.cursor : undefined
  }

  /** Schema that the record in hand was written with. */
  get schema_id(): number {
    return (this.batch as StoredBatch).schema_id
  }

  /** Bytes that the cursor's positions point into. */
  get bodies(): Uint8Array {
    return (this.batch as StoredBatch).bodies
  }

  /** Goes on to the next wanted record of the batch in memory. */
  skip(): void {
    this.standing = false
    while (this.batch !== undefined && this.cursor.next()) {
      if (!this.wanted(this.cursor.producer)) continue
      this.standing = true
      return
    }
    this.batch = undefined
  }

  /** Loads batches until a wanted record is in hand or the partition ends. An AppError `DATA_DAMAGED` if one is gone. */
  async load(): Promise<void> {
    while (!this.standing && !this.ended) {
      if (this.next_offset >= this.end_offset) {
        this.ended = true
        return
      }
      const { topic, partition } = this
      const batch = await this.reader.read(topic.name, partition, this.next_offset)
      if (batch?.base_offset !== this.next_offset) {
        throw new AppError('DATA_DAMAGED', `${topic.name}/${partition} has no record at offset ${this.next_offset}`, {
          exit_code: 3,
          hint: 'restore the directory from a copy; `aitrader audit verify` tells what else is missing',
        })
      }
      this.next_offset = batch.base_offset + batch.records
      this.batch = batch
      this.cursor.open(batch)
      this.skip()
    }
  }
}

/** A record that a source or an effect wrote, as it was recorded. */
export interface RecordedInput {
  readonly log: RecordedPartition
  readonly envelope: Envelope
}

/**
 * Everything that is not computed in a replay: what sources and effects wrote, merged by stream time, producer and
 * sequence over all partitions that hold such records.
 */
export class RecordedInputs {
  private readonly logs: readonly RecordedPartition[]
  private readonly producers: ReadonlyMap<string, number>
  private readonly codecs: WriterCodecs | undefined

  constructor(
    plan: Plan,
    reader: CodedReader,
    producers: ReadonlyMap<string, number>,
    computed: (producer: string) => boolean,
  ) {
    const topics = new Set(plan.sources.map((source) => source.topic))
    for (const task of plan.tasks) {
      if (computed(task.name)) continue
      for (const topic of outputTopics(task)) topics.add(topic)
    }
    this.producers = producers
    this.codecs = reader.codecs
    this.logs = plan.topics
      .filter((topic) => topics.has(topic))
      .flatMap((topic) =>
        Array.from({ length: topic.partitions }, (_, partition) => {
          return new RecordedPartition(reader, topic, partition, (name) => !computed(name) && producers.has(name))
        }),
      )
  }

  /** The next record, undefined at the end. A promise where a batch has to be loaded first. */
  next(): RecordedInput | undefined | Promise<RecordedInput | undefined> {
    let best: RecordedPartition | undefined
    for (const log of this.logs) {
      if (log.head === undefined) {
        if (log.ended) continue
        return log.load().then(() => this.next())
      }
      if (best === undefined || this.before(log, best)) best = log
    }
    if (best === undefined) return undefined
    const envelope = this.envelope(best)
    best.skip()
    return { log: best, envelope }
  }

  private before(a: RecordedPartition, b: RecordedPartition): boolean {
    const x = a.head as RecordCursor
    const y = b.head as RecordCursor
    if (x.stream_time_us !== y.stream_time_us) return x.stream_time_us < y.stream_time_us
    const p = this.producers.get(x.producer) as number
    const q = this.producers.get(y.producer) as number
    return p !== q ? p < q : x.seq < y.seq
  }

  private envelope(log: RecordedPartition): Envelope {
    const cursor = log.head as RecordCursor
    const decode = this.codecs?.get(log.schema_id, log.topic.record)
    return storedEnvelope(log.topic, log, cursor, this.producers.get(cursor.producer) as number, decode)
  }
}
