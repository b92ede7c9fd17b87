/**
 * Confluent's framing of an Avro body: a zero byte, the schema id as u32 big-endian, the body.
 *
 * Batches of ours carry one schema id and bare bodies; the frame is for Kafka and its tools.
 */
import type { Arena } from '../runtime/api/arena.ts'
import { DataFault } from '../runtime/api/fault.ts'
import type { RecordType } from '../runtime/api/record.ts'

/** Bytes in front of the body. */
export const FRAME_BYTES = 5

/**
 * A schema id that needs no registry: the first 31 bits of the fingerprint, or 1 where they are all zero. Equal
 * schemas have equal ids everywhere; a generator of records refuses two schemas with one id.
 */
export function schemaId(type: Pick<RecordType, 'fingerprint'>): number {
  return Number.parseInt(type.fingerprint.slice(0, 8), 16) >>> 1 || 1
}

/** Appends the frame's head; the body goes behind it. */
export function putFrame(arena: Arena, schema_id: number): void {
  arena.ensure(FRAME_BYTES)
  arena.buf[arena.pos] = 0
  arena.buf.writeUInt32BE(schema_id, arena.pos + 1)
  arena.pos += FRAME_BYTES
}

/** The schema id of the frame at `buf[pos..end)`; its body begins `FRAME_BYTES` on. `RECORD_MALFORMED` if it is none. */
export function readFrame(buf: Uint8Array, pos: number, end: number): number {
  if (!(pos >= 0 && end - pos >= FRAME_BYTES && end <= buf.length)) {
    throw new DataFault('RECORD_MALFORMED', 'the bytes are too few for a frame', { pos, end })
  }
  if (buf[pos] !== 0) throw new DataFault('RECORD_MALFORMED', 'a frame begins with a zero byte', { byte: buf[pos] })
  return ((buf[pos + 1]! << 24) | (buf[pos + 2]! << 16) | (buf[pos + 3]! << 8) | buf[pos + 4]!) >>> 0
}
