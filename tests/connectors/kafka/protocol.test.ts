/** Primitive types survive the way there and back; hostile bytes end in a coded error before memory is set aside. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../../../connectors/kafka/bytes.ts'
import { CODE, errorClass, errorName, kafkaError } from '../../../connectors/kafka/errors.ts'
import { AppError, RetriableError } from '../../../runtime/api/index.ts'

function roundTrip<T>(
  arbitrary: fc.Arbitrary<T>,
  write: (w: ByteWriter, value: T) => void,
  read: (r: ByteReader) => T,
) {
  fc.assert(
    fc.property(arbitrary, (value) => {
      const w = new ByteWriter(1)
      write(w, value)
      const r = new ByteReader(Buffer.from(w.bytes()))
      expect(read(r)).toEqual(value)
      expect(r.remaining).toBe(0)
    }),
  )
}

const safe = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER))
const half = fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 })

describe('bytes', () => {
  it('carries numbers of every width', () => {
    roundTrip(
      fc.integer({ min: -128, max: 127 }),
      (w, v) => w.i8(v),
      (r) => r.i8(),
    )
    roundTrip(
      fc.integer({ min: -32768, max: 32767 }),
      (w, v) => w.i16(v),
      (r) => r.i16(),
    )
    roundTrip(
      fc.integer(),
      (w, v) => w.i32(v),
      (r) => r.i32(),
    )
    roundTrip(
      safe,
      (w, v) => w.i64(v),
      (r) => r.i64(),
    )
    roundTrip(
      fc.integer({ min: 0, max: 0xffffffff }),
      (w, v) => w.uvarint(v),
      (r) => r.uvarint(),
    )
    roundTrip(
      fc.integer(),
      (w, v) => w.varint(v),
      (r) => r.varint(),
    )
    roundTrip(
      half,
      (w, v) => w.varlong(v),
      (r) => r.varlong(),
    )
  })

  it('carries strings and arrays, null among them, in both forms', () => {
    const text = fc.string({ unit: 'grapheme' })
    const maybe = fc.option(text)
    roundTrip(
      text,
      (w, v) => w.string(v),
      (r) => r.string(),
    )
    roundTrip(
      maybe,
      (w, v) => w.nullableString(v),
      (r) => r.nullableString(),
    )
    roundTrip(
      text,
      (w, v) => w.compactString(v),
      (r) => r.compactString(),
    )
    roundTrip(
      maybe,
      (w, v) => w.compactNullableString(v),
      (r) => r.compactNullableString(),
    )
    roundTrip(
      fc.array(text),
      (w, v) => w.array(v, (one) => w.string(one)),
      (r) => r.array(() => r.string()),
    )
    roundTrip(
      fc.array(text),
      (w, v) => w.compactArray(v, (one) => w.compactString(one)),
      (r) => r.compactArray(() => r.compactString()),
    )
  })

  it('writes 64-bit and zigzag numbers as Kafka does', () => {
    expect(new ByteWriter().i64(-1).bytes().toString('hex')).toBe('ffffffffffffffff')
    expect(
      new ByteWriter()
        .i64(2 ** 40 + 5)
        .bytes()
        .readBigInt64BE(0),
    ).toBe(1_099_511_627_781n)
    expect(new ByteWriter().varint(-64).varint(64).varint(300).bytes().toString('hex')).toBe('7f8001d804')
    expect(
      new ByteWriter()
        .varlong(-(2 ** 40))
        .bytes()
        .toString('hex'),
    ).toBe('ffffffffff3f')
  })

  it('refuses what is not there, whatever it claims', () => {
    const refuses = (hex: string, read: (r: ByteReader) => unknown) => {
      const reading = () => read(new ByteReader(Buffer.from(hex, 'hex')))
      expect(reading).toThrow(expect.objectContaining({ name: 'RetriableError', code: 'KAFKA_PROTOCOL' }))
    }
    refuses('00', (r) => r.i16())
    refuses('7fff41', (r) => r.string())
    refuses('fffe', (r) => r.string())
    refuses('7fffffff', (r) => r.bytes32())
    refuses('7fffffff00', (r) => r.array(() => r.i8()))
    refuses('fffffffe', (r) => r.array(() => r.i8()))
    refuses('ffffffff0f', (r) => r.compactArray(() => r.i8()))
    refuses('ffffffffff01', (r) => r.uvarint())
    refuses('ffffffffffffffffffff01', (r) => r.varlong())
    refuses('7fffffffffffffff', (r) => r.i64())
    refuses('01', (r) => r.tags())
  })

  it('never throws anything else on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (const read of [
          (r: ByteReader) => r.array(() => r.nullableString()),
          (r: ByteReader) => r.compactArray(() => r.compactNullableString()),
          (r: ByteReader) => r.nullableBytes32(),
          (r: ByteReader) => r.tags(),
          (r: ByteReader) => r.varlong(),
        ]) {
          try {
            read(new ByteReader(Buffer.from(bytes)))
          } catch (error) {
            expect(error).toMatchObject({ code: 'KAFKA_PROTOCOL' })
          }
        }
      }),
    )
  })
})

describe('error codes', () => {
  it('sort into what to do about them', () => {
    expect([CODE.CONCURRENT_TRANSACTIONS, CODE.NOT_LEADER_OR_FOLLOWER, CODE.NOT_COORDINATOR].map(errorClass)).toEqual([
      'retry',
      'metadata',
      'coordinator',
    ])
    expect(errorClass(29)).toBe('denied')
    expect(errorName(9_999)).toBe('ERROR_9999')
    expect(errorClass(9_999)).toBe('final')
  })

  it('become errors of ours', () => {
    expect(kafkaError(51, 'beginning')).toBeInstanceOf(RetriableError)
    expect(kafkaError(90, 'committing')).toMatchObject({ code: 'FENCED', exit_code: 4 })
    expect(kafkaError(36, 'creating', { message: 'there' })).toMatchObject({
      code: 'KAFKA_REFUSED',
      message: 'creating: the broker refused it (TOPIC_ALREADY_EXISTS, there)',
    })
    const acl = { resource: 'topic', name: 'quotes', operation: 'Read' } as const
    const denied = kafkaError(29, 'reading', { acl }) as AppError
    expect(denied).toBeInstanceOf(AppError)
    expect([denied.code, denied.message, denied.hint]).toEqual([
      'KAFKA_DENIED',
      'reading: no permission for topic quotes (TOPIC_AUTHORIZATION_FAILED)',
      'grant Read: kafka-acls --add --allow-principal User:NAME --operation Read --topic quotes',
    ])
  })
})
