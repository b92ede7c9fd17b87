import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_LINE_BYTES } from '../../connectors/replay/index.ts'
import { LineReader } from '../../connectors/replay/lines.ts'

function chunks(parts: readonly Uint8Array[]) {
  const left = [...parts]
  return {
    next: async () => {
      const part = left.shift()
      return part === undefined ? undefined : Buffer.from(part)
    },
    close: async () => undefined,
    size_bytes: 0,
    read_bytes: 0,
  }
}

/** All lines, and the most bytes that were held. */
async function read(reader: LineReader): Promise<{ lines: string[]; held: number }> {
  const lines: string[] = []
  let held = 0
  for (;;) {
    const found = reader.next()
    if (found === 'end') return { lines, held }
    if (found === 'more') {
      await reader.fill()
      held = Math.max(held, reader.block.length)
    } else lines.push(reader.block.toString('latin1', reader.start, reader.end))
  }
}

describe('lines', () => {
  it('are the same however the bytes are cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.constantFrom(10, 13, 65, 66, 0xff)).map((bytes) => Uint8Array.from(bytes)),
          { maxLength: 12 },
        ),
        async (parts) => {
          const whole = Buffer.concat(parts).toString('latin1')
          const cut = whole.split('\n')
          if (cut.at(-1) === '') cut.pop()
          const reader = new LineReader(chunks(parts))
          const { lines } = await read(reader)
          expect(lines).toEqual(cut.map((line) => line.replace(/\r$/, '')))
          expect(reader.count).toBe(lines.length)
        },
      ),
    )
  })

  it('hold a chunk and the rest of a line, however long the file or a line is', async () => {
    const chunk = Buffer.alloc(256 * 1024, 'x')
    const ends = Buffer.concat([chunk, Buffer.from('\n')])
    const reader = new LineReader(chunks([...new Array(200).fill(chunk), ends, ...new Array(40).fill(ends)]))
    const { lines, held } = await read(reader)
    expect(lines.length).toBe(41)
    expect(lines[0]?.length).toBe(MAX_LINE_BYTES)
    expect(new Set(lines.slice(1).map((line) => line.length))).toEqual(new Set([chunk.length]))
    expect(held).toBeLessThanOrEqual(MAX_LINE_BYTES + 2 * chunk.length)
  })

  it('begin anew after a look ahead', async () => {
    const reader = new LineReader(chunks([Buffer.from('a\nb'), Buffer.from('b\nc\n')]))
    await reader.fill()
    expect([reader.next(), reader.next()]).toEqual(['line', 'more'])
    reader.rewind()
    await reader.fill()
    expect(reader.count).toBe(0)
    expect((await read(reader)).lines).toEqual(['a', 'bb', 'c'])
  })
})
