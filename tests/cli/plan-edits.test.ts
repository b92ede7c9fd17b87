import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTopology } from '../../cli/compose.ts'
import { directoryChanges } from '../../cli/deploy/directory-plan.ts'
import { openDirectory } from '../../cli/reading.ts'
import { openEmbedded } from '../../connectors/embedded/index.ts'
import { AppError } from '../../runtime/api/index.ts'
import { CELLS } from '../../runtime/engine/snapshot.ts'
import type { StageDeclaration, Topology } from '../../runtime/topology/types.ts'
import { newFolder } from './command.ts'
import { type Reached, recordsOf, runTo } from './partial-run.ts'

/**
 * Edits of a topology on a directory that a run left, each held against what becomes of it: a state that the plan calls
 * kept or migrated is the one that goes on, one that it calls rebuilt or lost is refused and comes out of a fresh run.
 */

const folder = newFolder()
const SEED = 7
const FRAMES = 400
let crypto: Topology
let stopped: Reached
const bases = { stopped: join(folder, 'stopped'), killed: join(folder, 'killed') }

const window: StageDeclaration = {
  use: 'window',
  description: 'Best bids by second.',
  from: { in: { topic: 'market.nbbo.v1', as: 'keyed', feedback_us: undefined } },
  to: { out: 'seconds.v1', late: 'late.v1' },
  faults_to: 'dead-letter.v1',
  snapshot_every: 1000,
  merge: 'by_data',
  max_faults: undefined,
  effect: undefined,
  params: {
    kind: 'tumbling',
    size_ms: 500,
    grace_ms: 5,
    idle_ms: 100,
    late: 'emit',
    time: 'stream_time_us',
    aggregate: { bid: { op: 'last', of: 'record.bid_px' }, n: { op: 'count' } },
    set: { symbol: 'key', bid_px: 'bid', venues: '1' },
  },
}

/** crypto.yaml with a window, a second topic of Nbbo, and no redeliveries. */
function base(topology: Topology): Topology {
  const { redelivery: _r, ...sources } = topology.sources
  const nbbo = topology.topics['market.nbbo.v1']!
  const extra = Object.fromEntries(['seconds.v1', 'late.v1', 'other.v1'].map((name) => [name, nbbo]))
  return {
    ...topology,
    sources,
    topics: { ...topology.topics, ...extra },
    stages: { ...topology.stages, window },
  }
}

function stage(topology: Topology, name: string, change: (stage: StageDeclaration) => object): Topology {
  const is = topology.stages[name] as StageDeclaration
  return { ...topology, stages: { ...topology.stages, [name]: { ...is, ...change(is) } } }
}

function topic(topology: Topology, name: string, change: object): Topology {
  return { ...topology, topics: { ...topology.topics, [name]: { ...topology.topics[name]!, ...change } } }
}

function renamed(topology: Topology, from: string, to: string): Topology {
  const entries = Object.entries(topology.stages).map(([name, one]) => [name === from ? to : name, one])
  return { ...topology, stages: Object.fromEntries(entries) }
}

