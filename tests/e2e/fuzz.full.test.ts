import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { writeFuzzCapture } from './fuzz.ts'
import { checkFuzz } from './fuzz-check.ts'

/** 100,000 damaged frames: fifty captures of 2,000, each by a seed of its own, named in the test that fails. */
describe('damaged frames, many', () => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-fuzz-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it.each(Array.from({ length: 50 }, (_, i) => i + 2))('seed %i', async (seed) => {
    const path = join(dir, `${seed}.capture`)
    await checkFuzz(path, await writeFuzzCapture(path, seed, 2_000))
    rmSync(path)
  })
})
