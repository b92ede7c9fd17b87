import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openEmbedded } from '../../../connectors/embedded/index.ts'
import { SlotPool } from '../../../connectors/embedded/slots.ts'
import { batchOf, bodies, numbered } from '../../conformance/records.ts'

/** The main thread's end of the writer thread. */

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'aitrader-writer-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(dir, { recursive: true, force: true })
})

test('if the writer thread dies, a commit under way is unknown, later ones fail, and a restart resolves it', async () => {
  const broker = await openEmbedded(dir, { topology: 'one' })
  await broker.declare([{ name: 'a.v1', partitions: 1 }])
  const producer = await broker.producer('writer')
  await producer.commit({ batches: [batchOf('a.v1', 0, numbered(0, 1))], puts: [] })
  // The next message is lost on the way, so that the thread surely dies before it answers.
  const sent = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(() => {})
  const lost = producer.commit({ batches: [batchOf('a.v1', 0, numbered(1, 2))], puts: [] })
  const asked = broker.trim(0, new Map())
  const worker = sent.mock.contexts[0] as Worker
  await Promise.all([
    expect(lost).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', exit_code: 4 }),
    expect(asked).rejects.toMatchObject({ code: 'STORE_FAILED', exit_code: 4 }),
    worker.terminate(),
  ])
  await expect(producer.commit({ batches: [], puts: [] })).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await broker.close()

  sent.mockRestore()
  const again = await openEmbedded(dir, { topology: 'one' })
  expect(await bodies(again, 'a.v1', 0)).toEqual(['body of 0'])
  await again.close()
})

describe('SlotPool', () => {
  test('two commits under way turn two slots', () => {
    const pool = new SlotPool()
    const first = pool.take(100)
    const second = pool.take(100)
    expect([first.index, second.index]).toEqual([0, 1])
    pool.give(first)
    expect(pool.take(1_000_000)).toBe(first)
    pool.give(second)
    expect(pool.take(1)).toBe(second)
  })

  test('a larger commit gets a larger slot, a huge one is let go of after it', () => {
    const pool = new SlotPool()
    pool.give(pool.take(100))
    const larger = pool.take(3_000_000)
    expect(larger.buffer.length).toBe(4 * 1024 * 1024)
    // The small one made way and its index is used again, with other memory that the thread does not know.
    expect([larger.index, larger.known]).toEqual([0, false])
    pool.give(larger)
    expect(pool.take(100)).toBe(larger)
    const huge = pool.take(100_000_000)
    pool.give(huge)
    expect(pool.take(100).buffer.length).toBe(1024 * 1024)
  })
})
