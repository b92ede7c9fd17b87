/** Creates topics, or with `validate_only` says what would hinder it. */
import type { KafkaRequest } from '../request.ts'

export interface CreateTopicsInput {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: number
    /** -1: the broker's default. */
    readonly replication: number
    readonly config: Readonly<Record<string, string>>
  }[]
  readonly timeout_ms: number
  readonly validate_only: boolean
}

export interface TopicResult {
  readonly topic: string
  readonly error_code: number
  readonly error_message: string | null
}

export interface CreateTopicsOutput {
  readonly topics: readonly TopicResult[]
}

export const createTopics: KafkaRequest<CreateTopicsInput, CreateTopicsOutput> = {
  name: 'CreateTopics',
  api_key: 19,
  api_version: 4,
  encode(w, input) {
    w.array(input.topics, (topic) => {
      w.string(topic.topic).i32(topic.partitions).i16(topic.replication)
      w.i32(0) // No assignment by hand.
      w.array(Object.entries(topic.config), ([name, value]) => w.string(name).nullableString(value))
    })
    w.i32(input.timeout_ms).bool(input.validate_only)
  },
  decode(r) {
    r.i32() // Throttle time.
    return {
      topics: r.array(() => ({ topic: r.string(), error_code: r.i16(), error_message: r.nullableString() })),
    }
  },
  errors: (output) => output.topics.map((topic) => topic.error_code),
  acl: (input) => ({
    resource: 'topic',
    name: input.topics.map((topic) => topic.topic).join(', '),
    operation: 'Create',
  }),
}
