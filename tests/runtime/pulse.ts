/** A stage that beats once a second of stream time, and a run of it on any source: for tests of silence. */
import { Type } from 'typebox'
import { defineProcessor, emit } from '../../runtime/api/processor.ts'
import type { RecordType } from '../../runtime/api/record.ts'
import type { Source } from '../../runtime/api/source.ts'
import { Engine } from '../../runtime/engine/engine.ts'
import type { JournalType } from '../../runtime/engine/journal.ts'
import { Run } from '../../runtime/engine/run.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { type Tick, toy, VirtualClock, world } from './toy.ts'

export const SECOND_US = 1_000_000

const Ticks = world.records.Tick as RecordType<Tick>

/** Says one of `every` beats. */
function pulse(every: number) {
  return defineProcessor({
    name: 'pulse',
    description: 'Beats once a second from its first tick on.',
    inputs: { ticks: Ticks },
    outputs: { beats: Ticks },
    // A stage that refuses nothing and that nobody reads may run late: this one runs on time.
    faults: { NEGATIVE: 'n is below zero' },
    params: Type.Object({}),
    initial: () => ({ beats: 0 }),
    on: {
      ticks(state, _tick, ctx) {
        ctx.setTimer('beat', ctx.stream_time_us + SECOND_US)
        return emit(state, {})
      },
    },
    timer(state, _name, ctx) {
      ctx.setTimer('beat', ctx.stream_time_us + SECOND_US)
      const beats = state.beats + 1
      return emit({ beats }, { beats: beats % every === 0 ? [{ k: ctx.key, n: beats }] : [] })
    },
  })
}

const topology = {
  ...toy,
  topics: { ticks: { ...toy.topics.ticks, partitions: 1 }, beats: { ...toy.topics.ticks, partitions: 1 } },
  stages: { pulse: { ...toy.stages.sum, use: 'pulse', to: { beats: 'beats' }, faults_to: undefined } },
} as typeof toy

interface PulseOptions {
  readonly source: Source
  readonly every?: number
  readonly store?: MemoryStore
  readonly clock?: VirtualClock
  /** Whoever sets it stops the run. */
  readonly stop?: { requested: boolean }
  readonly durable?: (epoch: number) => void
}

/** Runs until the source is done, or it is stopped. Answers what is there afterwards. */
export async function runPulse({
  source,
  every = 1,
  store = new MemoryStore(),
  clock = new VirtualClock(1),
  stop = { requested: false },
  durable,
}: PulseOptions) {
  const broker = new SimulatedLog(store).connect()
  const engine = await Engine.open({
    plan: plan(topology, { ...world, processors: { pulse: pulse(every) } }),
    broker,
    journal: world.records.JournalEntry as JournalType,
    schemaId: () => 1,
    hashes: { code: 'c', config: 'c', schemas: 's', models: 'm' },
    runners: {},
    ...(durable === undefined ? {} : { observer: { durable } }),
  })
  const run = new Run({
    engine,
    feed: { name: 'feed', source },
    speed: Number.POSITIVE_INFINITY,
    once: true,
    commit_interval_ms: 5,
    commit_max_records: 1000,
    end_drain_ms: 1,
    clock,
    stop,
  })
  await run.run()
  const digests = await broker.digests()
  return { engine, frames: run.frames, digests, beats: digests.beats?.records ?? 0 }
}
