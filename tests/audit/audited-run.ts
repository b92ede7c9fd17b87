import { type Composition, compose, loadTopology } from '../../cli/compose.ts'
import { openEngine } from '../../cli/engine.ts'
import type { RunFile } from '../../cli/run-file.ts'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { Broker, Reader, RecordType, StoredBatch } from '../../runtime/api/index.ts'
import { Run } from '../../runtime/engine/run.ts'
import { BatchBuilder, type RecordView, readRecords } from '../../runtime/log/batch.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { VirtualClock } from '../runtime/toy.ts'

/** The shipped topology on a few seconds of the simulated market: a log small enough to be damaged in every way. */

const SEED = 1

export interface Audited {
  readonly reader: Reader
  readonly run: RunFile
}

export interface RunOptions {
  /** Stream time of the market, milliseconds. */
  readonly duration_ms?: number
  readonly broker?: Broker
  /** Stops after this many commits without a drain or a last word; what is durable by then is the log. */
  readonly stop_after_commits?: number
  /** Stops at the instant of this order. */
  readonly stop_after_orders?: number
  /** Another build: its name stands in the manifest. */
  readonly build?: string
  /** The record that a topic's records are written as, in place of this build's. */
  readonly writtenAs?: (type: RecordType<unknown>) => RecordType<unknown>
}

export async function auditedRun(options: RunOptions = {}): Promise<Audited> {
  const { duration_ms = 16_000, stop_after_commits, stop_after_orders } = options
  const broker = options.broker ?? new SimulatedLog(new MemoryStore()).connect()
  const topology = await loadTopology('topology/crypto.yaml')
  const source = simulatedMarket({ seed: SEED, duration_ms })
  const composition = await compose(topology, source.identity, SEED)
  const { writtenAs } = options
  if (writtenAs !== undefined) {
    for (const topic of composition.plan.topics) Object.assign(topic, { record: writtenAs(topic.record) })
  }
  const stop = { requested: false }
  let orders = 0
  const engine = await openEngine(broker, asBuild(composition, options.build), {
    emitted({ topic }) {
      if (topic.name === 'orders.gateway.v1' && ++orders === stop_after_orders) stop.requested = true
    },
    durable(commit) {
      if (stop_after_commits !== undefined && commit >= stop_after_commits) stop.requested = true
    },
  })
  const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
  const feed = { name: 'feed', source }
  const clock = new VirtualClock(0.05)
  const speed = Number.POSITIVE_INFINITY
  await new Run({
    engine,
    feed,
    speed,
    once: true,
    commit_interval_ms,
    commit_max_records,
    end_drain_ms,
    clock,
    stop,
  }).run()
  return { reader: broker, run: { topology, source: source.identity, seed: SEED } }
}

/** The same program under another name. */
function asBuild(composition: Composition, build: string | undefined): Composition {
  if (build === undefined) return composition
  const { plan } = composition
  const tasks = plan.tasks.map((task) =>
    task.stage === 'audit-sink'
      ? { ...task, params: { ...(task.params as object), manifest: JSON.stringify({ build }) } }
      : task,
  )
  return { ...composition, plan: { ...plan, tasks } }
}

export interface Place {
  readonly topic: string
  readonly partition: number
}

/** What is to stand in the place of a record, in the partitions named; without names, in all. */
export interface Edit {
  (record: RecordView, place: Place): readonly RecordView[]
  readonly places?: readonly Place[]
}

/** The log as somebody with a pen could have written it: partitions anew, record by record through `edit`. */
export async function doctored(reader: Reader, edit: Edit): Promise<Reader> {
  const places =
    edit.places ??
    reader
      .topics()
      .flatMap(({ name: topic, partitions }) =>
        Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
      )
  const lanes = new Map<string, StoredBatch[]>()
  for (const place of places) {
    const lane: StoredBatch[] = []
    let base_offset = 0
    for (const batch of await batches(reader, place)) {
      const builder = new BatchBuilder(place.topic, place.partition, batch.schema_id)
      for (const record of readRecords(batch)) for (const written of edit(record, place)) append(builder, written)
      if (builder.records === 0) continue
      lane.push({ ...builder.batch(), base_offset })
      base_offset += builder.records
    }
    lanes.set(`${place.topic}/${place.partition}`, lane)
  }
  return {
    ...reader,
    read: async (topic, partition, offset) => {
      const lane = lanes.get(`${topic}/${partition}`)
      return lane === undefined
        ? reader.read(topic, partition, offset)
        : lane.find((batch) => batch.base_offset + batch.records > offset)
    },
    partition: (topic, partition) => {
      const lane = lanes.get(`${topic}/${partition}`)
      if (lane === undefined) return reader.partition(topic, partition)
      const last = lane.at(-1)
      return { topic, partition, start_offset: 0, end_offset: last === undefined ? 0 : last.base_offset + last.records }
    },
  }
}

function append(builder: BatchBuilder, { body, key, producer, seq, stream_time_us, causes }: RecordView): void {
  const ids = causes.map((id) => ({
    producer: id.slice(0, id.lastIndexOf(':')),
    seq: Number(id.slice(id.lastIndexOf(':') + 1)),
  }))
  builder.appendBody(body, key, producer, seq, stream_time_us, {
    length: ids.length,
    producers: ids.map((id) => id.producer),
    seqs: ids.map((id) => id.seq),
  })
}

async function batches(reader: Reader, { topic, partition }: Place) {
  const all = []
  for (let offset = 0; ; ) {
    const batch = await reader.read(topic, partition, offset)
    if (batch === undefined) return all
    all.push(batch)
    offset = batch.base_offset + batch.records
  }
}

export async function recordsOf(reader: Reader, place: Place): Promise<RecordView[]> {
  return (await batches(reader, place)).flatMap((batch) => [...readRecords(batch)])
}

/** Changes one record and leaves the rest. */
export function at(place: Place, offset: number, change: (record: RecordView) => readonly RecordView[]): Edit {
  return within(place, (record) => (record.offset === offset ? change(record) : [record]))
}

/** Changes records of one partition. */
export function within({ topic, partition }: Place, edit: (record: RecordView) => readonly RecordView[]): Edit {
  return Object.assign((record: RecordView) => edit(record), { places: [{ topic, partition }] })
}

/** The body with one bit of byte `index` (from the end if negative) turned. */
export function flipped(record: RecordView, index: number, bit = 0): RecordView {
  const body = Uint8Array.from(record.body)
  const byte = index < 0 ? body.length + index : index
  body[byte] = (body[byte] as number) ^ (1 << bit)
  return { ...record, body }
}
