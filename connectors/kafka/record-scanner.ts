import { decompress } from './compression.ts'
import { ATTRIBUTES_AT, type BatchCursor, damaged, HEADER_BYTES } from './record-batch.ts'

/**
 * Walks the records of one batch and tells where their parts lie; nothing is copied.
 *
 * Every length is checked against the bytes at hand: a record that does not add up is `DATA_DAMAGED` (exit 3), though
 * the batch's checksum held, since then its writer was wrong.
 */
export class RecordScanner {
  offset_delta = 0
  /** Milliseconds. */
  timestamp = 0
  /** Key and value are empty where they are missing; `value_null` tells a tombstone from an empty value. */
  key_start = 0
  key_end = 0
  value_start = 0
  value_end = 0
  value_null = false
  /** Our three headers; starts are -1 where they are missing. */
  id_start = -1
  id_end = -1
  time_start = -1
  time_end = -1
  causes_start = -1
  causes_end = -1

  /** Unpacked: the batch itself where no codec was used. */
  bytes: Buffer = Buffer.alloc(0)
  #pos = 0
  #end = 0
  #left = 0
  #base_timestamp = 0
  #fixed_timestamp = -1
  #where = ''
  #base_offset = 0

  open(cursor: BatchCursor): this {
    const { bytes, start, end } = cursor
    this.#where = cursor.where
    this.#base_offset = cursor.base_offset
    if (((bytes[start + ATTRIBUTES_AT + 1] as number) & 7) === 0) {
      this.bytes = bytes
      this.#pos = start + HEADER_BYTES
      this.#end = end
    } else {
      this.bytes = decompress(cursor.attributes, bytes.subarray(start + HEADER_BYTES, end))
      this.#pos = 0
      this.#end = this.bytes.length
    }
    this.#left = cursor.records
    this.#base_timestamp = cursor.base_timestamp
    this.#fixed_timestamp = cursor.log_append_time ? cursor.max_timestamp : -1
    // A record takes seven bytes at least.
    if (this.#left < 0 || this.#left * 7 > this.#end - this.#pos) throw this.#damaged()
    return this
  }

  /** Bytes of the records that are left. */
  get remaining(): number {
    return this.#end - this.#pos
  }

  next(): boolean {
    if (this.#left === 0) {
      if (this.#pos !== this.#end) throw this.#damaged()
      return false
    }
    this.#left--
    const size = this.#int()
    const end = this.#pos + size
    if (size < 0 || end > this.#end) throw this.#damaged()
    this.#pos++ // Attributes: none are defined.
    const timestamp_delta = this.#long()
    this.timestamp = this.#fixed_timestamp >= 0 ? this.#fixed_timestamp : this.#base_timestamp + timestamp_delta
    this.offset_delta = this.#int()
    const key_bytes = Math.max(0, this.#int())
    this.key_start = this.#pos
    this.key_end = this.#pos = this.key_start + key_bytes
    if (this.#pos > end) throw this.#damaged()
    const value_bytes = this.#int()
    this.value_null = value_bytes < 0
    this.value_start = this.#pos
    this.value_end = this.#pos = this.value_start + Math.max(0, value_bytes)
    if (this.#pos > end) throw this.#damaged()
    this.#headers(end)
    if (this.#pos !== end) throw this.#damaged()
    return true
  }

  #headers(end: number): void {
    this.id_start = -1
    this.time_start = -1
    this.causes_start = -1
    const bytes = this.bytes
    for (let left = this.#int(); left > 0; left--) {
      const name_bytes = this.#int()
      const name = this.#pos
      if (name_bytes < 0 || name + name_bytes > end) throw this.#damaged()
      this.#pos = name + name_bytes
      const value_bytes = this.#int()
      const start = this.#pos
      const stop = start + Math.max(0, value_bytes)
      if (stop > end) throw this.#damaged()
      this.#pos = stop
      // "id", "time" and "causes": told apart by their length, then compared.
      if (name_bytes === 2 && bytes[name] === 105 && bytes[name + 1] === 100) {
        this.id_start = start
        this.id_end = stop
      } else if (name_bytes === 4 && is(bytes, name, 116, 105, 109, 101)) {
        this.time_start = start
        this.time_end = stop
      } else if (name_bytes === 6 && is(bytes, name, 99, 97, 117, 115) && is(bytes, name + 2, 117, 115, 101, 115)) {
        this.causes_start = start
        this.causes_end = stop
      }
    }
  }

  /** A zigzag varint of 32 bits. */
  #int(): number {
    const bytes = this.bytes
    let byte = bytes[this.#pos++] as number
    if (byte < 128) return this.#checked((byte >>> 1) ^ -(byte & 1))
    let raw = byte & 127
    for (let shift = 7; shift < 35; shift += 7) {
      byte = bytes[this.#pos++] as number
      raw |= (byte & 127) << shift
      if (byte < 128) return this.#checked((raw >>> 1) ^ -(raw & 1))
    }
    throw this.#damaged()
  }

  #checked(value: number): number {
    if (this.#pos > this.#end) throw this.#damaged()
    return value
  }

  /** A zigzag varint of 64 bits; beyond 2^53 it is rounded, and no time is as far away. */
  #long(): number {
    let raw = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes[this.#pos++] as number
      raw += (byte & 127) * scale
      if (byte < 128) return this.#checked(raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2)
      scale *= 128
    }
    throw this.#damaged()
  }

  #damaged() {
    return damaged(`${this.#where}@${this.#base_offset}`, 'a record does not add up')
  }
}

function is(bytes: Buffer, pos: number, a: number, b: number, c: number, d: number): boolean {
  return bytes[pos] === a && bytes[pos + 1] === b && bytes[pos + 2] === c && bytes[pos + 3] === d
}
