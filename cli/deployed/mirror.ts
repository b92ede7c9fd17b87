import { logPath, makeDirectory } from '../../connectors/embedded/directory.ts'
import { openEmbedded, openEmbeddedReader } from '../../connectors/embedded/index.ts'
import { LmdbStore } from '../../connectors/embedded/lmdb-store.ts'
import { keepSchemas } from '../../connectors/embedded/schemas.ts'
import { listOffsets } from '../../connectors/kafka/admin.ts'
import { namesOf } from '../../connectors/kafka/names.ts'
import { AppError, type Put, type Reader, type RecordType, type TopicSpec } from '../../runtime/api/index.ts'
import { JOURNAL, journalTopic, sourceEntry } from '../../runtime/engine/journal.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import { stateKey } from '../../runtime/log/keys.ts'
import { Log } from '../../runtime/log/log.ts'
import { encodeState } from '../../runtime/log/partition.ts'
import type { PlannedTask, PlannedTopic } from '../../runtime/plan/plan.ts'
import { Ticker } from '../audit/ticker.ts'
import { journalType, wallClock } from '../engine.ts'
import { Copier } from './copier.ts'
import type { Deployed } from './open.ts'
import { snapshotOf } from './snapshots.ts'
import { settledUs, standings } from './standing.ts'
import { temporaryFolder } from './temporary.ts'

/** What of a deployment a command looks at. */
export interface MirrorWishes {
  readonly topics: readonly PlannedTopic[]
  /** Tasks whose snapshots and journals are wanted. */
  readonly tasks: readonly PlannedTask[]
}

/** Waits for transactions that were open when it was asked, milliseconds. */
const UNDECIDED_MS = 20_000

/**
 * Copies what is wanted of a deployment into a temporary directory of the embedded broker, in canonical order, so that
 * whatever reads a data directory reads Kafka: offsets, journals and snapshots fit together there as one process would
 * have left them. Only what every lane has passed is there: what one process would have written by then. The directory
 * is gone when the reader is closed.
 *
 * AppErrors: `NOTHING_SETTLED` (exit 2), `STATE_UNDECIDED` (exit 4), and what the brokers refuse.
 */
export async function mirror(deployed: Deployed, wishes: MirrorWishes): Promise<Reader> {
  const folder = temporaryFolder()
  const ticker = new Ticker('copying from Kafka')
  try {
    await fill(folder.dir, deployed, wishes, (records) => ticker.at(() => `${records} records`))
    const reader = await openEmbeddedReader(folder.dir)
    const close = reader.close.bind(reader)
    return Object.assign(reader, { close: () => close().finally(() => folder.remove()) })
  } catch (error) {
    folder.remove()
    throw error
  } finally {
    ticker.end()
  }
}

async function fill(
  dir: string,
  deployed: Deployed,
  { topics, tasks }: MirrorWishes,
  progress: (records: number) => void,
): Promise<void> {
  const { broker, plan, lanes, registry, run } = deployed
  const until_us = settledUs(await standings(broker, lanes))
  // A stage that there is not is for the command to refuse.
  if (until_us < 0 && topics.length > 0) throw nothingSettled(plan.topology.name)
  await decided(deployed, topics)
  // Snapshots first, then journals, then what these read: each holds at least what the one before speaks of.
  const puts: Put[] = []
  for (const { name } of tasks) puts.push(...(await snapshotOf(broker, name)))
  await broker.refresh()
  const specs: TopicSpec[] = topics.map(({ name, partitions }) => ({ name, partitions }))
  const bases = await basesOf(deployed, topics, tasks)
  if (bases.size > 0) beginAt(dir, [...specs, journalTopic(plan)], bases)
  const to = await openEmbedded(dir, { topology: plan.topology.name, command: 'a mirror of Kafka' })
  try {
    await to.declare([
      ...specs.map((spec) => (isCut(spec, bases) ? { ...spec, internal: true } : spec)),
      journalTopic(plan),
    ])
    const copier = await Copier.open({
      from: broker,
      registry,
      to,
      producers: plan.producers,
      progress,
    })
    for (const put of puts) await copier.put(put)
    for (const { producer } of tasks) await copier.copy(JOURNAL, producer, journalType as RecordType<unknown>)
    for (const { name, partitions, record } of topics) {
      for (let partition = 0; partition < partitions; partition++) await copier.copy(name, partition, record, until_us)
    }
    // How far the copy goes is told by what a directory tells it by: its journal.
    if (tasks.length === 0) {
      const entry = sourceEntry('mirror', 0, run.hashes, until_us, 0, null)
      await copier.append(JOURNAL, 0, journalType, entry, until_us)
    }
    await copier.end()
    keepSchemas(dir, copier.schemas)
  } finally {
    await to.close()
  }
}

