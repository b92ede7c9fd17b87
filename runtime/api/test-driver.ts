import { Engine } from '../engine/engine.ts'
import type { JournalType } from '../engine/journal.ts'
import type { Runner } from '../engine/options.ts'
import { stateOf } from '../engine/state-view.ts'
import { readRecords } from '../log/batch.ts'
import { MemoryStore } from '../log/memory-store.ts'
import { SimulatedLog } from '../log/simulated.ts'
import { plan, type World } from '../plan/plan.ts'
import type { Topology } from '../topology/types.ts'
import type { Broker } from './broker.ts'
import { assert } from './fault.ts'
import type { Json, RecordType } from './record.ts'

/** One record as a test sees it. */
export interface TestRecord<T = unknown> {
  readonly partition: number
  readonly offset: number
  readonly id: string
  readonly causes: readonly string[]
  /** Stream time, microseconds. */
  readonly at_us: number
  readonly key: string
  readonly value: T
}

export interface TestDriverOptions {
  readonly topology: Topology
  /** Stages to run; the others' topics can be given by hand. All by default. */
  readonly stages?: readonly string[]
  readonly world: World
  readonly runners?: Readonly<Record<string, Runner>>
  /** Survives the driver: a second one on the same store is a restart. */
  readonly store?: MemoryStore
}

/**
 * Runs stages of a topology as the product does, on the simulated broker and with time in the test's hand.
 *
 * Topics that no chosen stage writes, and whatever else a test gives, are fed by `give` in order of stream time; a
 * commit follows only when asked for. What `read` answers is durable.
 */
export class TestDriver {
  readonly engine: Engine
  private readonly broker: Broker
  private readonly given: readonly string[]

  private constructor(engine: Engine, broker: Broker, given: readonly string[]) {
    this.engine = engine
    this.broker = broker
    this.given = given
  }

  static async open(options: TestDriverOptions): Promise<TestDriver> {
    const { topology, world } = options
    const chosen = options.stages ?? Object.keys(topology.stages)
    const stages = Object.fromEntries(
      chosen.map((name) => {
        const stage = topology.stages[name]
        assert(stage !== undefined, `the topology has no stage ${name}`)
        return [name, stage]
      }),
    )
    // Every topic may be given to: a source each, so that records of other stages can be played in.
    const given = Object.keys(topology.topics)
    const sources = Object.fromEntries(given.map((topic) => [`given:${topic}`, { to: topic }]))
    const broker = new SimulatedLog(options.store ?? new MemoryStore()).connect()
    const engine = await Engine.open({
      plan: plan({ ...topology, stages, sources }, world),
      broker,
      journal: world.records.JournalEntry as JournalType,
      schemaId: () => 1,
      hashes: { code: '', config: '', schemas: '', models: '' },
      runners: options.runners ?? {},
    })
    return new TestDriver(engine, broker, given)
  }

  /** Plays records into `topic` at stream time `at_us` and works off that instant. Not before what was given last. */
  async give(topic: string, at_us: number, ...values: readonly unknown[]): Promise<void> {
    await this.giveAll(at_us, [[topic, values]])
  }

  /** Plays records into several topics at one instant. */
  async giveAll(
    at_us: number,
    records: readonly (readonly [topic: string, values: readonly unknown[]])[],
  ): Promise<void> {
    for (let wait = this.engine.prepare(at_us); wait !== undefined; wait = this.engine.prepare(at_us)) await wait
    for (const [topic, values] of records) {
      const index = this.given.indexOf(topic)
      assert(index >= 0, `the topology has no topic ${topic}`)
      for (const value of values) this.engine.ingest(index, value, at_us, null, Number.NaN)
    }
    await this.engine.advance(at_us)
  }

  /** Lets stream time pass, so that timers and answers up to `until_us` come. */
  async advance(until_us: number): Promise<void> {
    await this.engine.advance(until_us)
  }

  async commit(): Promise<void> {
    await this.engine.commit()
  }

  /** Everything durable on `topic`, partition by partition; commits first. */
  async read<T = unknown>(topic: string): Promise<TestRecord<T>[]> {
    await this.commit()
    const type = this.engine.plan.topics.find((candidate) => candidate.name === topic)?.record as
      | RecordType<T>
      | undefined
    assert(type !== undefined, `the topology has no topic ${topic}`)
    const out: TestRecord<T>[] = []
    const partitions = this.engine.plan.topology.topics[topic]?.partitions ?? 0
    for (let partition = 0; partition < partitions; partition++) {
      for (let offset = 0; ; ) {
        const batch = await this.broker.read(topic, partition, offset)
        if (batch === undefined) break
        for (const record of readRecords(batch)) {
          const { id, causes, key, body, stream_time_us: at_us } = record
          out.push({
            partition,
            offset: record.offset,
            id,
            causes,
            at_us,
            key,
            value: type.decode(body, 0, body.length),
          })
          offset = record.offset + 1
        }
      }
    }
    return out
  }

  /** State of one key of a stage as plain data, or undefined. */
  state(stage: string, key: string): Json | undefined {
    this.engine.catchUp()
    return stateOf(this.engine.tasks, stage).find((entry) => entry.key === key)?.state
  }

  digests(): Promise<Readonly<Record<string, { records: number; sha256: string }>>> {
    return this.broker.digests()
  }
}
