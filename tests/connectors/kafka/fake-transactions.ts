/**
 * One transactional id and its partitions, in memory: enough of Kafka to hold a producer to the protocol (epochs,
 * sequence numbers, states of a transaction, markers), with requests and answers that get lost.
 */
import type { Cluster, RequestOptions, Target } from '../../../connectors/kafka/cluster.ts'
import { CODE, isRetriable, kafkaError } from '../../../connectors/kafka/errors.ts'
import { BatchCursor } from '../../../connectors/kafka/record-batch.ts'
import { decodeRecords } from '../../../connectors/kafka/record-decoder.ts'
import type { KafkaRequest } from '../../../connectors/kafka/request.ts'
import { RetriableError } from '../../../runtime/api/index.ts'
import { readRecords } from '../../../runtime/log/batch.ts'
import { marker } from './oracles.ts'

/** A code instead of the work, the work (or not) and no answer, or the work and the answer that it failed. */
export type Fault = number | 'request_lost' | 'answer_lost' | 'done_but_failed' | undefined

interface Entry {
  readonly ids: readonly string[]
  readonly bytes: Buffer
  readonly offset: number
  readonly epoch: number
  readonly sequence: number
  fate: 'open' | 'committed' | 'aborted'
}

interface Identity {
  readonly producer_id: number
  readonly producer_epoch: number
}

const PRODUCER_ID = 4_711
/** Attempts of a request that is repeated until then, in place of a deadline. */
const ATTEMPTS = 4

export class FakeTransactions {
  readonly log: string[] = []
  readonly partitions = new Map<string, Entry[]>()
  epoch = -1
  /** Asked before each attempt. */
  fault: (name: string) => Fault = () => undefined
  #last_epoch = -1
  #state: 'Empty' | 'Ongoing' | 'CompleteCommit' | 'CompleteAbort' = 'Empty'
  #added = new Set<string>()

  /** What a producer's `cluster` is here. */
  readonly cluster = {
    request: <I, O>(_to: Target, request: KafkaRequest<I, O>, input: I, options: RequestOptions = {}): Promise<O> =>
      this.#request(request.name, input, options) as Promise<O>,
    leader: async () => 1,
    invalidate: () => {},
  } as unknown as Cluster

  /** Ids of the committed records of a partition, in order. */
  committed(where: string): string[] {
    return (this.partitions.get(where) ?? []).flatMap(({ ids, fate }) => (fate === 'committed' ? ids : []))
  }

  /** Another process takes the id. */
  takeover(): void {
    if (this.#state === 'Ongoing') this.#finish('aborted')
    this.epoch++
    this.#last_epoch = -1
    this.#state = 'Empty'
  }

  /** The coordinator comes back without what it was told last: it is where the transaction before left it. */
  forget(): void {
    this.#state = 'CompleteCommit'
    this.#added.clear()
  }

  async #request(name: string, input: unknown, options: RequestOptions): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const fault = this.fault(name)
      this.log.push(`${name}${fault === undefined ? '' : ` ${fault}`}`)
      const answer = typeof fault === 'number' ? refusal(name, input, fault) : undefined
      const done = answer ?? (fault === 'request_lost' ? undefined : await this.#work(name, input))
      const output = fault === 'done_but_failed' ? refusal(name, input, CODE.UNKNOWN_SERVER_ERROR) : done
      const codes = output === undefined ? [] : codesOf(output)
      const repeated = codes.find((code) => isRetriable(code))
      const lost = fault === 'request_lost' || fault === 'answer_lost'
      if (!lost && (options.retry === false || repeated === undefined)) return output
      if (options.retry !== false && attempt < ATTEMPTS) continue
      if (lost) throw new RetriableError('KAFKA_DISCONNECTED', `${name} was lost`)
      throw kafkaError(repeated as number, name)
    }
  }

