import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8Text } from '../../processors/normalizer/utf8.ts'

const utf8 = new TextEncoder()

describe('UTF-8', () => {
  it('is read as the platform reads it, and refused where that refuses', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const expected = (bytes: Uint8Array) => {
      try {
        return strict.decode(bytes)
      } catch {
        return undefined
      }
    }
    const edges = fc.constantFrom(
      0x00,
      0x7f,
      0x80,
      0xbf,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0x9f,
      0xa0,
      0xef,
      0xf0,
      0x90,
      0x8f,
      0xf4,
      0xf5,
      0xff,
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }).map((text) => utf8.encode(text)),
          fc.array(edges, { maxLength: 6 }).map((list) => Uint8Array.from(list)),
        ),
        (bytes) => {
          expect(utf8Text(bytes)).toBe(expected(bytes))
        },
      ),
      { numRuns: 3_000 },
    )
    const long = '币x😀'.repeat(10_000)
    expect(utf8Text(utf8.encode(long))).toBe(long)
  })
})
