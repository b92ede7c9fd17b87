import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exportTrail } from '../../cli/audit/export.ts'
import { objectIds } from '../../cli/audit/objects.ts'
import { replayDirectory } from '../../cli/audit/replay.ts'
import { Tracer } from '../../cli/audit/trace.ts'
import { verifyExport } from '../../cli/audit/verify-export.ts'
import { verifyTopics } from '../../cli/audit/verify-topics.ts'
import type { RunFile } from '../../cli/run-file.ts'
import type { Reader } from '../../runtime/api/index.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { auditedRun } from './audited-run.ts'

/** A log to which a run adds seconds of market when `reads` calls of `read` have been made. */
async function growing(reads: number): Promise<{ reader: Reader; run: RunFile; grew: () => boolean }> {
  const log = new SimulatedLog(new MemoryStore())
  const { run } = await auditedRun({ broker: log.connect(), stop_after_orders: 2 })
  const view = log.connect()
  let left = reads
  const reader: Reader = {
    ...view,
    read: async (topic, partition, offset) => {
      if (--left === 0) await auditedRun({ broker: log.connect() })
      return view.read(topic, partition, offset)
    },
  }
  return { reader, run, grew: () => left <= 0 }
}

describe('beside a writer that goes on meanwhile', () => {
  it.each([1, 41, 200])(
    'what was durable at the start is judged, nothing else (it grows at read %d)',
    async (reads) => {
      const replayed = await growing(reads)
      expect(await replayDirectory(replayed.reader, replayed.run)).toMatchObject({ different: 0, stopped: undefined })
      expect(replayed.grew()).toBe(true)

      const verified = await growing(reads)
      expect(await verifyTopics(verified.reader, verified.run.topology)).toMatchObject({ ok: true, first_bad: null })
      expect(verified.grew()).toBe(true)

      const traced = await growing(reads)
      const tracer = await Tracer.open(traced.reader, traced.run.topology)
      const ids = await objectIds(traced.reader, traced.run.topology, tracer)
      expect(traced.grew()).toBe(true)
      expect(ids.length).toBeGreaterThan(3)
      for (const id of ids) {
        const { ok, reason } = await tracer.trace(id)
        if (!ok) expect(reason).toMatch(/: it is not sealed yet$/)
      }
    },
  )

  it('an export holds the trail as it was at the start', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'audit-beside-'))
    try {
      const { reader, run } = await growing(3)
      const { end_offset } = reader.partition('audit.events.v1', 0)
      const file = join(dir, 'trail.bin')
      const { records, head } = await exportTrail(reader, run.topology, file)
      expect(records).toBe(end_offset)
      expect(await verifyExport(file)).toEqual({ records, head, ok: true, first_bad: null })
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