  async #work(name: string, input: unknown): Promise<object> {
    if (name === 'InitProducerId') return this.#init(input as Identity)
    if (name === 'AddPartitionsToTxn') return this.#add(input as Identity & Parameters<typeof flat>[0])
    if (name === 'Produce') return this.#produce(input as Parameters<typeof flat<{ records: Buffer }>>[0])
    if (name === 'EndTxn') return this.#end(input as Identity & { commit: boolean })
    if (name === 'Fetch') return this.#fetch(input as Parameters<typeof flat<{ offset: number }>>[0])
    throw new Error(`${name} is not played`)
  }

  #init({ producer_id, producer_epoch }: Identity): object {
    const known = producer_id === PRODUCER_ID
    if (known && producer_epoch !== this.epoch) {
      if (producer_epoch !== this.#last_epoch) return { error_code: CODE.PRODUCER_FENCED }
      return { error_code: 0, producer_id: PRODUCER_ID, producer_epoch: this.epoch }
    }
    if (this.#state === 'Ongoing') this.#finish('aborted')
    this.#last_epoch = known ? this.epoch : -1
    this.epoch++
    this.#state = 'Empty'
    return { error_code: 0, producer_id: PRODUCER_ID, producer_epoch: this.epoch }
  }

  #add(input: Identity & Parameters<typeof flat>[0]): object {
    const error_code = input.producer_epoch === this.epoch ? 0 : CODE.PRODUCER_FENCED
    const partitions = flat(input, (partition) => ({ partition: partition as unknown as number, error_code }))
    if (error_code !== 0) return { partitions }
    this.#state = 'Ongoing'
    for (const { topic, partition } of partitions) this.#added.add(`${topic}/${partition}`)
    return { partitions }
  }

  #produce(input: Parameters<typeof flat<{ records: Buffer }>>[0]): object {
    return {
      partitions: flat(input, ({ partition, records }, topic) => {
        const answer = { partition, base_offset: -1, log_start_offset: 0, error_message: null }
        const where = `${topic}/${partition}`
        const cursor = new BatchCursor().open(records, where)
        cursor.next()
        cursor.check()
        if (cursor.producer_epoch !== this.epoch) return { ...answer, error_code: CODE.INVALID_PRODUCER_EPOCH }
        if (this.#state !== 'Ongoing' || !this.#added.has(where))
          return { ...answer, error_code: CODE.INVALID_TXN_STATE }
        const entries = this.partitions.get(where) ?? []
        const last = entries.findLast(({ epoch }) => epoch === this.epoch)
        if (last?.sequence === cursor.base_sequence) return { ...answer, error_code: 0, base_offset: last.offset }
        const expected = last === undefined ? 0 : last.sequence + last.ids.length
        if (cursor.base_sequence !== expected) return { ...answer, error_code: CODE.OUT_OF_ORDER_SEQUENCE_NUMBER }
        const ids = decodeRecords(cursor, topic, partition).flatMap((batch) =>
          [...readRecords(batch)].map(({ id }) => id),
        )
        const before = entries.at(-1)
        const offset = before === undefined ? 0 : before.offset + before.ids.length + 1
        const bytes = Buffer.from(records)
        bytes.writeInt32BE(offset, 4)
        entries.push({ ids, bytes, offset, epoch: this.epoch, sequence: expected, fate: 'open' })
        this.partitions.set(where, entries)
        return { ...answer, error_code: 0, base_offset: offset }
      }),
    }
  }

  #end({ producer_epoch, commit }: Identity & { commit: boolean }): object {
    if (producer_epoch !== this.epoch) return { error_code: CODE.PRODUCER_FENCED }
    const done = commit ? 'CompleteCommit' : 'CompleteAbort'
    if (this.#state === done) return { error_code: 0 }
    if (this.#state !== 'Ongoing') return { error_code: CODE.INVALID_TXN_STATE }
    this.#finish(commit ? 'committed' : 'aborted')
    this.#state = done
    return { error_code: 0 }
  }

  #finish(fate: 'committed' | 'aborted'): void {
    for (const entry of [...this.partitions.values()].flat()) if (entry.fate === 'open') entry.fate = fate
    this.#added = new Set()
  }

  async #fetch(input: Parameters<typeof flat<{ offset: number }>>[0]): Promise<object> {
    const [wanted] = flat(input, (one) => one) as [{ topic: string; partition: number; offset: number }]
    const blobs: Buffer[] = []
    for (const { bytes, offset, ids, fate } of this.partitions.get(`${wanted.topic}/${wanted.partition}`) ?? []) {
      if (offset < wanted.offset) continue
      blobs.push(bytes)
      const at = { base_offset: offset + ids.length, producer_id: PRODUCER_ID }
      if (fate !== 'open') blobs.push(await marker(fate === 'committed' ? 'commit' : 'abort', at))
    }
    return { error_code: 0, partitions: [{ ...wanted, error_code: 0, records: Buffer.concat(blobs), aborted: [] }] }
  }
}

/** Partitions of all topics of a request, each as `each` makes it. */
function flat<P, Q extends { partition: number } = { partition: number }>(
  input: { topics: readonly { topic: string; partitions: readonly (P & { partition: number })[] }[] },
  each: (partition: P & { partition: number }, topic: string) => Q,
): (Q & { topic: string })[] {
  return input.topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...each(one, topic) })))
}

function refusal(name: string, input: unknown, error_code: number): object {
  if (name === 'InitProducerId' || name === 'EndTxn') return { error_code, producer_id: -1, producer_epoch: -1 }
  return {
    partitions: flat(input as Parameters<typeof flat>[0], (one) => ({
      partition: typeof one === 'number' ? one : one.partition,
      error_code,
      base_offset: -1,
      error_message: null,
    })),
  }
}

function codesOf(output: object): number[] {
  const { error_code, partitions } = output as { error_code?: number; partitions?: { error_code: number }[] }
  return [...(error_code === undefined ? [] : [error_code]), ...(partitions ?? []).map((one) => one.error_code)]
}
