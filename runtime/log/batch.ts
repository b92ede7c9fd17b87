import { crc32 } from 'node:zlib'
import { Arena } from '../api/arena.ts'
import type { Batch } from '../api/broker.ts'
import type { RecordType } from '../api/record.ts'
import { MAX_VARINT_BYTES, putSigned, putUnsigned } from './varint.ts'

/**
 * Makes batches: the records of one partition in one transaction.
 *
 * A builder is kept per partition and reused over epochs: its arenas keep their size, and appending a record allocates
 * nothing once they are large enough. Head of a record: producer (index into the batch's table), sequence (signed
 * distance from the last one named of that producer in this batch), stream time (signed distance from the record
 * before), number of causes, then each cause like producer and sequence. `records.ts` reads it back.
 */

/** Ids of the inputs that caused a record, as two columns that the caller owns and reuses; `length` counts. */
export interface Causes {
  readonly length: number
  readonly producers: readonly string[]
  readonly seqs: readonly number[]
}

export const NO_CAUSES: Causes = { length: 0, producers: [], seqs: [] }

/** Encoded keys kept per builder; more distinct ones start afresh, so that a topic with endless keys stays flat. */
const MAX_CACHED_KEYS = 4_096

export class BatchBuilder {
  readonly topic: string
  readonly partition: number
  readonly schema_id: number
  records = 0
  /** Where the body of the record appended last stands in `bodies`. */
  body_start = 0
  body_end = 0

  #first_time_us = Number.POSITIVE_INFINITY
  #last_time_us = Number.NEGATIVE_INFINITY
  #time_us = 0
  readonly #heads: Arena
  readonly #bodies: Arena
  readonly #keys = new Map<string, Uint8Array>()
  #key: string | undefined
  #key_bytes: Uint8Array = new Uint8Array(0)
  #producers: string[] = []
  readonly #producer_index = new Map<string, number>()
  readonly #seqs: number[] = []
  #producer: string | undefined
  #producer_at = 0

  constructor(topic: string, partition: number, schema_id: number, initial_bytes = 64 * 1024) {
    this.topic = topic
    this.partition = partition
    this.schema_id = schema_id
    this.#heads = new Arena(Math.min(4 * 1024, initial_bytes))
    this.#bodies = new Arena(initial_bytes)
  }

  /**
   * Appends one record; `type.encode` writes its Avro body straight into the batch. Throws what `encode` throws, and
   * then the batch is as it was before.
   *
   * `producer` (`stage/task`) and `seq` are the record's id, `stream_time_us` its stream time in microseconds.
   */
  append<T>(
    type: RecordType<T>,
    value: T,
    key: string,
    producer: string,
    seq: number,
    stream_time_us: number,
    causes: Causes,
  ): void {
    const bodies = this.#bodies
    const start = bodies.pos
    const body_start = this.#putKey(key)
    try {
      type.encode(value, bodies)
    } catch (cause) {
      bodies.pos = start
      throw cause
    }
    this.#finish(body_start, producer, seq, stream_time_us, causes)
  }

  /** Appends a record whose Avro body is already encoded (re-published evidence, tests). */
  appendBody(
    body: Uint8Array,
    key: string,
    producer: string,
    seq: number,
    stream_time_us: number,
    causes: Causes,
  ): void {
    const bodies = this.#bodies
    const body_start = this.#putKey(key)
    bodies.ensure(body.length)
    bodies.buf.set(body, bodies.pos)
    bodies.pos += body.length
    this.#finish(body_start, producer, seq, stream_time_us, causes)
  }

