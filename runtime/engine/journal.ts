import type { TopicSpec } from '../api/broker.ts'
import type { Json, RecordType } from '../api/record.ts'
import type { Plan } from '../plan/plan.ts'
import type { Task } from './task.ts'

/** The internal topic of journal entries: one partition per producer, so one writer each. */
export const JOURNAL = 'aitrader.journal'

/** Its declaration: entries behind the last snapshot may go. */
export function journalTopic(plan: Plan): TopicSpec {
  return { name: JOURNAL, partitions: plan.producers.length, retention_us: 0, internal: true }
}

/** Mirrors `schemas/journal-entry.avsc`. */
export interface JournalEntry {
  readonly task: string
  readonly seq: number
  readonly generation: number
  readonly code: string
  readonly config: string
  readonly schemas: string
  readonly models: string
  readonly inputs: readonly {
    readonly topic: string
    readonly partition: number
    readonly from: number
    readonly to: number
    readonly count: number
    readonly hash: number
  }[]
  readonly order: readonly number[]
  readonly frontier_us: number
  readonly timers: number
  readonly outputs_count: number
  readonly outputs_hash: number
  readonly next_seq: number
  readonly snapshot: boolean
  readonly position: string
}

/** What a run is made of. A tail made of something else is not re-run. */
export interface Hashes {
  readonly code: string
  readonly config: string
  readonly schemas: string
  readonly models: string
}

export type JournalType = RecordType<JournalEntry>

/** The entry of a task for the commit in hand. */
export function taskEntry(
  task: Task,
  seq: number,
  hashes: Hashes,
  frontier_us: number,
  snapshot: boolean,
): JournalEntry {
  const inputs: JournalEntry['inputs'][number][] = []
  for (const channel of task.channels) {
    if (channel.count === 0) continue
    const { topic, partition } = channel.input
    const { from, position, count, hash } = channel
    inputs.push({ topic: topic.name, partition, from, to: position, count, hash })
  }
  return {
    task: task.planned.name,
    seq,
    generation: 0,
    ...hashes,
    inputs,
    order: task.inbox.order,
    frontier_us,
    timers: task.timers_fired,
    outputs_count: task.outputs_count,
    outputs_hash: task.outputs_hash,
    next_seq: task.next_seq,
    snapshot,
    position: '',
  }
}

/** The entry of a source: how far it has written, and where it stands. */
export function sourceEntry(
  name: string,
  seq: number,
  hashes: Hashes,
  frontier_us: number,
  next_seq: number,
  position: Json,
): JournalEntry {
  return {
    task: name,
    seq,
    generation: 0,
    ...hashes,
    inputs: [],
    order: [],
    frontier_us,
    timers: 0,
    outputs_count: 0,
    outputs_hash: 0,
    next_seq,
    snapshot: true,
    position: JSON.stringify(position),
  }
}
