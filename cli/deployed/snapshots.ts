import { AppError, type Put, type Reader } from '../../runtime/api/index.ts'
import { CELLS, cellPrefix, TASKS } from '../../runtime/engine/snapshot.ts'

/** Snapshots of a task that may be taken while one is being read. */
const MOST_ATTEMPTS = 50

/** A task's snapshot as one commit left it; nothing if it has none. An AppError `STATE_BUSY` (exit 4) if they chase one another. */
export async function snapshotOf(reader: Reader, task: string): Promise<Put[]> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const before = await reader.get(TASKS, task)
    const cells: Put[] = []
    for await (const { key, value } of reader.scan(CELLS, cellPrefix(task))) cells.push({ store: CELLS, key, value })
    const after = await reader.get(TASKS, task)
    if (!same(before, after)) continue
    return after === undefined ? [] : [{ store: TASKS, key: task, value: after }, ...cells]
  }
  throw busy(task)
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}

function busy(task: string): AppError {
  return new AppError('STATE_BUSY', `${task} wrote a new snapshot each of the ${MOST_ATTEMPTS} times it was read`, {
    exit_code: 4,
    hint: 'try again, or when the run is slower or has stopped',
  })
}
