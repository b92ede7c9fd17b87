/**
 * Reads Avro's primitives: what the generated decoders are made of.
 *
 * The bytes may come from anywhere: whatever is not exactly one body between `openBody` and `closeBody` is a
 * `DataFault` `RECORD_MALFORMED`, and memory stays within a small multiple of the bytes. Numbers run on past the end
 * unchecked, because `closeBody` compares the end reached with the end given; lengths and counts are checked where
 * they are read, before anything is made from them.
 *
 * The position lives in this module instead of an argument: decoding calls nothing but these functions, so no two
 * bodies are ever open at once.
 */
import { isUtf8 } from 'node:buffer'
import { DataFault } from '../runtime/api/fault.ts'

/** Fields of one object are a tenth faster than variables of the module. */
class Cursor {
  bytes: Buffer = Buffer.alloc(0)
  at = 0
  end = 0
}
const cursor = new Cursor()

function malformed(reason: string): never {
  const { at, end } = cursor
  throw new DataFault('RECORD_MALFORMED', `the bytes are no record: ${reason}`, { reason, pos: at, end })
}

/** Starts on the body `buf[pos..end)`. */
export function openBody(buf: Uint8Array, pos: number, end: number): void {
  // One hidden class for all reads: a plain Uint8Array is looked at through a Buffer.
  cursor.bytes = Buffer.isBuffer(buf) ? buf : Buffer.from(buf.buffer, buf.byteOffset, buf.byteLength)
  cursor.at = pos
  cursor.end = end
  if (!(pos >= 0 && pos <= end && end <= buf.length)) malformed('the range is outside the buffer')
}

/** The body must end where its bytes end. */
export function closeBody(): void {
  const { at, end } = cursor
  if (at !== end) malformed(at < end ? 'bytes are left over' : 'it ends too early')
}

export function readBoolean(): boolean {
  const byte = cursor.bytes[cursor.at++]
  if (byte === 0) return false
  if (byte === 1) return true
  return malformed('a boolean is neither 0 nor 1')
}

export function readInt(): number {
  const value = readLong()
  if ((value | 0) !== value) malformed('an int is beyond 32 bits')
  return value
}

/** Zig-zag varint; a value beyond the safe integers is malformed, since no encoder of ours writes one. */
export function readLong(): number {
  const { bytes } = cursor
  let at = cursor.at
  const first = bytes[at++]!
  if ((first & 0x80) === 0) {
    cursor.at = at
    return (first >>> 1) ^ -(first & 1)
  }
  let byte = bytes[at++]!
  let low = (first & 0x7f) | ((byte & 0x7f) << 7)
  if ((byte & 0x80) !== 0) {
    byte = bytes[at++]!
    low |= (byte & 0x7f) << 14
    if ((byte & 0x80) !== 0) {
      byte = bytes[at++]!
      low |= (byte & 0x7f) << 21
      if ((byte & 0x80) !== 0) return readWide(low, at)
    }
  }
  cursor.at = at
  return (low >>> 1) ^ -(low & 1)
}

/** Bytes 5 to 10 of a varint whose first 28 bits are `low`: 2^53 - 1 leaves 26 bits for them. */
function readWide(low: number, pos: number): number {
  const { bytes } = cursor
  let at = pos
  let high = 0
  let byte = 0x80
  for (let shift = 0; shift < 28 && (byte & 0x80) !== 0; shift += 7) {
    byte = bytes[at++]!
    high |= (byte & 0x7f) << shift
  }
  // Ten bytes are the longest varint; more than the safe range needs may only be padding.
  for (let i = 0; i < 2 && (byte & 0x80) !== 0; i++) {
    byte = bytes[at++]!
    if ((byte & 0x7f) !== 0) malformed('a long is beyond the safe integers')
  }
  if ((byte & 0x80) !== 0) malformed('a varint does not end')
  cursor.at = at
  const magnitude = high * 0x8000000 + (low >>> 1)
  const value = (low & 1) === 0 ? magnitude : -1 - magnitude
  if (high > 0x3ffffff || value < Number.MIN_SAFE_INTEGER) malformed('a long is beyond the safe integers')
  return value
}

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)

export function readDouble(): number {
  const { bytes, at } = cursor
  floatBytes[0] = bytes[at]!
  floatBytes[1] = bytes[at + 1]!
  floatBytes[2] = bytes[at + 2]!
  floatBytes[3] = bytes[at + 3]!
  floatBytes[4] = bytes[at + 4]!
  floatBytes[5] = bytes[at + 5]!
  floatBytes[6] = bytes[at + 6]!
  floatBytes[7] = bytes[at + 7]!
  cursor.at = at + 8
  const value = float[0]!
  if (!Number.isFinite(value)) malformed('a double is not finite')
  return value
}

