/**
 * Writing and reading of the Kafka protocol's primitive types, big endian, in one buffer.
 *
 * Reading never trusts the other side: a length beyond the bytes at hand, a count that could not fit in them, an
 * overlong varint and a 64-bit number that JavaScript cannot hold all throw `RetriableError` `KAFKA_PROTOCOL`, before
 * anything is allocated for them.
 */
import { RetriableError } from '../../runtime/api/index.ts'

function broken(what: string): RetriableError {
  return new RetriableError('KAFKA_PROTOCOL', `the server's answer cannot be read: ${what}`)
}

const TWO_32 = 4_294_967_296

/** A growing buffer. 64-bit numbers are taken as safe integers. `bytes()` is a view until the next write. */
export class ByteWriter {
  #buffer: Buffer
  #at = 0

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#at
  }

  /** Starts anew and keeps the buffer. */
  reset(): this {
    this.#at = 0
    return this
  }

  /** What has been written, as a view. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  #room(size: number): number {
    const at = this.#at
    const need = at + size
    if (need > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(need, this.#buffer.length * 2))
      this.#buffer.copy(grown, 0, 0, at)
      this.#buffer = grown
    }
    this.#at = need
    return at
  }

  i8(value: number): this {
    const at = this.#room(1)
    this.#buffer[at] = value
    return this
  }

  bool(value: boolean): this {
    return this.i8(value ? 1 : 0)
  }

  i16(value: number): this {
    const at = this.#room(2)
    this.#buffer.writeInt16BE(value, at)
    return this
  }

  i32(value: number): this {
    const at = this.#room(4)
    this.#buffer.writeInt32BE(value, at)
    return this
  }

  u32(value: number): this {
    const at = this.#room(4)
    this.#buffer.writeUInt32BE(value, at)
    return this
  }

  /** A safe integer as 64 bits. */
  i64(value: number): this {
    const at = this.#room(8)
    const high = Math.floor(value / TWO_32)
    this.#buffer.writeInt32BE(high, at)
    this.#buffer.writeUInt32BE(value - high * TWO_32, at + 4)
    return this
  }

  /** Writes over four bytes written before, for a length known only afterwards. */
  patchI32(at: number, value: number): this {
    this.#buffer.writeInt32BE(value, at)
    return this
  }

  /** Unsigned varint of up to 32 bits. */
  uvarint(value: number): this {
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.i8((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    return this.i8(rest)
  }

  /** Zigzag varint of a 32-bit number. */
  varint(value: number): this {
    return this.uvarint((value << 1) ^ (value >> 31))
  }

  /** Zigzag varint of a safe integer. */
  varlong(value: number): this {
    if (value >= -1_073_741_824 && value < 1_073_741_824) return this.varint(value)
    let rest = value < 0 ? BigInt(value) * -2n - 1n : BigInt(value) * 2n
    while (rest > 0x7fn) {
      this.i8(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    return this.i8(Number(rest))
  }

  raw(value: Uint8Array): this {
    const at = this.#room(value.length)
    this.#buffer.set(value, at)
    return this
  }

  /** UTF-8 without a length. */
  utf8(value: string): this {
    const size = Buffer.byteLength(value)
    const at = this.#room(size)
    this.#buffer.write(value, at, size, 'utf8')
    return this
  }

  string(value: string): this {
    return this.i16(Buffer.byteLength(value)).utf8(value)
  }

  nullableString(value: string | null): this {
    return value === null ? this.i16(-1) : this.string(value)
  }

  bytes32(value: Uint8Array): this {
    return this.i32(value.length).raw(value)
  }

  array<T>(items: readonly T[], each: (item: T) => void): this {
    this.i32(items.length)
    for (const item of items) each(item)
    return this
  }

  nullableArray<T>(items: readonly T[] | null, each: (item: T) => void): this {
    return items === null ? this.i32(-1) : this.array(items, each)
  }

  compactString(value: string): this {
    return this.uvarint(Buffer.byteLength(value) + 1).utf8(value)
  }

  compactNullableString(value: string | null): this {
    return value === null ? this.uvarint(0) : this.compactString(value)
  }

  compactArray<T>(items: readonly T[], each: (item: T) => void): this {
    this.uvarint(items.length + 1)
    for (const item of items) each(item)
    return this
  }

  /** No tagged fields: ends every structure of a flexible version. */
  tags(): this {
    return this.i8(0)
  }
}

/** A cursor over one answer. Every view it gives (`raw`, `bytes32`) shares the answer's memory. */
export class ByteReader {
  readonly buffer: Buffer
  #at: number
  readonly #end: number

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer
    this.#at = start
    this.#end = end
  }

  get at(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  #take(size: number): number {
    const at = this.#at
    if (size < 0 || size > this.#end - at) throw broken(`${size} bytes wanted where ${this.#end - at} are left`)
    this.#at = at + size
    return at
  }

  skip(size: number): this {
    this.#take(size)
    return this
  }

  i8(): number {
    return this.buffer.readInt8(this.#take(1))
  }

  bool(): boolean {
    return this.i8() !== 0
  }

  i16(): number {
    return this.buffer.readInt16BE(this.#take(2))
  }

  i32(): number {
    return this.buffer.readInt32BE(this.#take(4))
  }

  u32(): number {
    return this.buffer.readUInt32BE(this.#take(4))
  }

  i64(): number {
    const at = this.#take(8)
    const value = this.buffer.readInt32BE(at) * TWO_32 + this.buffer.readUInt32BE(at + 4)
    if (!Number.isSafeInteger(value)) throw broken('a 64-bit number beyond 2^53')
    return value
  }

  bigint64(): bigint {
    return this.buffer.readBigInt64BE(this.#take(8))
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.#take(1)] as number
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw broken('a varint of more than five bytes')
  }

  varint(): number {
    const raw = this.uvarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** Zigzag varint of up to 64 bits that must be a safe integer. */
  varlong(): number {
    let low = 0
    let scale = 1
    for (let index = 0; index < 10; index++) {
      const byte = this.buffer[this.#take(1)] as number
      low += (byte & 0x7f) * scale
      if (byte < 0x80) {
        // Above 2^53 the sum is no longer exact: such a number is refused rather than rounded.
        if (low > Number.MAX_SAFE_INTEGER) throw broken('a varint beyond 2^53')
        return low % 2 === 0 ? low / 2 : -(low + 1) / 2
      }
      scale *= 128
    }
    throw broken('a varint of more than ten bytes')
  }

  raw(size: number): Buffer {
    const at = this.#take(size)
    return this.buffer.subarray(at, at + size)
  }

  utf8(size: number): string {
    const at = this.#take(size)
    return this.buffer.toString('utf8', at, at + size)
  }

  string(): string {
    return this.utf8(this.i16())
  }

  nullableString(): string | null {
    const size = this.i16()
    return size === -1 ? null : this.utf8(size)
  }

  bytes32(): Buffer {
    return this.raw(this.i32())
  }

  nullableBytes32(): Buffer | null {
    const size = this.i32()
    return size === -1 ? null : this.raw(size)
  }

  compactString(): string {
    return this.utf8(this.uvarint() - 1)
  }

  compactNullableString(): string | null {
    const size = this.uvarint()
    return size === 0 ? null : this.utf8(size - 1)
  }

  /** A null array (-1) reads as an empty one. */
  array<T>(each: () => T): T[] {
    return this.#items(this.i32(), each)
  }

  compactArray<T>(each: () => T): T[] {
    return this.#items(this.uvarint() - 1, each)
  }

  #items<T>(count: number, each: () => T): T[] {
    // Every element takes a byte at least, so that a count made up by the server cannot ask for memory.
    if (count < -1 || count > this.remaining) throw broken(`an array of ${count} in ${this.remaining} bytes`)
    const items: T[] = []
    for (let index = 0; index < count; index++) items.push(each())
    return items
  }

  /** Passes over the tagged fields that end a structure of a flexible version. */
  tags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint()
      this.skip(this.uvarint())
    }
  }
}
