/** More partitions, fewer records, or no topic at all. */
import type { KafkaRequest } from '../request.ts'
import type { TopicResult } from './create-topics.ts'

export interface CreatePartitionsInput {
  /** `partitions`: how many there are to be in total. */
  readonly topics: readonly { readonly topic: string; readonly partitions: number }[]
  readonly timeout_ms: number
  readonly validate_only: boolean
}

export interface TopicResults {
  readonly topics: readonly TopicResult[]
}

const names = (topics: readonly { readonly topic: string }[]) => topics.map((topic) => topic.topic).join(', ')

export const createPartitions: KafkaRequest<CreatePartitionsInput, TopicResults> = {
  name: 'CreatePartitions',
  api_key: 37,
  api_version: 1,
  encode(w, input) {
    w.array(input.topics, (topic) => w.string(topic.topic).i32(topic.partitions).i32(-1))
    w.i32(input.timeout_ms).bool(input.validate_only)
  },
  decode(r) {
    r.i32() // Throttle time.
    return { topics: r.array(() => ({ topic: r.string(), error_code: r.i16(), error_message: r.nullableString() })) }
  },
  errors: (output) => output.topics.map((topic) => topic.error_code),
  acl: (input) => ({ resource: 'topic', name: names(input.topics), operation: 'Alter' }),
}

export interface DeleteTopicsInput {
  readonly topics: readonly string[]
  readonly timeout_ms: number
}

export const deleteTopics: KafkaRequest<DeleteTopicsInput, TopicResults> = {
  name: 'DeleteTopics',
  api_key: 20,
  api_version: 3,
  encode(w, input) {
    w.array(input.topics, (topic) => w.string(topic)).i32(input.timeout_ms)
  },
  decode(r) {
    r.i32() // Throttle time.
    return { topics: r.array(() => ({ topic: r.string(), error_code: r.i16(), error_message: null })) }
  },
  errors: (output) => output.topics.map((topic) => topic.error_code),
  acl: (input) => ({ resource: 'topic', name: input.topics.join(', '), operation: 'Delete' }),
}

/** Goes to the leader of every partition named. */
export interface DeleteRecordsInput {
  readonly topics: readonly {
    readonly topic: string
    /** Records before `offset` go. */
    readonly partitions: readonly { readonly partition: number; readonly offset: number }[]
  }[]
  readonly timeout_ms: number
}

export interface DeleteRecordsOutput {
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    /** The log's new start. */
    readonly low_watermark: number
    readonly error_code: number
  }[]
}

export const deleteRecords: KafkaRequest<DeleteRecordsInput, DeleteRecordsOutput> = {
  name: 'DeleteRecords',
  api_key: 21,
  api_version: 1,
  encode(w, input) {
    w.array(input.topics, (topic) =>
      w.string(topic.topic).array(topic.partitions, (one) => w.i32(one.partition).i64(one.offset)),
    )
    w.i32(input.timeout_ms)
  },
  decode(r) {
    r.i32() // Throttle time.
    const topics = r.array(() => {
      const topic = r.string()
      return r.array(() => ({ topic, partition: r.i32(), low_watermark: r.i64(), error_code: r.i16() }))
    })
    return { partitions: topics.flat() }
  },
  errors: (output) => output.partitions.map((partition) => partition.error_code),
  acl: (input) => ({ resource: 'topic', name: names(input.topics), operation: 'Delete' }),
}
