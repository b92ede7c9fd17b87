import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COMPRESSIONS } from '../../../connectors/kafka/compression.ts'
import { crc32c } from '../../../connectors/kafka/crc32c.ts'
import { BatchCursor, nextSequence, sealBatch } from '../../../connectors/kafka/record-batch.ts'
import { decodeRecords } from '../../../connectors/kafka/record-decoder.ts'
import { type BatchLimits, encodeRecords } from '../../../connectors/kafka/record-encoder.ts'
import { encodeValues } from '../../../connectors/kafka/value-encoder.ts'
import type { StoredBatch } from '../../../runtime/api/index.ts'
import { readRecords } from '../../../runtime/log/batch.ts'
import { batchOf, numbered, type TestRecord } from '../../conformance/records.ts'
import { kafkajsBatch, type OracleRecord, platformaticRecords } from './oracles.ts'

const LIMITS: BatchLimits = { target_bytes: 1 << 20, max_bytes: 16 << 20, compression: 'none' }
const OWNER = { producer_id: 4_711, producer_epoch: 3, base_sequence: 17, transactional: true }

function encoded(records: readonly TestRecord[], limits = LIMITS, schema_id = 7): Buffer[] {
  return encodeRecords([batchOf('a.v1', 2, records, schema_id)], limits).map(({ bytes }) => {
    sealBatch(bytes, OWNER)
    return bytes
  })
}

/** Decodes as a reader does; the n-th batch gets the offsets behind those of the one before. */
function decoded(batches: readonly Buffer[]): StoredBatch[] {
  const cursor = new BatchCursor().open(Buffer.concat(batches), 'a.v1/2')
  const found: StoredBatch[] = []
  while (cursor.next()) {
    cursor.check()
    found.push(...decodeRecords(cursor, 'a.v1', 2))
  }
  return found
}

const record = fc.record({
  key: fc.oneof(fc.string({ maxLength: 8, unit: 'binary' }), fc.constant('\0\0\0\0')),
  body: fc.uint8Array({ maxLength: 200 }),
  producer: fc.constantFrom('a/0', 'stage-b/12', 'ü/3'),
  seq: fc.maxSafeNat(),
  stream_time_us: fc.maxSafeNat(),
  causes: fc.array(fc.record({ producer: fc.constantFrom('a/0', 'd/1', 'e/9'), seq: fc.maxSafeNat() }), {
    maxLength: 4,
  }),
})
const records = fc.array(record, { minLength: 1, maxLength: 30 })

/** The record as it stands on the wire, written down from the definition. */
function onWire({ key, body, producer, seq, stream_time_us, causes }: TestRecord, schema_id: number): OracleRecord {
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(schema_id, 1)
  const headers: Record<string, string> = { id: `${producer}:${seq}`, time: String(stream_time_us) }
  if (causes !== undefined && causes.length > 0) {
    headers.causes = causes.map((cause) => `${cause.producer}:${cause.seq}`).join(',')
  }
  const timestamp = Math.floor((stream_time_us as number) / 1_000)
  return { key: Buffer.from(key), value: Buffer.concat([frame, Buffer.from(body)]), headers, timestamp }
}

