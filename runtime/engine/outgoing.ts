import { BatchBuilder } from '../log/batch.ts'
import { outputTopics, type Plan, type PlannedInput, type PlannedTask, type PlannedTopic } from '../plan/plan.ts'

/** One partition while an engine runs: the batch under construction, its next offset, and who reads it. */
export interface Outgoing {
  readonly topic: PlannedTopic
  readonly partition: number
  builder: BatchBuilder
  /** The batch of the commit under way, or empty. */
  spare: BatchBuilder
  next_offset: number
  /** The record appended last. */
  last_producer: string
  last_seq: number
  last_time_us: number
  readonly consumers: readonly Consumer[]
}

export interface Consumer {
  /** Its index among the plan's tasks, and the channel's among the task's inputs. */
  readonly task: number
  readonly channel: number
  /** The record is no reason to run the task. */
  readonly waits: boolean
}

export interface OutgoingOptions {
  readonly plan: Plan
  readonly schemaId: (fingerprint: string) => number
  /** Offset after the last record that is there already. */
  readonly endOffset: (topic: PlannedTopic, partition: number) => number
  /** Whether an input of a task is fed from here, and whether its records may wait. */
  readonly reads: (task: PlannedTask, input: PlannedInput) => 'now' | 'waits' | 'never'
  /** Room of a batch before its first record, where the plan writes a topic; default 64 KiB. It grows as needed. */
  readonly initial_bytes?: number
}

/** Outgoing by topic index and partition, every batch empty. */
export function openOutgoing({ plan, schemaId, endOffset, reads, initial_bytes }: OutgoingOptions): Outgoing[][] {
  const written = new Set<PlannedTopic>(plan.sources.map((source) => source.topic))
  for (const task of plan.tasks) for (const topic of outputTopics(task)) written.add(topic)
  return plan.topics.map((topic) =>
    Array.from({ length: topic.partitions }, (_, partition): Outgoing => {
      const id = schemaId(topic.record.fingerprint)
      const consumers: Consumer[] = []
      for (const [task, planned] of plan.tasks.entries()) {
        for (const [channel, input] of planned.inputs.entries()) {
          if (input.topic !== topic || input.partition !== partition) continue
          const how = reads(planned, input)
          if (how !== 'never') consumers.push({ task, channel, waits: how === 'waits' })
        }
      }
      const builder = () => new BatchBuilder(topic.name, partition, id, written.has(topic) ? initial_bytes : 0)
      return {
        topic,
        partition,
        builder: builder(),
        spare: builder(),
        next_offset: endOffset(topic, partition),
        last_producer: '',
        last_seq: -1,
        last_time_us: 0,
        consumers,
      }
    }),
  )
}
