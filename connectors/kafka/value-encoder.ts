import { AppError } from '../../runtime/api/index.ts'
import { ByteWriter } from './bytes.ts'
import { HEADER_BYTES, putHeader } from './record-batch.ts'
import type { EncodedBatch } from './record-encoder.ts'

/** Encodes key-value changes as record batches: keys, values or tombstones, no headers. */

export interface ValueRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

const TARGET_BYTES = 1024 * 1024

/** `where` (`topic/partition`) is for errors: a value that alone exceeds `max_bytes` is `RECORD_TOO_LARGE` (exit 2). */
export function encodeValues(values: readonly ValueRecord[], max_bytes: number, where: string): EncodedBatch[] {
  const encoded: EncodedBatch[] = []
  const now_ms = Date.now()
  let batch = new ByteWriter(HEADER_BYTES + 1024).raw(EMPTY_HEADER)
  let records = 0
  const close = () => {
    const bytes = Buffer.from(batch.bytes())
    putHeader(bytes, { records, base_timestamp: now_ms, max_timestamp: now_ms, codec: 0 })
    encoded.push({ bytes, records })
    batch.reset().raw(EMPTY_HEADER)
    records = 0
  }
  for (const { key, value } of values) {
    const size = key.length + (value?.length ?? 0) + MAX_OVERHEAD_BYTES
    if (HEADER_BYTES + size > max_bytes) throw tooLarge(where, size, max_bytes)
    if (records > 0 && batch.length + size > Math.min(TARGET_BYTES, max_bytes)) close()
    const record = new ByteWriter(size).i8(0).varint(0).varint(records)
    record.varint(key.length).raw(key)
    if (value === null) record.varint(-1)
    else record.varint(value.length).raw(value)
    record.varint(0)
    batch = batch.varint(record.length).raw(record.bytes())
    records++
  }
  if (records > 0) close()
  return encoded
}

const EMPTY_HEADER = Buffer.alloc(HEADER_BYTES)
/** Lengths, deltas, attributes and number of headers of one record. */
const MAX_OVERHEAD_BYTES = 32

function tooLarge(where: string, bytes: number, max_bytes: number): AppError {
  return new AppError(
    'RECORD_TOO_LARGE',
    `a value of ${bytes} bytes does not fit into ${where}, which takes ${max_bytes}`,
    {
      exit_code: 2,
      hint: 'raise max.message.bytes of the topic: state of one task is one value',
    },
  )
}
