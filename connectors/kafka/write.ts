import { AppError, RetriableError } from '../../runtime/api/index.ts'
import type { Cluster } from './cluster.ts'
import { CODE, errorClass, errorName, isRetriable, kafkaError } from './errors.ts'
import { nextSequence, sealBatch } from './record-batch.ts'
import type { EncodedBatch } from './record-encoder.ts'
import { produce } from './requests/produce.ts'

/**
 * Appends record batches to partitions: one request per leader at a time, one batch per partition in each.
 *
 * A batch whose request was lost is sent again as it was: the broker knows it by its sequence numbers and stores it
 * once. What a broker refuses for good ends the whole with a `ProduceError`; what may pass is tried until the deadline.
 */

/** What a transaction writes to one partition. */
export interface PartitionWrite {
  /** As Kafka knows it. */
  readonly topic: string
  /** In the port's name; absent for stores. */
  readonly port_topic?: string
  readonly partition: number
  readonly batches: readonly EncodedBatch[]
  /** Of the first record; -1 while it is not known. */
  base_offset: number
  /** Offset behind the last record; -1 while it is not known. */
  end_offset: number
}

export interface Writer {
  readonly cluster: Cluster
  readonly channel: string
  /** Null writes outside of transactions and without sequence numbers. */
  readonly transactional_id: string | null
  readonly producer_id: number
  readonly producer_epoch: number
  /** Next sequence number per `topic/partition` of this producer and epoch. */
  readonly sequences: Map<string, number>
  readonly deadline_ms: number
}

/** A broker's refusal of one partition, by its code. */
export class ProduceError extends Error {
  readonly error_code: number
  /** `topic/partition`. */
  readonly where: string
  constructor(error_code: number, where: string) {
    super(`writing ${where}: ${errorName(error_code)}`)
    this.name = 'ProduceError'
    this.error_code = error_code
    this.where = where
  }
}

/** Stored already, by a request whose answer was lost. */
const DUPLICATE_SEQUENCE_NUMBER = 46

/** Far below the 100 MB that a broker takes by default. */
const MAX_REQUEST_BYTES = 32 * 1024 * 1024
const MAX_PAUSE_MS = 100

interface Open {
  readonly write: PartitionWrite
  readonly name: string
  /** Batch to be sent next. */
  next: number
}

export async function producePartitions(writes: readonly PartitionWrite[], writer: Writer): Promise<void> {
  const give_up_at = performance.now() + writer.deadline_ms
  let open: Open[] = writes.map((write) => ({ write, name: `${write.topic}/${write.partition}`, next: 0 }))
  let pause_ms = 2
  while (open.length > 0) {
    let failure: RetriableError | undefined
    try {
      const by_node = await byLeader(open, writer, give_up_at)
      const sent = await Promise.allSettled([...by_node].map(([node, group]) => send(node, group, writer)))
      for (const result of sent) {
        if (result.status === 'fulfilled') failure ??= result.value
        else throw result.reason
      }
    } catch (error) {
      if (!(error instanceof RetriableError)) throw error
      failure = error
    }
    open = open.filter(({ write, next }) => next < write.batches.length)
    if (failure === undefined) {
      pause_ms = 2
      continue
    }
    if (performance.now() + pause_ms > give_up_at) throw failure
    await new Promise((resolve) => setTimeout(resolve, pause_ms))
    pause_ms = Math.min(pause_ms * 2, MAX_PAUSE_MS)
  }
}

async function byLeader(open: readonly Open[], writer: Writer, give_up_at: number): Promise<Map<number, Open[]>> {
  const by_node = new Map<number, Open[]>()
  for (const one of open) {
    const { topic, partition } = one.write
    const deadline_ms = Math.max(1, give_up_at - performance.now())
    const node = await writer.cluster.leader(topic, partition, { deadline_ms })
    const group = by_node.get(node)
    if (group === undefined) by_node.set(node, [one])
    else group.push(one)
  }
  return by_node
}

/** Sends the next batch of as many partitions as go into one request. Answers a failure that may pass. */
async function send(node: number, group: readonly Open[], writer: Writer): Promise<RetriableError | undefined> {
  const { cluster, transactional_id, producer_id, producer_epoch, sequences } = writer
  const sent = new Map<string, Open>()
  let bytes = 0
  for (const one of group) {
    const batch = one.write.batches[one.next] as EncodedBatch
    bytes += batch.bytes.length
    if (bytes > MAX_REQUEST_BYTES && sent.size > 0) break
    const base_sequence = transactional_id === null ? -1 : (sequences.get(one.name) ?? 0)
    sealBatch(batch.bytes, { producer_id, producer_epoch, base_sequence, transactional: transactional_id !== null })
    sent.set(one.name, one)
  }
  const partitions = [...sent.values()].map(({ write, next }) => ({ ...write, records: write.batches[next]?.bytes }))
  const output = await cluster.request(
    { node },
    produce,
    {
      transactional_id,
      acks: -1,
      timeout_ms: writer.deadline_ms,
      topics: topicsOf(partitions, ({ partition, records }) => ({ partition, records: records as Buffer })),
    },
    { channel: writer.channel, retry: false },
  )
  let failure: RetriableError | undefined
  for (const { topic, partition, error_code, base_offset, error_message } of output.partitions) {
    const where = `${topic}/${partition}`
    const one = sent.get(where)
    if (one === undefined) continue
    if (error_code === 0 || error_code === DUPLICATE_SEQUENCE_NUMBER) {
      const { records } = one.write.batches[one.next] as EncodedBatch
      sequences.set(where, nextSequence(sequences.get(where) ?? 0, records))
      if (one.next === 0) one.write.base_offset = base_offset
      one.write.end_offset = base_offset < 0 ? -1 : base_offset + records
      one.next++
    } else if (error_code === CODE.MESSAGE_TOO_LARGE || error_code === CODE.RECORD_LIST_TOO_LARGE) {
      throw tooLarge(where, (one.write.batches[one.next] as EncodedBatch).bytes.length)
    } else if (!isRetriable(error_code)) {
      throw new ProduceError(error_code, where)
    } else {
      if (errorClass(error_code) === 'metadata') cluster.invalidate(topic)
      const options = { message: error_message }
      failure ??= kafkaError(error_code, `writing ${where}`, options) as RetriableError
    }
  }
  return failure
}

function tooLarge(where: string, bytes: number): AppError {
  return new AppError('RECORD_TOO_LARGE', `a batch of ${bytes} bytes is more than ${where} takes`, {
    exit_code: 2,
    hint: 'raise max.message.bytes of the topic, or make the record smaller',
  })
}

/** Groups what belongs to partitions by their topics, as requests want it. */
export function topicsOf<T extends { readonly topic: string }, P>(
  items: readonly T[],
  each: (item: T) => P,
): { topic: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>()
  for (const item of items) {
    const partitions = topics.get(item.topic)
    if (partitions === undefined) topics.set(item.topic, [each(item)])
    else partitions.push(each(item))
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
