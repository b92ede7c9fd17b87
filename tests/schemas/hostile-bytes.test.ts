import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Arena } from '../../runtime/api/arena.ts'
import { DataFault } from '../../runtime/api/fault.ts'
import type { RecordType } from '../../runtime/api/record.ts'
import { BookUpdate, JournalEntry, Position, records } from '../../schemas/generated/index.ts'
import * as r from '../../schemas/wire-read.ts'
import { valuesOf } from './arbitraries.ts'

/** The value, or undefined if it was refused as malformed; anything else fails the test. */
function attempt(type: RecordType, bytes: Uint8Array, pos = 0, end = bytes.length): unknown {
  try {
    return type.decode(bytes, pos, end)
  } catch (error) {
    expect(error).toBeInstanceOf(DataFault)
    expect((error as DataFault).code).toBe('RECORD_MALFORMED')
    return undefined
  }
}

function encoded(type: RecordType, value: unknown): Buffer {
  const arena = new Arena(16)
  type.encode(value, arena)
  return Buffer.from(arena.bytes())
}

/** What is accepted must be a value that the encoder takes, and stay within a small multiple of the bytes. */
function checkAccepted(type: RecordType, value: unknown, bytes: number): void {
  if (value === undefined) return
  expect(encoded(type, value).length).toBeLessThanOrEqual(bytes)
}

describe.each(Object.values(records).map((type) => [type.name, type] as const))('%s', (_, type) => {
  it('refuses every truncation and every extension of a body', () => {
    fc.assert(
      fc.property(valuesOf(type), fc.nat(), (value, at) => {
        const bytes = encoded(type, value)
        const cut = at % bytes.length
        expect(attempt(type, bytes.subarray(0, cut))).toBeUndefined()
        // The rest of the body lies behind the end: a read beyond it must not go unnoticed.
        expect(attempt(type, bytes, 0, cut)).toBeUndefined()
        expect(attempt(type, Buffer.concat([bytes, Buffer.of(0)]))).toBeUndefined()
        expect(attempt(type, Buffer.concat([Buffer.of(0), bytes]), 1)).toStrictEqual(value)
      }),
      { numRuns: 60 },
    )
  })

  it('answers flipped bytes with a value or a fault', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(valuesOf(type), flips, (value, changes) => {
        const bytes = encoded(type, value)
        for (const [at, mask] of changes) bytes[at % bytes.length]! ^= mask
        checkAccepted(type, attempt(type, bytes), bytes.length)
      }),
      { numRuns: 100 },
    )
  })

  it('answers random bytes with a value or a fault', () => {
    const small = fc.array(fc.constantFrom(0, 1, 2, 3, 4, 0x7f, 0x80, 0xff), { maxLength: 80 })
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      small.map((bytes) => Uint8Array.from(bytes)),
    )
    fc.assert(
      fc.property(bytes, (body) => checkAccepted(type, attempt(type, body), body.length)),
      { numRuns: 300 },
    )
  })

  it('refuses a range outside the buffer', () => {
    for (const [pos, end] of [
      [-1, 0],
      [0, 3],
      [2, 1],
      [Number.NaN, 2],
      [0, Number.NaN],
    ] as const) {
      expect(attempt(type, Buffer.alloc(2), pos, end)).toBeUndefined()
    }
  })
})

/** Reads one thing that must take all of `bytes`. */
function one<T>(read: () => T, ...bytes: readonly number[]): T {
  r.openBody(Uint8Array.from(bytes), 0, bytes.length)
  const value = read()
  r.closeBody()
  return value
}
const malformed = expect.objectContaining({ name: 'DataFault', code: 'RECORD_MALFORMED' })
function refused(read: () => unknown, ...bytes: readonly number[]): void {
  expect(() => one(read, ...bytes)).toThrow(malformed)
}

