import { AppError, type Producer, RetriableError, type Transaction } from '../../runtime/api/index.ts'
import { describeProducers, type TopicPartition } from './admin.ts'
import type { Cluster } from './cluster.ts'
import { CODE, errorClass, errorName, isRetriable, kafkaError } from './errors.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { addPartitionsToTxn } from './requests/add-partitions-to-txn.ts'
import { endTxn } from './requests/end-txn.ts'
import { initProducerId } from './requests/init-producer-id.ts'
import { type PartitionWrite, ProduceError, producePartitions, topicsOf } from './write.ts'

/**
 * Transactions under one transactional id, strictly one after another: add all partitions, produce, end.
 *
 * The id is taken (`InitProducerId`) when the producer is made, so that an older one is fenced and its open transaction
 * aborted before anything is read. What fails before `EndTxn` is sent is aborted by taking a new epoch of our own id,
 * which only its present holder can; then the same bytes may be sent again, with sequence numbers from 0. Once `EndTxn`
 * may have arrived, its fate is asked for until it is known: by sending it again, which a coordinator answers alike
 * after it was carried out, and, since a coordinator that came back answers alike of the transaction before, by the
 * marker that stands behind our records.
 *
 * A transaction hangs where partitions have its records open and its coordinator does not know it (seen when a broker
 * went down and came back in the middle of one). A later commit of the same id would make it part of itself, and a
 * reader sees nothing beyond it, so what an id has hanging is aborted when it is taken: by a transaction of nothing.
 */

export interface ProducerOptions {
  readonly cluster: Cluster
  /** As Kafka knows it. */
  readonly transactional_id: string
  readonly transaction_timeout_ms: number
  /** Everything that one of this id may have written to. */
  readonly partitions?: readonly TopicPartition[]
  /** How long the fate of a commit is asked for; default 60,000: longer than a broker takes to come back. */
  readonly outcome_deadline_ms?: number
  /** Encodes at the call of `commit`; throws what refuses a transaction before anything is sent. */
  encode(transaction: Transaction): EncodedTransaction
  /** Told after each commit, with the offsets that were given. */
  committed(writes: readonly PartitionWrite[]): void
}

export interface EncodedTransaction {
  readonly writes: readonly PartitionWrite[]
  /** Told when its bytes are not needed any more. */
  release?(): void
}

const OUTCOME_DEADLINE_MS = 60_000
/** How long the marker of a commit that a coordinator calls carried out is looked for. */
const MARKER_MS = 15_000
const MAX_PAUSE_MS = 100

/** Refusals that an abort and a new epoch cure. */
const CURABLE: readonly number[] = [
  CODE.OUT_OF_ORDER_SEQUENCE_NUMBER,
  CODE.INVALID_TXN_STATE,
  CODE.INVALID_PRODUCER_ID_MAPPING,
  CODE.UNKNOWN_PRODUCER_ID,
  120, // TRANSACTION_ABORTABLE
]

type State = 'ready' | 'dirty' | 'fenced' | 'unknown'

