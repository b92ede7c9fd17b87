import type { PlannedTopic } from '../plan/plan.ts'

/**
 * One record in memory on its way from producer to consumers, which share it: nobody changes `value`.
 *
 * The body is not copied: it stays in the batch under construction (`carrier.buf`) or in the stored batch it was read
 * from. What survives an epoch in a queue is detached first.
 */
export interface Envelope {
  readonly topic: PlannedTopic
  readonly partition: number
  readonly offset: number
  readonly producer: number
  readonly seq: number
  readonly stream_time_us: number
  readonly key: string
  readonly value: unknown
  /** The record that caused this one (producer -1: none), and ids of further causes. */
  readonly cause_producer: number
  readonly cause_seq: number
  readonly more_causes: readonly string[] | undefined
  /** CRC-32 of the Avro body; feeds the journal's hashes. */
  readonly crc: number
  /** When the frame that led here arrived, milliseconds of the process's monotonic clock; NaN when re-run. Measured, never recorded. */
  readonly arrived_ms: number
  carrier: { readonly buf: Uint8Array }
  start: number
  end: number
}

/** An order-sensitive 32-bit hash of a sequence of records: what the journal compares. */
export function mixHash(hash: number, seq: number, crc: number): number {
  let h = Math.imul(hash ^ crc, 0x9e3779b1)
  h = Math.imul((h ^ (h >>> 15)) + seq, 0x85ebca6b)
  return (h ^ (h >>> 13)) >>> 0
}
