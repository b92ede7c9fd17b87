/**
 * Writes Avro's primitives: what the generated encoders are made of.
 *
 * Each `put` writes at `pos`, answers the position behind it, and relies on the caller's `Arena.ensure`: a generated
 * encoder sums an upper bound of the whole record first, so that nothing here checks for room. A value that does not
 * fit throws `MISFIT`, which names nothing: the encoder restores its arena and `misfit` finds the field, so that the
 * hot path carries no field names.
 */

/** Thrown on any value that does not fit; one instance, because a stack trace would cost more than the check. */
const MISFIT = new Error('a value does not fit its schema')

/** Upper bounds in bytes of what is written for one value. */
export const BOUND = { boolean: 1, int: 5, long: 8, double: 8, enum: 1, decimal: 17, length: 5, union: 1 } as const

/** Strings up to this many characters are copied by a loop; beyond it the call into C++ is cheaper. */
const LOOP_MAX_CHARS = 48

/** Upper bound of a string's bytes, its length included. */
export function stringBound(value: string): number {
  if (typeof value !== 'string') throw MISFIT
  const chars = value.length
  return BOUND.length + (chars <= LOOP_MAX_CHARS ? chars * 3 : Buffer.byteLength(value))
}

/** Upper bound of a byte string's bytes, its length included. */
export function bytesBound(value: Uint8Array): number {
  if (!(value instanceof Uint8Array)) throw MISFIT
  return BOUND.length + value.length
}

/** Items of an array; its items and two lengths are bounded by the caller. */
export function itemsOf(value: readonly unknown[]): number {
  if (!Array.isArray(value)) throw MISFIT
  return value.length
}

export function putBoolean(buf: Uint8Array, pos: number, value: boolean): number {
  if (typeof value !== 'boolean') throw MISFIT
  buf[pos] = value ? 1 : 0
  return pos + 1
}

export function putInt(buf: Uint8Array, pos: number, value: number): number {
  if ((value | 0) !== value) throw MISFIT
  return put32(buf, pos, (value << 1) ^ (value >> 31))
}

/** Zig-zag varint of any safe integer; without BigInt, which would cost ten times as much. */
export function putLong(buf: Uint8Array, pos: number, value: number): number {
  if ((value | 0) === value) return put32(buf, pos, (value << 1) ^ (value >> 31))
  return putWide(buf, pos, value)
}

function put32(buf: Uint8Array, pos: number, zigzag: number): number {
  let rest = zigzag >>> 0
  let at = pos
  while (rest > 0x7f) {
    buf[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buf[at] = rest
  return at + 1
}

/**
 * Beyond 32 bits. Doubling a value could leave the exact range of a double, so the sign bit joins the low six bits and
 * the rest, below 2^47, goes out in two halves of 28 bits.
 */
function putWide(buf: Uint8Array, pos: number, value: number): number {
  if (!Number.isSafeInteger(value)) throw MISFIT
  const negative = value < 0
  const magnitude = negative ? -1 - value : value
  const rest = Math.floor(magnitude / 64)
  const low = rest & 0xfffffff
  let high = (rest - low) / 0x10000000
  buf[pos] = ((magnitude & 63) << 1) | (negative ? 0x81 : 0x80)
  buf[pos + 1] = (low & 0x7f) | 0x80
  buf[pos + 2] = ((low >>> 7) & 0x7f) | 0x80
  buf[pos + 3] = ((low >>> 14) & 0x7f) | 0x80
  if (high === 0) {
    buf[pos + 4] = low >>> 21
    return pos + 5
  }
  buf[pos + 4] = (low >>> 21) | 0x80
  let at = pos + 5
  while (high > 0x7f) {
    buf[at++] = (high & 0x7f) | 0x80
    high >>>= 7
  }
  buf[at] = high
  return at + 1
}

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)

/** NaN and the infinities are misfits: no comparison or sum downstream means anything with them. */
export function putDouble(buf: Uint8Array, pos: number, value: number): number {
  if (!Number.isFinite(value)) throw MISFIT
  float[0] = value
  buf[pos] = floatBytes[0]!
  buf[pos + 1] = floatBytes[1]!
  buf[pos + 2] = floatBytes[2]!
  buf[pos + 3] = floatBytes[3]!
  buf[pos + 4] = floatBytes[4]!
  buf[pos + 5] = floatBytes[5]!
  buf[pos + 6] = floatBytes[6]!
  buf[pos + 7] = floatBytes[7]!
  return pos + 8
}

/** `stringBound` has checked that it is a string. A lone surrogate has no UTF-8 form and is a misfit. */
export function putString(buf: Buffer, pos: number, value: string): number {
  const chars = value.length
  if (chars > LOOP_MAX_CHARS) return putText(buf, pos, value)
  let at = pos + 1
  for (let i = 0; i < chars; i++) {
    const code = value.charCodeAt(i)
    if (code > 0x7f) return putText(buf, pos, value)
    buf[at++] = code
  }
  buf[pos] = chars << 1
  return at
}

function putText(buf: Buffer, pos: number, value: string): number {
  if (!value.isWellFormed()) throw MISFIT
  const size_bytes = Buffer.byteLength(value)
  const at = put32(buf, pos, size_bytes << 1)
  buf.write(value, at, size_bytes, 'utf8')
  return at + size_bytes
}

/** `bytesBound` has checked that it is a byte string. */
export function putBytes(buf: Buffer, pos: number, value: Uint8Array): number {
  const at = put32(buf, pos, value.length << 1)
  buf.set(value, at)
  return at + value.length
}

const words = new DataView(new ArrayBuffer(16))
const wordBytes = new Uint8Array(words.buffer)

/** Two's complement, big-endian, as short as it can be. `limit` is 10^precision. */
export function putDecimal(buf: Uint8Array, pos: number, value: bigint, limit: bigint): number {
  if (typeof value !== 'bigint' || value >= limit || -value >= limit) throw MISFIT
  words.setBigInt64(0, value >> 64n)
  words.setBigInt64(8, BigInt.asIntN(64, value))
  const sign = value < 0n ? 0xff : 0
  let first = 0
  while (first < 15 && wordBytes[first] === sign && ((wordBytes[first + 1]! ^ sign) & 0x80) === 0) first++
  const size_bytes = 16 - first
  buf[pos] = size_bytes << 1
  let at = pos + 1
  for (let i = first; i < 16; i++) buf[at++] = wordBytes[i]!
  return at
}

/** `index` is -1 for a text that is no symbol; an enum has at most 64, so that its index is one byte. */
export function putEnum(buf: Uint8Array, pos: number, index: number): number {
  if (index < 0) throw MISFIT
  buf[pos] = index << 1
  return pos + 1
}
