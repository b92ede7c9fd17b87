import { crc32 } from 'node:zlib'
import type { Batch, StoredBatch } from '../api/broker.ts'
import { AppError, assert } from '../api/fault.ts'

/**
 * A batch as one stored value.
 *
 * `u8 magic, u8 version, u16 producers, u32 records, u32 schema id, f64 least time, f64 greatest time, u32 heads length,
 * u32 bodies length, per producer (u16 length, name), heads, bodies, u32 CRC-32`, little-endian. The checksum begins
 * with the entry's key, so that a sound value under a wrong offset is found too. A value that does not check is
 * `DATA_DAMAGED`, one of a later version `DIRECTORY_TOO_NEW`.
 */

const MAGIC = 0xa1
const VERSION = 1
const HEADER_BYTES = 36
const CRC_BYTES = 4

/** Bytes of a stored value besides producers, heads and bodies. */
export const BATCH_OVERHEAD_BYTES = HEADER_BYTES + CRC_BYTES

/** A batch names the same few producers epoch after epoch: their bytes are kept. */
const names = new Map<string, Uint8Array>()
const MAX_NAMES = 10_000

export function producersBytes(producers: readonly string[]): number {
  let size = 0
  for (const producer of producers) size += 2 + nameBytes(producer).length
  return size
}

/** Writes the value at `pos` and answers its end; the checksum stays open until `sealBatch`. */
export function encodeBatch(batch: Batch, out: Buffer, pos: number): number {
  const { producers, heads, bodies } = batch
  assert(producers.length <= 0xffff, 'a batch names more than 65,535 producers')
  let at = out.writeUInt8(MAGIC, pos)
  at = out.writeUInt8(VERSION, at)
  at = out.writeUInt16LE(producers.length, at)
  at = out.writeUInt32LE(batch.records, at)
  at = out.writeUInt32LE(batch.schema_id, at)
  at = out.writeDoubleLE(batch.first_time_us, at)
  at = out.writeDoubleLE(batch.last_time_us, at)
  at = out.writeUInt32LE(heads.length, at)
  at = out.writeUInt32LE(bodies.length, at)
  for (const producer of producers) {
    const name = nameBytes(producer)
    at = out.writeUInt16LE(name.length, at)
    out.set(name, at)
    at += name.length
  }
  out.set(heads, at)
  out.set(bodies, at + heads.length)
  return at + heads.length + bodies.length + CRC_BYTES
}

/** Writes the checksum of a value that will stand under `key`. */
export function sealBatch(key: Uint8Array, value: Buffer): void {
  const end = value.length - CRC_BYTES
  value.writeUInt32LE(crc32(value.subarray(0, end), crc32(key)), end)
}

/** The bodies of a value made by `encodeBatch`, a view. */
export function bodiesOf(value: Buffer): Buffer {
  const end = value.length - CRC_BYTES
  return value.subarray(end - value.readUInt32LE(32), end)
}

/** Throws `DATA_DAMAGED` unless the value is what was sealed under `key`. */
export function checkBatch(key: Uint8Array, value: Buffer, where: string): void {
  const end = value.length - CRC_BYTES
  if (end < HEADER_BYTES || value[0] !== MAGIC) throw damaged(where, 'not a batch')
  if (value[1] !== VERSION) {
    throw new AppError('DIRECTORY_TOO_NEW', `reading ${where}: batch version ${value[1]} is not known`, {
      exit_code: 2,
      hint: 'use the build that wrote this directory',
    })
  }
  if (value.readUInt32LE(end) !== crc32(value.subarray(0, end), crc32(key))) throw damaged(where, 'checksum differs')
}

/** Records and times of a stored value, without decoding or checking the rest. */
export function batchExtent(value: Buffer): { records: number; last_time_us: number } {
  return { records: value.readUInt32LE(4), last_time_us: value.readDoubleLE(20) }
}

/** `heads` and `bodies` are views into `bytes`. */
export function decodeBatch(
  key: Uint8Array,
  bytes: Uint8Array,
  topic: string,
  partition: number,
  base_offset: number,
): StoredBatch {
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const where = `${topic}/${partition}@${base_offset}`
  checkBatch(key, value, where)
  const end = value.length - CRC_BYTES
  const producers: string[] = []
  let pos = HEADER_BYTES
  for (let i = value.readUInt16LE(2); i > 0; i--) {
    const start = pos + 2
    pos = start + value.readUInt16LE(pos)
    producers.push(value.toString('utf8', start, pos))
  }
  const bodies_start = pos + value.readUInt32LE(28)
  if (bodies_start + value.readUInt32LE(32) !== end) throw damaged(where, 'lengths differ')
  return {
    topic,
    partition,
    base_offset,
    records: value.readUInt32LE(4),
    schema_id: value.readUInt32LE(8),
    first_time_us: value.readDoubleLE(12),
    last_time_us: value.readDoubleLE(20),
    producers,
    heads: value.subarray(pos, bodies_start),
    bodies: value.subarray(bodies_start, end),
  }
}

function nameBytes(producer: string): Uint8Array {
  let bytes = names.get(producer)
  if (bytes === undefined) {
    if (names.size >= MAX_NAMES) names.clear()
    bytes = Buffer.from(producer, 'utf8')
    names.set(producer, bytes)
  }
  return bytes
}

export function damaged(where: string, detail: string): AppError {
  return new AppError('DATA_DAMAGED', `reading ${where}: ${detail}`, {
    exit_code: 3,
    hint: 'the stored bytes changed on disk: restore the directory from a copy, or replay its source into a new one',
  })
}
