import type { FrontierType } from '../../runtime/engine/frontiers.ts'
import { recoverLane } from '../../runtime/engine/lane-recovery.ts'
import { Scheduler } from '../../runtime/engine/scheduler.ts'
import type { Task } from '../../runtime/engine/task.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import type { Composition } from '../compose.ts'
import { journalType } from '../engine.ts'
import type { Deployed } from './open.ts'

/**
 * Fills a fresh task from Kafka, as the lane that runs it would recover it: the last snapshot, and the journal's tail
 * re-run and compared. Nothing is written and nobody is fenced. Rejects as recovery does.
 */
export async function restoreTask(
  { broker, codecs, lanes }: Pick<Deployed, 'broker' | 'codecs' | 'lanes'>,
  { plan, hashes, runners }: Composition,
  task: Task,
): Promise<void> {
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
  const lane_options = { lane, plan: lanes, mark: FrontierMark as FrontierType }
  const schemaId = () => 0
  await recoverLane(alone, { plan, broker, codecs, journal: journalType, schemaId, hashes, runners }, lane_options)
}
