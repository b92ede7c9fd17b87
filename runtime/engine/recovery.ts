import type { Reader } from '../api/broker.ts'
import { AppError, assert, DataFault, InvariantError } from '../api/fault.ts'
import type { Json } from '../api/record.ts'
import { RecordCursor } from '../log/batch.ts'
import { type PlannedTopic, producerNumbers } from '../plan/plan.ts'
import type { Channel } from './channel.ts'
import type { Envelope } from './envelope.ts'
import { type Hashes, JOURNAL, type JournalEntry, type JournalType } from './journal.ts'
import type { EngineOptions, SourceState, WriterCodecs } from './options.ts'
import { ComparingOutlet } from './outlet.ts'
import type { Scheduler } from './scheduler.ts'
import { CELLS, cellPrefix, loadCell, loadSnapshot, TASKS } from './snapshot.ts'
import { storedEnvelope } from './stored.ts'
import type { Task } from './task.ts'

/** What recovery fills: an engine that has done nothing yet. */
export interface Recoverable {
  readonly tasks: readonly Task[]
  readonly sources: readonly SourceState[]
  readonly scheduler: Scheduler
  /** Journal entries of a task so far, those since its last snapshot, and the snapshot's stream time. */
  resume(task: number, entries: number, tail: number, saved_us?: number): void
  /** Number of the next record of a partition that only this engine writes; of a lane. */
  continueAt(topic: PlannedTopic, partition: number, index: number): void
  /** The stream time that the lane had passed; of a lane. */
  recovered(frontier_us: number): void
}

/**
 * Recovery: load the last snapshot, re-run the journal's tail with inputs and outputs compared and discarded, go on.
 *
 * The first difference stops the process (exit 3): the code, the data or the machine is not what it was. Records that
 * were durable but not yet consumed (on feedback edges) are buffered again.
 */
export async function recover(engine: Recoverable, options: EngineOptions): Promise<void> {
  const { broker, plan, codecs } = options
  const producers = producerNumbers(plan)
  let frontier_us = 0
  for (const source of engine.sources) {
    const end = broker.partition(JOURNAL, source.planned.producer).end_offset
    if (end === 0) continue
    const [entry] = await readJournal(broker, options.journal, source.planned.producer, end - 1, end, codecs)
    assert(entry !== undefined, `the journal of ${source.planned.name} has no entry ${end - 1}`)
    source.next_seq = entry.next_seq
    source.entries = end
    source.position = JSON.parse(entry.position) as Json
    frontier_us = Math.max(frontier_us, entry.frontier_us)
  }
  for (const [index, task] of engine.tasks.entries()) {
    const end = broker.partition(JOURNAL, task.planned.producer).end_offset
    if (end === 0) continue
    const tail = await restore(task, broker, options.journal, options.hashes, producers, codecs)
    engine.resume(index, end, tail.length)
    frontier_us = Math.max(frontier_us, task.now_us)
  }
  engine.scheduler.now_us = frontier_us
  for (const [index, task] of engine.tasks.entries()) {
    for (const [number, channel] of task.channels.entries()) {
      const { topic, partition } = channel.input
      const end = broker.partition(topic.name, partition).end_offset
      for await (const envelope of envelopes(broker, topic, partition, channel.position, end, producers, codecs)) {
        task.deliver(number, envelope)
      }
    }
    engine.scheduler.wake(index, task.nextDue())
  }
}

/**
 * Fills a fresh task from its last snapshot; answers the first journal entry behind it. AppErrors (exit 2):
 * `INPUTS_CHANGED`, and `STATE_UNREADABLE` for a state that the processor of this build cannot take.
 */
export async function load(task: Task, broker: Reader): Promise<number> {
  const { name } = task.planned
  const bytes = await broker.get(TASKS, name)
  try {
    const next = bytes === undefined ? 0 : loadSnapshot(task, bytes) + 1
    for await (const { key, value } of broker.scan(CELLS, cellPrefix(name))) loadCell(task, key, value)
    return next
  } catch (cause) {
    const ours = cause instanceof InvariantError || cause instanceof DataFault
    if (!ours && !(cause instanceof TypeError || cause instanceof SyntaxError)) throw cause
    throw new AppError('STATE_UNREADABLE', `this build cannot read the snapshot of ${name}: ${cause.message}`, {
      exit_code: 2,
      hint: 'go on with the build that wrote it; `aitrader up --rebuild` begins anew, and on Kafka `aitrader apply` rebuilds the stage',
      cause,
    })
  }
}

/** Fills a fresh task from its last snapshot and re-runs the journal's tail, which it answers. */
export async function restore(
  task: Task,
  broker: Reader,
  journal: JournalType,
  hashes: Hashes,
  producers: ReadonlyMap<string, number>,
  codecs?: WriterCodecs,
): Promise<readonly JournalEntry[]> {
  const from = await load(task, broker)
  const { end_offset } = broker.partition(JOURNAL, task.planned.producer)
  const tail = await readJournal(broker, journal, task.planned.producer, from, end_offset, codecs)
  refuseForeignTail(task, tail, hashes)
  await rerun(task, tail, broker, producers, codecs)
  return tail
}

/** Entries `[from, to)` of a producer's journal, which must be there. */
export async function readJournal(
  broker: Reader,
  type: JournalType,
  partition: number,
  from: number,
  to: number,
  codecs?: WriterCodecs,
): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  const cursor = new RecordCursor()
  for (let offset = from; offset < to; ) {
    const batch = await broker.read(JOURNAL, partition, offset)
    assert(batch !== undefined, `the journal ends at ${offset} before ${to}`)
    const decode = codecs?.get(batch.schema_id, type) ?? type.decode
    cursor.open(batch, offset)
    while (cursor.next() && cursor.offset < to) {
      entries.push(decode(batch.bodies, cursor.body_start, cursor.body_end))
      offset = cursor.offset + 1
    }
  }
  return entries
}

