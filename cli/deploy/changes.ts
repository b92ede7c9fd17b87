/** From what is wanted and what is there to every change, at once and in the order in which they are made. */
import { AppError } from '../../runtime/api/index.ts'
import { aclChanges } from './acls.ts'
import { groupChanges } from './groups.ts'
import type { Actual, Change, Desired, Step } from './model.ts'
import { storeChanges } from './stores.ts'
import { subjectChanges } from './subjects.ts'
import { count, topicChanges } from './topics.ts'

export function changesOf(desired: Desired, actual: Actual): Change[] {
  const topics = topicChanges(desired, actual)
  const taken = topics.filter(({ action }) => action === 'replace' || action === 'update' || action === 'delete')
  const changes = [
    ...clusterChanges(actual),
    ...topics,
    ...subjectChanges(desired, actual),
    ...aclChanges(desired, actual),
    ...groupChanges(desired, actual, new Set(taken.map(({ resource }) => resource))),
    ...storeChanges(desired, actual),
  ]
  const running = actual.group?.members.length ?? 0
  return running === 0 ? changes : changes.map((change) => notBeneath(running, change))
}

/** What a running process stands on is not taken away beneath it. */
function notBeneath(running: number, change: Change): Change {
  const takes = change.steps.some(({ do: what }) => TAKING.has(what))
  if (!takes || change.blocked !== undefined) return change
  const blocked = {
    code: 'TOPOLOGY_RUNNING',
    reason: `${change.resource} is to be replaced while ${count(running, 'process', 'processes')} of the topology run`,
    hint: 'stop them with Ctrl-C (SIGTERM) first; they then write a last snapshot',
  }
  return { ...change, blocked, steps: [] }
}

const TAKING: ReadonlySet<Step['do']> = new Set(['recreate-topic', 'rebuild-store', 'drop-store', 'set-offsets'])

/** Offsets and ids of another cluster mean nothing here, though its records may have been copied. */
function clusterChanges({ cluster_id, applied }: Actual): Change[] {
  if (applied === undefined || applied.cluster_id === cluster_id) return []
  return [
    {
      kind: 'cluster',
      resource: cluster_id,
      action: 'replace',
      detail: [`the last apply was to the cluster ${applied.cluster_id}`],
      destructive: true,
      blocked: {
        code: 'CLUSTER_CHANGED',
        reason: `this is the cluster ${cluster_id}; what is on it was applied to ${applied.cluster_id}`,
        hint: 'check --kafka; if the cluster was copied here, begin anew with `aitrader reset --records`',
      },
      steps: [],
    },
  ]
}

/** Changes that remain to be made. */
export function pending(changes: readonly Change[]): Change[] {
  return changes.filter((change) => change.action !== 'none')
}

/**
 * Refuses a plan of which one part may not be applied: nothing of it is then. An AppError of the first reason's code
 * (exit 1) that counts the others.
 */
export function refuseBlocked(changes: readonly Change[]): void {
  const blocked = changes.flatMap((change) => (change.blocked === undefined ? [] : [change.blocked]))
  const [first] = blocked
  if (first === undefined) return
  const others = blocked.length === 1 ? '' : ` (and ${blocked.length - 1} more: \`aitrader plan\` shows all)`
  throw new AppError(first.code, `nothing was changed: ${first.reason}${others}`, { exit_code: 1, hint: first.hint })
}
