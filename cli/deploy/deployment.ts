/** One plan of one topology on one cluster and registry: observed, compared, applied, and what remains afterwards. */
import type { Registry } from '../../connectors/registry/index.ts'
import { AppError } from '../../runtime/api/index.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { compose } from '../compose.ts'
import { changesOf, pending, refuseBlocked } from './changes.ts'
import type { ClusterPort } from './cluster.ts'
import { desiredOf } from './desired.ts'
import { execute, type OnChange } from './execute.ts'
import type { Memory } from './memory.ts'
import type { Actual, Applied, Change, Desired } from './model.ts'
import { observe } from './observe.ts'

export interface Wishes {
  readonly topology: Topology
  readonly replication: number | undefined
  readonly principal: string | undefined
  readonly allow_loss: readonly string[]
}

/** Where a topology is deployed to, opened. */
export interface Site {
  readonly cluster: ClusterPort
  readonly registry: Registry
  readonly memory: Memory
}

/** What is to be, resolved: the topology as tasks, and what they want of the site. */
export interface Goal {
  readonly plan: Plan
  readonly desired: Desired
}

export interface Planned extends Goal {
  readonly actual: Actual
  readonly changes: readonly Change[]
}

/** What is wanted here; whatever the source that will feed it, it counts as the one of the last run. */
export async function goalOf(wishes: Wishes, { cluster, memory }: Pick<Site, 'cluster' | 'memory'>): Promise<Goal> {
  const last = await memory.run()
  const { hashes, plan } = await compose(wishes.topology, last?.source ?? null, last?.seed ?? 1)
  const { replication, principal, allow_loss } = wishes
  const broker_replication = await cluster.defaultReplication()
  return { plan, desired: desiredOf(plan, { hashes, replication, broker_replication, principal, allow_loss }) }
}

export async function compare({ plan, desired }: Goal, { cluster, registry, memory }: Site): Promise<Planned> {
  const actual = await observe(desired, cluster, registry, await memory.recall(plan))
  return { plan, desired, actual, changes: changesOf(desired, actual) }
}

/**
 * Makes every change, none if one is in the way, and answers what then remains: nothing, or an AppError
 * `APPLY_INCOMPLETE` (exit 4) names it. `changes` are those to be made; they may be a saved plan's.
 */
export async function apply(planned: Planned, site: Site, onChange: OnChange): Promise<Planned> {
  const { plan, desired, changes } = planned
  refuseBlocked(changes)
  const { memory } = site
  // Topics may just have been made again: what reads them connects anew.
  const anew = async () => {
    await memory.forgetConnection()
    return memory
  }
  const stores = {
    rebuild: async (stage: string) => (await anew()).rebuild(plan, stage),
    drop: async (stage: string) => (await anew()).drop(plan, stage),
  }
  await execute(changes, { ...site, stores }, onChange)
  await remember(desired, site)
  // A change is made when the controller has it; what one broker tells may lag behind by a moment.
  for (let attempt = 0; ; attempt++) {
    const after = await compare(planned, site)
    const rest = pending(after.changes)
    if (rest.length === 0) return after
    if (attempt === MOST_LOOKS) throw incomplete(rest)
    await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** Math.min(attempt, 4)))
  }
}

const MOST_LOOKS = 10

/** Writes down which cluster, topics and schemas these are, so that a later plan knows them from others of their name. */
async function remember(desired: Desired, { cluster, registry, memory }: Site): Promise<void> {
  const topics = await cluster.topics(desired.topics.map(({ name }) => name))
  const versions = await Promise.all(
    desired.subjects.map(async ({ subject }) => [subject, (await registry.versions(subject)).at(-1)?.id ?? 0] as const),
  )
  const applied: Applied = {
    cluster_id: cluster.cluster_id,
    topics: Object.fromEntries(topics.map(({ name, id }) => [name, id])),
    subjects: Object.fromEntries(versions),
  }
  await memory.remember(applied)
}

function incomplete(rest: readonly Change[]): AppError {
  const names = rest.map(({ action, kind, resource }) => `${action} ${kind} ${resource}`).join(', ')
  return new AppError('APPLY_INCOMPLETE', `after the apply there remains: ${names}`, {
    exit_code: 4,
    hint: 'somebody else changes the same things, or the cluster did not keep a setting: run `aitrader plan`',
  })
}
