import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Arena, DataFault, type RecordType, type StoredBatch } from '../../runtime/api/index.ts'
import { BatchBuilder, type Causes, NO_CAUSES, RecordCursor, readRecords } from '../../runtime/log/batch.ts'
import { batchOf, numbered, type TestRecord } from '../conformance/records.ts'

/** Writes text; writes half of `bad` and throws, as a codec does that finds a misfit late. */
const Text: RecordType<string> = {
  name: 'Text',
  schema: '"string"',
  fingerprint: '',
  encode(value: string, arena: Arena) {
    arena.ensure(value.length)
    arena.pos += arena.buf.write(value, arena.pos, 'latin1')
    if (value === 'bad') throw new DataFault('VALUE_TYPE', 'bad')
  },
  decode: (buf, pos, end) => Buffer.from(buf.subarray(pos, end)).toString('latin1'),
}

const stored = (builder: BatchBuilder, base_offset = 0): StoredBatch => ({ ...builder.batch(), base_offset })
const one: Causes = { length: 1, producers: ['in/0', 'ignored'], seqs: [3, 99] }

describe('BatchBuilder', () => {
  test('encodes straight into the batch and tells where the body stands', () => {
    const builder = new BatchBuilder('t', 0, 5, 16)
    builder.append(Text, 'hello', 'key', 'p/0', 1, 10, NO_CAUSES)
    builder.append(Text, 'world!', 'key', 'p/0', 2, 20, one)
    expect(builder.records).toBe(2)
    const { bodies } = builder.batch()
    expect(Buffer.from(bodies).toString('latin1')).toBe(
      '\x03\0\0\0key\x05\0\0\0hello' + '\x03\0\0\0key\x06\0\0\0world!',
    )
    expect([builder.body_start, builder.body_end]).toEqual([bodies.length - 6, bodies.length])
    expect(Buffer.from(builder.body()).toString()).toBe('world!')
    expect(builder.bodyCrc(0)).toBe(crc32('world!'))
    expect(builder.bodyCrc(crc32('hello'))).toBe(crc32('helloworld!'))
    expect(builder.crc(0, builder.bodies_end, 0)).toBe(crc32(bodies))
    expect([...readRecords(stored(builder, 100))].map(({ offset, id, causes }) => [offset, id, causes])).toEqual([
      [100, 'p/0:1', []],
      [101, 'p/0:2', ['in/0:3']],
    ])
  })

  test('a value that does not encode leaves it as it was', () => {
    const builder = new BatchBuilder('t', 0, 5, 16)
    builder.append(Text, 'good', 'key', 'p/0', 1, 10, NO_CAUSES)
    const before = structuredClone(builder.batch())
    expect(() => builder.append(Text, 'bad', 'a key that makes the arena grow', 'q/0', 2, 20, one)).toThrow(DataFault)
    expect(structuredClone(builder.batch())).toEqual(before)
    builder.append(Text, 'next', 'key', 'p/0', 2, 15, NO_CAUSES)
    expect([...readRecords(stored(builder))].map(({ id, body }) => [id, body.toString()])).toEqual([
      ['p/0:1', 'good'],
      ['p/0:2', 'next'],
    ])
  })

  test('a reset builder makes the batch that a new one makes, and leaves the old table of producers alone', () => {
    const reused = new BatchBuilder('t', 0, 5, 16)
    reused.append(Text, 'x', 'k', 'other/9', 77, 1_000, one)
    const old = reused.batch()
    reused.reset()
    const fresh = new BatchBuilder('t', 0, 5)
    for (const builder of [reused, fresh]) {
      builder.append(Text, 'y', 'k', 'p/0', 5, 2_000, one)
      builder.append(Text, 'z', 'l', 'p/1', 6, 1_500, NO_CAUSES)
    }
    expect(structuredClone(reused.batch())).toEqual(structuredClone(fresh.batch()))
    expect(reused.batch()).toMatchObject({
      first_time_us: 1_500,
      last_time_us: 2_000,
      producers: ['p/0', 'in/0', 'p/1'],
    })
    expect(old.producers).toEqual(['other/9', 'in/0'])
  })

  test('more distinct keys than are kept, and long ones', () => {
    const builder = new BatchBuilder('t', 0, 5)
    const keys = Array.from({ length: 10_000 }, (_, i) => (i % 100 === 0 ? 'long '.repeat(20) : 'k') + i)
    for (const [i, key] of keys.entries()) builder.append(Text, '', key, 'p/0', i, i, NO_CAUSES)
    expect([...readRecords(stored(builder))].map(({ key }) => key)).toEqual(keys)
  })

  test('every id, time and cause over the safe range comes back, wherever reading begins', () => {
    const seq = fc.oneof(fc.maxSafeNat(), fc.nat(200), fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1))
    const producer = fc.constantFrom('a/0', 'b/1', 'c/2', 'ü')
    const record = fc.record({
      key: fc.string({ unit: 'grapheme', maxLength: 50 }),
      body: fc.uint8Array({ maxLength: 300 }),
      producer,
      seq,
      stream_time_us: seq,
      causes: fc.array(fc.record({ producer, seq }), { maxLength: 200 }),
    })
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), fc.nat(9), (records, from) => {
        const batch = { ...batchOf('t', 0, records), base_offset: 1_000 }
        const read = [...readRecords(batch, 1_000 + from)]
        expect(
          read.map(({ key, body, producer, seq, stream_time_us, causes }) => ({
            key,
            body: Buffer.from(body).toString('hex'),
            producer,
            seq,
            stream_time_us,
            causes,
          })),
        ).toEqual(
          records.slice(from).map((wanted: TestRecord) => ({
            ...wanted,
            body: Buffer.from(wanted.body).toString('hex'),
            causes: (wanted.causes ?? []).map((cause) => `${cause.producer}:${cause.seq}`),
          })),
        )
        expect(read.map(({ offset }) => offset)).toEqual(records.map((_, i) => 1_000 + i).slice(from))
      }),
      { numRuns: 100 },
    )
  })
})

