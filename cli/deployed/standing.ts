import type { Reader } from '../../runtime/api/index.ts'
import { FRONTIERS, type FrontierMark as Mark } from '../../runtime/engine/frontiers.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { LanePlan, PlannedLane } from '../../runtime/plan/lanes.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'

/** How far a lane is by its last mark; undefined of one that never committed. */
export interface Standing {
  readonly lane: PlannedLane
  readonly mark: Mark | undefined
}

/** Every lane's last mark, of those that are durable when this is called. */
export async function standings(reader: Reader, { lanes }: LanePlan): Promise<Standing[]> {
  return Promise.all(
    lanes.map(async (lane) => ({ lane, mark: await lastRecord(reader, FRONTIERS, lane.number, FrontierMark) })),
  )
}

/** Stream time that every lane has passed, microseconds; -1 while one of them has not begun. */
export function settledUs(all: readonly Standing[]): number {
  return all.reduce((least, { mark }) => Math.min(least, mark?.frontier_us ?? -1), Number.MAX_SAFE_INTEGER)
}

/** The last record of a partition with one writer; undefined if there is none. */
async function lastRecord<T>(
  reader: Reader,
  topic: string,
  partition: number,
  type: { decode(buf: Uint8Array, pos: number, end: number): T },
): Promise<T | undefined> {
  const { start_offset, end_offset } = reader.partition(topic, partition)
  const cursor = new RecordCursor()
  // Markers stand behind records, so the last offsets may hold none.
  for (let back = 4; ; back *= 8) {
    const from = Math.max(start_offset, end_offset - back)
    let last: T | undefined
    for (let offset = from; ; ) {
      const batch = await reader.read(topic, partition, offset)
      if (batch === undefined) break
      cursor.open(batch, offset)
      while (cursor.next()) last = type.decode(batch.bodies, cursor.body_start, cursor.body_end)
      offset = batch.base_offset + batch.records
    }
    if (last !== undefined || from === start_offset) return last
  }
}
