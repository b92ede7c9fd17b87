import { createHash } from 'node:crypto'
import type { Reader } from '../api/broker.ts'
import { AppError, InvariantError } from '../api/fault.ts'
import type { Engine } from '../engine/engine.ts'
import { load } from '../engine/recovery.ts'
import { stateOf } from '../engine/state-view.ts'
import { type Outlet, Task } from '../engine/task.ts'
import { RecordCursor } from '../log/records.ts'
import { type Plan, producerNumbers } from '../plan/plan.ts'
import type { TopologyTest } from './test-file.ts'
import type { StageDeclaration, Topology } from './types.ts'

/**
 * A topology test as every broker plays it: the chosen stages alone, what comes from outside and when, and how what the
 * stages wrote is read back.
 *
 * A test begins at 1 s of stream time, so that the topology's instruments, which are on their topic at 0 as in a run
 * unless the test gives that topic itself, are there before everything. Time goes on to `until`, or to the last record
 * given or expected; timers due by then have fired.
 */
export const START_US = 1_000_000

export interface TestScript {
  readonly test: TopologyTest
  /** The chosen stages, the topics that they touch, and a source for each topic that is given to. */
  readonly topology: Topology
  readonly instants: readonly Instant[]
  /** Stream time that everything passes, microseconds. */
  readonly end_us: number
  /** Topics that the stages write, in the topology's order. */
  readonly written: readonly string[]
}

/** What comes from outside at one instant of stream time, within it in the topology's order of topics. */
interface Instant {
  readonly at_us: number
  readonly records: readonly (readonly [topic: string, value: unknown])[]
}

/** What the stages wrote, however and wherever they ran. */
export interface Written {
  /** By topic, in order of stream time; of one instant by partition, producer and number. */
  readonly topics: Readonly<Record<string, readonly WrittenRecord[]>>
  /** By stage and key, of the stages whose state the test asks for. */
  readonly state: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Over ids, causes, times, partitions, keys and bodies of all of them (hex). */
  readonly sha256: string
}

interface WrittenRecord {
  /** Stream time, microseconds. */
  readonly at_us: number
  readonly value: unknown
}

/** Sources of a test begin so: what they wrote is not what the stages wrote. */
const GIVEN = 'given:'

export function scriptOf(test: TopologyTest, stages: readonly string[], topology: Topology): TestScript {
  const chosen = Object.fromEntries(stages.map((name) => [name, topology.stages[name] as StageDeclaration]))
  const read = topicsOf(chosen, ({ from }) => Object.values(from).map(({ topic }) => topic))
  const written = topicsOf(chosen, ({ to, faults_to }) => [...Object.values(to), faults_to])
  const names = Object.keys(topology.topics).filter((name) => read.has(name) || written.has(name))
  const declared = topology.sources.topology?.to
  // Also those that nothing is given to: their silence is what tells a lane that time passes.
  const fed = names.filter((name) => {
    return test.given[name] !== undefined || (read.has(name) && (!written.has(name) || name === declared))
  })
  const instants = instantsOf(test, topology, fed)
  const last_us = Math.max(0, ...Object.values(test.expect).flatMap((all) => all.map(({ at_us }) => at_us)))
  return {
    test,
    topology: {
      ...topology,
      stages: chosen,
      topics: Object.fromEntries(names.map((name) => [name, topology.topics[name]!])),
      sources: Object.fromEntries(fed.map((to) => [GIVEN + to, { to }])),
    },
    instants,
    end_us: Math.max(instants.at(-1)?.at_us ?? 0, START_US + (test.until_us ?? last_us)),
    written: names.filter((name) => written.has(name)),
  }
}

function topicsOf(
  stages: Readonly<Record<string, StageDeclaration>>,
  of: (stage: StageDeclaration) => readonly (string | undefined)[],
): Set<string> {
  return new Set(
    Object.values(stages)
      .flatMap(of)
      .filter((name) => name !== undefined),
  )
}

function instantsOf(test: TopologyTest, topology: Topology, fed: readonly string[]): Instant[] {
  const by_time = new Map<number, [string, unknown][]>()
  const add = (at_us: number, topic: string, value: unknown) => {
    const records = by_time.get(at_us) ?? []
    by_time.set(at_us, records)
    records.push([topic, value])
  }
  for (const topic of fed) {
    if (topic === topology.sources.topology?.to && test.given[topic] === undefined) {
      for (const instrument of topology.instruments)
        add(0, topic, { ...instrument, tradable: true, origin: 'TOPOLOGY' })
    }
    for (const { at_us, value } of test.given[topic] ?? []) add(START_US + at_us, topic, value)
  }
  return [...by_time].sort(([a], [b]) => a - b).map(([at_us, records]) => ({ at_us, records }))
}

