import { BlockDigest, CHAIN_BYTES, openBlock } from './digest.ts'
import { after, baseOffset, batchKey, stateKey } from './keys.ts'
import { skipRecords } from './records.ts'
import type { LogReads } from './store.ts'
import { batchExtent, bodiesOf, checkBatch, damaged } from './stored-batch.ts'

/** What a log keeps per partition beside its batches; written by every transaction that touches the partition. */
export interface PartitionState {
  readonly start_offset: number
  readonly end_offset: number
  /** Of the stored values that are still there. */
  readonly bytes: number
  /** Digest chain of the closed blocks (`digest.ts`). */
  readonly chain: Buffer
}

const STATE_BYTES = 24 + CHAIN_BYTES

export function encodeState(state: PartitionState): Buffer {
  const out = Buffer.allocUnsafe(STATE_BYTES)
  out.writeDoubleLE(state.start_offset, 0)
  out.writeDoubleLE(state.end_offset, 8)
  out.writeDoubleLE(state.bytes, 16)
  out.set(state.chain, 24)
  return out
}

/** An untouched partition is empty. */
export function readState(reads: LogReads, number: number): PartitionState {
  const bytes = reads.get(stateKey(number))
  if (bytes === undefined) return { start_offset: 0, end_offset: 0, bytes: 0, chain: Buffer.alloc(CHAIN_BYTES) }
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    start_offset: value.readDoubleLE(0),
    end_offset: value.readDoubleLE(8),
    bytes: value.readDoubleLE(16),
    chain: value.subarray(24),
  }
}

export interface FoundBatch {
  readonly key: Uint8Array
  readonly base_offset: number
  readonly value: Buffer
}

/** The batch that holds `offset`, or the next one after it. `name` (`topic/partition`) is for errors. */
export function findBatch(reads: LogReads, number: number, offset: number, name: string): FoundBatch | undefined {
  const wanted = batchKey(number, offset)
  const exact = reads.get(wanted)
  if (exact !== undefined) return found(wanted, exact)
  for (const { key, value } of reads.range(batchKey(number, 0), wanted, true)) {
    const before = found(key, value)
    // Its record count decides what the answer is, so it has to be sound.
    checkBatch(key, before.value, `${name}@${before.base_offset}`)
    if (before.base_offset + batchExtent(before.value).records > offset) return before
    break
  }
  const { start_offset, end_offset } = readState(reads, number)
  if (offset >= start_offset && offset < end_offset) throw damaged(`${name}@${offset}`, 'the record is missing')
  for (const { key, value } of reads.range(wanted, after(wanted.subarray(0, 3)))) return found(key, value)
  return undefined
}

/** The partition's digest, its open block hashed again from the stored bodies. */
export function loadDigest(reads: LogReads, number: number, state: PartitionState, name: string): BlockDigest {
  const digest = new BlockDigest(state.chain)
  let offset = openBlock(state.end_offset)
  while (offset < state.end_offset) {
    const batch = findBatch(reads, number, offset, name)
    if (batch === undefined || batch.base_offset > offset) throw damaged(`${name}@${offset}`, 'the record is missing')
    checkBatch(batch.key, batch.value, `${name}@${batch.base_offset}`)
    const { records } = batchExtent(batch.value)
    const bodies = bodiesOf(batch.value)
    const skipped = offset - batch.base_offset
    digest.add(bodies.subarray(skipRecords(bodies, 0, skipped)), records - skipped)
    offset = batch.base_offset + records
  }
  return digest
}

function found(key: Uint8Array, value: Uint8Array): FoundBatch {
  return {
    key,
    base_offset: baseOffset(key),
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  }
}
