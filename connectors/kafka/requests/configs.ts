/** Settings of topics and brokers: what holds, where it comes from, and changes of single ones. */
import type { KafkaRequest } from '../request.ts'

const TOPIC = 2
const BROKER = 4

/** Where a value comes from; `topic` is set on the topic itself, the others are what holds without that. */
export type ConfigSource = 'topic' | 'broker' | 'cluster' | 'file' | 'default' | 'other'

const SOURCES: Readonly<Record<number, ConfigSource>> = {
  1: 'topic',
  2: 'broker',
  3: 'cluster',
  4: 'file',
  5: 'default',
}

export interface ConfigEntry {
  readonly name: string
  /** Null where it is secret or unset. */
  readonly value: string | null
  readonly source: ConfigSource
}

/** A broker's settings are asked of that broker. */
export type DescribeConfigsInput = { readonly topics: readonly string[] } | { readonly broker: number }

export interface DescribeConfigsOutput {
  readonly resources: readonly {
    /** Topic, or number of a broker. */
    readonly name: string
    readonly error_code: number
    readonly error_message: string | null
    readonly config: readonly ConfigEntry[]
  }[]
}

const topicNames = (topics: readonly { readonly topic: string }[]) => topics.map((topic) => topic.topic).join(', ')

export const describeConfigs: KafkaRequest<DescribeConfigsInput, DescribeConfigsOutput> = {
  name: 'DescribeConfigs',
  api_key: 32,
  api_version: 1,
  encode(w, input) {
    if ('topics' in input) w.array(input.topics, (topic) => w.i8(TOPIC).string(topic).i32(-1))
    else w.array([input.broker], (broker) => w.i8(BROKER).string(String(broker)).i32(-1))
    w.bool(false)
  },
  decode(r) {
    r.i32() // Throttle time.
    return {
      resources: r.array(() => {
        const error_code = r.i16()
        const error_message = r.nullableString()
        r.i8() // Kind.
        const resource = r.string()
        const config = r.array(() => {
          const name = r.string()
          const value = r.nullableString()
          r.bool() // Read only.
          const source = SOURCES[r.i8()] ?? 'other'
          r.bool() // Sensitive.
          r.array(() => r.string().length + (r.nullableString()?.length ?? 0) + r.i8())
          return { name, value, source }
        })
        return { name: resource, error_code, error_message, config }
      }),
    }
  },
  errors: (output) => output.resources.map((resource) => resource.error_code),
  acl: (input) =>
    'topics' in input
      ? { resource: 'topic', name: input.topics.join(', '), operation: 'DescribeConfigs' }
      : { resource: 'cluster', name: '', operation: 'DescribeConfigs' },
}

export interface AlterConfigsInput {
  readonly topics: readonly {
    readonly topic: string
    /** Null takes the topic's own value away. */
    readonly config: Readonly<Record<string, string | null>>
  }[]
  readonly validate_only: boolean
}

export interface AlterConfigsOutput {
  readonly topics: readonly {
    readonly topic: string
    readonly error_code: number
    readonly error_message: string | null
  }[]
}

export const incrementalAlterConfigs: KafkaRequest<AlterConfigsInput, AlterConfigsOutput> = {
  name: 'IncrementalAlterConfigs',
  api_key: 44,
  api_version: 0,
  encode(w, input) {
    w.array(input.topics, (topic) => {
      w.i8(TOPIC).string(topic.topic)
      w.array(Object.entries(topic.config), ([name, value]) =>
        w
          .string(name)
          .i8(value === null ? 1 : 0)
          .nullableString(value),
      )
    })
    w.bool(input.validate_only)
  },
  decode(r) {
    r.i32() // Throttle time.
    return {
      topics: r.array(() => {
        const error_code = r.i16()
        const error_message = r.nullableString()
        r.i8() // Kind.
        return { error_code, error_message, topic: r.string() }
      }),
    }
  },
  errors: (output) => output.topics.map((topic) => topic.error_code),
  acl: (input) => ({ resource: 'topic', name: topicNames(input.topics), operation: 'AlterConfigs' }),
}
