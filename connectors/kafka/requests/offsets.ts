/** Offsets that a group has committed. */
import type { AclNeed, KafkaRequest } from '../request.ts'
import type { TopicPartitions } from './add-partitions-to-txn.ts'

const readAcl = (input: { readonly group_id: string }): AclNeed => ({
  resource: 'group',
  name: input.group_id,
  operation: 'Read',
})

export interface OffsetFetchInput {
  readonly group_id: string
  /** Null: all that the group has committed. */
  readonly topics: readonly TopicPartitions[] | null
}

export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  /** -1 if nothing is committed. */
  readonly offset: number
  readonly metadata: string | null
  readonly error_code: number
}

export interface OffsetFetchOutput {
  readonly error_code: number
  readonly partitions: readonly CommittedOffset[]
}

/** Offsets of an open transaction are waited for (`UNSTABLE_OFFSET_COMMIT`) rather than passed over. */
export const offsetFetch: KafkaRequest<OffsetFetchInput, OffsetFetchOutput> = {
  name: 'OffsetFetch',
  api_key: 9,
  api_version: 7,
  flexible: true,
  encode(w, input) {
    w.compactString(input.group_id)
    if (input.topics === null) w.uvarint(0)
    else {
      w.compactArray(input.topics, (topic) =>
        w
          .compactString(topic.topic)
          .compactArray(topic.partitions, (partition) => w.i32(partition))
          .tags(),
      )
    }
    w.bool(true).tags()
  },
  decode(r) {
    r.i32() // Throttle time.
    const topics = r.compactArray(() => {
      const topic = r.compactString()
      const partitions = r.compactArray(() => {
        const partition = r.i32()
        const offset = r.i64()
        r.i32() // Leader epoch.
        const found = { topic, partition, offset, metadata: r.compactNullableString(), error_code: r.i16() }
        r.tags()
        return found
      })
      r.tags()
      return partitions
    })
    return { partitions: topics.flat(), error_code: r.i16() }
  },
  errors: (output) => [output.error_code, ...output.partitions.map((partition) => partition.error_code)],
  acl: (input) => ({ ...readAcl(input), operation: 'Describe' }),
}

export interface OffsetCommitInput {
  readonly group_id: string
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly offset: number
      readonly metadata: string | null
    }[]
  }[]
}

export interface OffsetResults {
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly error_code: number }[]
}

/** From outside the group: taken only while it has no members. */
export const offsetCommit: KafkaRequest<OffsetCommitInput, OffsetResults> = {
  name: 'OffsetCommit',
  api_key: 8,
  api_version: 5,
  encode(w, input) {
    w.string(input.group_id).i32(-1).string('')
    w.array(input.topics, (topic) =>
      w
        .string(topic.topic)
        .array(topic.partitions, (one) => w.i32(one.partition).i64(one.offset).nullableString(one.metadata)),
    )
  },
  decode(r) {
    r.i32() // Throttle time.
    const topics = r.array(() => {
      const topic = r.string()
      return r.array(() => ({ topic, partition: r.i32(), error_code: r.i16() }))
    })
    return { partitions: topics.flat() }
  },
  errors: (output) => output.partitions.map((partition) => partition.error_code),
  acl: readAcl,
}

export interface OffsetDeleteInput {
  readonly group_id: string
  readonly topics: readonly TopicPartitions[]
}

export const offsetDelete: KafkaRequest<OffsetDeleteInput, OffsetResults & { readonly error_code: number }> = {
  name: 'OffsetDelete',
  api_key: 47,
  api_version: 0,
  encode(w, input) {
    w.string(input.group_id)
    w.array(input.topics, (topic) => w.string(topic.topic).array(topic.partitions, (partition) => w.i32(partition)))
  },
  decode(r) {
    const error_code = r.i16()
    r.i32() // Throttle time.
    const topics = r.array(() => {
      const topic = r.string()
      return r.array(() => ({ topic, partition: r.i32(), error_code: r.i16() }))
    })
    return { error_code, partitions: topics.flat() }
  },
  errors: (output) => [output.error_code, ...output.partitions.map((partition) => partition.error_code)],
  acl: (input) => ({ ...readAcl(input), operation: 'Delete' }),
}
