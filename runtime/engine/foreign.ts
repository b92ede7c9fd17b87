/**
 * What another build or another topology left in a log that this one cannot go on with: records of other schemas than
 * this one has, and places for other tasks.
 *
 * A log without a registry keeps bodies alone: read by another schema than they were written by they are other values,
 * or none, and mostly nothing says so. Schemas change between builds only, so that a partition's first and last batch
 * tell for all of it.
 */
import type { Reader } from '../api/broker.ts'
import { AppError } from '../api/fault.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import { JOURNAL } from './journal.ts'
import type { EngineOptions } from './options.ts'

/** Of the topics that are there, those with records of another schema. */
export async function foreignTopics(
  topics: readonly PlannedTopic[],
  log: Reader,
  schemaId: EngineOptions['schemaId'],
): Promise<PlannedTopic[]> {
  const there = new Map(log.topics().map(({ name, partitions }) => [name, partitions]))
  const foreign: PlannedTopic[] = []
  for (const topic of topics) {
    const own = schemaId(topic.record.fingerprint)
    if (await hasForeign(topic.name, there.get(topic.name) ?? 0, own, log)) foreign.push(topic)
  }
  return foreign
}

async function hasForeign(topic: string, partitions: number, own: number, log: Reader): Promise<boolean> {
  for (let partition = 0; partition < partitions; partition++) {
    const { start_offset, end_offset } = log.partition(topic, partition)
    for (const offset of end_offset > start_offset ? [start_offset, end_offset - 1] : []) {
      const batch = await log.read(topic, partition, offset)
      if (batch !== undefined && batch.schema_id !== own) return true
    }
  }
  return false
}

/** An AppError `TASKS_CHANGED` (exit 2) if the log's journal has another number of places than the plan has tasks and sources. */
export function refuseOtherTasks({ plan, broker }: Pick<EngineOptions, 'plan' | 'broker'>): void {
  const journal = broker.topics().find(({ name }) => name === JOURNAL)
  if (journal === undefined || journal.partitions === plan.producers.length) return
  const message = `the directory was written by ${journal.partitions} tasks and sources, and the topology has ${plan.producers.length} now`
  throw new AppError('TASKS_CHANGED', message, {
    exit_code: 2,
    hint: '`aitrader plan --data DIR` says what that means; start with --rebuild, which computes everything anew, or choose another directory',
  })
}

/** An AppError `SCHEMA_CHANGED` (exit 2) if there are such topics. */
export async function refuseForeignRecords({
  plan,
  broker,
  schemaId,
}: Pick<EngineOptions, 'plan' | 'broker' | 'schemaId'>): Promise<void> {
  const foreign = await foreignTopics(plan.topics, broker, schemaId)
  if (foreign.length === 0) return
  const names = foreign.map(({ name }) => name).join(', ')
  throw new AppError('SCHEMA_CHANGED', `${names}: the records were written by another schema than this build has`, {
    exit_code: 2,
    hint: 'go on with the build that wrote this directory, or start with --rebuild: it computes everything anew from the source',
  })
}
