/**
 * Makes the changes of a plan, step by step. Every step may be made again, so that an apply that was cut short is
 * finished by the next one.
 *
 * Before the first change everything that can be asked is: a cluster that would refuse a topic or a setting refuses it
 * while nothing has been touched.
 */
import type { Registry } from '../../connectors/registry/index.ts'
import { assert } from '../../runtime/api/index.ts'
import type { ClusterPort } from './cluster.ts'
import type { Change, Step } from './model.ts'

export interface Stores {
  rebuild(stage: string): Promise<unknown>
  drop(stage: string): Promise<void>
}

export interface World {
  readonly cluster: ClusterPort
  readonly registry: Registry
  readonly stores: Stores
}

/** Called before each change, with its number from 1. */
export type OnChange = (change: Change, number: number, of: number) => void

export async function execute(changes: readonly Change[], world: World, onChange: OnChange): Promise<void> {
  const todo = changes.filter((change) => change.steps.length > 0)
  await rehearse(todo, world.cluster)
  let number = 0
  for (const together of alike(todo)) {
    for (const change of together) onChange(change, ++number, todo.length)
    const steps = together.flatMap((change) => change.steps)
    const created = steps.flatMap((step) => (step.do === 'create-topic' ? [step.topic] : []))
    if (created.length > 0) await world.cluster.createTopics(created, false)
    else await Promise.all(together.map((change) => inOrder(change.steps, world)))
  }
}

async function inOrder(steps: readonly Step[], world: World): Promise<void> {
  for (const step of steps) await make(step, world)
}

/** Changes side by side that do not depend on one another: new topics, and schemas a few at a time. */
function alike(changes: readonly Change[]): Change[][] {
  const groups: Change[][] = []
  let last = ''
  for (const change of changes) {
    const what = change.kind === 'subject' ? 'subject' : (change.steps[0]?.do ?? '')
    const group = groups.at(-1)
    const joins = what === last && (what === 'create-topic' || (what === 'subject' && (group?.length ?? 0) < 8))
    if (joins) group?.push(change)
    else groups.push([change])
    last = what
  }
  return groups
}

async function rehearse(changes: readonly Change[], cluster: ClusterPort): Promise<void> {
  const steps = changes.flatMap((change) => change.steps)
  const created = steps.flatMap((step) => (step.do === 'create-topic' ? [step.topic] : []))
  if (created.length > 0) await cluster.createTopics(created, true)
  for (const step of steps) if (step.do === 'set-configs') await cluster.setConfigs(step.topic, step.configs, true)
}

async function make(step: Step, { cluster, registry, stores }: World): Promise<void> {
  switch (step.do) {
    case 'create-topic':
      return cluster.createTopics([step.topic], false)
    case 'recreate-topic':
      await cluster.deleteTopics([step.topic.name])
      return cluster.createTopics([step.topic], false)
    case 'add-partitions':
      return cluster.addPartitions(step.topic, step.partitions)
    case 'set-configs':
      return cluster.setConfigs(step.topic, step.configs, false)
    case 'create-acl':
      return cluster.createAcls([step.acl])
    case 'delete-acl':
      return cluster.deleteAcls([step.acl])
    case 'set-mode':
      return registry.setMode(step.subject, step.mode)
    case 'register': {
      const id = await registry.register(step.subject, step.schema, step.mode)
      assert(Number.isSafeInteger(id), `the registry gave ${step.subject} no id`)
      return
    }
    case 'set-offsets':
      return cluster.setOffsets(step.group, step.offsets)
    case 'rebuild-store':
      await stores.rebuild(step.stage)
      return
    case 'drop-store':
      return stores.drop(step.stage)
  }
}
