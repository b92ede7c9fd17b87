import { crc32 } from 'node:zlib'
import { Arena } from '../api/arena.ts'
import { AppError } from '../api/fault.ts'
import { parseRecordId } from '../api/record.ts'
import type { Causes } from '../log/batch.ts'
import { keepsPartition } from '../plan/lanes.ts'
import { outputTopics, type Plan, type PlannedTopic } from '../plan/plan.ts'
import type { Envelope } from './envelope.ts'
import { mixHash } from './envelope.ts'
import type { Outgoing } from './outgoing.ts'
import type { Outlet, Output, RecordAt, Task } from './task.ts'

/** Where a record goes once it is encoded. */
export type Deliver = (out: Outgoing, envelope: Envelope) => void

class CauseList implements Causes {
  length = 0
  readonly producers: string[] = []
  readonly seqs: number[] = []

  add(producer: string, seq: number): void {
    for (let i = 0; i < this.length; i++) if (this.producers[i] === producer && this.seqs[i] === seq) return
    this.producers[this.length] = producer
    this.seqs[this.length++] = seq
  }

  addId(id: string): void {
    const parsed = parseRecordId(id)
    if (parsed !== undefined) this.add(parsed.producer, parsed.seq)
  }
}

/**
 * Encodes what tasks emit into the batches of this commit and hands the records to their consumers.
 *
 * The outputs of one step go out together or not at all: several are encoded aside first, so that a value that does
 * not fit leaves no half step behind.
 */
export class LiveOutlet implements Outlet {
  private readonly plan: Plan
  private readonly outgoing: readonly (readonly Outgoing[])[]
  private readonly deliver: Deliver
  private readonly recordAt: RecordAt | undefined
  /** By producer: topics where its records stay in its own partition. */
  private readonly keeps: readonly (ReadonlySet<PlannedTopic> | undefined)[]
  private readonly causes = new CauseList()
  private readonly aside = new Arena()
  /** Records appended since the last commit, and the bytes of their bodies. */
  pending = 0
  pending_bytes = 0

  constructor(plan: Plan, outgoing: readonly (readonly Outgoing[])[], deliver: Deliver, recordAt?: RecordAt) {
    this.plan = plan
    this.outgoing = outgoing
    this.deliver = deliver
    this.recordAt = recordAt
    const keeps: (ReadonlySet<PlannedTopic> | undefined)[] = []
    for (const task of plan.tasks) {
      const kept = [...outputTopics(task)].filter((topic) => topic.partitions > 1 && keepsPartition(task, topic))
      if (kept.length > 0) keeps[task.producer] = new Set(kept)
    }
    this.keeps = keeps
  }

  emit(
    task: Task,
    outputs: readonly Output[],
    cause: Envelope | undefined,
    cause_id: string,
    more: readonly string[] | undefined,
    arrived_ms: number,
  ): void {
    const causes = this.causes
    causes.length = 0
    if (cause !== undefined) causes.add(this.plan.producers[cause.producer] as string, cause.seq)
    else causes.addId(cause_id)
    if (more !== undefined) for (const id of more) causes.addId(id)

    const name = task.planned.name
    if (outputs.length === 1) {
      const { topic, value } = outputs[0] as Output
      const key = keyOf(topic, value)
      const out = this.outOf(task, topic, key)
      const record = this.recordAt?.(topic, task.now_us) ?? topic.record
      out.builder.append(record, value, key, name, task.next_seq, task.now_us, causes)
      this.hand(task, out, key, value, cause, cause_id, more, arrived_ms)
      return
    }
    const aside = this.aside
    const ends = encodeAside(outputs, aside, this.recordAt, task.now_us)
    let start = 0
    for (const [index, { topic, value }] of outputs.entries()) {
      const end = ends[index] as number
      const key = keyOf(topic, value)
      const out = this.outOf(task, topic, key)
      out.builder.appendBody(aside.buf.subarray(start, end), key, name, task.next_seq, task.now_us, causes)
      this.hand(task, out, key, value, cause, cause_id, more, arrived_ms)
      start = end
    }
  }

