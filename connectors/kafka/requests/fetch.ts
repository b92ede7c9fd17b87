/** Record batches from partitions that one broker leads, without a fetch session. */
import type { KafkaRequest } from '../request.ts'

export interface FetchInput {
  /** The broker waits until `min_bytes` are there or so many milliseconds have passed. */
  readonly max_wait_ms: number
  readonly min_bytes: number
  readonly max_bytes: number
  /** With `read_committed` nothing beyond the last stable offset is answered, and aborted transactions are named. */
  readonly isolation: 'read_committed' | 'read_uncommitted'
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly offset: number
      readonly max_bytes: number
    }[]
  }[]
}

export interface AbortedTransaction {
  readonly producer_id: number
  readonly first_offset: number
}

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly error_code: number
  readonly high_watermark: number
  /** -1 where the broker does not say. */
  readonly last_stable_offset: number
  readonly log_start_offset: number
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches, the last one possibly cut; shares the answer's memory. */
  readonly records: Buffer
}

export interface FetchOutput {
  readonly error_code: number
  readonly partitions: readonly FetchedPartition[]
}

const NO_RECORDS = Buffer.alloc(0)

export const fetch: KafkaRequest<FetchInput, FetchOutput> = {
  name: 'Fetch',
  api_key: 1,
  api_version: 11,
  encode(w, input) {
    w.i32(-1).i32(input.max_wait_ms).i32(input.min_bytes).i32(input.max_bytes)
    w.i8(input.isolation === 'read_committed' ? 1 : 0)
    w.i32(0).i32(-1) // No session.
    w.array(input.topics, (topic) =>
      w.string(topic.topic).array(topic.partitions, (partition) => {
        w.i32(partition.partition).i32(-1).i64(partition.offset).i64(-1).i32(partition.max_bytes)
      }),
    )
    w.i32(0).string('') // No forgotten topics, no rack.
  },
  decode(r) {
    r.i32() // Throttle time.
    const error_code = r.i16()
    r.i32() // Session.
    const topics = r.array(() => {
      const topic = r.string()
      return r.array(() => {
        const partition = r.i32()
        const partition_error = r.i16()
        const high_watermark = r.i64()
        const last_stable_offset = r.i64()
        const log_start_offset = r.i64()
        const aborted = r.array(() => ({ producer_id: r.i64(), first_offset: r.i64() }))
        r.i32() // Preferred replica: leaders are read.
        const records = r.nullableBytes32() ?? NO_RECORDS
        const offsets = { high_watermark, last_stable_offset, log_start_offset }
        return { topic, partition, error_code: partition_error, ...offsets, aborted, records }
      })
    })
    return { error_code, partitions: topics.flat() }
  },
  errors: (output) => [output.error_code, ...output.partitions.map((partition) => partition.error_code)],
  acl: (input) => ({
    resource: 'topic',
    name: input.topics.map((topic) => topic.topic).join(', '),
    operation: 'Read',
  }),
}