describe('RecordCursor', () => {
  test('heads or bodies that do not hold what the batch claims are damage, never a wrong record', () => {
    const batch = { ...batchOf('t', 0, numbered(0, 5)), base_offset: 0 }
    const read = (changed: Partial<StoredBatch>) => () => {
      const cursor = new RecordCursor({ ...batch, ...changed })
      let records = 0
      while (cursor.next()) records++
      return records
    }
    expect(read({})()).toBe(5)
    const damaged: Partial<StoredBatch>[] = [
      { records: 4 },
      { records: 6 },
      { producers: [] },
      { heads: batch.heads.subarray(0, -1) },
      { heads: Buffer.concat([batch.heads, Buffer.of(0)]) },
      { bodies: batch.bodies.subarray(0, -1) },
      { bodies: Buffer.concat([batch.bodies, Buffer.of(0)]) },
      { heads: Buffer.alloc(batch.heads.length, 255) },
    ]
    for (const changed of damaged) {
      expect(read(changed)).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED', exit_code: 3 }))
    }
  })

  test('it is used again for another batch', () => {
    const cursor = new RecordCursor({ ...batchOf('t', 0, numbered(0, 3)), base_offset: 0 }, 2)
    expect(cursor.next()).toBe(true)
    expect([cursor.offset, cursor.id, cursor.key()]).toEqual([2, 'stage/0:2', 'k2'])
    cursor.open({ ...batchOf('t', 0, numbered(9, 10)), base_offset: 9 })
    expect(cursor.next()).toBe(true)
    expect([cursor.offset, cursor.id, cursor.body().toString()]).toEqual([9, 'stage/0:9', 'body of 9'])
    expect(cursor.next()).toBe(false)
  })
})
