/**
 * What another build or another topology left in a log that this one cannot go on with: records that it cannot read,
 * and places for other tasks.
 *
 * A batch names the schema that its bodies were written with: read by another one as it is they are other values, or
 * none, and mostly nothing says so. Schemas change between builds only, so that a partition's first and last batch tell
 * for all that is usual; whatever stands between is decoded by its own schema or refused when it is read.
 */
import type { Reader } from '../api/broker.ts'
import { AppError } from '../api/fault.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import { JOURNAL } from './journal.ts'
import type { EngineOptions, WriterCodecs } from './options.ts'
import { readJournal } from './recovery.ts'

export interface ForeignTopic {
  readonly topic: PlannedTopic
  /** Why this build cannot read the records; undefined if it can. */
  readonly unreadable: string | undefined
}

/** Of the topics that are there, those with records of another schema. Without `codecs` none of them can be read. */
export async function foreignTopics(
  topics: readonly PlannedTopic[],
  log: Reader,
  schemaId: EngineOptions['schemaId'],
  codecs: WriterCodecs | undefined,
): Promise<ForeignTopic[]> {
  const there = new Map(log.topics().map(({ name, partitions }) => [name, partitions]))
  const foreign: ForeignTopic[] = []
  for (const topic of topics) {
    const ids = await idsOf(topic.name, there.get(topic.name) ?? 0, log)
    ids.delete(schemaId(topic.record.fingerprint))
    if (ids.size > 0) foreign.push({ topic, unreadable: unreadable(topic, ids, codecs) })
  }
  return foreign
}

/** Schemas at the ends of a topic's partitions. */
async function idsOf(topic: string, partitions: number, log: Reader): Promise<Set<number>> {
  const ids = new Set<number>()
  for (let partition = 0; partition < partitions; partition++) {
    const { start_offset, end_offset } = log.partition(topic, partition)
    for (const offset of end_offset > start_offset ? [start_offset, end_offset - 1] : []) {
      const batch = await log.read(topic, partition, offset)
      if (batch !== undefined) ids.add(batch.schema_id)
    }
  }
  return ids
}

function unreadable(
  { record }: PlannedTopic,
  ids: ReadonlySet<number>,
  codecs: WriterCodecs | undefined,
): string | undefined {
  if (codecs === undefined) return 'records were written by another schema than this build has'
  for (const id of ids) {
    try {
      codecs.get(id, record)
    } catch (error) {
      if (error instanceof AppError && error.code === 'SCHEMA_CHANGED') return error.message
      throw error
    }
  }
  return undefined
}

/**
 * An AppError `TASKS_CHANGED` (exit 2) if the log's journal has another number of places than the plan has tasks and
 * sources, or if one of them is another's.
 */
export async function refuseOtherTasks({
  plan,
  broker,
  journal,
  codecs,
}: Pick<EngineOptions, 'plan' | 'broker' | 'journal' | 'codecs'>): Promise<void> {
  const found = broker.topics().find(({ name }) => name === JOURNAL)
  if (found === undefined) return
  if (found.partitions !== plan.producers.length) {
    throw tasksChanged(
      `the directory was written by ${found.partitions} tasks and sources, and the topology has ${plan.producers.length} now`,
    )
  }
  for (const [producer, name] of plan.producers.entries()) {
    const { end_offset } = broker.partition(JOURNAL, producer)
    if (end_offset === 0) continue
    const [entry] = await readJournal(broker, journal, producer, end_offset - 1, end_offset, codecs)
    if (entry !== undefined && entry.task !== name) {
      throw tasksChanged(`the directory was written by ${entry.task}, in whose place the topology has ${name} now`)
    }
  }
}

function tasksChanged(message: string): AppError {
  return new AppError('TASKS_CHANGED', message, {
    exit_code: 2,
    hint: '`aitrader plan --data DIR` says what that means; start with --rebuild, which computes everything anew, or choose another directory',
  })
}

/** An AppError `SCHEMA_CHANGED` (exit 2) if there are topics whose records this build cannot read. */
export async function refuseForeignRecords({
  plan,
  broker,
  schemaId,
  codecs,
}: Pick<EngineOptions, 'plan' | 'broker' | 'schemaId' | 'codecs'>): Promise<void> {
  const foreign = await foreignTopics(plan.topics, broker, schemaId, codecs)
  const why = foreign.flatMap(({ topic, unreadable: reason }) =>
    reason === undefined ? [] : [`${topic.name}: ${reason}`],
  )
  if (why.length === 0) return
  throw new AppError('SCHEMA_CHANGED', why.join('; '), {
    exit_code: 2,
    hint: 'go on with the build that wrote this directory, or start with --rebuild: it computes everything anew from the source',
  })
}
