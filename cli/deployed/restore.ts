import type { Broker, Put } from '../../runtime/api/index.ts'
import type { FrontierType } from '../../runtime/engine/frontiers.ts'
import { recoverLane } from '../../runtime/engine/lane-recovery.ts'
import { Scheduler } from '../../runtime/engine/scheduler.ts'
import type { Task } from '../../runtime/engine/task.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import type { Composition } from '../compose.ts'
import { journalType } from '../engine.ts'
import type { Deployed } from './open.ts'
import { snapshotOf } from './snapshots.ts'

/**
 * Fills a fresh task from Kafka, as the lane that runs it would recover it: the last snapshot, and the journal's tail
 * re-run and compared. Nothing is written and nobody is fenced. Rejects as recovery does.
 */
export async function restoreTask(
  { broker, codecs }: Pick<Deployed, 'broker' | 'codecs'>,
  { plan, hashes, runners }: Composition,
  task: Task,
): Promise<void> {
  // The composition's own: a lane plan knows the topics of its plan, not others of their names.
  const lanes = planLanes(plan)
  const lane = lanes.lanes.find(({ tasks }) => tasks.some(({ name }) => name === task.planned.name))
  if (lane === undefined) return
  const alone = {
    tasks: [task],
    sources: [],
    scheduler: new Scheduler([task]),
    resume: () => {},
    continueAt: () => {},
    recovered: () => {},
  }
  // One snapshot, however many are taken while the journal behind it is read.
  const snapshot = await snapshotOf(broker, task.planned.name)
  const frozen = frozenAt(broker, snapshot)
  const lane_options = { lane, plan: lanes, mark: FrontierMark as FrontierType }
  const schemaId = () => 0
  await recoverLane(
    alone,
    { plan, broker: frozen, codecs, journal: journalType, schemaId, hashes, runners },
    lane_options,
  )
}

/** The broker with nothing in its stores but a snapshot. */
function frozenAt(broker: Broker, snapshot: readonly Put[]): Broker {
  return {
    topics: () => broker.topics(),
    partition: (topic, partition) => broker.partition(topic, partition),
    highWatermark: (topic, partition) => broker.highWatermark(topic, partition),
    read: (topic, partition, offset) => broker.read(topic, partition, offset),
    follow: (from) => broker.follow(from),
    offsetAt: (topic, partition, stream_time_us) => broker.offsetAt(topic, partition, stream_time_us),
    get: async (store, key) => snapshot.find((put) => put.store === store && put.key === key)?.value ?? undefined,
    async *scan(store, prefix = '') {
      for (const { store: of, key, value } of snapshot) {
        if (of === store && key.startsWith(prefix) && value !== null) yield { key, value }
      }
    },
    digests: () => broker.digests(),
    declare: (topics) => broker.declare(topics),
    producer: (id) => broker.producer(id),
    trim: (stream_time_us, keep_from) => broker.trim(stream_time_us, keep_from),
    close: () => broker.close(),
  }
}