  /** CRC-32 of the last body, continued from `seed` (0 to begin). */
  bodyCrc(seed: number): number {
    return crc32(this.#bodies.buf.subarray(this.body_start, this.body_end), seed)
  }

  /** CRC-32 over the batch's `bodies` bytes in `[start, end)`: one call for a run of records costs a tenth. */
  crc(start: number, end: number, seed: number): number {
    return crc32(this.#bodies.buf.subarray(start, end), seed)
  }

  /** Bytes held so far, heads and bodies. */
  get bytes(): number {
    return this.#heads.pos + this.#bodies.pos
  }

  /** End of the last record in `bodies` (its key, body and lengths included). */
  get bodies_end(): number {
    return this.#bodies.pos
  }

  /** What `body_start` and `body_end` point into; another buffer after it has grown. */
  get buf(): Uint8Array {
    return this.#bodies.buf
  }

  /** The last body, a view valid until the next append. */
  body(): Uint8Array {
    return this.#bodies.buf.subarray(this.body_start, this.body_end)
  }

  /** The batch as a transaction wants it: views, valid until the next append or reset. */
  batch(): Batch {
    return {
      topic: this.topic,
      partition: this.partition,
      records: this.records,
      schema_id: this.schema_id,
      first_time_us: this.#first_time_us,
      last_time_us: this.#last_time_us,
      producers: this.#producers,
      heads: this.#heads.bytes(),
      bodies: this.#bodies.bytes(),
    }
  }

  /** Empties the batch and keeps its memory. */
  reset(): void {
    this.records = 0
    this.body_start = 0
    this.body_end = 0
    this.#first_time_us = Number.POSITIVE_INFINITY
    this.#last_time_us = Number.NEGATIVE_INFINITY
    this.#time_us = 0
    this.#heads.reset()
    this.#bodies.reset()
    // A new table, since the one handed out with the last batch may still wait to be written.
    this.#producers = []
    this.#producer_index.clear()
    this.#seqs.length = 0
    this.#producer = undefined
  }

  /** Writes length and key and leaves room for the body's length; answers where the body begins. */
  #putKey(key: string): number {
    const bytes = key === this.#key ? this.#key_bytes : this.#keyBytes(key)
    const bodies = this.#bodies
    const size = bytes.length
    bodies.ensure(size + 8)
    const buf = bodies.buf
    let pos = bodies.pos
    buf[pos++] = size & 255
    buf[pos++] = (size >>> 8) & 255
    buf[pos++] = (size >>> 16) & 255
    buf[pos++] = size >>> 24
    // Keys are short: a loop beats the call into `set`.
    if (size <= 32) for (let i = 0; i < size; i++) buf[pos++] = bytes[i] as number
    else {
      buf.set(bytes, pos)
      pos += size
    }
    pos += 4
    bodies.pos = pos
    return pos
  }

  #keyBytes(key: string): Uint8Array {
    let bytes = this.#keys.get(key)
    if (bytes === undefined) {
      if (this.#keys.size >= MAX_CACHED_KEYS) this.#keys.clear()
      bytes = Buffer.from(key, 'utf8')
      this.#keys.set(key, bytes)
    }
    this.#key = key
    this.#key_bytes = bytes
    return bytes
  }

  #finish(body_start: number, producer: string, seq: number, stream_time_us: number, causes: Causes): void {
    const bodies = this.#bodies
    const size = bodies.pos - body_start
    const buf = bodies.buf
    buf[body_start - 4] = size & 255
    buf[body_start - 3] = (size >>> 8) & 255
    buf[body_start - 2] = (size >>> 16) & 255
    buf[body_start - 1] = size >>> 24
    this.body_start = body_start
    this.body_end = bodies.pos

    const heads = this.#heads
    const count = causes.length
    heads.ensure((4 + 2 * count) * MAX_VARINT_BYTES)
    this.#putId(producer, seq)
    putSigned(heads, stream_time_us - this.#time_us)
    this.#time_us = stream_time_us
    putUnsigned(heads, count)
    for (let i = 0; i < count; i++) this.#putId(causes.producers[i] as string, causes.seqs[i] as number)

    if (stream_time_us < this.#first_time_us) this.#first_time_us = stream_time_us
    if (stream_time_us > this.#last_time_us) this.#last_time_us = stream_time_us
    this.records++
  }

  #putId(producer: string, seq: number): void {
    const at = producer === this.#producer ? this.#producer_at : this.#producerAt(producer)
    putUnsigned(this.#heads, at)
    putSigned(this.#heads, seq - (this.#seqs[at] as number))
    this.#seqs[at] = seq
  }

  #producerAt(producer: string): number {
    let at = this.#producer_index.get(producer)
    if (at === undefined) {
      at = this.#producers.length
      this.#producers.push(producer)
      this.#producer_index.set(producer, at)
      this.#seqs.push(0)
    }
    this.#producer = producer
    this.#producer_at = at
    return at
  }
}

export { RecordCursor, type RecordView, readRecords } from './records.ts'
