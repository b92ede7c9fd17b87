/** Offsets of partitions that one broker leads: start, end, or the first at or after a time. */
import type { KafkaRequest } from '../request.ts'

export const LATEST = -1
export const EARLIEST = -2

export interface ListOffsetsInput {
  /** `read_committed`: `LATEST` is the last stable offset; otherwise the high watermark. */
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** Milliseconds, or `LATEST`, or `EARLIEST`. */
      readonly timestamp_ms: number
    }[]
  }[]
}

export interface ListedOffset {
  readonly topic: string
  readonly partition: number
  readonly error_code: number
  readonly timestamp_ms: number
  /** -1 if no record is that late. */
  readonly offset: number
}

export interface ListOffsetsOutput {
  readonly partitions: readonly ListedOffset[]
}

export const listOffsets: KafkaRequest<ListOffsetsInput, ListOffsetsOutput> = {
  name: 'ListOffsets',
  api_key: 2,
  api_version: 3,
  encode(w, input) {
    w.i32(-1).i8(input.isolation === 'read_committed' ? 1 : 0)
    w.array(input.topics, (topic) =>
      w
        .string(topic.topic)
        .array(topic.partitions, (partition) => w.i32(partition.partition).i64(partition.timestamp_ms)),
    )
  },
  decode(r) {
    r.i32() // Throttle time.
    const topics = r.array(() => {
      const topic = r.string()
      return r.array(() => {
        return { topic, partition: r.i32(), error_code: r.i16(), timestamp_ms: r.i64(), offset: r.i64() }
      })
    })
    return { partitions: topics.flat() }
  },
  errors: (output) => output.partitions.map((partition) => partition.error_code),
  acl: (input) => ({
    resource: 'topic',
    name: input.topics.map((topic) => topic.topic).join(', '),
    operation: 'Describe',
  }),
}