/**
 * Waits until everything that was written before the call is decided: a mark may be there before records of the same
 * commit can be read, because another lane's open transaction stands in front of them.
 */
async function decided({ broker, plan }: Deployed, topics: readonly PlannedTopic[]): Promise<void> {
  const { topic: kafkaName } = namesOf(plan.topology.name)
  const all = topics.flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, i) => ({ name, partition: i })),
  )
  const asked = all.map(({ name, partition }) => ({ topic: kafkaName(name), partition }))
  const highs = await listOffsets(broker.cluster, asked, 'latest')
  const give_up_at = wallClock.now_ms() + UNDECIDED_MS
  for (;;) {
    await broker.refresh()
    const late = all.find(
      ({ name, partition }, i) => broker.partition(name, partition).end_offset < (highs[i]?.offset ?? 0),
    )
    if (late === undefined) return
    if (wallClock.now_ms() > give_up_at) {
      throw new AppError('STATE_UNDECIDED', `${late.name}/${late.partition} waits for an open transaction`, {
        exit_code: 4,
        hint: '`aitrader txn list` shows it, `aitrader txn abort` ends it',
      })
    }
    await wallClock.wait(20)
  }
}

/** Numbers of the first records of partitions whose beginning retention dropped, by `topic/partition`. */
async function basesOf(
  { broker }: Deployed,
  topics: readonly PlannedTopic[],
  tasks: readonly PlannedTask[],
): Promise<Map<string, number>> {
  const bases = new Map<string, number>()
  for (const { producer } of tasks) {
    const { start_offset, end_offset } = broker.partition(JOURNAL, producer)
    const first =
      start_offset > 0 && start_offset < end_offset ? await broker.read(JOURNAL, producer, start_offset) : undefined
    if (first === undefined) continue
    const cursor = new RecordCursor(first)
    cursor.next()
    // An entry's number is its place in the journal.
    bases.set(`${JOURNAL}/${producer}`, cursor.seq)
  }
  for (const { name, partitions } of topics) {
    for (let partition = 0; partition < partitions; partition++) {
      const { start_offset } = broker.partition(name, partition)
      // Nothing on Kafka counts records: markers are among what was dropped, so that numbers are too great by them.
      if (start_offset > 0) bases.set(`${name}/${partition}`, start_offset)
    }
  }
  return bases
}

function isCut({ name, partitions }: TopicSpec, bases: ReadonlyMap<string, number>): boolean {
  return Array.from({ length: partitions }, (_, i) => bases.has(`${name}/${i}`)).includes(true)
}

/** Makes a log whose partitions begin at other numbers than 0. */
function beginAt(dir: string, specs: readonly TopicSpec[], bases: ReadonlyMap<string, number>): void {
  makeDirectory(dir)
  const store = new LmdbStore(logPath(dir), { read_only: false })
  const log = new Log(store)
  log.declare(specs.map((spec) => (isCut(spec, bases) ? { ...spec, internal: true } : spec)))
  store.transact((writes) => {
    for (const [name, base] of bases) {
      const at = name.lastIndexOf('/')
      const number = log.number(name.slice(0, at), Number(name.slice(at + 1)))
      writes.put(
        stateKey(number),
        encodeState({ start_offset: base, end_offset: base, bytes: 0, chain: Buffer.alloc(32) }),
      )
    }
  })
  void store.close()
}

function nothingSettled(topology: string): AppError {
  return new AppError('NOTHING_SETTLED', `a lane of ${topology} has not begun: nothing has passed all stages yet`, {
    exit_code: 2,
    hint: '`aitrader lag` shows which; start it with `aitrader run`',
  })
}
