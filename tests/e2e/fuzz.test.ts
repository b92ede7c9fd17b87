import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../runtime/api/index.ts'
import { writeFuzzCapture } from './fuzz.ts'
import { checkFuzz } from './fuzz-check.ts'
import { FuzzMarket } from './fuzz-market.ts'
import { HostileSource } from './hostile-source.ts'
import { wholeRun } from './whole-run.ts'

const MB = 1024 * 1024

/** Damaged frames through the whole topology, from the file to the dead letter. `fuzz.full.test.ts` makes many more. */
describe('damaged frames', () => {
  const dir = mkdtempSync(join(tmpdir(), 'aitrader-fuzz-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('are refused with a code and their bytes, or pass as what they are; the books recover', async () => {
    const path = join(dir, 'fuzz.capture')
    const codes = await checkFuzz(path, await writeFuzzCapture(path, 1, 2_000))
    expect(Object.keys(codes)).toEqual(
      expect.arrayContaining([
        'FRAME_MALFORMED',
        'FRAME_TOO_LONG',
        'FRAME_UNKNOWN',
        'SCALE_EXCEEDED',
        'SYMBOL_MISMATCH',
        'VALUE_OUT_OF_RANGE',
      ]),
    )
  })

  it('of megabytes stay within bounds on their way, and leave nothing behind', async () => {
    const source = new HostileSource(await FuzzMarket.open(), 14, 98)
    const broker = await openEmbedded(join(dir, 'data'), { topology: 'crypto' })
    const epochs: number[] = []
    try {
      const { summary } = await wholeRun(source, slowed(broker, epochs))
      expect(source.fed_bytes).toBeGreaterThan(100 * MB)
      // An epoch is full at 8 MB, and ends after the frame in hand: it, its dead letter, and what it says.
      expect(Math.max(...epochs)).toBeLessThan(24 * MB)
      const [before = 0, after = 0] = source.used_bytes
      expect(after - before).toBeLessThan(source.fed_bytes / 10)
      expect(summary).toMatchObject({ frames: 98 })
      expect(summary.faults).toBeGreaterThan(60)
    } finally {
      await broker.close()
    }
  })
})

/** A broker on a slow disk: the next epoch fills meanwhile. Notes the bytes of every commit. */
function slowed(broker: Broker, epochs: number[]): Broker {
  return {
    ...broker,
    async producer(transactional_id) {
      const producer = await broker.producer(transactional_id)
      return {
        async commit(transaction) {
          epochs.push(transaction.batches.reduce((sum, { bodies }) => sum + bodies.length, 0))
          const done = producer.commit(transaction)
          for (let left = 30; left > 0; left--) await turn()
          return done
        },
      }
    },
  }
}
