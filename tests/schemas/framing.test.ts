import { describe, expect, it } from 'vitest'
import { Arena } from '../../runtime/api/arena.ts'
import { FRAME_BYTES, putFrame, readFrame, schemaId } from '../../schemas/framing.ts'
import { records } from '../../schemas/generated/index.ts'

describe('the Confluent frame', () => {
  it('is a zero byte and the id, big-endian', () => {
    const arena = new Arena(1)
    putFrame(arena, 0x01020304)
    putFrame(arena, 0x7fffffff)
    expect([...arena.bytes()]).toEqual([0, 1, 2, 3, 4, 0, 127, 255, 255, 255])
    expect(readFrame(arena.buf, 0, arena.pos)).toBe(0x01020304)
    expect(readFrame(arena.buf, FRAME_BYTES, arena.pos)).toBe(0x7fffffff)
    expect(readFrame(Uint8Array.of(0, 255, 255, 255, 255), 0, 5)).toBe(2 ** 32 - 1)
  })

  it('is refused if it is none', () => {
    const malformed = expect.objectContaining({ code: 'RECORD_MALFORMED' })
    expect(() => readFrame(Uint8Array.of(1, 0, 0, 0, 1), 0, 5)).toThrow(malformed)
    expect(() => readFrame(Uint8Array.of(0, 0, 0, 0, 1), 0, 4)).toThrow(malformed)
    expect(() => readFrame(Uint8Array.of(0, 0, 0, 0, 1), 1, 6)).toThrow(malformed)
    expect(() => readFrame(Uint8Array.of(0, 0, 0, 0, 1), -1, 5)).toThrow(malformed)
  })
})

describe('schema ids', () => {
  it('are the first 31 bits of the fingerprint, never 0', () => {
    expect(schemaId({ fingerprint: `80000003${'0'.repeat(56)}` })).toBe(0x40000001)
    expect(schemaId({ fingerprint: `ffffffff${'0'.repeat(56)}` })).toBe(0x7fffffff)
    expect(schemaId({ fingerprint: `00000001${'f'.repeat(56)}` })).toBe(1)
  })

  it('differ between all records', () => {
    const types = Object.values(records)
    expect(new Set(types.map(schemaId)).size).toBe(types.length)
  })
})
