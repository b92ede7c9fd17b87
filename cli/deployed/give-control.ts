import { randomBytes } from 'node:crypto'
import { namesOf } from '../../connectors/kafka/names.ts'
import { schemaIds } from '../../connectors/registry/index.ts'
import { AppError, type RecordType } from '../../runtime/api/index.ts'
import { JOURNAL, type JournalEntry } from '../../runtime/engine/journal.ts'
import { BatchBuilder, NO_CAUSES, RecordCursor } from '../../runtime/log/batch.ts'
import type { PlannedSource } from '../../runtime/plan/plan.ts'
import { Control } from '../../schemas/generated/index.ts'
import { journalType, wallClock } from '../engine.ts'
import { controlSource, REQUESTS, takenRequests } from '../run/requests.ts'
import type { TopicRecord } from '../topic-record.ts'
import { followFrom } from './follow.ts'
import type { Deployed } from './open.ts'
import { sourceOwner } from './owners.ts'

/**
 * Gives an order to the process that runs the sources, wherever it is: writes it where that process looks, and waits
 * until the record that it becomes is durable, which it answers. The order stands there until it is taken: if nobody
 * runs the sources, the next who does takes it before anything else.
 *
 * AppErrors: `NO_CONTROL` (exit 2) if the topology takes no orders, `CONTROL_UNANSWERED` (exit 4) if nobody has taken it
 * after `timeout_ms`.
 */
export async function giveDeployedControl(
  deployed: Deployed,
  control: Control,
  timeout_ms: number,
): Promise<TopicRecord> {
  const { broker, plan } = deployed
  const source = controlSource(plan)
  if (source === undefined) {
    throw new AppError('NO_CONTROL', `the topology ${plan.topology.name} has no source named control`, { exit_code: 2 })
  }
  await broker.refresh()
  const from = {
    requests: broker.partition(REQUESTS, 0).end_offset,
    journal: broker.partition(JOURNAL, source.producer).end_offset,
  }
  const id = await write(deployed, control)
  const stop = new AbortController()
  const late = wallClock.wait(timeout_ms).then(() => stop.abort())
  try {
    const offset = await requestOffset(deployed, id, from.requests)
    const taken = await Promise.race([
      whenTaken(deployed, source, offset, from.journal, stop.signal),
      late.then(() => undefined),
    ])
    if (taken === undefined) throw await unanswered(deployed, timeout_ms)
    return await recordOf(deployed, source, taken)
  } finally {
    stop.abort()
  }
}

/** Writes the order; answers who it says wrote it: the name of this one command. */
async function write({ broker, registry, plan }: Deployed, control: Control): Promise<string> {
  const id = `control-${randomBytes(8).toString('hex')}`
  const name = namesOf(plan.topology.name).topic(REQUESTS)
  const ids = await schemaIds(registry, [{ name, record: Control as RecordType<unknown> }])
  const builder = new BatchBuilder(REQUESTS, 0, ids.get(Control.fingerprint) as number, 1024)
  // The wall clock: when it was given. It becomes part of the stream at an instant of the stream's own.
  builder.append(Control, control, control.scope, id, 0, Date.now() * 1000, NO_CAUSES)
  const producer = await broker.producer(id)
  await producer.commit({ batches: [builder.batch()], puts: [] })
  return id
}

async function requestOffset({ broker }: Deployed, id: string, from: number): Promise<number> {
  const cursor = new RecordCursor()
  for (let offset = from; ; ) {
    const batch = await broker.read(REQUESTS, 0, offset)
    if (batch === undefined)
      throw new AppError('CONTROL_LOST', 'the order that was just written is not there', { exit_code: 3 })
    cursor.open(batch, offset)
    while (cursor.next()) if (cursor.producer === id) return cursor.offset
    offset = batch.base_offset + batch.records
  }
}

/** The source's journal entry with which the request at `offset` was taken. */
async function whenTaken(
  { broker }: Deployed,
  source: PlannedSource,
  offset: number,
  from: number,
  signal: AbortSignal,
): Promise<JournalEntry | undefined> {
  for await (const entry of followFrom(broker, JOURNAL, source.producer, from, journalType, signal)) {
    const taken = takenRequests(JSON.parse(entry.position))
    if (taken === offset + 1) return entry
    if (taken > offset + 1) {
      throw new AppError('CONTROL_REFUSED', 'the process that runs the sources refused the order', {
        exit_code: 2,
        hint: 'its log says why; is it of another build?',
      })
    }
  }
  return undefined
}

/** The control record that the entry speaks of: the last that the source had written by then. */
async function recordOf(
  { broker, codecs }: Deployed,
  source: PlannedSource,
  entry: JournalEntry,
): Promise<TopicRecord> {
  const { topic } = source
  const seq = entry.next_seq - 1
  const cursor = new RecordCursor()
  for (let partition = 0; partition < topic.partitions; partition++) {
    // It stands at the entry's own instant or just before it.
    for (let offset = await broker.offsetAt(topic.name, partition, entry.frontier_us - 1); ; ) {
      const batch = await broker.read(topic.name, partition, offset)
      if (batch === undefined) break
      await codecs.prepare(batch.schema_id)
      const decode = codecs.get(batch.schema_id, topic.record)
      cursor.open(batch, offset)
      while (cursor.next()) {
        if (cursor.producer !== source.name || cursor.seq !== seq) continue
        const value = decode(batch.bodies, cursor.body_start, cursor.body_end)
        const { stream_time_us, id } = cursor
        return { topic: topic.name, partition, offset: cursor.offset, stream_time_us, id, key: cursor.key(), value }
      }
      offset = batch.base_offset + batch.records
    }
  }
  throw new AppError('CONTROL_LOST', `the journal tells of ${source.name}:${seq}, which stands nowhere`, {
    exit_code: 3,
  })
}

async function unanswered(deployed: Deployed, timeout_ms: number): Promise<AppError> {
  const owner = await sourceOwner(deployed)
  const message =
    owner === undefined
      ? 'no process runs the sources'
      : `the process that runs the sources (${owner.client_id} at ${owner.host}) did not take the order within ${timeout_ms} ms`
  return new AppError('CONTROL_UNANSWERED', message, {
    exit_code: 4,
    hint: 'the order stands: it is taken as soon as a process runs the sources, before the next frame; `aitrader run` starts one',
  })
}
