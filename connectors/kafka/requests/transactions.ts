/** Transactions as seen from outside, and markers that end one that hangs. */
import type { KafkaRequest } from '../request.ts'
import type { TopicPartitions } from './add-partitions-to-txn.ts'

export interface ListedTransaction {
  readonly transactional_id: string
  readonly producer_id: number
  /** `Empty`, `Ongoing`, `PrepareCommit`, `PrepareAbort`, `CompleteCommit`, `CompleteAbort`, `Dead`. */
  readonly state: string
}

/** Each broker answers for the transactional ids that it coordinates. */
export const listTransactions: KafkaRequest<
  { readonly states: readonly string[]; readonly producer_ids: readonly number[] },
  { readonly error_code: number; readonly transactions: readonly ListedTransaction[] }
> = {
  name: 'ListTransactions',
  api_key: 66,
  api_version: 0,
  flexible: true,
  encode(w, input) {
    w.compactArray(input.states, (state) => w.compactString(state))
    w.compactArray(input.producer_ids, (id) => w.i64(id)).tags()
  },
  decode(r) {
    r.i32() // Throttle time.
    const error_code = r.i16()
    r.compactArray(() => r.compactString()) // States that the broker does not know.
    const transactions = r.compactArray(() => {
      const found = { transactional_id: r.compactString(), producer_id: r.i64(), state: r.compactString() }
      r.tags()
      return found
    })
    return { error_code, transactions }
  },
  errors: (output) => [output.error_code],
  acl: () => ({ resource: 'transactional-id', name: '*', operation: 'Describe' }),
}

export interface DescribedTransaction extends ListedTransaction {
  readonly error_code: number
  readonly timeout_ms: number
  /** Wall clock, milliseconds; -1 when none is open. */
  readonly started_ms: number
  readonly producer_epoch: number
  readonly topics: readonly TopicPartitions[]
}

export const describeTransaction: KafkaRequest<
  { readonly transactional_id: string },
  { readonly transactions: readonly DescribedTransaction[] }
> = {
  name: 'DescribeTransactions',
  api_key: 65,
  api_version: 0,
  flexible: true,
  encode(w, input) {
    w.compactArray([input.transactional_id], (id) => w.compactString(id)).tags()
  },
  decode(r) {
    r.i32() // Throttle time.
    return {
      transactions: r.compactArray(() => {
        const found = {
          error_code: r.i16(),
          transactional_id: r.compactString(),
          state: r.compactString(),
          timeout_ms: r.i32(),
          started_ms: r.i64(),
          producer_id: r.i64(),
          producer_epoch: r.i16(),
          topics: r.compactArray(() => {
            const topic = { topic: r.compactString(), partitions: r.compactArray(() => r.i32()) }
            r.tags()
            return topic
          }),
        }
        r.tags()
        return found
      }),
    }
  },
  errors: (output) => output.transactions.map((transaction) => transaction.error_code),
  acl: (input) => ({ resource: 'transactional-id', name: input.transactional_id, operation: 'Describe' }),
}

export interface ActiveProducer {
  readonly producer_id: number
  readonly producer_epoch: number
  readonly last_sequence: number
  /** Wall clock, milliseconds. */
  readonly last_timestamp_ms: number
  readonly coordinator_epoch: number
  /** First offset of its open transaction; -1 without one. */
  readonly open_since_offset: number
}

export interface DescribeProducersOutput {
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    readonly error_code: number
    readonly error_message: string | null
    readonly producers: readonly ActiveProducer[]
  }[]
}

/** Goes to the leader of every partition named. */
export const describeProducers: KafkaRequest<{ readonly topics: readonly TopicPartitions[] }, DescribeProducersOutput> =
  {
    name: 'DescribeProducers',
    api_key: 61,
    api_version: 0,
    flexible: true,
    encode(w, input) {
      w.compactArray(input.topics, (topic) =>
        w
          .compactString(topic.topic)
          .compactArray(topic.partitions, (partition) => w.i32(partition))
          .tags(),
      ).tags()
    },
    decode(r) {
      r.i32() // Throttle time.
      const topics = r.compactArray(() => {
        const topic = r.compactString()
        const partitions = r.compactArray(() => {
          const partition = r.i32()
          const error_code = r.i16()
          const error_message = r.compactNullableString()
          const producers = r.compactArray(() => {
            const producer = {
              producer_id: r.i64(),
              producer_epoch: r.i32(),
              last_sequence: r.i32(),
              last_timestamp_ms: r.i64(),
              coordinator_epoch: r.i32(),
              open_since_offset: r.i64(),
            }
            r.tags()
            return producer
          })
          r.tags()
          return { topic, partition, error_code, error_message, producers }
        })
        r.tags()
        return partitions
      })
      return { partitions: topics.flat() }
    },
    errors: (output) => output.partitions.map((partition) => partition.error_code),
    acl: (input) => ({
      resource: 'topic',
      name: input.topics.map((topic) => topic.topic).join(', '),
      operation: 'Read',
    }),
  }

export interface WriteTxnMarkersInput {
  readonly producer_id: number
  readonly producer_epoch: number
  readonly coordinator_epoch: number
  readonly commit: boolean
  readonly topics: readonly TopicPartitions[]
}

export interface WriteTxnMarkersOutput {
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly error_code: number }[]
}

/** Goes to the leader of every partition named. */
export const writeTxnMarkers: KafkaRequest<WriteTxnMarkersInput, WriteTxnMarkersOutput> = {
  name: 'WriteTxnMarkers',
  api_key: 27,
  api_version: 1,
  flexible: true,
  encode(w, input) {
    w.compactArray([input], (marker) => {
      w.i64(marker.producer_id).i16(marker.producer_epoch).bool(marker.commit)
      w.compactArray(marker.topics, (topic) =>
        w
          .compactString(topic.topic)
          .compactArray(topic.partitions, (partition) => w.i32(partition))
          .tags(),
      )
      w.i32(marker.coordinator_epoch).tags()
    }).tags()
  },
  decode(r) {
    const markers = r.compactArray(() => {
      r.i64() // Producer.
      const topics = r.compactArray(() => {
        const topic = r.compactString()
        const partitions = r.compactArray(() => {
          const found = { topic, partition: r.i32(), error_code: r.i16() }
          r.tags()
          return found
        })
        r.tags()
        return partitions
      })
      r.tags()
      return topics.flat()
    })
    return { partitions: markers.flat() }
  },
  errors: (output) => output.partitions.map((partition) => partition.error_code),
  acl: () => ({ resource: 'cluster', name: '', operation: 'ClusterAction' }),
}