describe('primitives', () => {
  it('read no long beyond the safe integers', () => {
    expect(one(r.readLong, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)).toBe(2 ** 53 - 1)
    expect(one(r.readLong, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)).toBe(-(2 ** 53) + 1)
    refused(r.readLong, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)
    refused(r.readLong, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20)
    refused(r.readLong, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)
    refused(r.readLong, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)
  })

  it('read padded varints up to ten bytes, and end them', () => {
    expect(one(r.readLong, 0x82, 0x80, 0x00)).toBe(1)
    expect(one(r.readLong, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)).toBe(1)
    refused(r.readLong, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)
    refused(r.readLong, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80)
    refused(r.readLong, 0x80)
  })

  it('read ints within 32 bits', () => {
    expect(one(r.readInt, 0xff, 0xff, 0xff, 0xff, 0x0f)).toBe(-(2 ** 31))
    refused(r.readInt, 0x80, 0x80, 0x80, 0x80, 0x10)
  })

  it('read booleans and branches of one byte', () => {
    expect(one(r.readBoolean, 1)).toBe(true)
    refused(r.readBoolean, 2)
    expect(one(r.readPresent, 2)).toBe(true)
    refused(r.readPresent, 1)
    refused(r.readPresent, 4)
  })

  it('read finite doubles', () => {
    expect(one(r.readDouble, 0, 0, 0, 0, 0, 0, 0, 0x80)).toBe(-0)
    refused(r.readDouble, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
    refused(r.readDouble, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f)
    refused(r.readDouble, 0, 0, 0, 0, 0, 0, 0)
  })

  it('read strings that are UTF-8', () => {
    expect(one(r.readString, 4, 0xc3, 0xa9)).toBe('é')
    expect(one(r.readString, 6, 0xef, 0xbb, 0xbf)).toBe('\ufeff')
    refused(r.readString, 4, 0xc3, 0x28)
    refused(r.readString, 6, 0xed, 0xa0, 0x80)
    refused(r.readString, 1)
    refused(r.readString, 4, 0x41)
    refused(r.readBytes, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x41)
  })

  it('read decimals of 1 to 16 bytes', () => {
    expect(one(() => r.readDecimal(100n), 4, 0xff, 0x9d)).toBe(-99n)
    expect(one(() => r.readDecimal(100n), 6, 0x00, 0x00, 0x63)).toBe(99n)
    refused(() => r.readDecimal(100n), 2, 0x64)
    refused(() => r.readDecimal(100n), 2, 0x9c)
    refused(() => r.readDecimal(100n), 0)
    refused(() => r.readDecimal(100n), 34, ...new Array(17).fill(0))
  })
})

describe('arrays', () => {
  it('may come in blocks, with and without their size', () => {
    const entry = { ...sample(JournalEntry), inputs: [], order: [1, 2, 3] }
    const bytes = encoded(JournalEntry, entry)
    const at = bytes.indexOf(Buffer.of(6, 2, 4, 6, 0))
    const blocks = Buffer.of(1, 2, 2, 3, 4, 4, 6, 0)
    const other = Buffer.concat([bytes.subarray(0, at), blocks, bytes.subarray(at + 5)])
    expect(JournalEntry.decode(other, 0, other.length)).toStrictEqual(entry)
  })

  it('cannot ask for more items than there are bytes', () => {
    const huge = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]
    refused(() => r.readBlock(1), ...huge)
    refused(() => r.readBlock(1), 0xfd, ...huge.slice(1), 0)
    refused(() => r.readBlock(2), 4, 0, 0, 0)
    refused(() => r.readBlock(1), 1, 0x10)
    refused(() => r.readBlock(1), 1, 0x01)
  })

  it('are copied: bytes and texts outlive the buffer', () => {
    const value = sample(BookUpdate)
    const bytes = encoded(BookUpdate, value)
    const decoded = BookUpdate.decode(bytes, 0, bytes.length)
    bytes.fill(0xff)
    expect(decoded).toStrictEqual(value)
    const position = sample(Position)
    const body = encoded(Position, position)
    const read = Position.decode(body, 0, body.length)
    body.fill(0xff)
    expect(read).toStrictEqual(position)
  })
})

function sample(type: RecordType): Readonly<Record<string, unknown>> {
  return fc.sample(valuesOf(type), { numRuns: 1, seed: 11 })[0]!
}
