import type { Transaction } from '../api/broker.ts'
import { assert } from '../api/fault.ts'
import { BATCH_OVERHEAD_BYTES, encodeBatch, producersBytes } from './stored-batch.ts'

/**
 * A transaction as one run of bytes: what crosses into a writer thread, and a copy that outlives the caller's buffers.
 *
 * `u32 batches, u32 puts`, per batch `u32 partition number, u32 records, u32 length, stored value`, per put
 * `u32 length, entry key, u32 length or 0xffffffff to delete, value`. A frame is written and read by the same build and
 * never stored, so that it has no version.
 */

const DELETE = 0xffffffff

export interface Frame {
  readonly batches: readonly FrameBatch[]
  readonly puts: readonly { readonly key: Buffer; readonly value: Buffer | undefined }[]
}

/** `value` is the stored value with room for the checksum, which its key takes part in. */
export interface FrameBatch {
  readonly partition: number
  readonly records: number
  readonly value: Buffer
}

/** Finds the number of a partition; throws an AppError if there is none. */
export type PartitionNumber = (topic: string, partition: number) => number

export function encodeFrame(
  transaction: Transaction,
  number: PartitionNumber,
  entryKey: (store: string, key: string) => Buffer,
  room: (size_bytes: number) => Buffer,
): Buffer {
  const { batches, puts } = transaction
  let size = 8
  for (const batch of batches) {
    size += 12 + BATCH_OVERHEAD_BYTES + producersBytes(batch.producers) + batch.heads.length + batch.bodies.length
  }
  const keys = puts.map((put) => entryKey(put.store, put.key))
  puts.forEach((put, i) => {
    size += 8 + (keys[i] as Buffer).length + (put.value?.length ?? 0)
  })
  const numbers = batches.map((batch) => number(batch.topic, batch.partition))

  const out = room(size)
  let pos = out.writeUInt32LE(batches.length, 0)
  pos = out.writeUInt32LE(puts.length, pos)
  batches.forEach((batch, i) => {
    assert(batch.records > 0, `a batch for ${batch.topic}/${batch.partition} holds no record`)
    pos = out.writeUInt32LE(numbers[i] as number, pos)
    pos = out.writeUInt32LE(batch.records, pos)
    const end = encodeBatch(batch, out, pos + 4)
    out.writeUInt32LE(end - pos - 4, pos)
    pos = end
  })
  puts.forEach((put, i) => {
    const key = keys[i] as Buffer
    pos = out.writeUInt32LE(key.length, pos)
    out.set(key, pos)
    pos = out.writeUInt32LE(put.value === null ? DELETE : put.value.length, pos + key.length)
    if (put.value !== null) {
      out.set(put.value, pos)
      pos += put.value.length
    }
  })
  assert(pos === size, 'a transaction frame has another size than was reckoned')
  return out.subarray(0, size)
}

/** Views into `frame`; nothing is copied. */
export function decodeFrame(frame: Buffer): Frame {
  const batch_count = frame.readUInt32LE(0)
  const put_count = frame.readUInt32LE(4)
  let pos = 8
  const batches: FrameBatch[] = []
  for (let i = 0; i < batch_count; i++) {
    const partition = frame.readUInt32LE(pos)
    const records = frame.readUInt32LE(pos + 4)
    const start = pos + 12
    pos = start + frame.readUInt32LE(pos + 8)
    batches.push({ partition, records, value: frame.subarray(start, pos) })
  }
  const puts: { key: Buffer; value: Buffer | undefined }[] = []
  for (let i = 0; i < put_count; i++) {
    const key_start = pos + 4
    pos = key_start + frame.readUInt32LE(pos)
    const key = frame.subarray(key_start, pos)
    const length = frame.readUInt32LE(pos)
    pos += 4
    if (length === DELETE) {
      puts.push({ key, value: undefined })
    } else {
      puts.push({ key, value: frame.subarray(pos, pos + length) })
      pos += length
    }
  }
  return { batches, puts }
}
