import { AppError } from '../../runtime/api/index.ts'
import { crc32c } from './crc32c.ts'

/**
 * The frame of a record batch (version 2, the only one that brokers of today take): 61 bytes, big-endian, then its
 * records, packed by the codec that the attributes name.
 *
 * What is fetched may begin before the offset asked for and may be cut off at its end; a part of a batch is left alone.
 * A batch whose checksum or lengths do not hold is `DATA_DAMAGED` (exit 3).
 */

export const HEADER_BYTES = 61
const LENGTH_AT = 8
const MAGIC_AT = 16
const CRC_AT = 17
export const ATTRIBUTES_AT = 21
const LAST_OFFSET_DELTA_AT = 23
const BASE_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const PRODUCER_ID_AT = 43
const PRODUCER_EPOCH_AT = 51
const BASE_SEQUENCE_AT = 53
const COUNT_AT = 57
/** What `length` does not count: itself and the base offset. */
const PREFIX_BYTES = 12

const TRANSACTIONAL = 16
const CONTROL = 32
const LOG_APPEND_TIME = 8
const MAGIC = 2

/** Sequence numbers count records per partition and begin anew at 0 after 2^31 - 1. */
export function nextSequence(sequence: number, records: number): number {
  return (sequence + records) % 2_147_483_648
}

/** Who writes a batch. Without a transactional id nobody does: id -1, epoch -1, sequence -1. */
export interface BatchOwner {
  readonly producer_id: number
  readonly producer_epoch: number
  readonly base_sequence: number
  readonly transactional: boolean
}

export interface Extent {
  readonly records: number
  /** CreateTime of the first record and the greatest of all, milliseconds. */
  readonly base_timestamp: number
  readonly max_timestamp: number
  /** Number of the codec that packed the records. */
  readonly codec: number
}

/** Fills the header of the batch that is all of `bytes`, except for what `sealBatch` knows. */
export function putHeader(bytes: Buffer, extent: Extent): void {
  bytes.fill(0, 0, LENGTH_AT)
  bytes.writeInt32BE(bytes.length - PREFIX_BYTES, LENGTH_AT)
  bytes.writeInt32BE(-1, LENGTH_AT + 4)
  bytes[MAGIC_AT] = MAGIC
  bytes.writeInt16BE(extent.codec, ATTRIBUTES_AT)
  bytes.writeInt32BE(extent.records - 1, LAST_OFFSET_DELTA_AT)
  putInt64(bytes, extent.base_timestamp, BASE_TIMESTAMP_AT)
  putInt64(bytes, extent.max_timestamp, MAX_TIMESTAMP_AT)
  bytes.writeInt32BE(extent.records, COUNT_AT)
}

/** Names the writer and closes the batch with its checksum; may be done again with another writer. */
export function sealBatch(bytes: Buffer, owner: BatchOwner): void {
  const codec = bytes.readInt16BE(ATTRIBUTES_AT) & 7
  bytes.writeInt16BE(codec | (owner.transactional ? TRANSACTIONAL : 0), ATTRIBUTES_AT)
  putInt64(bytes, owner.producer_id, PRODUCER_ID_AT)
  bytes.writeInt16BE(owner.producer_epoch, PRODUCER_EPOCH_AT)
  bytes.writeInt32BE(owner.base_sequence, BASE_SEQUENCE_AT)
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), CRC_AT)
}

/** A record batch within fetched bytes: a cursor, reused from batch to batch. */
export class BatchCursor {
  base_offset = 0
  last_offset = 0
  attributes = 0
  base_timestamp = 0
  max_timestamp = 0
  producer_id = -1
  producer_epoch = -1
  base_sequence = -1
  records = 0
  /** The whole batch is `[start, end)`, its records, still packed, `[start + HEADER_BYTES, end)`. */
  start = 0
  end = 0

  #bytes: Buffer = Buffer.alloc(0)
  #where = ''

  /** `where` (`topic/partition`) is for errors. */
  open(bytes: Buffer, where: string): this {
    this.#bytes = bytes
    this.#where = where
    this.start = 0
    this.end = 0
    return this
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  get where(): string {
    return this.#where
  }

  get transactional(): boolean {
    return (this.attributes & TRANSACTIONAL) !== 0
  }

  /** Markers of commits and aborts: known by this bit alone, never by what their key looks like. */
  get control(): boolean {
    return (this.attributes & CONTROL) !== 0
  }

  /** Records bear the broker's time of writing, which is `max_timestamp` for all of them. */
  get log_append_time(): boolean {
    return (this.attributes & LOG_APPEND_TIME) !== 0
  }

  /** Steps to the next whole batch; its checksum is not looked at. */
  next(): boolean {
    const bytes = this.#bytes
    const start = this.end
    if (bytes.length - start < HEADER_BYTES) return false
    const length = bytes.readInt32BE(start + LENGTH_AT)
    if (length < HEADER_BYTES - PREFIX_BYTES) throw damaged(this.#where, `a batch of ${length} bytes`)
    const end = start + PREFIX_BYTES + length
    if (end > bytes.length) return false
    if (bytes[start + MAGIC_AT] !== MAGIC) throw damaged(this.#where, `a batch of version ${bytes[start + MAGIC_AT]}`)
    this.start = start
    this.end = end
    this.base_offset = int64(bytes, start)
    this.last_offset = this.base_offset + bytes.readInt32BE(start + LAST_OFFSET_DELTA_AT)
    this.attributes = bytes.readInt16BE(start + ATTRIBUTES_AT)
    this.base_timestamp = int64(bytes, start + BASE_TIMESTAMP_AT)
    this.max_timestamp = int64(bytes, start + MAX_TIMESTAMP_AT)
    this.producer_id = int64(bytes, start + PRODUCER_ID_AT)
    this.producer_epoch = bytes.readInt16BE(start + PRODUCER_EPOCH_AT)
    this.base_sequence = bytes.readInt32BE(start + BASE_SEQUENCE_AT)
    this.records = bytes.readInt32BE(start + COUNT_AT)
    return true
  }

  /** Goes to the batch that begins at `start`, which was passed before. */
  at(start: number): void {
    this.end = start
    if (!this.next()) throw damaged(this.#where, 'no batch where one was')
  }

  /** Throws unless the batch's bytes are those that its writer sealed. */
  check(): void {
    if (this.#bytes.readUInt32BE(this.start + CRC_AT) === crc32c(this.#bytes, this.start + ATTRIBUTES_AT, this.end))
      return
    throw damaged(`${this.#where}@${this.base_offset}`, 'checksum differs')
  }
}

function int64(bytes: Buffer, pos: number): number {
  return bytes.readInt32BE(pos) * 4_294_967_296 + bytes.readUInt32BE(pos + 4)
}

function putInt64(bytes: Buffer, value: number, pos: number): void {
  const high = Math.floor(value / 4_294_967_296)
  bytes.writeInt32BE(high, pos)
  bytes.writeUInt32BE(value - high * 4_294_967_296, pos + 4)
}

export function damaged(where: string, detail: string): AppError {
  return new AppError('DATA_DAMAGED', `reading ${where}: ${detail}`, {
    exit_code: 3,
    hint: "the bytes changed on the way or on the brokers' disks: read from another replica, or replay the source",
  })
}
