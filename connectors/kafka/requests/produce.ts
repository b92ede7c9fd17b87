/** Appends record batches to partitions that one broker leads. */
import type { KafkaRequest } from '../request.ts'

export interface ProduceInput {
  readonly transactional_id: string | null
  /** -1: all replicas in sync have it. */
  readonly acks: -1 | 1
  /** How long the broker waits for the replicas, milliseconds. */
  readonly timeout_ms: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** Record batches (format v2), one after another. */
      readonly records: Uint8Array
    }[]
  }[]
}

export interface ProducedPartition {
  readonly topic: string
  readonly partition: number
  readonly error_code: number
  /** Of the first record; -1 on an error. */
  readonly base_offset: number
  readonly log_start_offset: number
  readonly error_message: string | null
}

export interface ProduceOutput {
  readonly partitions: readonly ProducedPartition[]
}

export const produce: KafkaRequest<ProduceInput, ProduceOutput> = {
  name: 'Produce',
  api_key: 0,
  api_version: 8,
  encode(w, input) {
    w.nullableString(input.transactional_id).i16(input.acks).i32(input.timeout_ms)
    w.array(input.topics, (topic) =>
      w
        .string(topic.topic)
        .array(topic.partitions, (partition) => w.i32(partition.partition).bytes32(partition.records)),
    )
  },
  size: (input) =>
    input.topics
      .flatMap((topic) => topic.partitions)
      .reduce((sum, partition) => sum + partition.records.length + 300, 1_000),
  decode(r) {
    const topics = r.array(() => {
      const topic = r.string()
      return r.array(() => {
        const partition = r.i32()
        const error_code = r.i16()
        const base_offset = r.i64()
        r.i64() // Append time: records carry their own.
        const log_start_offset = r.i64()
        r.array(() => r.i32() + (r.nullableString()?.length ?? 0)) // Errors per record: the partition's says enough.
        return { topic, partition, error_code, base_offset, log_start_offset, error_message: r.nullableString() }
      })
    })
    r.i32() // Throttle time.
    return { partitions: topics.flat() }
  },
  errors: (output) => output.partitions.map((partition) => partition.error_code),
  acl: (input, error_code) =>
    error_code === 53
      ? { resource: 'transactional-id', name: input.transactional_id ?? '', operation: 'Write' }
      : { resource: 'topic', name: input.topics.map((topic) => topic.topic).join(', '), operation: 'Write' },
}
