import type { Reader, StoredBatch } from '../api/broker.ts'
import { RecordCursor } from '../log/batch.ts'
import { outputTopics, type Plan, type PlannedTopic } from '../plan/plan.ts'
import { RecordedPartition } from './recorded.ts'

/** Where replay and record part, and in what: `key`, `body`, `stream_time`, `causes`, `missing` or `surplus`. */
export interface Difference {
  readonly topic: string
  readonly partition: number
  /** Offset in the recorded partition; of a record that is missing there, the offset at which it belongs. */
  readonly offset: number
  readonly id: string
  readonly what: string
}

/**
 * Compares what a replay makes with what was recorded, partition by partition, and counts.
 *
 * A record is matched by its id. Within a partition both sides stand in the order of stream time, producer and
 * sequence, so a record that only one side has is counted alone and the rest is compared on.
 */
export class Comparison {
  compared = 0
  different = 0
  first: Difference | undefined
  private first_time_us = Number.POSITIVE_INFINITY
  private readonly logs = new Map<string, RecordedPartition>()
  private readonly producers: ReadonlyMap<string, number>
  private readonly made = new RecordCursor()

  constructor(
    plan: Plan,
    reader: Reader,
    producers: ReadonlyMap<string, number>,
    computed: (producer: string) => boolean,
  ) {
    this.producers = producers
    const topics = new Set<PlannedTopic>()
    for (const task of plan.tasks) {
      if (!computed(task.name)) continue
      for (const topic of outputTopics(task)) topics.add(topic)
    }
    for (const topic of topics) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        // Records of producers that the plan does not know are stopped at too: they have no business there.
        const wanted = (name: string) => computed(name) || !producers.has(name)
        this.logs.set(`${topic.name}/${partition}`, new RecordedPartition(reader, topic, partition, wanted))
      }
    }
  }

  /** Compares the records of a batch that the replay has made with the next ones recorded. */
  async compare(batch: StoredBatch): Promise<void> {
    const log = this.logs.get(`${batch.topic}/${batch.partition}`) as RecordedPartition
    const made = this.made.open(batch)
    while (made.next()) {
      for (;;) {
        if (!log.standing && !log.ended) await log.load()
        const recorded = log.head
        if (recorded === undefined || this.before(made, recorded)) {
          this.differ(log, made, recorded?.offset ?? -1, 'missing')
          break
        }
        if (recorded.producer === made.producer && recorded.seq === made.seq) {
          const what = differing(made, batch.bodies, recorded, log.bodies)
          if (what !== undefined) this.differ(log, recorded, recorded.offset, what)
          this.compared++
          log.skip()
          break
        }
        this.surplus(log, recorded)
      }
    }
  }

  /**
   * Whatever is recorded beyond what the replay has made, except what a writer beside it has added since: that lies
   * after `to_us`, the end of the replay, and not after `now_us`, where the log stands by now.
   */
  async end(to_us: number, now_us: number): Promise<void> {
    for (const log of this.logs.values()) {
      for (;;) {
        if (!log.standing) await log.load()
        const recorded = log.head
        if (recorded === undefined) break
        if (recorded.stream_time_us > to_us && recorded.stream_time_us <= now_us) log.skip()
        else this.surplus(log, recorded)
      }
    }
  }

  private surplus(log: RecordedPartition, recorded: RecordCursor): void {
    this.differ(log, recorded, recorded.offset, 'surplus')
    this.compared++
    log.skip()
  }

  /** Whether the record made comes before the recorded one, which has another id. */
  private before(made: RecordCursor, recorded: RecordCursor): boolean {
    if (made.producer === recorded.producer) return made.seq < recorded.seq
    if (made.stream_time_us !== recorded.stream_time_us) return made.stream_time_us < recorded.stream_time_us
    return (this.producers.get(made.producer) as number) < (this.producers.get(recorded.producer) ?? -1)
  }

  private differ(log: RecordedPartition, at: RecordCursor, offset: number, what: string): void {
    this.different++
    if (at.stream_time_us >= this.first_time_us) return
    this.first_time_us = at.stream_time_us
    this.first = { topic: log.topic.name, partition: log.partition, offset, id: at.id, what }
  }
}

function differing(
  made: RecordCursor,
  made_bytes: Uint8Array,
  recorded: RecordCursor,
  bytes: Uint8Array,
): string | undefined {
  if (!equal(made_bytes, made.key_start, made.key_end, bytes, recorded.key_start, recorded.key_end)) return 'key'
  if (!equal(made_bytes, made.body_start, made.body_end, bytes, recorded.body_start, recorded.body_end)) return 'body'
  if (made.stream_time_us !== recorded.stream_time_us) return 'stream_time'
  if (made.cause_count !== recorded.cause_count) return 'causes'
  for (let i = 0; i < made.cause_count; i++) {
    if (made.causeSeq(i) !== recorded.causeSeq(i) || made.causeProducer(i) !== recorded.causeProducer(i))
      return 'causes'
  }
  return undefined
}

function equal(a: Uint8Array, a_start: number, a_end: number, b: Uint8Array, b_start: number, b_end: number): boolean {
  return Buffer.compare(a.subarray(a_start, a_end), b.subarray(b_start, b_end)) === 0
}
