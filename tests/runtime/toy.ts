import { Type } from 'typebox'
import type { CommandRunner, QueryRunner } from '../../runtime/api/effect.ts'
import { ask, defineEffect } from '../../runtime/api/effect.ts'
import { DataFault } from '../../runtime/api/fault.ts'
import { defineProcessor, emit, fault, keep } from '../../runtime/api/processor.ts'
import type { Json, RecordType } from '../../runtime/api/record.ts'
import type { Source, SourceItem } from '../../runtime/api/source.ts'
import type { Clock } from '../../runtime/engine/clock.ts'
import { Engine } from '../../runtime/engine/engine.ts'
import type { JournalType } from '../../runtime/engine/journal.ts'
import type { Observer } from '../../runtime/engine/options.ts'
import { Run } from '../../runtime/engine/run.ts'
import { stateDigest } from '../../runtime/engine/state-view.ts'
import type { FaultPlan } from '../../runtime/log/fault-plan.ts'
import type { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { plan, type World } from '../../runtime/plan/plan.ts'
import type { InputDeclaration, StageDeclaration, Topology } from '../../runtime/topology/types.ts'
import { DeadLetter, JournalEntry } from '../../schemas/generated/index.ts'

/**
 * A topology small enough to hold in the head that uses everything the runtime has: keyed, broadcast, table and
 * feedback inputs, timers, a query effect, faults, several partitions.
 */

export interface Tick {
  readonly k: string
  readonly n: number
}

/** A record whose codec is JSON: the runtime must not care. `n` beyond 1e9 does not fit. */
function jsonRecord<T extends Tick>(name: string): RecordType<T> {
  return {
    name,
    schema: JSON.stringify({ type: 'record', name, fields: [] }),
    fingerprint: name,
    encode(value, arena) {
      if (value.n > 1e9) throw new DataFault('VALUE_OUT_OF_RANGE', 'n is too large', { n: value.n })
      const bytes = Buffer.from(JSON.stringify(value))
      arena.ensure(bytes.length)
      bytes.copy(arena.buf, arena.pos)
      arena.pos += bytes.length
    },
    decode: (buf, pos, end) => JSON.parse(Buffer.from(buf.subarray(pos, end)).toString()) as T,
  }
}

const Tick = jsonRecord<Tick>('Tick')

const sum = defineProcessor({
  name: 'sum',
  description: 'Adds up per key; tells the sum on every tick, and once more when a key has been silent for 50 us.',
  inputs: { ticks: Tick },
  outputs: { sums: Tick },
  faults: { NEGATIVE: 'n is below zero' },
  params: Type.Object({}),
  initial: () => ({ total: 0 }),
  on: {
    ticks(state, tick, ctx) {
      if (tick.n < 0) return fault('NEGATIVE', { n: tick.n })
      const total = state.total + tick.n
      ctx.setTimer('silent', ctx.stream_time_us + 50)
      return emit({ total }, { sums: [{ k: tick.k, n: total }] })
    },
  },
  timer: (state, _name, ctx) => emit(state, { sums: [{ k: ctx.key, n: -state.total }] }),
})

const gather = defineProcessor({
  name: 'gather',
  description:
    'Reads all sums and its own echoes, with the latest answer per key as a table; output order shows the merge.',
  inputs: { sums: Tick, echoes: Tick },
  tables: { answers: Tick },
  outputs: { seen: Tick },
  params: Type.Object({}),
  state_key: { sums: () => 'all', echoes: () => 'all' },
  initial: () => ({ seen: 0, hash: 7 }),
  on: {
    sums(state, value, ctx) {
      const known = ctx.tables.answers?.get(value.k)?.n ?? 0
      const hash = (state.hash * 31 + value.n + known) % 1_000_003
      const id = ctx.tables.answers?.idOf(value.k)
      if (id !== undefined) ctx.cause(id)
      return emit({ seen: state.seen + 1, hash }, { seen: [{ k: value.k, n: hash }] })
    },
    echoes(state, value) {
      return keep({ seen: state.seen, hash: (state.hash * 17 + value.n) % 1_000_003 })
    },
  },
})

const echo = defineProcessor({
  name: 'echo',
  description: 'Says every third seen value again, twice; the way back to gather is a feedback edge.',
  inputs: { seen: Tick },
  outputs: { echoes: Tick },
  params: Type.Object({}),
  initial: () => ({ count: 0 }),
  on: {
    seen(state, value) {
      const count = state.count + 1
      if (count % 3 !== 0) return keep({ count })
      const again = [
        { k: value.k, n: value.n },
        { k: `${value.k}'`, n: value.n + 1 },
      ]
      return emit({ count }, { echoes: again })
    },
  },
})

const oracle = defineEffect({
  name: 'oracle',
  description: 'Asks the outside for the double of a sum.',
  effect: 'query',
  inputs: { sums: Tick },
  outputs: { answers: Tick },
  params: Type.Object({}),
  initial: () => ({ asked: 0, failed: 0 }),
  on: {
    sums: (state, value) => ask({ ...state, asked: state.asked + 1 }, { k: value.k, n: value.n }),
  },
  answer(state, request, answer) {
    if (!answer.ok) return keep({ ...state, failed: state.failed + 1 })
    return emit(state, { answers: [{ k: (request as unknown as Tick).k, n: answer.value as number }] })
  },
})

const order = defineEffect({
  name: 'order',
  description: 'Acts outside, once per thing seen.',
  effect: 'command',
  inputs: { seen: Tick },
  outputs: { done: Tick },
  params: Type.Object({}),
  initial: () => ({ done: 0, unknown: 0 }),
  on: { seen: (state, value) => ask(state, { k: value.k, n: value.n }) },
  answer(state, request, answer) {
    const { k } = request as unknown as Tick
    if (!answer.ok) return emit({ ...state, unknown: state.unknown + 1 }, { done: [{ k, n: -1 }] })
    return emit({ ...state, done: state.done + 1 }, { done: [{ k, n: answer.value as number }] })
  },
})

export const world: World = {
  processors: { sum, gather, echo, oracle, order },
  records: { Tick, DeadLetter: DeadLetter as RecordType<unknown>, JournalEntry: JournalEntry as RecordType<unknown> },
}

const keyed = (topic: string): InputDeclaration => ({ topic, as: 'keyed', feedback_us: undefined })
const broadcast = (topic: string, feedback_us?: number): InputDeclaration => ({ topic, as: 'broadcast', feedback_us })

function stage(
  use: string,
  from: StageDeclaration['from'],
  to: StageDeclaration['to'],
  more: Partial<StageDeclaration> = {},
): StageDeclaration {
  return {
    use,
    from,
    to,
    description: undefined,
    faults_to: 'dead',
    snapshot_every: 3,
    merge: 'by_data',
    max_faults: undefined,
    params: {},
    effect: undefined,
    ...more,
  }
}

const topic = (partitions: number, record = 'Tick', key = 'k') => ({
  record,
  key,
  partitions,
  retention_us: undefined,
  retention_bytes: undefined,
  description: undefined,
})

const latency = { runner: 'toy', latency_us: 7, batch_max: 4, retries: 2, breaker_failures: 3, breaker_open_us: 40 }

export const toy: Topology = {
  name: 'toy',
  description: 'everything the runtime has',
  owner: 'tests',
  commit_interval_ms: 5,
  commit_max_records: 1000,
  end_drain_ms: 1,
  sources: { feed: { to: 'ticks' } },
  instruments: [],
  topics: {
    ticks: topic(3),
    sums: topic(3),
    answers: topic(2),
    seen: topic(1),
    echoes: topic(2),
    dead: topic(1, 'DeadLetter', 'origin_topic'),
  },
  stages: {
    sum: stage('sum', { ticks: keyed('ticks') }, { sums: 'sums' }),
    oracle: stage('oracle', { sums: keyed('sums') }, { answers: 'answers' }, { effect: latency }),
    gather: stage(
      'gather',
      { sums: broadcast('sums'), answers: broadcast('answers'), echoes: broadcast('echoes', 11) },
      { seen: 'seen' },
      { snapshot_every: 5 },
    ),
    echo: stage('echo', { seen: keyed('seen') }, { echoes: 'echoes' }, { snapshot_every: 1 }),
  },
}

/** The toy with a stage that acts outside. */
export const acting: Topology = {
  ...toy,
  topics: { ...toy.topics, done: topic(1) },
  stages: { ...toy.stages, order: stage('order', { seen: keyed('seen') }, { done: 'done' }, { effect: latency }) },
}

/** Ticks at irregular times: bursts, ties resolved by the source, pauses longer than every delay and timer. */
export function ticks(count: number): { value: Tick; at_us: number }[] {
  const out: { value: Tick; at_us: number }[] = []
  let at_us = 1000
  for (let i = 0; i < count; i++) {
    at_us += [1, 1, 3, 9, 2, 70, 1, 4][i % 8] as number
    out.push({ value: { k: `k${(i * i) % 5}`, n: i % 11 === 10 ? -1 : i }, at_us })
  }
  return out
}

/** A source over an array; hands out at most `burst` items between two turns of the event loop. */
export class ArraySource implements Source {
  readonly identity = { kind: 'array' }
  private at = 0
  private left: number
  private readonly items: readonly { value: Tick; at_us: number }[]
  private readonly burst: number

  constructor(items: readonly { value: Tick; at_us: number }[], burst: number) {
    this.items = items
    this.burst = burst
    this.left = burst
  }
  async open(position: Json | undefined): Promise<void> {
    this.at = position === undefined ? 0 : (position as number)
  }
  take(): SourceItem | undefined {
    const item = this.items[this.at]
    if (item === undefined || this.left === 0) return undefined
    this.left--
    return { value: item.value, stream_time_us: item.at_us, position: ++this.at }
  }
  async ready(): Promise<void> {
    this.left = this.burst
  }
  get done(): boolean {
    return this.at >= this.items.length
  }
  async close(): Promise<void> {}
}

/** Time passes only by being looked at. */
export class VirtualClock implements Clock {
  private t = 0
  private readonly step_ms: number
  constructor(step_ms: number) {
    this.step_ms = step_ms
  }
  now_ms(): number {
    this.t += this.step_ms
    return this.t
  }
  async wait(delay_ms: number): Promise<void> {
    this.t += delay_ms
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export const doubling: QueryRunner = {
  identity: { name: 'doubling', version: '1', sha256: '' },
  run: (requests) => requests.map((request) => (request as unknown as Tick).n * 2),
}

export interface ToyRun {
  readonly topology?: Topology
  readonly store: MemoryStore
  readonly items: readonly { value: Tick; at_us: number }[]
  readonly faults?: FaultPlan
  readonly query?: QueryRunner
  readonly command?: CommandRunner
  readonly burst?: number
  readonly step_ms?: number
  readonly observer?: Observer
  /** Stops taking frames after this many commits began, as a kill would: nothing is saved. */
  readonly kill_after_commits?: number
}

export interface ToyResult {
  readonly digests: Readonly<Record<string, { records: number; sha256: string }>>
  readonly state: string
  readonly commits: number
}

export class Killed extends Error {}

/** One process's life: opens the engine on the store, runs to the end or to its death. */
export async function runToy(options: ToyRun): Promise<ToyResult> {
  const topology = options.topology ?? toy
  const log = new SimulatedLog(options.store, options.faults === undefined ? {} : { faults: options.faults })
  const broker = log.connect()
  const engine = await Engine.open({
    plan: plan(topology, world),
    broker,
    journal: world.records.JournalEntry as JournalType,
    schemaId: () => 1,
    hashes: { code: 'c', config: 'c', schemas: 's', models: 'm' },
    runners: {
      oracle: { query: options.query ?? doubling },
      ...(options.command === undefined ? {} : { order: { command: options.command } }),
    },
    observer: {
      ...options.observer,
      durable(commit) {
        options.observer?.durable?.(commit)
        if (options.kill_after_commits !== undefined && commit >= options.kill_after_commits) throw new Killed()
      },
    },
  })
  const run = new Run({
    engine,
    feed: { name: 'feed', source: new ArraySource(options.items, options.burst ?? 1000) },
    speed: Number.POSITIVE_INFINITY,
    once: true,
    commit_interval_ms: topology.commit_interval_ms,
    commit_max_records: topology.commit_max_records,
    end_drain_ms: topology.end_drain_ms,
    clock: new VirtualClock(options.step_ms ?? 1),
    stop: { requested: false },
  })
  await run.run()
  return { digests: await broker.digests(), state: stateDigest(engine.tasks), commits: engine.commit_number }
}