beforeAll(async () => {
  crypto = base(await loadTopology('topology/crypto.yaml'))
  stopped = await runTo({ dir: bases.stopped, seed: SEED, frames: FRAMES, change: () => crypto })
  await runTo({ dir: bases.killed, seed: SEED, frames: FRAMES, killed: true, change: () => crypto })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Case {
  readonly what: string
  readonly edit: (topology: Topology) => Topology | Promise<Topology>
  readonly on?: 'stopped' | 'killed'
  /** What the plan says of the stage that has a window, or of another one. */
  readonly says: string
  readonly of?: string
  /** The code of the refusal, by the plan and by the run; undefined: it goes on. */
  readonly refused?: string
  readonly damage?: (dir: string) => Promise<void>
}

const cases: Case[] = [
  { what: 'nothing', edit: (topology) => topology, says: 'kept' },
  {
    what: 'the overlay of production',
    edit: async () => base(await loadTopology('topology/crypto.yaml', ['topology/overlays/prod.yaml'])),
    says: 'kept',
  },
  {
    what: 'a parameter',
    edit: (topology) => stage(topology, 'nbbo', ({ params }) => ({ params: { ...params, stale_after_ms: 1 } })),
    says: 'migrated',
  },
  {
    what: 'the size of a window',
    edit: (topology) => stage(topology, 'window', ({ params }) => ({ params: { ...params, size_ms: 2000 } })),
    says: 'migrated',
  },
  {
    what: 'a parameter, behind a crash',
    edit: (topology) => stage(topology, 'nbbo', ({ params }) => ({ params: { ...params, stale_after_ms: 1 } })),
    on: 'killed',
    says: 'rebuilt',
    refused: 'BUILD_CHANGED',
  },
  {
    what: 'the name of a stage',
    edit: (topology) => renamed(topology, 'window', 'seconds'),
    says: 'lost',
    refused: 'TASKS_CHANGED',
  },
  {
    what: 'the order of two stages',
    edit(topology) {
      const { window: moved, ...stages } = topology.stages
      const entries = Object.entries(stages)
      const at = entries.findIndex(([name]) => name === 'pattern-scorer')
      entries.splice(at, 0, ['window', moved as StageDeclaration])
      return { ...topology, stages: Object.fromEntries(entries) }
    },
    says: 'rebuilt',
    refused: 'TASKS_CHANGED',
  },
  {
    what: 'a stage less',
    edit(topology) {
      const { window: _gone, ...stages } = topology.stages
      return { ...topology, stages }
    },
    says: 'lost',
    refused: 'TASKS_CHANGED',
  },
  {
    what: 'a source more',
    edit: async (topology) => ({ ...topology, sources: (await loadTopology('topology/crypto.yaml')).sources }),
    says: 'rebuilt',
    refused: 'TASKS_CHANGED',
  },
  {
    what: 'the partitions of a topic that one task writes',
    edit: (topology) => topic(topology, 'late.v1', { partitions: 2 }),
    says: 'rebuilt',
    refused: 'TOPIC_MISMATCH',
  },
  {
    what: 'the key of a topic that is read',
    edit: (topology) => topic(topology, 'market.nbbo.v1', { key: 'basis' }),
    says: 'rebuilt',
    refused: 'INPUTS_CHANGED',
  },
  {
    what: 'the key of a topic that nobody here reads',
    edit: (topology) => topic(topology, 'seconds.v1', { key: 'basis' }),
    says: 'migrated',
  },
  {
    what: 'another topic for an input',
    edit: (topology) => stage(topology, 'window', ({ from }) => ({ from: { in: { ...from.in, topic: 'other.v1' } } })),
    says: 'rebuilt',
    refused: 'INPUTS_CHANGED',
  },
  {
    what: 'the delay of a feedback edge',
    edit: (topology) =>
      stage(topology, 'strategy', ({ from }) => ({
        from: { ...from, positions: { ...from.positions!, feedback_us: 2000 } },
      })),
    says: 'rebuilt',
    refused: 'INPUTS_CHANGED',
  },
  {
    what: 'a state that this build has another form of',
    edit: (topology) => topology,
    says: 'rebuilt',
    refused: 'STATE_UNREADABLE',
    async damage(dir) {
      const broker = await openEmbedded(dir, { topology: 'crypto' })
      const puts = []
      for await (const { key } of broker.scan(CELLS, 'book-builder/')) {
        puts.push({ store: CELLS, key, value: Buffer.from('{}') })
      }
      await (await broker.producer('damage')).commit({ batches: [], puts })
      await broker.close()
    },
  },
]

describe.each(cases)('an edit: $what', ({ what, edit, on = 'stopped', says, refused, damage }) => {
  const dir = join(folder, what.replaceAll(' ', '-'))
  let topology: Topology

  beforeAll(async () => {
    cpSync(bases[on], dir, { recursive: true })
    await damage?.(dir)
    topology = await edit(crypto)
  })

  it('is planned', async () => {
    const directory = await openDirectory(dir)
    try {
      const changes = await directoryChanges(directory, topology, [])
      const of = (name: string) => changes.find(({ kind, resource }) => kind === 'store' && resource === name)
      expect(of('window')).toMatchObject({ impact: says })
      const anew = changes.some(
        ({ impact, blocked }) => blocked !== undefined || impact === 'rebuilt' || impact === 'lost',
      )
      expect(anew).toBe(refused !== undefined)
    } finally {
      await directory.reader.close()
    }
  })

  it('becomes what the plan says', async () => {
    const run = (where: string, frames: number) => runTo({ dir: where, seed: SEED, frames, change: () => topology })
    const before = await recordsOf(dir, 'seconds.v1')
    if (refused === undefined) {
      const { states } = await run(dir, FRAMES)
      expect(states).toEqual(stopped.states)
    } else {
      const error = await run(dir, FRAMES).catch((one: unknown) => one)
      expect(error).toBeInstanceOf(AppError)
      expect(error).toMatchObject({ code: refused, exit_code: 2 })
      // Nothing was written: the old topology still goes on.
      if (damage === undefined) {
        const again = await runTo({ dir, seed: SEED, frames: FRAMES, change: () => crypto })
        expect(again.states.get('window')).toEqual(stopped.states.get('window'))
      }
    }
    expect((await recordsOf(dir, 'seconds.v1')).slice(0, before.length)).toEqual(before)
  })
})
