import avsc, { type Schema } from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Arena } from '../../runtime/api/arena.ts'
import { canonicalForm } from '../../schemas/canonical.ts'
import { records } from '../../schemas/generated/index.ts'
import { closeBody, openBody, readLong } from '../../schemas/wire-read.ts'
import { putLong } from '../../schemas/wire-write.ts'
import { LONG_EDGES, valuesOf } from './arbitraries.ts'

/** The shortest two's complement of `value`, by another way than the codec's. */
function twosComplement(value: bigint): Buffer {
  let bytes = 1
  while (BigInt.asIntN(bytes * 8, value) !== value) bytes++
  return Buffer.from(
    BigInt.asUintN(bytes * 8, value)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  )
}

/** What avsc takes: it knows no decimals, and bytes only as `Buffer`. */
function forAvsc(value: unknown): unknown {
  if (typeof value === 'bigint') return twosComplement(value)
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (Array.isArray(value)) return value.map(forAvsc)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, forAvsc(field)]))
}

/** A varint by BigInt, slow and plain. */
function referenceVarint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value >= 0n ? value * 2n : -value * 2n - 1n
  for (; rest > 127n; rest /= 128n) bytes.push(Number(rest % 128n) + 128)
  return [...bytes, Number(rest)]
}

describe.each(Object.values(records).map((type) => [type.name, type] as const))('%s', (_, type) => {
  it('comes back as it went, behind what the arena held', () => {
    fc.assert(
      fc.property(valuesOf(type), fc.integer({ min: 0, max: 40 }), (value, before) => {
        const arena = new Arena(16)
        arena.ensure(before)
        arena.pos = before
        type.encode(value, arena)
        const end = arena.pos
        type.encode(value, arena)
        expect(type.decode(arena.buf, before, end)).toStrictEqual(value)
        expect(type.decode(new Uint8Array(arena.bytes()), end, arena.pos)).toStrictEqual(value)
      }),
      { numRuns: 150 },
    )
  })

  it('has the bytes that avsc makes, over the longs that avsc has right', () => {
    const oracle = avsc.Type.forSchema(JSON.parse(type.schema) as Schema)
    fc.assert(
      fc.property(valuesOf(type, { least: -(2 ** 52), greatest: 2 ** 53 - 2 }), (value) => {
        const arena = new Arena(16)
        type.encode(value, arena)
        expect(arena.bytes().equals(oracle.toBuffer(forAvsc(value)))).toBe(true)
      }),
      { numRuns: 80 },
    )
  })

  it('has the fingerprint that avsc computes', () => {
    const schema = avsc.Type.forSchema(JSON.parse(type.schema) as Schema)
    expect(type.fingerprint).toBe(schema.fingerprint('sha256').toString('hex'))
    expect(canonicalForm(JSON.parse(type.schema))).toBe(JSON.stringify(schema.schema()))
  })
})

describe('longs', () => {
  it('are the varints that BigInt makes, at every edge and between', () => {
    const check = (value: number) => {
      const buf = Buffer.alloc(10)
      const end = putLong(buf, 0, value)
      expect([...buf.subarray(0, end)]).toEqual(referenceVarint(BigInt(value)))
      openBody(buf, 0, end)
      expect(readLong()).toBe(value)
      closeBody()
    }
    for (const value of LONG_EDGES) check(value)
    fc.assert(fc.property(fc.maxSafeInteger(), check), { numRuns: 2000 })
  })

  it('below -2^52 are wrong in avsc, which is why it is no oracle there', () => {
    const long = avsc.Type.forSchema('long')
    const wrong = long.fromBuffer(long.toBuffer(-(2 ** 52) - 1))
    expect(wrong).toBe(2 ** 52)
    expect(long.fromBuffer(long.toBuffer(-(2 ** 52)))).toBe(-(2 ** 52))
    expect(long.fromBuffer(long.toBuffer(2 ** 53 - 2))).toBe(2 ** 53 - 2)
    expect(() => long.toBuffer(2 ** 53 - 1)).toThrow()
  })
})
