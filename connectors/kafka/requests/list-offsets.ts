/** Offsets of partitions that one broker leads: start, end, or the first at or after a time. */
import type { KafkaRequest } from '../request.ts'

export const LATEST = -1
export const EARLIEST = -2
/** The record with the greatest time, markers among them. */
export const NEWEST = -3

export interface ListOffsetsInput {
  /** `read_committed`: `LATEST` is the last stable offset; otherwise the high watermark. */
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      /** Milliseconds, or `LATEST`, `EARLIEST` or `NEWEST`. */
      readonly timestamp_ms: number
    }[]
  }[]
}

export interface ListedOffset {
  readonly topic: string
  readonly partition: number
  readonly error_code: number
  /** Of the record at `offset`; -1 for `LATEST` and `EARLIEST`. */
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
  // The first that knows NEWEST.
  api_version: 7,
  flexible: true,
  encode(w, input) {
    w.i32(-1).i8(input.isolation === 'read_committed' ? 1 : 0)
    w.compactArray(input.topics, ({ topic, partitions }) => {
      w.compactString(topic)
      // Whatever the leader's epoch.
      w.compactArray(partitions, ({ partition, timestamp_ms }) => w.i32(partition).i32(-1).i64(timestamp_ms).tags())
      w.tags()
    }).tags()
  },
  decode(r) {
    r.i32() // Throttle time.
    const topics = r.compactArray(() => {
      const topic = r.compactString()
      const partitions = r.compactArray(() => {
        const one = { topic, partition: r.i32(), error_code: r.i16(), timestamp_ms: r.i64(), offset: r.i64() }
        r.i32() // Leader epoch.
        r.tags()
        return one
      })
      r.tags()
      return partitions
    })
    r.tags()
    return { partitions: topics.flat() }
  },
  errors: (output) => output.partitions.map((partition) => partition.error_code),
  acl: (input) => ({
    resource: 'topic',
    name: input.topics.map((topic) => topic.topic).join(', '),
    operation: 'Describe',
  }),
}
