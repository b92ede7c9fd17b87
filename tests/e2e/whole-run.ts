import { join } from 'node:path'
import { compose, loadTopology, ROOT } from '../../cli/compose.ts'
import { openEngine, wallClock } from '../../cli/engine.ts'
import { Measure } from '../../cli/measure.ts'
import { type Summary, summarize } from '../../cli/summary.ts'
import type { Broker, Reader, RecordId, RecordType, Source } from '../../runtime/api/index.ts'
import { Run } from '../../runtime/engine/run.ts'
import type { Task } from '../../runtime/engine/task.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'

/** What `aitrader up --once --json` does, in this process and on any broker; and reading what it wrote. */
export interface Whole {
  readonly summary: Summary
  readonly tasks: readonly Task[]
  readonly broker: Broker
}

export const TOPOLOGY = join(ROOT, 'topology/crypto.yaml')

export function simulatedBroker(): Broker {
  return new SimulatedLog(new MemoryStore()).connect()
}

/** `speed` is stream time per wall time; infinity by default. */
export async function wholeRun(source: Source, broker = simulatedBroker(), speed = Infinity): Promise<Whole> {
  const topology = await loadTopology(TOPOLOGY)
  const engine = await openEngine(broker, await compose(topology, source.identity, 1))
  const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
  const pace = { speed, once: true, commit_interval_ms, commit_max_records, end_drain_ms }
  const feed = { name: 'feed', source }
  await new Run({ engine, feed, ...pace, clock: wallClock, stop: { requested: false } }).run()
  const measured = { duration_ms: 0, latency_us: new Measure().latency() }
  return { summary: await summarize(topology, broker, engine.tasks, measured), tasks: engine.tasks, broker }
}

/** What two runs must agree on whatever the broker, the speed, the commits and the deaths. */
export function results({ topics, state_sha256 }: Pick<Summary, 'topics' | 'state_sha256'>) {
  return { topics, state_sha256 }
}

/** A record with what stands in its head. */
export interface Seen<T> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly id: RecordId
  readonly stream_time_us: number
  readonly key: string
  readonly causes: readonly RecordId[]
  readonly value: T
}

/** All records of a topic, partition by partition. */
export async function recordsOf<T>(reader: Reader, topic: string, type: RecordType<T>): Promise<Seen<T>[]> {
  const partitions = reader.topics().find(({ name }) => name === topic)?.partitions ?? 0
  const cursor = new RecordCursor()
  const seen: Seen<T>[] = []
  for (let partition = 0; partition < partitions; partition++) {
    for (let at = 0; ; at = cursor.offset + 1) {
      const batch = await reader.read(topic, partition, at)
      if (batch === undefined) break
      cursor.open(batch, at)
      while (cursor.next()) {
        const { offset, id, stream_time_us } = cursor
        const value = type.decode(batch.bodies, cursor.body_start, cursor.body_end)
        seen.push({ topic, partition, offset, id, stream_time_us, key: cursor.key(), causes: cursor.causes(), value })
      }
    }
  }
  return seen
}
