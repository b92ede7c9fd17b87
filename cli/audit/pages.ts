import type { Reader, StoredBatch } from '../../runtime/api/index.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'

/** One record where it stands. */
export interface Found {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Schema that it was written with. */
  readonly schema_id: number
  readonly producer: string
  readonly seq: number
  readonly stream_time_us: number
  readonly causes: readonly string[]
  readonly key: string
  readonly body: Uint8Array
}

/** Bytes of batches kept at most. */
const KEPT_BYTES = 64 * 1024 * 1024

/** Batches read lately, so that a walk over neighbouring records reads each once. */
export class Pages {
  private readonly reader: Reader
  private readonly pages = new Map<string, Page>()
  private bytes = 0

  constructor(reader: Reader) {
    this.reader = reader
  }

  /** The page whose batch begins at `base_offset`; undefined if there is none any more. */
  async at(topic: string, partition: number, base_offset: number): Promise<Page | undefined> {
    const name = `${topic}/${partition}@${base_offset}`
    const known = this.pages.get(name)
    if (known !== undefined) {
      this.pages.delete(name)
      this.pages.set(name, known)
      return known
    }
    const batch = await this.reader.read(topic, partition, base_offset)
    if (batch === undefined || batch.base_offset !== base_offset) return undefined
    const page = new Page(batch)
    this.pages.set(name, page)
    this.bytes += page.bytes
    for (const [oldest, { bytes }] of this.pages) {
      if (this.bytes <= KEPT_BYTES || oldest === name) break
      this.pages.delete(oldest)
      this.bytes -= bytes
    }
    return page
  }

  /** The record at an offset; undefined if there is none any more. */
  async record(topic: string, partition: number, offset: number): Promise<Found | undefined> {
    const batch = await this.reader.read(topic, partition, offset)
    if (batch === undefined || batch.base_offset > offset) return undefined
    return recordAt(batch, offset)
  }
}

/** A batch whose records can be found by id without walking their heads again. */
export class Page {
  readonly batch: StoredBatch
  readonly bytes: number
  private readonly seqs: Float64Array
  private readonly producers: Uint16Array
  private readonly names: readonly string[]

  constructor(batch: StoredBatch) {
    this.batch = batch
    this.seqs = new Float64Array(batch.records)
    this.producers = new Uint16Array(batch.records)
    this.names = batch.producers
    this.bytes = batch.bodies.length + batch.heads.length + batch.records * 10
    const cursor = new RecordCursor(batch)
    for (let i = 0; cursor.next(); i++) {
      this.seqs[i] = cursor.seq
      this.producers[i] = this.names.indexOf(cursor.producer)
    }
  }

  /** The records with this id: one, in sound data. */
  find(producer: string, seq: number): Found[] {
    const found: Found[] = []
    const at = this.names.indexOf(producer)
    for (let i = 0; i < this.seqs.length; i++) {
      if (this.seqs[i] === seq && this.producers[i] === at) found.push(recordAt(this.batch, this.batch.base_offset + i))
    }
    return found
  }
}

function recordAt(batch: StoredBatch, at: number): Found {
  const { topic, partition, schema_id } = batch
  const cursor = new RecordCursor(batch, at)
  cursor.next()
  const { offset, producer, seq, stream_time_us } = cursor
  return {
    topic,
    partition,
    offset,
    schema_id,
    producer,
    seq,
    stream_time_us,
    causes: cursor.causes(),
    key: cursor.key(),
    body: cursor.body(),
  }
}
