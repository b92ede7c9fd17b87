import type { StoredBatch } from '../api/broker.ts'
import { AppError, assert } from '../api/fault.ts'
import { type RecordId, recordId } from '../api/record.ts'
import { VarintReader } from './varint.ts'

/**
 * Reads the records of a stored batch, one after another, without an object per record.
 *
 * Heads or bodies that do not hold exactly the records that the batch claims are `DATA_DAMAGED` (exit 3): a checksum
 * guards stored bytes, so this is damage made before they were stored.
 */
export class RecordCursor {
  offset = -1
  producer = ''
  seq = 0
  stream_time_us = 0
  /** The key's bytes in `bodies` are `[key_start, key_end)`, the Avro body's `[body_start, body_end)`. */
  key_start = 0
  key_end = 0
  body_start = 0
  body_end = 0
  cause_count = 0

  #bodies: Buffer = Buffer.alloc(0)
  #producers: readonly string[] = []
  #left = 0
  #pos = 0
  readonly #heads = new VarintReader()
  readonly #seqs: number[] = []
  readonly #cause_producers: number[] = []
  readonly #cause_seqs: number[] = []

  constructor(batch?: StoredBatch, from_offset?: number) {
    if (batch !== undefined) this.open(batch, from_offset)
  }

  /** Stands before the record at `from_offset` (at or before the first one: before the first). */
  open(batch: StoredBatch, from_offset = batch.base_offset): this {
    const { bodies } = batch
    this.#bodies = Buffer.from(bodies.buffer, bodies.byteOffset, bodies.byteLength)
    this.#producers = batch.producers
    this.#heads.open(batch.heads)
    this.#left = batch.records
    this.#pos = 0
    this.#seqs.length = 0
    for (let i = 0; i < batch.producers.length; i++) this.#seqs.push(0)
    this.offset = batch.base_offset - 1
    this.stream_time_us = 0
    while (this.offset + 1 < from_offset && this.next()) {
      // Heads are differences, so records before the wanted one are walked, not skipped.
    }
    return this
  }

  next(): boolean {
    if (this.#left === 0) {
      if (!this.#heads.ended || this.#pos !== this.#bodies.length) throw damaged()
      return false
    }
    this.#left--
    this.offset++
    const heads = this.#heads
    const at = this.#producerAt()
    this.producer = this.#producers[at] as string
    this.seq = this.#seqs[at] as number
    this.stream_time_us += heads.signed()
    const count = heads.unsigned()
    this.cause_count = count
    for (let i = 0; i < count; i++) {
      const cause_at = this.#producerAt()
      this.#cause_producers[i] = cause_at
      this.#cause_seqs[i] = this.#seqs[cause_at] as number
    }

    this.key_start = this.#pos + 4
    this.key_end = this.key_start + this.#length(this.#pos)
    this.body_start = this.key_end + 4
    this.body_end = this.body_start + this.#length(this.key_end)
    if (this.body_end > this.#bodies.length) throw damaged()
    this.#pos = this.body_end
    return true
  }

  get id(): RecordId {
    return recordId(this.producer, this.seq)
  }

  key(): string {
    return this.#bodies.toString('utf8', this.key_start, this.key_end)
  }

  /** The Avro body, a view. */
  body(): Buffer {
    return this.#bodies.subarray(this.body_start, this.body_end)
  }

  causeProducer(i: number): string {
    return this.#producers[this.#cause_producers[i] as number] as string
  }

  causeSeq(i: number): number {
    return this.#cause_seqs[i] as number
  }

  causes(): RecordId[] {
    const ids: RecordId[] = []
    for (let i = 0; i < this.cause_count; i++) ids.push(recordId(this.causeProducer(i), this.causeSeq(i)))
    return ids
  }

  #producerAt(): number {
    const at = this.#heads.unsigned()
    if (at >= this.#producers.length) throw damaged()
    this.#seqs[at] = (this.#seqs[at] as number) + this.#heads.signed()
    return at
  }

  #length(pos: number): number {
    if (pos + 4 > this.#bodies.length) throw damaged()
    return this.#bodies.readUInt32LE(pos)
  }
}

/** One record as plain values; `body` is a view into the batch. */
export interface RecordView {
  readonly offset: number
  readonly id: RecordId
  readonly producer: string
  readonly seq: number
  readonly stream_time_us: number
  readonly causes: readonly RecordId[]
  readonly key: string
  readonly body: Uint8Array
}

/** The convenient twin of `RecordCursor`, for tools and tests. */
export function* readRecords(batch: StoredBatch, from_offset?: number): Generator<RecordView> {
  const cursor = new RecordCursor(batch, from_offset)
  while (cursor.next()) {
    yield {
      offset: cursor.offset,
      id: cursor.id,
      producer: cursor.producer,
      seq: cursor.seq,
      stream_time_us: cursor.stream_time_us,
      causes: cursor.causes(),
      key: cursor.key(),
      body: cursor.body(),
    }
  }
}

/** Where record number `count` begins in `bodies`, walking from `pos`. */
export function skipRecords(bodies: Buffer, pos: number, count: number): number {
  let at = pos
  for (let i = 0; i < count; i++) {
    at += 4 + bodies.readUInt32LE(at)
    at += 4 + bodies.readUInt32LE(at)
  }
  assert(at <= bodies.length, 'a batch holds fewer records than it claims')
  return at
}

function damaged(): AppError {
  return new AppError('DATA_DAMAGED', 'decoding a batch: its heads or bodies do not hold the records it claims', {
    exit_code: 3,
  })
}
