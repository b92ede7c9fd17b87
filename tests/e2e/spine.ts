import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadTopology, ROOT, runnersOf } from '../../cli/compose.ts'
import { shippedWorld } from '../../cli/world.ts'
import type { Broker, Source } from '../../runtime/api/index.ts'
import { Engine } from '../../runtime/engine/engine.ts'
import type { JournalType } from '../../runtime/engine/journal.ts'
import { Run } from '../../runtime/engine/run.ts'
import { stateDigest } from '../../runtime/engine/state-view.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { schemaId } from '../../schemas/framing.ts'
import { JournalEntry } from '../../schemas/generated/index.ts'
import { Killed, VirtualClock } from '../runtime/toy.ts'

/** The shipped topology in this process, for tests that compare whole runs. */
export interface SpineRun {
  readonly broker: Broker
  readonly source: Source
  /** Milliseconds that the virtual clock moves per look: small makes few, large commits. */
  readonly step_ms: number
  readonly kill_after_commits?: number
}

export interface SpineResult {
  readonly topics: Readonly<Record<string, { records: number; sha256: string }>>
  readonly state_sha256: string
  readonly commits: number
}

export async function runSpine({ broker, source, step_ms, kill_after_commits }: SpineRun): Promise<SpineResult> {
  const topology = await loadTopology(join(ROOT, 'topology/crypto.yaml'))
  const engine = await Engine.open({
    plan: plan(topology, await shippedWorld(), { manifest: '{}' }),
    broker,
    journal: JournalEntry as JournalType,
    schemaId: (fingerprint) => schemaId({ fingerprint }),
    hashes: { code: '', config: '', schemas: '', models: '' },
    runners: runnersOf(topology),
    observer: {
      durable(commit) {
        if (kill_after_commits !== undefined && commit >= kill_after_commits) throw new Killed()
      },
    },
  })
  const run = new Run({
    engine,
    feed: { name: 'feed', source },
    speed: Number.POSITIVE_INFINITY,
    once: true,
    commit_interval_ms: topology.commit_interval_ms,
    commit_max_records: topology.commit_max_records,
    end_drain_ms: topology.end_drain_ms,
    clock: new VirtualClock(step_ms),
    stop: { requested: false },
  })
  await run.run()
  return { topics: await broker.digests(), state_sha256: stateDigest(engine.tasks), commits: engine.commit_number }
}

/** Path of a recorded file, or undefined where the data is not there. */
export function recorded(name: string): string | undefined {
  const path = join(process.env.AITRADER_DATA ?? join(ROOT, '../shared/data'), name)
  return existsSync(path) ? path : undefined
}

export const NO_DATA = 'no recorded market data: set AITRADER_DATA or put it in ../shared/data'
