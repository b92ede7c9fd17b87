import { Arena, type StoredBatch } from '../../runtime/api/index.ts'
import { MAX_VARINT_BYTES, putSigned, putUnsigned } from '../../runtime/api/log.ts'
import type { BatchCursor } from './record-batch.ts'
import { RecordScanner } from './record-scanner.ts'

/**
 * Decodes fetched record batches into stored batches, without an object per record.
 *
 * Others may write to our topics too. A record without a readable `id` header bears the id `topic/partition:offset`;
 * one without `time` the timestamp that Kafka gave it; causes that are no list of ids are left out; unknown headers
 * are ignored. A value without the five bytes of a Confluent frame is given as it stands, with schema id 0, and a
 * missing key or value as an empty one. One record batch gives one stored batch, unless schema ids differ within it or
 * compaction left gaps.
 */

const FRAME_BYTES = 5
const COLON = 58
const COMMA = 44
const ZERO = 48
/** More digits than a safe integer has are no number of ours. */
const MAX_DIGITS = 16

const scanner = new RecordScanner()
const heads = new Arena(64 * 1024)

/** The producers that a stored batch names, found by their bytes. */
class ProducerTable {
  names: string[] = []
  readonly seqs: number[] = []
  readonly #bytes: Uint8Array[] = []
  readonly #known = new Map<string, Uint8Array>()
  #last = 0

  reset(): void {
    this.names = []
    this.seqs.length = 0
    this.#bytes.length = 0
    this.#last = 0
  }

  at(buf: Buffer, start: number, end: number): number {
    const bytes = this.#bytes
    const count = bytes.length
    // Runs of one producer are the rule, a few that take turns the exception.
    for (let tried = 0, i = this.#last; tried < count && tried < 8; tried++, i = i + 1 === count ? 0 : i + 1) {
      if (same(bytes[i] as Uint8Array, buf, start, end)) {
        this.#last = i
        return i
      }
    }
    return this.#add(buf.toString('utf8', start, end))
  }

  #add(name: string): number {
    let at = this.names.indexOf(name)
    if (at < 0) {
      let bytes = this.#known.get(name)
      if (bytes === undefined) {
        if (this.#known.size > 10_000) this.#known.clear()
        bytes = Buffer.from(name, 'utf8')
        this.#known.set(name, bytes)
      }
      at = this.names.length
      this.names.push(name)
      this.seqs.push(0)
      this.#bytes.push(bytes)
    }
    this.#last = at
    return at
  }

  named(name: string): number {
    return this.#add(name)
  }
}

const producers = new ProducerTable()
/** An id just read: where its producer ends and its number; -1 if there is none. */
let id_colon = -1
let id_seq = 0