describe('encoding', () => {
  test('gives the bytes that kafkajs gives', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.nat(0x7fffffff), async (some, schema_id) => {
        const [ours] = encoded(some, LIMITS, schema_id) as [Buffer]
        // Nobody knows the leader's epoch when writing: kafkajs says 0, Java and we -1. The checksum leaves it out.
        ours.writeInt32BE(0, 12)
        const theirs = await kafkajsBatch(
          some.map((one) => onWire(one, schema_id)),
          OWNER,
        )
        expect(ours.equals(theirs)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('is read by platformatic, whatever the codec', async () => {
    for (const compression of COMPRESSIONS) {
      const some = numbered(0, 300)
      const [bytes] = encoded(some, { ...LIMITS, compression }) as [Buffer]
      const read = await platformaticRecords(bytes)
      expect(read).toEqual(
        some.map((one, i) => {
          const { value, timestamp } = onWire(one, 7)
          return {
            offset: i,
            timestamp,
            key: one.key,
            value,
            headers: { id: `stage/0:${i}`, time: String(one.stream_time_us) },
          }
        }),
      )
    }
  })

  test('what was encoded is decoded, however it was cut and packed', () => {
    fc.assert(
      fc.property(
        records,
        fc.constantFrom(...COMPRESSIONS),
        fc.integer({ min: 200, max: 4_000 }),
        (some, codec, size) => {
          const batches = encoded(some, { target_bytes: size, max_bytes: 1 << 20, compression: codec })
          const plain = [...readRecords({ ...batchOf('a.v1', 2, some, 7), base_offset: 0 })]
          const found = decoded(batches)
          expect(found.flatMap((batch) => [...readRecords(batch)].map((one) => ({ ...one, offset: 0 })))).toEqual(
            plain.map((one) => ({ ...one, offset: 0 })),
          )
          const times = plain.map(({ stream_time_us }) => stream_time_us)
          expect(Math.min(...found.map(({ first_time_us }) => first_time_us))).toBe(Math.min(...times))
          expect(Math.max(...found.map(({ last_time_us }) => last_time_us))).toBe(Math.max(...times))
          expect(found.every(({ schema_id }) => schema_id === 7)).toBe(true)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('an uncut batch comes back byte by byte', () => {
    const batch = batchOf('a.v1', 2, numbered(0, 500), 7)
    const [bytes] = encodeRecords([batch], LIMITS).map((one) => one.bytes) as [Buffer]
    sealBatch(bytes, OWNER)
    const [found] = decoded([bytes])
    expect(found).toEqual({ ...batch, base_offset: 0 })
  })

  test('several batches become one, until it is full', () => {
    const batches = [batchOf('a.v1', 2, numbered(0, 50), 1), batchOf('a.v1', 2, numbered(50, 90), 2)]
    const [one, ...more] = encodeRecords(batches, LIMITS)
    expect(more).toEqual([])
    expect(one?.records).toBe(90)
    // Schema ids stand with each record, batches of ours have one.
    sealBatch(one?.bytes as Buffer, OWNER)
    expect(
      decoded([one?.bytes as Buffer]).map(({ schema_id, base_offset, records: n }) => [schema_id, base_offset, n]),
    ).toEqual([
      [1, 0, 50],
      [2, 50, 40],
    ])
    const cut = encodeRecords(batches, { ...LIMITS, target_bytes: 1_000 })
    expect(cut.every(({ bytes }) => bytes.length <= 1_000)).toBe(true)
    expect(cut.reduce((sum, { records: n }) => sum + n, 0)).toBe(90)
  })

  test('a record that the topic does not take is refused by name and size', () => {
    const one = [{ key: 'k', body: Buffer.alloc(1_000) }]
    const limits = { ...LIMITS, max_bytes: 1_000 }
    expect(() => encoded(one, limits)).toThrow(
      /^a record of 10\d\d bytes does not fit into a\.v1\/2, which takes 1000 bytes$/,
    )
    expect(() => encoded(one, limits)).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE', exit_code: 2 }))
    // Packed it is small.
    expect(decoded(encoded(one, { ...limits, compression: 'zstd' }))[0]?.records).toBe(1)
    expect(() => encodeValues([{ key: Buffer.from('k'), value: Buffer.alloc(1_000) }], 1_000, 'state/0')).toThrow(
      expect.objectContaining({ code: 'RECORD_TOO_LARGE', exit_code: 2 }),
    )
  })

  test('sequence numbers begin anew behind 2^31 - 1', () => {
    expect(nextSequence(0, 5)).toBe(5)
    expect(nextSequence(2_147_483_646, 1)).toBe(2_147_483_647)
    expect(nextSequence(2_147_483_647, 1)).toBe(0)
    expect(nextSequence(2_147_483_640, 20)).toBe(12)
    const bytes = encoded(numbered(0, 1))[0] as Buffer
    sealBatch(bytes, { ...OWNER, base_sequence: 2_147_483_647 })
    const cursor = new BatchCursor().open(bytes, 'a.v1/2')
    cursor.next()
    expect(cursor).toMatchObject({
      base_sequence: 2_147_483_647,
      producer_id: 4_711,
      producer_epoch: 3,
      transactional: true,
    })
  })
})

describe('decoding what others wrote', () => {
  const decode = async (others: readonly OracleRecord[], base_offset = 100) =>
    decoded([await kafkajsBatch(others, { base_offset })])
  const views = (batches: readonly StoredBatch[]) => batches.flatMap((batch) => [...readRecords(batch)])
  const framed = (body: string) => Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), Buffer.from(body)])

  test('records without our headers bear an id and a time of their place', async () => {
    const found = await decode([
      { key: Buffer.from('k'), value: framed('one'), timestamp: 1_700_000_000_123 },
      {
        key: null,
        value: framed('two'),
        timestamp: 1_700_000_000_124,
        headers: { trace: 'x', id: 'no id', time: '-5' },
      },
    ])
    expect(found).toHaveLength(1)
    expect(views(found)).toEqual([
      {
        offset: 100,
        id: 'a.v1/2:100',
        producer: 'a.v1/2',
        seq: 100,
        stream_time_us: 1_700_000_000_123_000,
        causes: [],
        key: 'k',
        body: Buffer.from('one'),
      },
      expect.objectContaining({
        id: 'a.v1/2:101',
        stream_time_us: 1_700_000_000_124_000,
        key: '',
        body: Buffer.from('two'),
      }),
    ])
  })

  test.each([
    ['a/0', undefined],
    [':5', undefined],
    ['a/0:', undefined],
    ['a/0:1x', undefined],
    ['a/0:-1', undefined],
    ['a/0:9007199254740991', 'a/0:9007199254740991'],
    ['a/0:9007199254740992', undefined],
    ['a/0:12345678901234567', undefined],
    ['a:b/0:7', 'a:b/0:7'],
  ])('id %s', async (id, expected) => {
    const [found] = views(await decode([{ key: null, value: framed(''), timestamp: 5, headers: { id } }]))
    expect(found?.id).toBe(expected ?? 'a.v1/2:100')
  })

  test.each([
    ['', []],
    ['a/0:1', ['a/0:1']],
    ['a/0:1,b/1:2,a/0:3', ['a/0:1', 'b/1:2', 'a/0:3']],
    ['a/0:1,', []],
    ['a/0:1,b', []],
    [',a/0:1', []],
  ])('causes %s: all or none', async (causes, expected) => {
    const [found] = views(await decode([{ key: null, value: framed('x'), timestamp: 5, headers: { causes } }]))
    expect(found?.causes).toEqual(expected)
    expect(found?.body).toEqual(Buffer.from('x'))
  })

  test('values without a frame are given as they stand, with schema id 0', async () => {
    const found = await decode([
      { key: null, value: framed('framed'), timestamp: 5 },
      { key: null, value: Buffer.from('{"json": 1}'), timestamp: 5 },
      { key: null, value: Buffer.from([0, 1, 2]), timestamp: 5 },
      { key: null, value: null, timestamp: 5 },
      { key: null, value: Buffer.alloc(0), timestamp: 5 },
    ])
    expect(found.map(({ schema_id, records: n, base_offset }) => [schema_id, n, base_offset])).toEqual([
      [9, 1, 100],
      [0, 4, 101],
    ])
    expect(views(found).map(({ body }) => Buffer.from(body).toString('latin1'))).toEqual([
      'framed',
      '{"json": 1}',
      '\0\x01\x02',
      '',
      '',
    ])
  })

  test('gaps that compaction left part a batch', async () => {
    const gappy = [0, 1, 5, 6, 9].map((offset) => ({ key: null, value: framed(`at ${offset}`), timestamp: 5, offset }))
    const found = await decode(gappy)
    expect(views(found).map(({ offset, body }) => [offset, Buffer.from(body).toString()])).toEqual([
      [100, 'at 0'],
      [101, 'at 1'],
      [105, 'at 5'],
      [106, 'at 6'],
      [109, 'at 9'],
    ])
    expect(found.map(({ base_offset }) => base_offset)).toEqual([100, 105, 109])
  })

  test('a log that stamps records itself gives them its time', async () => {
    const bytes = await kafkajsBatch([
      { key: null, value: framed(''), timestamp: 5 },
      { key: null, value: framed(''), timestamp: 9 },
    ])
    bytes[22] = 8
    const cursor = new BatchCursor().open(bytes, 'a.v1/2')
    cursor.next()
    expect(views(decodeRecords(cursor, 'a.v1', 2)).map(({ stream_time_us }) => stream_time_us)).toEqual([9_000, 9_000])
  })
})

describe('damage', () => {
  const whole = encoded(numbered(0, 20))[0] as Buffer

  test('any bit behind the checksum is found, and what it guards', () => {
    fc.assert(
      fc.property(fc.integer({ min: 21, max: whole.length - 1 }), fc.nat(7), (at, bit) => {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] as number) ^ (1 << bit)
        expect(() => decoded([bytes])).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED', exit_code: 3 }))
      }),
    )
  })

  test('a batch cut off is left alone, one of another version or of no length is not', () => {
    for (const end of [0, 1, 60, 61, whole.length - 1]) expect(decoded([whole.subarray(0, end)])).toEqual([])
    expect(decoded([whole, whole.subarray(0, 70)])).toHaveLength(1)
    const old = Buffer.from(whole)
    old[16] = 1
    expect(() => decoded([old])).toThrow('a batch of version 1')
    const none = Buffer.from(whole)
    none.writeInt32BE(5, 8)
    expect(() => decoded([none])).toThrow('a batch of 5 bytes')
  })

  test('records that do not add up under a right checksum are damage, never a crash or a flood', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 57, max: whole.length - 1 }), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...COMPRESSIONS.keys()),
        (changes, codec) => {
          const bytes = Buffer.from(whole)
          for (const [at, byte] of changes) bytes[at] = byte
          bytes[22] = codec
          sealBatch(bytes, OWNER)
          try {
            decoded([bytes])
          } catch (error) {
            expect(error).toMatchObject({ code: 'DATA_DAMAGED' })
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('an unknown codec is named', () => {
    const bytes = Buffer.from(whole)
    bytes[22] = 6
    sealBatch(bytes, OWNER)
    expect(() => decoded([bytes])).toThrow('codec 6 is not known')
  })
})

describe('crc32c', () => {
  const bytewise = (bytes: Uint8Array) => {
    let crc = -1
    for (const byte of bytes) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    }
    return ~crc >>> 0
  }

  test('of the check string and of the vectors of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).toBe(0x46dd794e)
  })

  test('of every length at every alignment is that of the definition', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), fc.nat(9), (bytes, before, behind) => {
        const room = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.alloc(behind, 9)])
        expect(crc32c(room, before, before + bytes.length)).toBe(bytewise(bytes))
      }),
      { numRuns: 500 },
    )
  })
})
