import { join } from 'node:path'
import { loadTopology, ROOT } from '../../cli/compose.ts'
import { changesOf, pending } from '../../cli/deploy/changes.ts'
import { desiredOf } from '../../cli/deploy/desired.ts'
import type { Actual, ActualStore, ActualTopic, Change, Desired } from '../../cli/deploy/model.ts'
import { shippedWorld } from '../../cli/world.ts'
import { type Plan, plan } from '../../runtime/plan/plan.ts'

/** The shipped topology as a deployment wants it, and a world in which everything is as wanted. */

export const HASHES = { code: 'c1', config: 'f1', schemas: 's1', models: 'm1' }
export const PRINCIPAL = 'User:aitrader'
export const BOOKS = 'market.books.v1'
/** Offsets of a topic of four partitions that holds no record. */
export const EMPTY = { start_offsets: [7, 0, 0, 0], end_offsets: [7, 0, 0, 0] }

export async function cryptoPlan(): Promise<Plan> {
  return plan(await loadTopology(join(ROOT, 'topology/crypto.yaml')), await shippedWorld(), { manifest: '{}' })
}

export function wanted(of: Plan, more: { replication?: number; allow_loss?: readonly string[] } = {}): Desired {
  const { replication, allow_loss = [] } = more
  return desiredOf(of, { hashes: HASHES, replication, broker_replication: 1, principal: PRINCIPAL, allow_loss })
}

/** Everything is there, every topic holds 100 records a partition, and every stage stopped cleanly. */
export function settled(desired: Desired): Actual {
  const topics = desired.topics.map(
    ({ name, partitions, replication, configs }, index): ActualTopic => ({
      name,
      id: `id-${index}`,
      partitions,
      replication: replication ?? 1,
      configs: { ...configs, 'file.delete.delay.ms': '60000' },
      start_offsets: new Array(partitions).fill(0),
      end_offsets: new Array(partitions).fill(100),
    }),
  )
  const subjects = desired.subjects.map(({ subject, mode, schema }, index) => ({
    subject,
    mode,
    own: true,
    versions: [{ version: 1, id: index + 1, schema }],
  }))
  return {
    cluster_id: 'cluster-a',
    topics,
    subjects,
    group: { id: desired.group, state: 'Empty', members: [], offsets: [] },
    acls: desired.acls?.needed ?? [],
    stores: desired.stores.map(
      ({ stage, channels }): ActualStore => ({ stage, hashes: [HASHES], tail: 0, unreadable: undefined, channels }),
    ),
    producers: desired.producers,
    lanes: desired.lanes,
    applied: {
      cluster_id: 'cluster-a',
      topics: Object.fromEntries(topics.map(({ name, id }) => [name, id])),
      subjects: Object.fromEntries(subjects.map(({ subject, versions }) => [subject, versions[0]?.id ?? 0])),
    },
  }
}

/** With one topic changed. */
export function withTopic(actual: Actual, name: string, change: Partial<ActualTopic> | undefined): Actual {
  const topics = actual.topics.flatMap((topic) => {
    if (topic.name !== name) return [topic]
    return change === undefined ? [] : [{ ...topic, ...change }]
  })
  return { ...actual, topics }
}

/** With one stage's state changed. */
export function withStore(actual: Actual, stage: string, change: Partial<ActualStore>): Actual {
  const stores = actual.stores.map((store) => (store.stage === stage ? { ...store, ...change } : store))
  return { ...actual, stores }
}

/** The one change of a resource. */
export function changeOf(changes: readonly Change[], kind: Change['kind'], resource: string): Change {
  const found = changes.filter((change) => change.kind === kind && change.resource === resource)
  if (found.length !== 1) throw new Error(`${found.length} changes of ${kind} ${resource}`)
  return found[0] as Change
}

/** The only thing that remains to be done, or is in the way. */
export function only(of: Desired, is: Actual): Change {
  const all = pending(changesOf(of, is))
  if (all.length !== 1) throw new Error(`not one change: ${all.map(({ kind, resource }) => `${kind} ${resource}`)}`)
  return all[0] as Change
}