/**
 * Feeds an engine with the script, from where its sources stand, to the end; commits after every `commit_every` instants,
 * so that a run that dies goes on where its last commit left it. `between` is called wherever it could die, and ends the
 * run by throwing. Everything is durable and snapshot when it resolves.
 */
export async function play(
  engine: Engine,
  { instants, end_us }: TestScript,
  commit_every = 1,
  between: () => void = () => {},
): Promise<void> {
  const sources = new Map(engine.sources.map(({ planned }, index) => [planned.topic.name, index]))
  const done = Math.max(-1, ...engine.sources.map(({ position }) => (position as number | undefined) ?? -1))
  for (const [number, { at_us, records }] of instants.entries()) {
    if (number <= done) continue
    for (let wait = engine.prepare(at_us); wait !== undefined; wait = engine.prepare(at_us)) await wait
    for (const [topic, value] of records) engine.ingest(sources.get(topic)!, value, at_us, number, Number.NaN)
    between()
    await engine.advance(at_us)
    between()
    if ((number + 1) % commit_every === 0) await engine.commit()
  }
  await engine.advance(end_us)
  between()
  engine.end()
  await engine.commit(true)
}

/** Reads back what the stages wrote, up to where the reader knows the partitions to end. */
export async function readWritten(reader: Reader, { written, test }: TestScript, plan: Plan): Promise<Written> {
  const hash = createHash('sha256')
  const producers = producerNumbers(plan)
  const topics: Record<string, WrittenRecord[]> = {}
  for (const name of written) {
    const topic = plan.topics.find((one) => one.name === name)!
    const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition)
    const found = (await Promise.all(partitions.map((partition) => readPartition(reader, name, partition)))).flat()
    for (const { producer } of found) if (!producers.has(producer)) throw foreign(name, producer)
    const rank = ({ producer }: StoredRecord) => producers.get(producer)!
    found.sort((a, b) => a.at_us - b.at_us || a.partition - b.partition || rank(a) - rank(b) || a.seq - b.seq)
    topics[name] = found.map(({ at_us, body }) => ({ at_us, value: topic.record.decode(body, 0, body.length) }))
    for (const { producer, seq, causes, at_us, partition, key, body } of found) {
      hash.update(`${JSON.stringify([name, producer, seq, causes, at_us, partition, key, body.length])}\n`).update(body)
    }
  }
  const asked = new Set(test.state?.map(({ stage }) => stage))
  const state: Record<string, Record<string, unknown>> = {}
  for (const stage of asked) state[stage] = await readState(reader, stage, plan)
  return { topics, state, sha256: hash.digest('hex') }
}

/** As the last snapshots hold it: a test ends with one. */
async function readState(reader: Reader, stage: string, plan: Plan): Promise<Record<string, unknown>> {
  const tasks: Task[] = []
  for (const planned of plan.tasks) {
    if (planned.stage !== stage) continue
    const task = new Task(planned, plan.producers, NO_OUTLET, undefined)
    await load(task, reader)
    tasks.push(task)
  }
  return Object.fromEntries(stateOf(tasks, stage).map(({ key, state }) => [key, state]))
}

const NO_OUTLET: Outlet = {
  emit: (task) => {
    throw new InvariantError(`${task.planned.name} is not run here`)
  },
}

interface StoredRecord {
  readonly partition: number
  readonly producer: string
  readonly seq: number
  readonly causes: readonly string[]
  readonly at_us: number
  readonly key: string
  readonly body: Uint8Array
}

async function readPartition(reader: Reader, topic: string, partition: number): Promise<StoredRecord[]> {
  const found: StoredRecord[] = []
  const cursor = new RecordCursor()
  for (let offset = 0; offset < reader.partition(topic, partition).end_offset; ) {
    const batch = await reader.read(topic, partition, offset)
    if (batch === undefined) break
    cursor.open(batch)
    while (cursor.next()) {
      const { producer, seq, stream_time_us: at_us } = cursor
      if (producer.startsWith(GIVEN)) continue
      const causes = cursor.causes()
      found.push({ partition, producer, seq, causes, at_us, key: cursor.key(), body: cursor.body() })
    }
    offset = batch.base_offset + batch.records
  }
  return found
}

function foreign(topic: string, producer: string): AppError {
  return new AppError('FOREIGN_RECORD', `${topic} holds a record of ${producer}, which no stage of the test is`, {
    exit_code: 3,
  })
}
