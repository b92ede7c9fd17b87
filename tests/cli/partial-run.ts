import { join } from 'node:path'
import { type Composition, compose, loadTopology, ROOT } from '../../cli/compose.ts'
import { openEngine } from '../../cli/engine.ts'
import { openDirectory, readTopic } from '../../cli/reading.ts'
import { type RunFile, writeRunFile } from '../../cli/run-file.ts'
import type { TopicRecord } from '../../cli/topic-record.ts'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { Source } from '../../runtime/api/index.ts'
import { Run } from '../../runtime/engine/run.ts'
import { type StateEntry, stateDigest, stateOf } from '../../runtime/engine/state-view.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { VirtualClock } from '../runtime/toy.ts'

/** Runs the shipped topology on a simulated market in this process, to an exact frame and no instant further. */
export interface PartialRun {
  readonly dir: string
  readonly seed: number
  /** Frames that the directory holds in the end. */
  readonly frames: number
  /** As a kill would end it: no last commit, no last snapshots. */
  readonly killed?: boolean
  /** Drops at the end what retention allows. */
  readonly trim?: boolean
  /** What another run was made of, to be made of the same. */
  readonly like?: Reached
  /** Changes the topology before it runs. */
  readonly change?: (topology: Topology) => Topology
}

export interface Reached {
  readonly composition: Composition
  readonly state_sha256: string
  /** State of every stage in memory at the end. */
  readonly states: ReadonlyMap<string, readonly StateEntry[]>
  /** Stream time of the end, microseconds. */
  readonly now_us: number
}

class Killed extends Error {}

export async function runTo({
  dir,
  seed,
  frames,
  killed = false,
  trim = false,
  like,
  change = (topology) => topology,
}: PartialRun): Promise<Reached> {
  const topology = change(await loadTopology(join(ROOT, 'topology/crypto.yaml')))
  const source = simulatedMarket({ seed })
  const composition = like?.composition ?? (await compose(topology, source.identity, seed))
  const broker = await openEmbedded(dir, { topology: topology.name })
  try {
    writeRunFile(dir, { topology, source: source.identity, seed } satisfies RunFile)
    const stop = { requested: false }
    const engine = await openEngine(broker, composition)
    const left = frames - (engine.sources.find(({ planned }) => planned.name === 'feed')?.next_seq ?? 0)
    const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
    const run = new Run({
      engine,
      feed: { name: 'feed', source: counted(source, left, stop, killed) },
      speed: Number.POSITIVE_INFINITY,
      once: false,
      commit_interval_ms,
      commit_max_records,
      end_drain_ms,
      // Commits come by frames, not by how fast the machine is.
      clock: new VirtualClock(0.05),
      stop,
    })
    await run.run().catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error
    })
    if (trim) await engine.trim()
    const states = new Map(composition.plan.stages.map((stage) => [stage, stateOf(engine.tasks, stage)]))
    return { composition, state_sha256: stateDigest(engine.tasks), states, now_us: engine.now_us }
  } finally {
    await broker.close()
  }
}

/** `source` up to `count` items; then it asks for a stop, or dies. */
function counted(source: Source, count: number, stop: { requested: boolean }, killed: boolean): Source {
  let left = count
  return {
    identity: source.identity,
    open: (position) => source.open(position),
    take() {
      if (left-- > 0) return source.take()
      if (killed) throw new Killed()
      return undefined
    },
    async ready() {
      stop.requested = true
    },
    done: false,
    close: () => source.close(),
  }
}

export async function recordsOf(dir: string, topic: string): Promise<TopicRecord[]> {
  const directory = await openDirectory(dir)
  const records: TopicRecord[] = []
  for await (const record of readTopic(directory, topic)) records.push(record)
  await directory.reader.close()
  return records
}
