import { rmSync, statSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import { capture, captureLines, newFolder } from '../cli/command.ts'

const folder = newFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(['plain', 'packed'])(
  'a %s replay tells how far it is: more and more, all of it at the end and not before',
  async (kind) => {
    const lines = await captureLines(7, 2_000)
    const path = capture(folder, `${kind}.txt`, lines)
    if (kind === 'packed') writeFileSync(path, gzipSync(lines.join('')))
    const total = statSync(path).size
    const source = await createReplay({ files: [{ path, format: 'binance-spot' }], formats: replayFormats })
    expect(source.progress?.()).toBeUndefined()
    await source.open(undefined)
    let last = 0
    for (let taken = 0; taken < lines.length; ) {
      if (source.take() === undefined) await source.ready()
      else taken++
      const progress = source.progress?.()
      expect(progress?.total).toBe(total)
      expect(progress?.done).toBeGreaterThanOrEqual(last)
      expect(progress?.done).toBeLessThan(total)
      last = progress?.done as number
    }
    while (!source.done) if (source.take() === undefined && !source.done) await source.ready()
    expect(source.progress?.()).toEqual({ done: total, total })
    await source.close()
    expect(source.progress?.()).toEqual({ done: total, total })
  },
)
