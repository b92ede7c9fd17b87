import { parseRecordId } from '../api/record.ts'
import type { PlannedInput, PlannedTask } from '../plan/plan.ts'
import type { Envelope } from './envelope.ts'

/** Mirrors `schemas/redelivery.avsc`, as far as a task looks at it. */
export interface Redelivery {
  readonly letter_id: string
  readonly origin_id: string
  readonly origin_topic: string
  readonly origin_partition: number
  readonly bytes: Uint8Array
}

/** Whether it was this task that refused the record. */
export function wasRefusedBy({ name }: PlannedTask, { letter_id }: Redelivery): boolean {
  return parseRecordId(letter_id)?.producer === name
}

/** The input by which the record first came; undefined if the task has no such one any more. */
export function inputOf({ inputs }: PlannedTask, redelivery: Redelivery): PlannedInput | undefined {
  const { origin_topic, origin_partition } = redelivery
  return inputs.find(
    (one) => one.topic.name === origin_topic && one.partition === origin_partition && one.redelivery !== true,
  )
}

/** A new record, caused by the redelivery, with the refused one's bytes; its key and value are still the redelivery's. */
export function refusedRecord(redelivery: Envelope, { topic, partition }: PlannedInput, bytes: Uint8Array): Envelope {
  return { ...redelivery, topic, partition, carrier: { buf: bytes }, start: 0, end: bytes.length }
}
