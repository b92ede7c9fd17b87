import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { defineProcessor, emit } from '../../runtime/api/processor.ts'
import type { RecordType } from '../../runtime/api/record.ts'
import type { Source, SourceItem } from '../../runtime/api/source.ts'
import { Engine } from '../../runtime/engine/engine.ts'
import type { JournalType } from '../../runtime/engine/journal.ts'
import { Run } from '../../runtime/engine/run.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { plan } from '../../runtime/plan/plan.ts'
import { type Tick, toy, VirtualClock, world } from './toy.ts'

/** A live source that is silent: time goes on, as far as the source says, and what is due happens. */

const SECOND_US = 1_000_000
const START_US = 1_767_571_200 * SECOND_US

const Ticks = world.records.Tick as RecordType<Tick>

const pulse = defineProcessor({
  name: 'pulse',
  description: 'Beats once a second from its first tick on.',
  inputs: { ticks: Ticks },
  outputs: { beats: Ticks },
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
    return emit({ beats }, { beats: [{ k: ctx.key, n: beats }] })
  },
})

const topology = {
  ...toy,
  topics: { ticks: { ...toy.topics.ticks, partitions: 1 }, beats: { ...toy.topics.ticks, partitions: 1 } },
  stages: { pulse: { ...toy.stages.sum, use: 'pulse', to: { beats: 'beats' }, faults_to: undefined } },
} as typeof toy

/** One tick, then nothing; whether it says that time passes. The run is stopped after `silence_s` of it. */
async function beats(live: boolean, silence_s: number): Promise<number> {
  const clock = new VirtualClock(1)
  const stop = { requested: false }
  const passed_us = () => START_US + Math.floor(clock.now_ms() * 1_000)
  let taken = false
  const source: Source = {
    identity: { kind: 'one tick' },
    done: false,
    async open() {},
    take(): SourceItem | undefined {
      if (passed_us() >= START_US + silence_s * SECOND_US) stop.requested = true
      if (taken) return undefined
      taken = true
      return { value: { k: 'k', n: 0 }, stream_time_us: START_US, position: 1 }
    },
    // Of a source that is not live nobody asks before this is over.
    ready: () => (live ? new Promise(() => {}) : clock.wait(silence_s * 1_000)),
    async close() {},
    ...(live ? { passed_us } : {}),
  }
  const broker = new SimulatedLog(new MemoryStore()).connect()
  const engine = await Engine.open({
    plan: plan(topology, { ...world, processors: { pulse } }),
    broker,
    journal: world.records.JournalEntry as JournalType,
    schemaId: () => 1,
    hashes: { code: 'c', config: 'c', schemas: 's', models: 'm' },
    runners: {},
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
  return (await broker.digests()).beats?.records ?? 0
}

test('timers fire while a live source is silent', async () => {
  expect(await beats(true, 10.5)).toBe(10)
})

test('nothing happens while any other source is', async () => {
  expect(await beats(false, 10.5)).toBe(0)
})
