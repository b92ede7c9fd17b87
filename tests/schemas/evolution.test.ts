import avsc, { type Schema } from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Arena } from '../../runtime/api/arena.ts'
import { AppError, DataFault } from '../../runtime/api/fault.ts'
import type { RecordType } from '../../runtime/api/record.ts'
import { fingerprint } from '../../schemas/canonical.ts'
import { decoderFor } from '../../schemas/evolve.ts'
import { BookUpdate, records } from '../../schemas/generated/index.ts'
import { valuesOf } from './arbitraries.ts'

interface Field {
  name: string
  type: unknown
  default?: unknown
}
interface RecordSchema {
  name: string
  fields: Field[]
}

/** Longs that avsc has right. */
const AVSC = { least: -(2 ** 52), greatest: 2 ** 53 - 2 }

const schemaOf = (type: RecordType) => JSON.parse(type.schema) as RecordSchema

/** A schema of `record Sample` with these fields. */
const sample = (...fields: Field[]) => JSON.stringify({ type: 'record', name: 'Sample', namespace: 'aitrader', fields })

/** A reader whose own decoder is avsc: enough for schemas that no file defines. */
function readerOf(schema: string): RecordType {
  const type = avsc.Type.forSchema(JSON.parse(schema) as Schema)
  return {
    name: 'Sample',
    schema,
    fingerprint: fingerprint(schema),
    encode: () => {},
    decode: (buf, pos, end) => ({ ...(type.fromBuffer(Buffer.from(buf.subarray(pos, end))) as object) }),
  }
}

function write(schema: string, value: unknown): Buffer {
  return avsc.Type.forSchema(JSON.parse(schema) as Schema).toBuffer(value)
}

function encoded(type: RecordType, value: unknown): Buffer {
  const arena = new Arena(16)
  type.encode(value, arena)
  return Buffer.from(arena.bytes())
}

/** The body of `value` with one more long behind the last field, by hand: avsc cannot write every long. */
const withLong = (body: Buffer) => Buffer.concat([body, Buffer.of(0x54)])