/**
 * Records `[from, to)` of a partition as the engine passes them around. Throws an AppError `STATE_UNRECOVERABLE`
 * (exit 3) if one of them is gone, `DATA_DAMAGED` (exit 3) if one is no record of the topic.
 */
export async function* envelopes(
  broker: Reader,
  topic: PlannedTopic,
  partition: number,
  from: number,
  to: number,
  producers: ReadonlyMap<string, number>,
  codecs?: WriterCodecs,
): AsyncGenerator<Envelope> {
  const cursor = new RecordCursor()
  for (let offset = from; offset < to; ) {
    const batch = await broker.read(topic.name, partition, offset)
    // On Kafka markers leave gaps between records; what is really gone lies before the log's start.
    const dense = codecs === undefined || codecs.local === true
    const gone = dense ? (batch?.base_offset ?? to) > offset : isCut(broker, topic, partition, offset)
    if (batch === undefined || gone) {
      throw new AppError(
        'STATE_UNRECOVERABLE',
        `${topic.name}/${partition} has no record at offset ${offset} any more`,
        {
          exit_code: 3,
          hint: 'the log was cut behind a recovery position; restore the directory, or start with --rebuild',
        },
      )
    }
    const fetching = codecs?.prepare(batch.schema_id)
    if (fetching !== undefined) await fetching
    const decode = codecs?.get(batch.schema_id, topic.record)
    cursor.open(batch, offset)
    // Offsets between the last record and `to` may hold markers only.
    offset = Math.max(offset, batch.base_offset)
    while (cursor.next() && cursor.offset < to) {
      const producer = producers.get(cursor.producer)
      assert(
        producer !== undefined,
        `${topic.name}/${partition}@${cursor.offset} was written by the unknown ${cursor.producer}`,
      )
      offset = cursor.offset + 1
      yield storedEnvelope(topic, batch, cursor, producer, decode)
    }
  }
}

function isCut(broker: Reader, topic: PlannedTopic, partition: number, offset: number): boolean {
  return broker.partition(topic.name, partition).start_offset > offset
}

/** An AppError `BUILD_CHANGED` (exit 2) if a journal entry of the task was written by something else than `hashes`. */
export function refuseForeignTail(task: Task, tail: readonly JournalEntry[], hashes: Hashes): void {
  for (const entry of tail) {
    for (const what of ['code', 'config', 'schemas', 'models'] as const) {
      if (entry[what] === hashes[what]) continue
      throw new AppError('BUILD_CHANGED', `the ${what} changed since ${task.planned.name} last wrote a snapshot`, {
        exit_code: 2,
        hint: 'run the build and configuration that wrote this directory once and stop it with Ctrl-C, or start with --rebuild',
      })
    }
  }
}

/** Re-runs a task's journal entries over the offsets that they name. */
export function rerun(
  task: Task,
  tail: readonly JournalEntry[],
  broker: Reader,
  producers: ReadonlyMap<string, number>,
  codecs?: WriterCodecs,
): Promise<void> {
  return rerunTail(task, tail, async (entry) => {
    for (const read of entry.inputs) {
      const number = channelOf(task, read)
      const { topic, partition } = (task.channels[number] as Channel).input
      for await (const envelope of envelopes(broker, topic, partition, read.from, read.to, producers, codecs)) {
        task.deliver(number, envelope)
      }
    }
  })
}

/** Re-runs a task's journal entries; `deliver` hands it what each of them read. */
export async function rerunTail(
  task: Task,
  tail: readonly JournalEntry[],
  deliver: (entry: JournalEntry) => Promise<void>,
): Promise<void> {
  const live = task.outlet
  task.outlet = new ComparingOutlet()
  for (const entry of tail) {
    await deliver(entry)
    if (task.planned.merge === 'arrival') task.runOrdered(entry.order, entry.frontier_us)
    else {
      // An effect takes a snapshot at every commit: only pure tasks have a tail.
      assert(task.run(entry.frontier_us) === undefined, `${task.planned.name} waits for an effect while it is re-run`)
    }
    compare(task, entry)
    task.commit()
  }
  task.outlet = live
}

/** Index of the channel that a journal entry's input names. */
function channelOf(task: Task, { topic, partition }: JournalEntry['inputs'][number]): number {
  const origin = `${topic}/${partition}`
  const number = task.channels.findIndex((channel) => channel.origin === origin)
  assert(number >= 0, `${task.planned.name} has no input ${origin}`)
  return number
}

/** The first difference between what was journaled and what came out now is fatal. */
function compare(task: Task, entry: JournalEntry): void {
  const differs = (what: string, was: number, is: number) => {
    if (was === is) return
    throw new AppError(
      'RECOVERY_DIFFERS',
      `re-running ${task.planned.name} entry ${entry.seq}: ${what} was ${was} and is ${is}`,
      {
        exit_code: 3,
        hint: 'code, data or machine changed under this state; run `aitrader audit verify --data DIR`, or start with --rebuild',
      },
    )
  }
  for (const read of entry.inputs) {
    const { origin, count, hash } = task.channels[channelOf(task, read)] as Channel
    differs(`records read of ${origin}`, read.count, count)
    differs(`hash of ${origin}`, read.hash, hash)
  }
  differs('timers fired', entry.timers, task.timers_fired)
  differs('records written', entry.outputs_count, task.outputs_count)
  differs('hash of what was written', entry.outputs_hash, task.outputs_hash)
  differs('next sequence number', entry.next_seq, task.next_seq)
}