/** The records of the batch that `cursor` stands on. It must be one of data. */
export function decodeRecords(cursor: BatchCursor, topic: string, partition: number): StoredBatch[] {
  scanner.open(cursor)
  const buf = scanner.bytes
  // Never more than a record takes: two lengths of four bytes stand where Kafka has seven bytes at least.
  const bodies = Buffer.allocUnsafeSlow(scanner.remaining + cursor.records)
  const made: StoredBatch[] = []
  let bodies_start = 0
  let at = 0
  let records = 0
  let schema_id = 0
  let base_offset = 0
  let first_time_us = 0
  let last_time_us = 0
  let time_us = 0
  const close = () => {
    made.push({
      topic,
      partition,
      base_offset,
      records,
      schema_id,
      first_time_us,
      last_time_us,
      producers: producers.names,
      heads: Buffer.from(heads.bytes()),
      bodies: bodies.subarray(bodies_start, at),
    })
    bodies_start = at
  }

  while (scanner.next()) {
    let body_start = scanner.value_start
    const body_end = scanner.value_end
    let id = 0
    if (body_end - body_start >= FRAME_BYTES && buf[body_start] === 0) {
      id =
        (((buf[body_start + 1] as number) << 24) |
          ((buf[body_start + 2] as number) << 16) |
          ((buf[body_start + 3] as number) << 8) |
          (buf[body_start + 4] as number)) >>>
        0
      body_start += FRAME_BYTES
    }
    const offset = cursor.base_offset + scanner.offset_delta
    if (records === 0 || id !== schema_id || offset !== base_offset + records) {
      if (records > 0) close()
      records = 0
      schema_id = id
      base_offset = offset
      first_time_us = Number.POSITIVE_INFINITY
      last_time_us = Number.NEGATIVE_INFINITY
      time_us = 0
      heads.reset()
      producers.reset()
    }

    // The head.
    const { time_start, time_end, causes_start, causes_end } = scanner
    heads.ensure(4 * MAX_VARINT_BYTES)
    readId(buf, scanner.id_start, scanner.id_end)
    if (id_colon >= 0) putId(producers.at(buf, scanner.id_start, id_colon), id_seq)
    else putId(producers.named(`${topic}/${partition}`), offset)
    let stream_time_us = time_start < 0 ? -1 : decimal(buf, time_start, time_end)
    if (stream_time_us < 0) stream_time_us = scanner.timestamp * 1_000
    putSigned(heads, stream_time_us - time_us)
    time_us = stream_time_us
    if (causes_start < 0) heads.buf[heads.pos++] = 0
    else putCauses(buf, causes_start, causes_end)
    if (stream_time_us < first_time_us) first_time_us = stream_time_us
    if (stream_time_us > last_time_us) last_time_us = stream_time_us

    // The body.
    at = putBytes(bodies, at, buf, scanner.key_start, scanner.key_end)
    at = putBytes(bodies, at, buf, body_start, body_end)
    records++
  }
  if (records > 0) close()
  return made
}

function putId(at: number, seq: number): void {
  putUnsigned(heads, at)
  putSigned(heads, seq - (producers.seqs[at] as number))
  producers.seqs[at] = seq
}

/** `a/0:12,b/1:3`. All or none: half a list would name the wrong ancestors. */
function putCauses(buf: Buffer, start: number, end: number): void {
  let count = 0
  for (let pos = start; pos <= end; pos++) {
    const stop = nextComma(buf, pos, end)
    readId(buf, pos, stop)
    if (id_colon < 0) {
      count = 0
      break
    }
    count++
    pos = stop
  }
  putUnsigned(heads, count)
  if (count === 0) return
  heads.ensure((2 * count + 1) * MAX_VARINT_BYTES)
  for (let pos = start; pos <= end; pos++) {
    const stop = nextComma(buf, pos, end)
    readId(buf, pos, stop)
    putId(producers.at(buf, pos, id_colon), id_seq)
    pos = stop
  }
}

function nextComma(buf: Buffer, start: number, end: number): number {
  let pos = start
  while (pos < end && buf[pos] !== COMMA) pos++
  return pos
}

function readId(buf: Buffer, start: number, end: number): void {
  id_colon = -1
  if (start < 0) return
  let colon = end - 1
  while (colon > start && buf[colon] !== COLON) colon--
  if (colon <= start) return
  id_seq = decimal(buf, colon + 1, end)
  if (id_seq >= 0) id_colon = colon
}

/** -1 unless it is a safe integer >= 0. */
function decimal(buf: Buffer, start: number, end: number): number {
  const count = end - start
  if (count < 1 || count > MAX_DIGITS) return -1
  let value = 0
  for (let pos = start; pos < end; pos++) {
    const digit = (buf[pos] as number) - ZERO
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1
}

function putBytes(out: Buffer, start: number, from: Buffer, from_start: number, from_end: number): number {
  const size = from_end - from_start
  let pos = start
  out[pos++] = size & 255
  out[pos++] = (size >>> 8) & 255
  out[pos++] = (size >>> 16) & 255
  out[pos++] = size >>> 24
  if (size > 48) from.copy(out, pos, from_start, from_end)
  else for (let i = 0; i < size; i++) out[pos + i] = from[from_start + i] as number
  return pos + size
}

function same(bytes: Uint8Array, buf: Buffer, start: number, end: number): boolean {
  if (bytes.length !== end - start) return false
  // From the end: names of one stage's tasks differ there.
  for (let i = bytes.length - 1; i >= 0; i--) if (bytes[i] !== buf[start + i]) return false
  return true
}
