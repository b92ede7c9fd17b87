/** Names the partitions a transaction is about to write, all in one request. */
import type { KafkaRequest } from '../request.ts'

export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

export interface AddPartitionsToTxnInput {
  readonly transactional_id: string
  readonly producer_id: number
  readonly producer_epoch: number
  readonly topics: readonly TopicPartitions[]
}

export interface AddPartitionsToTxnOutput {
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    readonly error_code: number
  }[]
}

export const addPartitionsToTxn: KafkaRequest<AddPartitionsToTxnInput, AddPartitionsToTxnOutput> = {
  name: 'AddPartitionsToTxn',
  api_key: 24,
  api_version: 2,
  encode(w, input) {
    w.string(input.transactional_id).i64(input.producer_id).i16(input.producer_epoch)
    w.array(input.topics, (topic) => w.string(topic.topic).array(topic.partitions, (partition) => w.i32(partition)))
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
  acl: (input, error_code) =>
    error_code === 53
      ? { resource: 'transactional-id', name: input.transactional_id, operation: 'Write' }
      : { resource: 'topic', name: input.topics.map((topic) => topic.topic).join(', '), operation: 'Write' },
}
