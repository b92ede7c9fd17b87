/** Brokers, controller, and per topic its id and its partitions' leaders. Never creates a topic. */
import type { KafkaRequest } from '../request.ts'

/** `topics: null` asks for all, `[]` for none (brokers only). */
export interface MetadataInput {
  readonly topics: readonly string[] | null
}

export interface PartitionMetadata {
  readonly error_code: number
  readonly partition: number
  /** -1 without a leader. */
  readonly leader: number
  readonly leader_epoch: number
  readonly replicas: readonly number[]
  readonly in_sync: readonly number[]
  readonly offline: readonly number[]
}

export interface TopicMetadata {
  readonly error_code: number
  readonly topic: string
  /** Hexadecimal, 32 digits. */
  readonly topic_id: string
  readonly internal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

export interface MetadataOutput {
  readonly brokers: readonly {
    readonly node_id: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
  }[]
  readonly cluster_id: string | null
  /** -1 when there is none. */
  readonly controller: number
  readonly topics: readonly TopicMetadata[]
}

const NO_TOPIC_ID = Buffer.alloc(16)

export const metadata: KafkaRequest<MetadataInput, MetadataOutput> = {
  name: 'Metadata',
  api_key: 3,
  api_version: 12,
  flexible: true,
  encode(w, input) {
    if (input.topics === null) w.uvarint(0)
    else w.compactArray(input.topics, (topic) => w.raw(NO_TOPIC_ID).compactNullableString(topic).tags())
    w.bool(false).bool(false).tags() // Neither creates topics nor lists permitted operations.
  },
  decode(r) {
    r.i32() // Throttle time.
    const brokers = r.compactArray(() => {
      const node = { node_id: r.i32(), host: r.compactString(), port: r.i32(), rack: r.compactNullableString() }
      r.tags()
      return node
    })
    const cluster_id = r.compactNullableString()
    const controller = r.i32()
    const topics = r.compactArray(() => {
      const error_code = r.i16()
      const topic = r.compactNullableString() ?? ''
      const topic_id = r.raw(16).toString('hex')
      const internal = r.bool()
      const partitions = r.compactArray(() => {
        const partition = {
          error_code: r.i16(),
          partition: r.i32(),
          leader: r.i32(),
          leader_epoch: r.i32(),
          replicas: r.compactArray(() => r.i32()),
          in_sync: r.compactArray(() => r.i32()),
          offline: r.compactArray(() => r.i32()),
        }
        r.tags()
        return partition
      })
      r.i32() // Permitted operations: not asked for.
      r.tags()
      return { error_code, topic, topic_id, internal, partitions }
    })
    return { brokers, cluster_id, controller, topics }
  },
  // A partition without a leader is looked at where it is wanted, so that one does not hold up the rest.
  errors: (output) => output.topics.map((topic) => topic.error_code),
  acl: (input) => ({ resource: 'topic', name: (input.topics ?? []).join(', '), operation: 'Describe' }),
}
