/**
 * Takes a topology back to its beginning, or single stages to the beginning of their inputs.
 *
 * A whole reset takes the group's offsets, the journal, the frontiers and all state. Records that the topology wrote are
 * another matter: run again from the beginning it would write them a second time under the same ids, so they go too, or
 * there is no reset. A stage alone keeps its place and its ids; its state is computed again, or given up where it cannot be.
 */
import { AppError } from '../../runtime/api/index.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import { hintFor } from '../../runtime/topology/nearest.ts'
import type { ClusterPort } from './cluster.ts'
import type { Memory } from './memory.ts'
import { type ActualTopic, type Applied, type Desired, type DesiredTopic, recordsIn } from './model.ts'
import { inputRecords, rebuildObstacle } from './stores.ts'
import { count } from './topics.ts'

export type ResetStep =
  | { readonly do: 'delete-group'; readonly group: string; readonly offsets: number }
  | { readonly do: 'recreate-topic'; readonly topic: DesiredTopic; readonly records: number }
  | { readonly do: 'rebuild-store'; readonly stage: string; readonly records: number }
  | { readonly do: 'drop-store'; readonly stage: string; readonly why: string }

export interface ResetGoal {
  readonly plan: Plan
  readonly desired: Desired
  /** Undefined: everything. */
  readonly stages: readonly string[] | undefined
  /** The topics of the topology are made again as well. */
  readonly records: boolean
}

type Site = { readonly cluster: ClusterPort; readonly memory: Memory }

/**
 * What would be done. AppErrors (exit 2): `TOPOLOGY_RUNNING`, `RECORDS_REMAIN`, `STAGE_UNKNOWN`, `STATE_UNKNOWN`.
 */
export async function planReset(goal: ResetGoal, { cluster, memory }: Site): Promise<ResetStep[]> {
  const { desired, stages } = goal
  const group = await cluster.group(desired.group)
  const running = group?.members.length ?? 0
  if (running > 0) {
    throw new AppError(
      'TOPOLOGY_RUNNING',
      `${count(running, 'process', 'processes')} of ${desired.topology} still run`,
      {
        exit_code: 2,
        hint: 'stop them with Ctrl-C (SIGTERM) first',
      },
    )
  }
  const actual = await cluster.topics(desired.topics.map(({ name }) => name))
  if (stages !== undefined) return stageSteps(goal, stages, actual, (await memory.run()) !== undefined)
  const of_group = { do: 'delete-group' as const, group: desired.group, offsets: group?.offsets.length ?? 0 }
  return [...(group === undefined ? [] : [of_group]), ...topicSteps(goal, actual)]
}

function topicSteps({ desired, records }: ResetGoal, actual: readonly ActualTopic[]): ResetStep[] {
  const held = (topic: DesiredTopic) => recordsIn(actual.find(({ name }) => name === topic.name))
  const remaining = desired.topics.filter((topic) => !topic.internal && held(topic) > 0)
  if (!records && remaining.length > 0) {
    const names = remaining.map((topic) => `${topic.name} (${held(topic)})`).join(', ')
    throw new AppError('RECORDS_REMAIN', `nothing was reset: there are records on ${names}`, {
      exit_code: 2,
      hint: 'run again from the beginning, the topology would write them twice: --records takes them away too, --stages keeps them',
    })
  }
  const steps = desired.topics
    .filter((topic) => topic.internal || records)
    .map((topic) => ({ do: 'recreate-topic' as const, topic, records: held(topic) }))
  // The state says what the others are: it goes last, so that a reset that was cut short can be done again.
  return steps.sort((a, b) => Number(isState(a.topic, desired)) - Number(isState(b.topic, desired)))
}

function isState({ name }: DesiredTopic, { prefix }: Desired): boolean {
  return name === `${prefix}state`
}

function stageSteps(
  { desired, plan }: ResetGoal,
  stages: readonly string[],
  actual: readonly ActualTopic[],
  ran: boolean,
): ResetStep[] {
  if (!ran) {
    throw new AppError('STATE_UNKNOWN', `${desired.topology} never ran here, so its stages have no state`, {
      exit_code: 2,
      hint: 'check --kafka and --topology',
    })
  }
  return stages.map((stage) => {
    const store = desired.stores.find((one) => one.stage === stage)
    if (store === undefined) {
      const hint = hintFor(stage, plan.stages, 'stages')
      throw new AppError('STAGE_UNKNOWN', `the topology has no stage ${stage}`, { exit_code: 2, hint })
    }
    const why = rebuildObstacle(store, actual)
    if (why !== undefined) return { do: 'drop-store', stage, why }
    return { do: 'rebuild-store', stage, records: inputRecords(store, actual) }
  })
}

export async function makeReset(
  goal: ResetGoal,
  steps: readonly ResetStep[],
  { cluster, memory }: Site,
  onStep: (step: ResetStep) => void,
): Promise<void> {
  const applied = goal.stages === undefined ? await memory.applied() : undefined
  for (const step of steps) {
    onStep(step)
    switch (step.do) {
      case 'delete-group':
        await cluster.deleteGroup(step.group)
        break
      case 'recreate-topic':
        await cluster.deleteTopics([step.topic.name])
        await cluster.createTopics([step.topic], false)
        break
      case 'rebuild-store':
        await memory.rebuild(goal.plan, step.stage)
        break
      case 'drop-store':
        await memory.drop(goal.plan, step.stage)
    }
  }
  if (goal.stages !== undefined) return
  const topics = await cluster.topics(goal.desired.topics.map(({ name }) => name))
  const ids = Object.fromEntries(topics.map(({ name, id }) => [name, id]))
  const remembered: Applied = { cluster_id: cluster.cluster_id, topics: ids, subjects: applied?.subjects ?? {} }
  await memory.remember(remembered)
}

/** Whether something goes for good that cannot be computed again. */
export function isDestructive(step: ResetStep): boolean {
  return step.do === 'drop-store' || (step.do === 'recreate-topic' && step.records > 0)
}

export function stepText(step: ResetStep): string {
  switch (step.do) {
    case 'delete-group':
      return `delete the consumer group ${step.group} with ${count(step.offsets, 'offset')}`
    case 'recreate-topic':
      return `make ${step.topic.name} again; ${count(step.records, 'record')} of it go`
    case 'rebuild-store':
      return `compute the state of ${step.stage} again from ${count(step.records, 'record')}`
    case 'drop-store':
      return `give up the state of ${step.stage}: ${step.why}`
  }
}
