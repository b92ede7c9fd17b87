import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { defineProcessor, emit } from '../../runtime/api/processor.ts'
import type { RecordType } from '../../runtime/api/record.ts'
import type { Source, SourceItem } from '../../runtime/api/source.ts'
import { Engine } from '../../runtime/engine/engine.ts'
import type { JournalType } from '../../runtime/engine/journal.ts'
import { Run } from '../../runtime/engine/run.ts'
import { stateDigest } from '../../runtime/engine/state-view.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { type Tick, toy, VirtualClock, world } from './toy.ts'

/**
 * A capture may be silent for hours, or claim to be: a stop, the commits and the event loop do not wait until all
 * timers of the silence have fired.
 */

const SECOND_US = 1_000_000
const SILENCE_US = 10 * 3_600 * SECOND_US

const Ticks = world.records.Tick as RecordType<Tick>

const pulse = defineProcessor({
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
    return emit({ beats }, { beats: beats % 600 === 0 ? [{ k: ctx.key, n: beats }] : [] })
  },
})

const topology = {
  ...toy,
  topics: { ticks: { ...toy.topics.ticks, partitions: 1 }, beats: { ...toy.topics.ticks, partitions: 1 } },
  stages: {
    pulse: { ...toy.stages.sum, use: 'pulse', to: { beats: 'beats' }, faults_to: undefined },
  },
} as typeof toy

/** Two ticks, a silence between them. */
function twoTicks(): Source {
  const times = [1000, 1000 + SILENCE_US]
  let at = 0
  return {
    identity: { kind: 'two ticks' },
    get done() {
      return at >= times.length
    },
    async open(position) {
      at = (position as number | undefined) ?? 0
    },
    take(): SourceItem | undefined {
      const stream_time_us = times[at]
      if (stream_time_us === undefined) return undefined
      return { value: { k: 'k', n: at }, stream_time_us, position: ++at }
    },
    async ready() {},
    async close() {},
  }
}

/** Runs on `store`; asks to stop when the epoch `stop_at` is durable. Answers what is there afterwards. */
async function live(store: MemoryStore, stop_at = Number.POSITIVE_INFINITY) {
  const broker = new SimulatedLog(store).connect()
  const stop = { requested: false }
  const engine = await Engine.open({
    plan: plan(topology, { ...world, processors: { pulse } }),
    broker,
    journal: world.records.JournalEntry as JournalType,
    schemaId: () => 1,
    hashes: { code: 'c', config: 'c', schemas: 's', models: 'm' },
    runners: {},
    observer: {
      durable(commit) {
        if (commit >= stop_at) stop.requested = true
      },
    },
  })
  const run = new Run({
    engine,
    feed: { name: 'feed', source: twoTicks() },
    speed: Number.POSITIVE_INFINITY,
    once: true,
    commit_interval_ms: 5,
    commit_max_records: 1000,
    end_drain_ms: 1,
    clock: new VirtualClock(1),
    stop,
  })
  await run.run()
  return {
    frames: run.frames,
    now_us: engine.now_us,
    digests: await broker.digests(),
    state: stateDigest(engine.tasks),
  }
}

test('a stop in the middle of a long silence is taken there, and the rest follows at the next start', async () => {
  const whole = await live(new MemoryStore())
  expect(whole.frames).toBe(2)
  expect(whole.digests.beats?.records).toBe(60)

  const store = new MemoryStore()
  const stopped = await live(store, 3)
  expect(stopped.frames).toBe(1)
  expect(stopped.now_us).toBeGreaterThan(60 * SECOND_US)
  expect(stopped.now_us).toBeLessThan(SILENCE_US / 2)

  const { digests, state } = await live(store)
  expect({ digests, state }).toEqual({ digests: whole.digests, state: whole.state })
})
