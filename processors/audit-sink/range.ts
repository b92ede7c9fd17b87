import { fromBase64, type Json, sha256, toBase64 } from '../../runtime/api/index.ts'

/**
 * A range of records of one producer that waits for its seal.
 *
 * Records are laid side by side as `u64le sequence, u32le length, body, u32le length, causes` (ids, a newline behind
 * each) and hashed in one go when the range is closed: a hash per record would cost more than the rest of the audit.
 * The buffer belongs to the state and is reused.
 */
export class OpenRange {
  producer = ''
  first_seq = 0
  last_seq = 0
  records = 0
  first_time_us = 0
  last_time_us = 0
  private bytes = new Uint8Array(1024)
  private view = new DataView(this.bytes.buffer)
  private size = 0

  add(producer: string, seq: number, stream_time_us: number, body: Uint8Array, causes: readonly string[]): void {
    if (this.records === 0) {
      this.producer = producer
      this.first_seq = seq
      this.first_time_us = stream_time_us
    }
    this.last_seq = seq
    this.last_time_us = stream_time_us
    this.records++
    const size = sizeOf(body, causes)
    if (this.size + size > this.bytes.length) this.grow(size)
    putRecord(this.bytes, this.view, this.size, seq, body, causes)
    this.size += size
  }

  /** Hash of the range; it is empty afterwards. */
  close(): Uint8Array {
    const hash = sha256(this.bytes.subarray(0, this.size))
    this.size = 0
    this.records = 0
    return hash
  }

  snapshot(): Json {
    const { producer, first_seq, last_seq, records, first_time_us, last_time_us } = this
    const bytes = toBase64(this.bytes.subarray(0, this.size))
    return { producer, first_seq, last_seq, records, first_time_us, last_time_us, bytes }
  }

  static restore(json: Json): OpenRange {
    const from = json as { [K in 'first_seq' | 'last_seq' | 'records' | 'first_time_us' | 'last_time_us']: number } & {
      producer: string
      bytes: string
    }
    const range = new OpenRange()
    range.producer = from.producer
    range.first_seq = from.first_seq
    range.last_seq = from.last_seq
    range.records = from.records
    range.first_time_us = from.first_time_us
    range.last_time_us = from.last_time_us
    const bytes = fromBase64(from.bytes)
    range.grow(bytes.length)
    range.bytes.set(bytes)
    range.size = bytes.length
    return range
  }

  private grow(more: number): void {
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.size + more))
    grown.set(this.bytes.subarray(0, this.size))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }
}

/** One record as it stands in the bytes that a range is the hash of. */
export function sealedBytes(seq: number, body: Uint8Array, causes: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(sizeOf(body, causes))
  putRecord(bytes, new DataView(bytes.buffer), 0, seq, body, causes)
  return bytes
}

/** SHA-256 over one record as a range of one. */
export function hashRecord(seq: number, body: Uint8Array, causes: readonly string[]): Uint8Array {
  return sha256(sealedBytes(seq, body, causes))
}

function sizeOf(body: Uint8Array, causes: readonly string[]): number {
  let size = 16 + body.length
  for (const id of causes) size += id.length + 1
  return size
}

/** Ids are ASCII: names of stages are. */
function putRecord(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  seq: number,
  body: Uint8Array,
  causes: readonly string[],
): void {
  view.setUint32(start, seq >>> 0, true)
  view.setUint32(start + 4, Math.floor(seq / 0x1_0000_0000), true)
  view.setUint32(start + 8, body.length, true)
  bytes.set(body, start + 12)
  let at = start + 16 + body.length
  const causes_start = at
  for (const id of causes) {
    for (let i = 0; i < id.length; i++) bytes[at++] = id.charCodeAt(i)
    bytes[at++] = 10
  }
  view.setUint32(causes_start - 4, at - causes_start, true)
}