describe.each(Object.values(records).map((type) => [type.name, type] as const))('%s', (_, type) => {
  it('is read when a newer writer has added a field', () => {
    const writer = schemaOf(type)
    writer.fields.push({ name: 'added', type: 'long' })
    const decode = decoderFor(JSON.stringify(writer), type)
    fc.assert(
      fc.property(valuesOf(type), (value) => {
        const body = Buffer.concat([Buffer.of(9, 9), withLong(encoded(type, value)), Buffer.of(9)])
        expect(decode(body, 2, body.length - 1)).toStrictEqual(value)
        expect(decode(new Uint8Array(body), 2, body.length - 1)).toStrictEqual(value)
      }),
      { numRuns: 30 },
    )
  })

  it('keeps a value or faults when bytes of an evolved record are damaged', () => {
    const writer = schemaOf(type)
    writer.fields.push({ name: 'added', type: 'long' })
    const decode = decoderFor(JSON.stringify(writer), type)
    fc.assert(
      fc.property(valuesOf(type), fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (value, at, mask, cut) => {
        const body = withLong(encoded(type, value))
        body[at % body.length]! ^= mask
        try {
          const decoded = decode(body, 0, cut ? at % body.length : body.length)
          expect(encoded(type, decoded).length).toBeLessThan(body.length)
        } catch (error) {
          expect(error).toBeInstanceOf(DataFault)
          expect((error as DataFault).code).toBe('RECORD_MALFORMED')
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('an older writer', () => {
  it('without a field that has a default', () => {
    const writer = schemaOf(BookUpdate)
    writer.fields = writer.fields.filter(({ name }) => name !== 'spread_px' && name !== 'bid_px')
    const decode = decoderFor(JSON.stringify(writer), BookUpdate)
    const value = {
      ...fc.sample(valuesOf(BookUpdate, AVSC), { numRuns: 1, seed: 3 })[0]!,
      spread_px: null,
      bid_px: null,
    }
    const full = encoded(BookUpdate, value)
    const type = avsc.Type.forSchema(writer as unknown as Schema)
    const older = type.toBuffer(avsc.Type.forSchema(schemaOf(BookUpdate) as unknown as Schema).fromBuffer(full))
    expect(older.length).toBe(full.length - 2)
    expect(decode(older, 0, older.length)).toStrictEqual(value)
  })

  it('without a field that has none is refused when the decoder is made', () => {
    const writer = schemaOf(BookUpdate)
    writer.fields = writer.fields.filter(({ name }) => name !== 'sequence')
    const make = () => decoderFor(JSON.stringify(writer), BookUpdate)
    expect(make).toThrow(expect.objectContaining({ code: 'SCHEMA_INCOMPATIBLE', exit_code: 3 }))
    expect(make).toThrow(/BookUpdate.*sequence/)
    expect(make).toThrow(AppError)
  })

  it('with an unreadable schema is refused', () => {
    expect(() => decoderFor('{', BookUpdate)).toThrow(expect.objectContaining({ code: 'SCHEMA_INCOMPATIBLE' }))
    expect(() => decoderFor('"long"', BookUpdate)).toThrow(expect.objectContaining({ code: 'SCHEMA_INCOMPATIBLE' }))
  })

  it('with another order of fields', () => {
    const writer = sample({ name: 'b', type: 'string' }, { name: 'a', type: 'long' })
    const reader = sample({ name: 'a', type: 'long' }, { name: 'b', type: 'string' })
    const body = write(writer, { a: 5, b: 'x' })
    expect(decoderFor(writer, readerOf(reader))(body, 0, body.length)).toEqual({ a: 5, b: 'x' })
  })

  it('with the same canonical form is read by the decoder itself', () => {
    const writer = schemaOf(BookUpdate)
    for (const field of writer.fields) delete (field as unknown as { doc?: string }).doc
    const [value] = fc.sample(valuesOf(BookUpdate), { numRuns: 1, seed: 5 })
    const body = encoded(BookUpdate, value)
    expect(decoderFor(JSON.stringify(writer), BookUpdate)(body, 0, body.length)).toStrictEqual(value)
  })
})

describe('numbers', () => {
  const longs = sample({ name: 'n', type: 'int' }, { name: 'd', type: 'long' }, { name: 'f', type: 'float' })
  const wide = sample(
    { name: 'n', type: 'long' },
    { name: 'd', type: 'double' },
    { name: 'f', type: ['null', 'double'] },
    { name: 'added', type: 'long', default: -7 },
    { name: 'share', type: 'double', default: 0.5 },
  )

  it('are promoted, and defaults of numbers are filled in', () => {
    const body = write(longs, { n: -3, d: 12, f: 1.5 })
    const expected = { n: -3, d: 12, f: 1.5, added: -7, share: 0.5 }
    expect(decoderFor(longs, readerOf(wide))(body, 0, body.length)).toEqual(expected)
  })

  it('below -2^52 stay right, where avsc alone would corrupt them', () => {
    const least = BookUpdate
    const writer = schemaOf(least)
    writer.fields.push({ name: 'added', type: 'long' })
    const [value] = fc.sample(valuesOf(least), { numRuns: 1, seed: 9 })
    const book = { ...value, sequence: Number.MIN_SAFE_INTEGER, bid_px: -(2 ** 52) - 1 }
    const body = withLong(encoded(least, book))
    expect(decoderFor(JSON.stringify(writer), least)(body, 0, body.length)).toStrictEqual(book)
    const promoted = Buffer.of(0, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0, 0, 0, 0)
    expect(decoderFor(longs, readerOf(wide))(promoted, 0, promoted.length)).toMatchObject({ d: -(2 ** 53) + 1 })
  })
})

describe('a hostile body of a stranger’s schema', () => {
  const stranger = sample(
    { name: 'a', type: { type: 'array', items: 'null' } },
    { name: 'm', type: { type: 'map', values: { type: 'fixed', name: 'F', size: 2 } } },
    { name: 'u', type: ['null', 'int', 'string'] },
    { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
    { name: 'next', type: ['null', 'Sample'] },
    { name: 'kept', type: 'boolean' },
  )
  const decode = decoderFor(stranger, readerOf(sample({ name: 'kept', type: 'boolean' })))

  it('of any type is skipped', () => {
    const inner = { a: [], m: {}, u: null, e: 'B', next: null, kept: false }
    const body = write(stranger, {
      ...inner,
      m: { k: Buffer.of(1, 2) },
      u: 'x',
      next: inner,
      kept: true,
    })
    expect(decode(body, 0, body.length)).toEqual({ kept: true })
  })

  it('cannot take memory or the stack', () => {
    const fault = expect.objectContaining({ code: 'RECORD_MALFORMED' })
    const many = Buffer.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0, 0, 0, 0, 0, 1)
    expect(() => decode(many, 0, many.length)).toThrow(fault)
    const deep = Buffer.concat([Buffer.alloc(1_000_000, Buffer.of(0, 0, 0, 0, 2)), Buffer.of(0, 0, 0, 0, 0, 1)])
    expect(() => decode(deep, 0, deep.length)).toThrow(fault)
    for (const body of [Buffer.of(0, 0, 6, 0, 0, 1), Buffer.of(0, 0, 0, 4, 0, 1), Buffer.of(0, 2, 0, 1), Buffer.of()]) {
      expect(() => decode(body, 0, body.length)).toThrow(fault)
    }
  })
})
