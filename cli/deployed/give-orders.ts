import { randomBytes } from 'node:crypto'
import { namesOf } from '../../connectors/kafka/names.ts'
import { schemaIds } from '../../connectors/registry/index.ts'
import { AppError } from '../../runtime/api/index.ts'
import { JOURNAL, type JournalEntry } from '../../runtime/engine/journal.ts'
import { BatchBuilder, NO_CAUSES, RecordCursor } from '../../runtime/log/batch.ts'
import type { PlannedSource } from '../../runtime/plan/plan.ts'
import { journalType, wallClock } from '../engine.ts'
import { type RequestKind, requestKind, takenRequests } from '../run/requests.ts'
import type { TopicRecord } from '../topic-record.ts'
import { followFrom } from './follow.ts'
import type { Deployed } from './open.ts'
import { sourceOwner } from './owners.ts'

/**
 * Gives orders to the process that runs the sources, wherever it is: writes them where that process looks, all or none,
 * and waits until the records that they become are durable, the last of which it answers. They stand there until they are
 * taken: if nobody runs the sources, the next who does takes them before anything else.
 *
 * AppErrors: `NO_CONTROL` (exit 2) if the topology takes no such orders, `CONTROL_UNANSWERED` (exit 4) if nobody has
 * taken them after `timeout_ms`, `CONTROL_REFUSED` (exit 2).
 */
export async function giveDeployedOrders(
  deployed: Deployed,
  topic: string,
  values: readonly unknown[],
  timeout_ms: number,
): Promise<TopicRecord> {
  const { broker, plan } = deployed
  const kind = requestKind(plan, topic)
  if (kind === undefined) {
    throw new AppError('NO_CONTROL', `the topology ${plan.topology.name} has no source that takes such orders`, {
      exit_code: 2,
      hint: 'add it under `sources`; `aitrader lint` knows their names',
    })
  }
  await broker.refresh()
  const from = {
    requests: broker.partition(topic, 0).end_offset,
    journal: broker.partition(JOURNAL, kind.source.producer).end_offset,
  }
  const id = await write(deployed, kind, values)
  const stop = new AbortController()
  const late = wallClock.wait(timeout_ms).then(() => stop.abort())
  try {
    const last = await lastRequest(deployed, topic, id, from.requests)
    const taken = await Promise.race([
      whenTaken(deployed, kind.source, last, from.journal, stop.signal),
      late.then(() => undefined),
    ])
    if (taken === undefined) throw await unanswered(deployed, timeout_ms)
    return await recordOf(deployed, kind.source, taken)
  } finally {
    stop.abort()
  }
}

/** Writes the orders; answers who they say wrote them: the name of this one command. */
async function write(
  { broker, registry, plan }: Deployed,
  { topic, type, source }: RequestKind,
  values: readonly unknown[],
): Promise<string> {
  const id = `control-${randomBytes(8).toString('hex')}`
  const ids = await schemaIds(registry, [{ name: namesOf(plan.topology.name).topic(topic), record: type }])
  const builder = new BatchBuilder(topic, 0, ids.get(type.fingerprint) as number, 1024)
  // The wall clock: when they were given. They become part of the stream at instants of the stream's own.
  const now_us = Date.now() * 1000
  for (const [seq, value] of values.entries()) {
    builder.append(
      type,
      value,
      (value as Record<string, string>)[source.topic.key] as string,
      id,
      seq,
      now_us,
      NO_CAUSES,
    )
  }
  const producer = await broker.producer(id)
  await producer.commit({ batches: [builder.batch()], puts: [] })
  return id
}

/** Offset of the last of them. */
async function lastRequest({ broker }: Deployed, topic: string, id: string, from: number): Promise<number> {
  const cursor = new RecordCursor()
  let last: number | undefined
  for (let offset = from; ; ) {
    const batch = await broker.read(topic, 0, offset)
    if (batch === undefined) break
    cursor.open(batch, offset)
    while (cursor.next()) if (cursor.producer === id) last = cursor.offset
    offset = batch.base_offset + batch.records
  }
  if (last !== undefined) return last
  throw new AppError('CONTROL_LOST', 'what was just written is not there', { exit_code: 3 })
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

/** The record that the entry speaks of: the last that the source had written by then. */
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