  /** Writes a record of a source; `cause` is the id of the record that led to it, if one did. */
  ingest(
    topic: PlannedTopic,
    value: unknown,
    producer: number,
    seq: number,
    stream_time_us: number,
    arrived_ms: number,
    cause?: string,
  ): void {
    this.causes.length = 0
    if (cause !== undefined) this.causes.addId(cause)
    const key = keyOf(topic, value)
    const out = this.out(topic, key)
    out.builder.append(
      topic.record,
      value,
      key,
      this.plan.producers[producer] as string,
      seq,
      stream_time_us,
      this.causes,
    )
    const { partition, builder } = out
    const { body_start: start, body_end: end } = builder
    const crc = builder.bodyCrc(0)
    this.pending++
    this.pending_bytes += end - start
    const offset = out.next_offset++
    note(out, this.plan.producers[producer] as string, seq, stream_time_us)
    this.deliver(out, {
      topic,
      partition,
      offset,
      producer,
      seq,
      stream_time_us,
      key,
      value,
      cause_producer: -1,
      cause_seq: -1,
      more_causes: cause === undefined ? undefined : [cause],
      crc,
      arrived_ms,
      carrier: builder,
      start,
      end,
    })
  }

  private out(topic: PlannedTopic, key: string): Outgoing {
    return (this.outgoing[topic.index] as readonly Outgoing[])[topic.partitionOf(key)] as Outgoing
  }

  /** A stage whose records keep the partition of their key's task must do so: lanes divide it by partition. */
  private outOf(task: Task, topic: PlannedTopic, key: string): Outgoing {
    const out = this.out(topic, key)
    const { number, name, producer } = task.planned
    if (out.partition === number || this.keeps[producer]?.has(topic) !== true) return out
    throw new AppError('KEY_MOVED', `${name} writes the key ${key} to ${topic.name}, which belongs to another task`, {
      exit_code: 3,
      hint: `if the stage ${task.planned.stage} is meant to write other keys than it reads, set \`rekey: true\` on it`,
    })
  }

  private hand(
    task: Task,
    out: Outgoing,
    key: string,
    value: unknown,
    cause: Envelope | undefined,
    cause_id: string,
    more: readonly string[] | undefined,
    arrived_ms: number,
  ): void {
    const { topic, partition, builder } = out
    const { body_start: start, body_end: end } = builder
    const crc = builder.bodyCrc(0)
    const seq = task.next_seq++
    task.outputs_count++
    task.outputs_hash = mixHash(task.outputs_hash, seq, crc)
    this.pending++
    this.pending_bytes += end - start
    note(out, task.planned.name, seq, task.now_us)
    this.deliver(out, {
      topic,
      partition,
      offset: out.next_offset++,
      producer: task.planned.producer,
      seq,
      stream_time_us: task.now_us,
      key,
      value,
      cause_producer: cause === undefined ? -1 : cause.producer,
      cause_seq: cause === undefined ? -1 : cause.seq,
      more_causes: cause !== undefined ? more : more === undefined ? [cause_id] : [cause_id, ...more],
      crc,
      arrived_ms,
      carrier: builder,
      start,
      end,
    })
  }
}

function note(out: Outgoing, producer: string, seq: number, stream_time_us: number): void {
  out.last_producer = producer
  out.last_seq = seq
  out.last_time_us = stream_time_us
}

/** Encodes outputs only to count and hash them: a task that is re-run after a crash has written them before. */
export class ComparingOutlet implements Outlet {
  private readonly aside = new Arena()
  private readonly recordAt: RecordAt | undefined

  constructor(recordAt?: RecordAt) {
    this.recordAt = recordAt
  }

  emit(task: Task, outputs: readonly Output[]): void {
    const ends = encodeAside(outputs, this.aside, this.recordAt, task.now_us)
    let start = 0
    for (const end of ends) {
      this.count(task, crc32(this.aside.buf.subarray(start, end), 0))
      start = end
    }
  }

  /** Counts the task's next record, whose body has this CRC-32. */
  protected count(task: Task, crc: number): void {
    task.outputs_hash = mixHash(task.outputs_hash, task.next_seq++, crc)
    task.outputs_count++
  }
}

/** Encodes the outputs of one step side by side; answers where each body ends. */
function encodeAside(outputs: readonly Output[], aside: Arena, recordAt?: RecordAt, at_us = 0): number[] {
  aside.reset()
  const ends: number[] = []
  for (const { topic, value } of outputs) {
    const record = recordAt?.(topic, at_us) ?? topic.record
    record.encode(value, aside)
    ends.push(aside.pos)
  }
  return ends
}

/** The key of a record: the field that the topic names. */
function keyOf(topic: PlannedTopic, value: unknown): string {
  return (value as Record<string, string>)[topic.key] as string
}
