/** What is there: everything that a plan is compared with, read at once and changed by nobody. */
import type { Registry } from '../../connectors/registry/index.ts'
import type { ClusterPort } from './cluster.ts'
import type { Actual, ActualStore, ActualSubject, Applied, Desired } from './model.ts'

/** What the topology's own topics tell of runs and applies before; nothing where it never ran. */
export interface Remembered {
  readonly applied: Applied | undefined
  readonly stores: readonly ActualStore[]
  /** Producers of the last run, by the number of their journal partition. */
  readonly producers: readonly string[] | undefined
  readonly lanes: readonly string[] | undefined
}

export async function observe(
  desired: Desired,
  cluster: ClusterPort,
  registry: Registry,
  remembered: Remembered,
): Promise<Actual> {
  const wanted = new Set([...desired.topics.map(({ name }) => name), ...Object.keys(remembered.applied?.topics ?? {})])
  const names = (await cluster.topicNames()).filter((name) => wanted.has(name) || name.startsWith(desired.prefix))
  const [topics, subjects, group, outside, acls] = await Promise.all([
    cluster.topics(names),
    observeSubjects(desired, registry),
    cluster.group(desired.group),
    Promise.all((desired.outside_groups ?? []).map(({ id }) => cluster.group(id))),
    desired.acls === undefined ? undefined : cluster.acls(),
  ])
  const outside_groups = outside.filter((one) => one !== undefined)
  return { cluster_id: cluster.cluster_id, topics, subjects, group, outside_groups, acls, ...remembered }
}

async function observeSubjects(desired: Desired, registry: Registry): Promise<ActualSubject[]> {
  const known = new Set(await registry.subjects())
  const wanted = desired.subjects.map(({ subject }) => subject).filter((subject) => known.has(subject))
  return Promise.all(
    wanted.map(async (subject) => {
      const [versions, { mode, own }] = await Promise.all([registry.versions(subject), registry.mode(subject)])
      return { subject, mode, own, versions }
    }),
  )
}
