import { laneId } from '../../runtime/engine/engine.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { PlannedLane } from '../../runtime/plan/lanes.ts'
import type { PlannedTopic } from '../../runtime/plan/plan.ts'
import type { Deployed } from './open.ts'
import { type Owner, ownersOf } from './owners.ts'
import { standings } from './standing.ts'
import { type HeldPartition, heldPartitions, transactionsOf } from './transactions.ts'

export interface LaneLag {
  readonly lane: string
  /** Who runs it; null if nobody does. */
  readonly owner: Omit<Owner, 'member_id'> | null
  /** Its sources, and all before it, have ended. */
  readonly ended: boolean
  /** Stream time that it has passed, microseconds; null before its first commit. */
  readonly frontier_us: number | null
  /** Stream time that the sources have passed and it has not, microseconds. */
  readonly behind_us: number | null
  /** Records of other lanes that it has not taken over yet. */
  readonly records_behind: number
  /** False: so many offsets at most, too many to be counted. */
  readonly counted: boolean
  /** Wall time since it began its last commit; null if it made none since it was opened. */
  readonly last_commit_ms_ago: number | null
}

export interface Lag {
  readonly topology: string
  readonly lanes: readonly LaneLag[]
  /** Partitions whose ends cannot be read because a transaction is open. */
  readonly held: readonly HeldPartition[]
}

/** Offsets behind which records are counted one by one. */
const COUNTED = 20_000

/** How far every lane is behind, and what holds it up. */
export async function lagOf(deployed: Deployed): Promise<Lag> {
  const { broker, plan, lanes } = deployed
  await broker.refresh()
  const all = await standings(broker, lanes)
  const owners = await ownersOf(deployed)
  const transactions = await transactionsOf(broker, plan.topology.name)
  const sources_us = all.find(({ lane }) => lane.sources.length > 0)?.mark?.frontier_us
  const rows = await Promise.all(
    all.map(async ({ lane, mark }): Promise<LaneLag> => {
      const owner = owners.get(lane.name)
      const frontier_us = mark?.frontier_us
      const behind = await recordsBehind(deployed, lane, frontier_us ?? -1)
      const transaction = transactions.find(({ id }) => id === laneId(plan, lane))
      return {
        lane: lane.name,
        owner: owner === undefined ? null : { client_id: owner.client_id, host: owner.host },
        ended: mark?.ended ?? false,
        frontier_us: frontier_us ?? null,
        behind_us: sources_us === undefined || frontier_us === undefined ? null : Math.max(0, sources_us - frontier_us),
        records_behind: behind.records,
        counted: behind.counted,
        last_commit_ms_ago: transaction?.begun_ms_ago ?? null,
      }
    }),
  )
  return { topology: plan.topology.name, lanes: rows, held: await heldPartitions(broker, plan.topology.name) }
}

/** A lane has read exactly what its frontier has passed: what is later, and written by others, is behind it. */
async function recordsBehind(
  { broker, lanes }: Deployed,
  lane: PlannedLane,
  frontier_us: number,
): Promise<{ records: number; counted: boolean }> {
  const partitions = new Map<string, { topic: PlannedTopic; partition: number }>()
  for (const { topic, partition } of lane.tasks.flatMap((task) => task.inputs)) {
    const outside = lanes.writers(topic, partition).some((number) => number !== lane.number)
    if (outside) partitions.set(`${topic.name}/${partition}`, { topic, partition })
  }
  let records = 0
  let counted = true
  const own = new Set([...lane.tasks, ...lane.sources].map(({ name }) => name))
  for (const { topic, partition } of partitions.values()) {
    const from = await broker.offsetAt(topic.name, partition, Math.max(0, frontier_us + 1))
    const { end_offset } = broker.partition(topic.name, partition)
    if (end_offset - from > COUNTED) {
      records += end_offset - from
      counted = false
      continue
    }
    const cursor = new RecordCursor()
    for (let offset = from; offset < end_offset; ) {
      const batch = await broker.read(topic.name, partition, offset)
      if (batch === undefined) break
      cursor.open(batch, offset)
      while (cursor.next()) if (cursor.stream_time_us > frontier_us && !own.has(cursor.producer)) records++
      offset = batch.base_offset + batch.records
    }
  }
  return { records, counted }
}