export class KafkaProducer implements Producer {
  readonly #options: ProducerOptions
  readonly #channel: string
  readonly #sequences = new Map<string, number>()
  #producer_id = -1
  #producer_epoch = -1
  #state: State = 'ready'
  #last: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(options: ProducerOptions) {
    this.#options = options
    this.#channel = `txn ${options.transactional_id}`
  }

  static async open(options: ProducerOptions): Promise<KafkaProducer> {
    const producer = new KafkaProducer(options)
    await producer.#init(-1, -1)
    await producer.#endHanging(options.partitions ?? [])
    return producer
  }

  /** Right behind `InitProducerId` nothing of this id is open that its coordinator knows of. */
  async #endHanging(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    const { cluster, transactional_id } = this.#options
    const known = await describeProducers(cluster, partitions)
    const hanging = known.filter(({ producers }) =>
      producers.some((one) => one.producer_id === this.#producer_id && one.open_since_offset >= 0),
    )
    if (hanging.length === 0) return
    await this.#add(hanging)
    const input = { ...this.#identity, commit: false }
    const { error_code } = await cluster.request(this.#coordinator, endTxn, input, { channel: this.#channel })
    if (error_code !== 0) throw kafkaError(error_code, `aborting what ${transactional_id} has hanging`)
  }

  commit(transaction: Transaction): Promise<void> {
    let encoded: EncodedTransaction
    try {
      if (this.#closed) throw closed()
      // The caller may reuse its buffers as soon as this returns.
      encoded = this.#options.encode(transaction)
    } catch (error) {
      return Promise.reject(error)
    }
    const done = this.#last.then(() => this.#commit(encoded.writes)).finally(() => encoded.release?.())
    this.#last = done.catch(() => {})
    return done
  }

  /** Takes nothing more; resolves when what was taken is done. */
  close(): Promise<void> {
    this.#closed = true
    return this.#last
  }

  async #commit(writes: readonly PartitionWrite[]): Promise<void> {
    if (this.#state === 'fenced') throw this.#fenced()
    if (this.#state === 'unknown') throw this.#unknown()
    if (this.#state === 'dirty') await this.#cleanUp()
    if (writes.length === 0) return
    try {
      await this.#add(writes)
      await producePartitions(writes, {
        cluster: this.#options.cluster,
        channel: this.#channel,
        transactional_id: this.#options.transactional_id,
        producer_id: this.#producer_id,
        producer_epoch: this.#producer_epoch,
        sequences: this.#sequences,
        deadline_ms: this.#work_ms,
      })
    } catch (cause) {
      throw await this.#abort(cause)
    }
    await this.#end(writes)
    this.#options.committed(writes)
  }

  /** Until a transaction is ended by us, so that the coordinator does not end it first. */
  get #work_ms(): number {
    return Math.floor(this.#options.transaction_timeout_ms * 0.7)
  }

  get #coordinator() {
    return { coordinator: 'transaction', key: this.#options.transactional_id } as const
  }

  get #identity() {
    const { transactional_id } = this.#options
    return { transactional_id, producer_id: this.#producer_id, producer_epoch: this.#producer_epoch }
  }

  async #init(producer_id: number, producer_epoch: number, deadline_ms = 30_000): Promise<void> {
    const { cluster, transactional_id, transaction_timeout_ms } = this.#options
    const output = await cluster.request(
      this.#coordinator,
      initProducerId,
      { transactional_id, transaction_timeout_ms, producer_id, producer_epoch },
      { channel: this.#channel, deadline_ms },
    )
    if (output.error_code !== 0) throw kafkaError(output.error_code, `taking the transactional id ${transactional_id}`)
    this.#producer_id = output.producer_id
    this.#producer_epoch = output.producer_epoch
    this.#sequences.clear()
    this.#state = 'ready'
  }

  async #add(writes: readonly TopicPartition[]): Promise<void> {
    const output = await this.#options.cluster.request(
      this.#coordinator,
      addPartitionsToTxn,
      { ...this.#identity, topics: topicsOf(writes, ({ partition }) => partition) },
      { channel: this.#channel, deadline_ms: this.#work_ms },
    )
    // A refusal of one partition leaves the others unattempted: the one that says why is told.
    const refused = output.partitions.filter(({ error_code }) => error_code !== 0)
    const first = refused.find(({ error_code }) => error_code !== 55) ?? refused[0]
    if (first !== undefined) throw new ProduceError(first.error_code, `${first.topic}/${first.partition}`)
  }

  /** Ends a transaction that was not committed and answers the error that its caller gets. */
  async #abort(cause: unknown): Promise<unknown> {
    this.#state = 'dirty'
    try {
      await this.#cleanUp(this.#work_ms)
    } catch (error) {
      // Not ended yet: the next commit does it, or a successor, or the coordinator after its time. Never committed.
      if ((this.#state as State) === 'fenced' || !(error instanceof RetriableError)) return error
    }
    if (!(cause instanceof ProduceError)) return cause
    const { error_code } = cause
    if (errorClass(error_code) === 'fenced' || CURABLE.includes(error_code)) {
      return new RetriableError(errorName(error_code), `${cause.message}; the transaction was aborted`, cause)
    }
    return kafkaError(error_code, `writing ${cause.where}`)
  }

  /** Aborts what is open and begins anew, unless another holds the id. */
  async #cleanUp(deadline_ms?: number): Promise<void> {
    try {
      await this.#init(this.#producer_id, this.#producer_epoch, deadline_ms)
    } catch (error) {
      if (error instanceof AppError && error.code === 'FENCED') {
        this.#state = 'fenced'
        throw this.#fenced()
      }
      throw error
    }
  }

  async #end(writes: readonly PartitionWrite[]): Promise<void> {
    const deadline_ms = this.#options.outcome_deadline_ms ?? OUTCOME_DEADLINE_MS
    const give_up_at = performance.now() + deadline_ms
    let sent = false
    let asked_before = false
    let pause_ms = 2
    do {
      const answer = await this.#askToEnd(sent)
      if (answer === 0 && !asked_before) return
      if (answer === 0) {
        const marker_by = performance.now() + Math.min(MARKER_MS, deadline_ms)
        return this.#outcome(writes, CODE.INVALID_TXN_STATE, marker_by)
      }
      asked_before = true
      // A coordinator that fails on its side may have carried it out all the same.
      if (answer === 'lost' || answer === CODE.UNKNOWN_SERVER_ERROR) sent = true
      else if (answer !== 'unsent' && !isRetriable(answer)) {
        if (sent && errorClass(answer) === 'fenced') return this.#outcome(writes, answer, give_up_at)
        // Not carried out, now or before: a coordinator answers 0 again and again after it was.
        throw await this.#abort(new ProduceError(answer, this.#where))
      }
      await new Promise((resolve) => setTimeout(resolve, pause_ms))
      pause_ms = Math.min(pause_ms * 2, MAX_PAUSE_MS)
    } while (performance.now() < give_up_at)
    if (!sent) throw await this.#abort(new RetriableError('KAFKA_UNREACHABLE', 'no coordinator to end a transaction'))
    throw this.#unknown()
  }

  /** A code, or `lost`: it may have been carried out; `unsent`: it was not. `sent`: one before may have been. */
  async #askToEnd(sent: boolean): Promise<number | 'lost' | 'unsent'> {
    try {
      const input = { ...this.#identity, commit: true }
      const options = { channel: this.#channel, retry: false }
      return (await this.#options.cluster.request(this.#coordinator, endTxn, input, options)).error_code
    } catch (error) {
      // Closed under way, or no permission any more: with one lost before, nobody asks what became of it.
      if (!(error instanceof RetriableError)) throw sent ? this.#unknown(error) : await this.#abort(error)
      return LOST.includes(error.code) ? 'lost' : 'unsent'
    }
  }

  /** Our epoch is over, by a successor or the coordinator's clock: what became of the transaction its marker tells. */
  async #outcome(writes: readonly PartitionWrite[], error_code: number, give_up_at: number): Promise<void> {
    let outcome: Outcome | undefined
    try {
      outcome = await outcomeOf(this.#options.cluster, writes, this.#producer_id, give_up_at)
    } catch (cause) {
      throw this.#unknown(cause)
    }
    if (outcome === undefined) throw this.#unknown()
    // The next commit finds out whether the id is still ours.
    this.#state = 'dirty'
    if (outcome === 'aborted') throw await this.#abort(new ProduceError(error_code, this.#where))
  }

  get #where(): string {
    return `the transaction of ${this.#options.transactional_id}`
  }

  #fenced(): AppError {
    return new AppError('FENCED', `a newer producer took the transactional id ${this.#options.transactional_id}`, {
      exit_code: 4,
      hint: 'another process runs the same stages, or this one stood still for longer than its transactions may last',
    })
  }

  #unknown(cause?: unknown): AppError {
    this.#state = 'unknown'
    const message = `a commit of ${this.#options.transactional_id} was sent, and nobody could tell what became of it`
    return new AppError('COMMIT_UNKNOWN', message, { exit_code: 4, cause })
  }
}

/** Errors of the connection after which a request may have been carried out. */
const LOST: readonly string[] = ['KAFKA_DISCONNECTED', 'KAFKA_TIMEOUT', 'KAFKA_PROTOCOL']

export function closed(): AppError {
  return new AppError('BROKER_CLOSED', 'the Kafka broker was closed', { exit_code: 4 })
}
