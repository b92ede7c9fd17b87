/**
 * What becomes of each stage's state: kept, migrated, rebuilt or lost.
 *
 * kept: the same build and configuration go on. migrated: another one takes over the last snapshot, which it can read
 * and behind which there is nothing to re-run. rebuilt: the state is computed again from the first records of its inputs.
 * lost: it cannot be, and that needs the user's word.
 */
import type { Hashes } from '../../runtime/engine/journal.ts'
import {
  type Actual,
  type ActualStore,
  type ActualTopic,
  type Change,
  type Desired,
  type DesiredStore,
  recordsIn,
} from './model.ts'
import { count } from './topics.ts'

/** Records a second that a stage is assumed to work off again: a careful figure, one process of this machine's class. */
const REBUILD_RECORDS_PER_S = 50_000

export function storeChanges(desired: Desired, actual: Actual): Change[] {
  const wanted = new Set(desired.stores.map((store) => store.stage))
  return [
    ...desired.stores.map((store) => storeChange(store, desired, actual)),
    ...actual.stores.filter(({ stage }) => !wanted.has(stage)).map((store) => orphan(store, desired)),
  ]
}

function storeChange(store: DesiredStore, desired: Desired, actual: Actual): Change {
  const common = { kind: 'store' as const, resource: store.stage, destructive: false }
  const is = actual.stores.find((one) => one.stage === store.stage)
  if (is === undefined) return { ...common, action: 'none', detail: newDetail(store, actual), impact: 'new', steps: [] }

  const newcomers = desired.stores.filter(
    (one) => isNew(one, actual) && one.outputs.some((topic) => store.inputs.includes(topic)),
  )
  if (newcomers.length > 0) return readsNewcomers(store, newcomers)
  const changed = differences(store.hashes, is.hashes)
  const moved = is.channels === undefined ? [] : movedChannels(store, is.channels)
  if (is.unreadable === undefined && moved.length === 0) {
    if (changed.length === 0) return { ...common, action: 'none', detail: [], impact: 'kept', steps: [] }
    if (is.tail === 0) {
      const detail = [`${changed.join(', ')} changed; the last snapshot is taken over`]
      return { ...common, action: 'none', detail, impact: 'migrated', steps: [] }
    }
  }
  const why =
    (moved.length > 0 ? `its inputs changed: ${moved.join(', ')}` : undefined) ??
    is.unreadable ??
    `${changed.join(', ')} changed behind the last snapshot (${entries(is.tail)} of its journal)`
  const obstacle = rebuildObstacle(store, actual.topics)
  if (obstacle !== undefined) return lost(store.stage, `${why}; ${obstacle}`, desired)
  const records = inputRecords(store, actual.topics)
  const time = `about ${durationText(records / REBUILD_RECORDS_PER_S)}`
  return {
    ...common,
    action: 'replace',
    detail: [why, `${count(records, 'record')} of ${store.inputs.join(', ')} are read again, ${time}`],
    impact: 'rebuilt',
    steps: [{ do: 'rebuild-store', stage: store.stage }],
  }
}

/** A stage that the last run did not have, on a site where something ran. */
function isNew({ stage }: DesiredStore, { producers }: Actual): boolean {
  return producers !== undefined && !producers.some((producer) => producer.startsWith(`${stage}/`))
}

/** Records of stream times that a stage has passed would never reach it. */
function readsNewcomers({ stage }: DesiredStore, newcomers: readonly DesiredStore[]): Change {
  const who = newcomers.map((one) => one.stage).join(', ')
  return {
    kind: 'store',
    resource: stage,
    action: 'update',
    detail: [`it reads what the new ${who} will write from the beginning, and has passed those stream times`],
    destructive: false,
    blocked: {
      code: 'STAGE_TOO_LATE',
      reason: `${stage} reads what the new ${who} will write from the beginning, and has passed those stream times`,
      hint: 'begin anew with `aitrader reset --records`, or let a new stage read it',
    },
    impact: 'kept',
    steps: [],
  }
}

function movedChannels({ channels }: DesiredStore, before: readonly string[]): string[] {
  const added = channels.filter((one) => !before.includes(one)).map((one) => `+${one}`)
  const gone = before.filter((one) => !channels.includes(one)).map((one) => `-${one}`)
  if (added.length + gone.length > 0) return [...added, ...gone]
  return channels.every((one, index) => before[index] === one) ? [] : ['another order']
}

/** Why a stage's state cannot be computed again from its inputs; undefined if it can. */
export function rebuildObstacle(store: DesiredStore, topics: readonly ActualTopic[]): string | undefined {
  if (store.not_rebuilt !== undefined) return store.not_rebuilt
  const cut = topics.find(
    ({ name, start_offsets }) => store.inputs.includes(name) && start_offsets.some((start) => start > 0),
  )
  return cut === undefined ? undefined : `retention has dropped records of ${cut.name}`
}

/** Records of all inputs of a stage. */
export function inputRecords({ inputs }: DesiredStore, topics: readonly ActualTopic[]): number {
  return inputs.reduce((sum, name) => sum + recordsIn(topics.find((topic) => topic.name === name)), 0)
}

function newDetail(store: DesiredStore, actual: Actual): string[] {
  const records = inputRecords(store, actual.topics)
  return records === 0 ? [] : [`it begins with the ${count(records, 'record')} that its inputs hold`]
}

function orphan(store: ActualStore, desired: Desired): Change {
  return lost(store.stage, 'the topology has no such stage any more', desired)
}

function lost(stage: string, why: string, desired: Desired): Change {
  const change: Change = {
    kind: 'store',
    resource: stage,
    action: 'delete',
    detail: [why],
    destructive: true,
    impact: 'lost',
    steps: [{ do: 'drop-store', stage }],
  }
  if (desired.allow_loss.includes(stage)) return change
  const blocked = {
    code: 'STATE_LOST',
    reason: `the state of ${stage} would be lost: ${why}`,
    hint: `go on with the old build until it stops cleanly, or allow it with --allow-loss ${stage}`,
  }
  return { ...change, blocked, steps: [] }
}

function differences(wanted: Hashes, found: readonly Hashes[]): string[] {
  return (['code', 'config', 'schemas', 'models'] as const).filter((what) =>
    found.some((hashes) => hashes[what] !== wanted[what]),
  )
}

function entries(n: number): string {
  return count(n, 'entry', 'entries')
}

/** Seconds in the largest unit that says enough. */
function durationText(seconds: number): string {
  if (seconds < 1) return 'a second'
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5_400) return `${Math.ceil(seconds / 60)} min`
  return `${(seconds / 3_600).toFixed(1)} h`
}
