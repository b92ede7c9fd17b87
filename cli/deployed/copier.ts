import type { Registry } from '../../connectors/registry/index.ts'
import type { Batch, Broker, Producer, Put, Reader, RecordType, StoredBatch } from '../../runtime/api/index.ts'
import { type CanonicalRun, canonicalRuns } from '../../runtime/api/log.ts'
import { BatchBuilder, RecordCursor } from '../../runtime/log/batch.ts'
import { fingerprint } from '../../schemas/canonical.ts'
import { schemaId } from '../../schemas/framing.ts'

export interface CopierOptions {
  readonly from: Reader
  readonly registry: Pick<Registry, 'schema'>
  readonly to: Broker
  readonly producers: readonly string[]
  /** Hears of the records copied. */
  readonly progress: (records: number) => void
}

/** A transaction is written when it holds so much. */
const TRANSACTION_BYTES = 4 * 1024 * 1024

/** Batches that are made anew are cut at so much. */
const BATCH_BYTES = 512 * 1024
const JOINED_BYTES = 64 * 1024

/**
 * Copies partitions in canonical order into a broker that counts from 0, so that offsets there are the numbers that
 * journals and snapshots speak of. Heads and bodies stay as they are, byte by byte, as a trail of hashes wants them; a
 * batch that is taken whole is not even opened. A schema's number becomes the one that needs no registry.
 */
export class Copier {
  records = 0
  readonly #options: CopierOptions
  readonly #producer: Producer
  readonly #numbers = new Map<number, Promise<number>>()
  /** Schemas that anything copied was written with. */
  readonly schemas: { readonly schema: string }[] = []
  /** Runs of several batches take turns, and a batch's heads are read from its beginning: each keeps its place. */
  readonly #cursors = new WeakMap<StoredBatch, RecordCursor>()
  #batches: Batch[] = []
  #puts: Put[] = []
  #bytes = 0
  #inflight: Promise<void> = Promise.resolve()

  private constructor(options: CopierOptions, producer: Producer) {
    this.#options = options
    this.#producer = producer
  }

  static async open(options: CopierOptions): Promise<Copier> {
    return new Copier(options, await options.to.producer('mirror'))
  }

  /** Copies records up to stream time `until_us`, all by default; answers how many. */
  async copy(
    topic: string,
    partition: number,
    type: RecordType<unknown>,
    until_us = Number.POSITIVE_INFINITY,
  ): Promise<number> {
    const before = this.records
    let builder = new BatchBuilder(topic, partition, schemaId(type))
    for await (const run of canonicalRuns(this.#options.from, topic, partition, this.#options.producers)) {
      const { batch } = run
      const schema_id = await this.#numberOf(batch)
      if (schema_id !== builder.schema_id) {
        await this.#flush(builder)
        builder = new BatchBuilder(topic, partition, schema_id)
      }
      const whole = run.records === batch.records && batch.last_time_us <= until_us
      // A small one joins what is being made, so that transactions do not become small.
      const joins = builder.records > 0 && batch.bodies.length < JOINED_BYTES
      if (whole && !joins) {
        await this.#flush(builder)
        await this.#add({ ...batch, schema_id })
        this.#count(batch.records)
      } else if (!(await this.#append(builder, run, until_us))) break
    }
    await this.#flush(builder)
    return this.records - before
  }

  async put(put: Put): Promise<void> {
    this.#puts.push(put)
    this.#bytes += put.value?.length ?? 0
    if (this.#bytes > TRANSACTION_BYTES) await this.#commit()
  }

  /** Makes one record where there was none. */
  async append<T>(
    topic: string,
    partition: number,
    type: RecordType<T>,
    value: T,
    stream_time_us: number,
  ): Promise<void> {
    const builder = new BatchBuilder(topic, partition, schemaId(type))
    builder.append(type, value, 'mirror', 'mirror', 0, stream_time_us, NO_CAUSES)
    await this.#flush(builder)
  }

  /** Everything copied is durable. */
  async end(): Promise<void> {
    await this.#commit()
    await this.#inflight
  }

  /** Appends a run record by record; whether the partition goes on behind it. */
  async #append(builder: BatchBuilder, { batch, offset, records }: CanonicalRun, until_us: number): Promise<boolean> {
    let cursor = this.#cursors.get(batch)
    if (cursor === undefined) {
      cursor = new RecordCursor(batch, offset)
      this.#cursors.set(batch, cursor)
    }
    while (cursor.offset < offset - 1) cursor.next()
    for (let i = 0; i < records && cursor.next(); i++) {
      const { producer, seq, stream_time_us } = cursor
      // Canonical order is that of stream time: nothing behind it is earlier.
      if (stream_time_us > until_us) return false
      builder.appendBody(cursor.body(), cursor.key(), producer, seq, stream_time_us, causesOf(cursor))
      this.#count(1)
      if (builder.bytes > BATCH_BYTES) await this.#flush(builder)
    }
    return true
  }

  /** The number of a batch's schema that needs no registry. */
  #numberOf({ schema_id }: StoredBatch): Promise<number> {
    let number = this.#numbers.get(schema_id)
    if (number === undefined) {
      number = this.#options.registry.schema(schema_id).then((schema) => {
        this.schemas.push({ schema })
        return schemaId({ fingerprint: fingerprint(schema) })
      })
      this.#numbers.set(schema_id, number)
    }
    return number
  }

  #count(records: number): void {
    this.records += records
    this.#options.progress(this.records)
  }

  /** Hands on what was made, behind what was taken whole, and empties it. */
  async #flush(builder: BatchBuilder): Promise<void> {
    if (builder.records === 0) return
    await this.#add(builder.batch())
    await this.#commit()
    builder.reset()
  }

  async #add(batch: Batch): Promise<void> {
    this.#batches.push(batch)
    this.#bytes += batch.bodies.length + batch.heads.length
    if (this.#bytes > TRANSACTION_BYTES) await this.#commit()
  }

  /** Writes what is gathered behind what is being written; when it resolves, the bytes gathered are copied. */
  async #commit(): Promise<void> {
    if (this.#batches.length === 0 && this.#puts.length === 0) return
    await this.#inflight
    const transaction = { batches: this.#batches, puts: this.#puts }
    this.#batches = []
    this.#puts = []
    this.#bytes = 0
    this.#inflight = this.#producer.commit(transaction)
    // It is waited for later; until then nobody may miss that it failed.
    this.#inflight.catch(() => {})
  }
}

const NO_CAUSES = { length: 0, producers: [], seqs: [] }

function causesOf(cursor: RecordCursor): { length: number; producers: string[]; seqs: number[] } {
  const producers: string[] = []
  const seqs: number[] = []
  for (let i = 0; i < cursor.cause_count; i++) {
    producers.push(cursor.causeProducer(i))
    seqs.push(cursor.causeSeq(i))
  }
  return { length: producers.length, producers, seqs }
}