/** A length that its bytes can hold; moves behind them and answers where they begin. */
function readSpan(): number {
  const size_bytes = readLong()
  if (size_bytes < 0 || size_bytes > cursor.end - cursor.at) malformed('a length does not fit its bytes')
  const start = cursor.at
  cursor.at = start + size_bytes
  return start
}

/**
 * Short texts repeat (venues, symbols, ids of accounts): the last one of each hash is kept and handed out again when
 * its characters agree. 4,096 texts of at most 64 characters bound the memory.
 */
const INTERN_MAX_BYTES = 64
const interned: string[] = new Array(4096).fill('')

export function readString(): string {
  const start = readSpan()
  const { bytes, at } = cursor
  const size_bytes = at - start
  if (size_bytes > INTERN_MAX_BYTES) return readText(start)
  let hash = size_bytes
  for (let i = start; i < at; i++) {
    const byte = bytes[i]!
    if (byte > 0x7f) return readText(start)
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const slot = (hash ^ (hash >>> 15)) & 4095
  const known = interned[slot]!
  if (sameText(known, bytes, start, size_bytes)) return known
  const text = bytes.toString('latin1', start, at)
  interned[slot] = text
  return text
}

function sameText(text: string, bytes: Buffer, start: number, size_bytes: number): boolean {
  if (text.length !== size_bytes) return false
  for (let i = 0; i < size_bytes; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}

function readText(start: number): string {
  const { bytes, at } = cursor
  if (!isUtf8(bytes.subarray(start, at))) malformed('a string is no UTF-8')
  return bytes.toString('utf8', start, at)
}

/**
 * Copies of byte strings share slabs: one allocation per string would cost four times as much. What keeps one small
 * copy for long keeps its slab.
 */
const SLAB_BYTES = 32 * 1024
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
let slab_used = 0

/** A copy: what is decoded may outlive the buffer it came from. */
export function readBytes(): Uint8Array {
  const start = readSpan()
  const { bytes, at } = cursor
  const size_bytes = at - start
  if (size_bytes > SLAB_BYTES / 8) return new Uint8Array(bytes.subarray(start, at))
  if (slab_used + size_bytes > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    slab_used = 0
  }
  bytes.copy(slab, slab_used, start, at)
  const copy = new Uint8Array(slab.buffer, slab_used, size_bytes)
  slab_used += size_bytes
  return copy
}

/** Two's complement, big-endian, at most 16 bytes. `bound` is 10^precision. */
export function readDecimal(bound: bigint): bigint {
  const start = readSpan()
  const { bytes, at } = cursor
  const size_bytes = at - start
  if (size_bytes === 0 || size_bytes > 16) malformed('a decimal has no or too many bytes')
  let value = 0n
  if (size_bytes <= 6) value = BigInt(bytes.readIntBE(start, size_bytes))
  else {
    for (let i = start; i < at; i++) value = (value << 8n) | BigInt(bytes[i]!)
    value = BigInt.asIntN(size_bytes * 8, value)
  }
  if (value >= bound || -value >= bound) malformed('a decimal is beyond its precision')
  return value
}

/** Whether a nullable value is there. */
export function readPresent(): boolean {
  const branch = cursor.bytes[cursor.at++]
  if (branch === 0) return false
  if (branch === 2) return true
  return malformed('a union has no such branch')
}

export function readEnum<T extends string>(symbols: readonly T[]): T {
  return symbols[readIndex(symbols.length)]!
}

/** An index below `count`: of a symbol or a union's branch. */
export function readIndex(count: number): number {
  const index = readLong()
  if (index < 0 || index >= count) malformed('an enum or a union has no such index')
  return index
}

export function skipBytes(size_bytes: number): void {
  if (size_bytes > cursor.end - cursor.at) malformed('it ends too early')
  cursor.at += size_bytes
}

export function skipByteString(): void {
  readSpan()
}

/** Items of the next block of an array, 0 at its end. `item_bytes` is the least that one item takes. */
export function readBlock(item_bytes: number): number {
  let items = readLong()
  if (items < 0) {
    items = -items
    const size_bytes = readLong()
    if (size_bytes < 0 || size_bytes > cursor.end - cursor.at) malformed('a block does not fit its bytes')
  }
  if (items * item_bytes > cursor.end - cursor.at) malformed('a block has more items than its bytes can hold')
  return items
}
