import type { TestRecord } from '../../conformance/records.ts'

/** What the writing child writes, so that its parent knows it too. */

export const TOPICS = [
  { name: 'a.v1', partitions: 2 },
  { name: 'b.v1', partitions: 1 },
]

/** Records of transaction `n` in one partition; their number differs, so that a torn transaction shows. */
export function recordsOf(n: number, topic: string, partition: number): TestRecord[] {
  const count = 1 + ((n * 31 + partition * 7 + topic.length) % 60)
  return Array.from({ length: count }, (_, i) => ({
    key: `${topic}/${partition}`,
    body: `transaction ${n} record ${i}`,
    seq: n * 1_000 + i,
    stream_time_us: n * 1_000,
  }))
}
