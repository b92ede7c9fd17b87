/** What a planned topology wants of a Kafka cluster and a schema registry. */

import { namesOf } from '../../connectors/kafka/names.ts'
import { type CompatibilityMode, subjectOf } from '../../connectors/registry/index.ts'
import type { RecordType } from '../../runtime/api/index.ts'
import { FRONTIERS } from '../../runtime/engine/frontiers.ts'
import { type Hashes, JOURNAL } from '../../runtime/engine/journal.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import { outputTopics, type Plan, type PlannedTask } from '../../runtime/plan/plan.ts'
import { FrontierMark, JournalEntry } from '../../schemas/generated/index.ts'
import { requestKinds } from '../run/requests.ts'
import { neededAcls } from './acls.ts'
import type { Desired, DesiredStore, DesiredSubject, DesiredTopic } from './model.ts'
import { internalTopics, topicConfigs } from './topic-configs.ts'

export interface DesiredOptions {
  readonly hashes: Hashes
  /** Copies of every partition; undefined: the broker's default. */
  readonly replication: number | undefined
  /** The broker's default. */
  readonly broker_replication: number
  /** Who runs the stages, `User:aitrader`; undefined: rights are not planned. */
  readonly principal: string | undefined
  readonly allow_loss: readonly string[]
}

export function desiredOf(plan: Plan, options: DesiredOptions): Desired {
  const { name } = plan.topology
  const copies = options.replication ?? options.broker_replication
  const topics: DesiredTopic[] = [
    ...plan.topics.map((topic) => ({
      name: topic.name,
      partitions: topic.partitions,
      replication: options.replication,
      configs: topicConfigs('records', copies),
      internal: false,
    })),
    ...internalTopics(plan).map(({ name: internal, partitions, use }) => ({
      name: internal,
      partitions,
      replication: options.replication,
      configs: topicConfigs(use, copies),
      internal: true,
    })),
  ]
  return {
    topology: name,
    prefix: `${name}.`,
    topics,
    subjects: subjectsOf(plan),
    group: name,
    outside_groups: Object.entries(plan.topology.external_readers ?? {}).map(
      ([reader, { group, owner, topics: read }]) => ({
        id: group,
        reader,
        owner,
        topics: read,
      }),
    ),
    producers: plan.producers,
    lanes: laneTexts(plan),
    acls:
      options.principal === undefined
        ? undefined
        : { principal: options.principal, needed: neededAcls(plan, options.principal) },
    stores: plan.stages.map((stage) => storeOf(plan, stage, options.hashes)),
    allow_loss: options.allow_loss,
  }
}

function subjectsOf(plan: Plan): DesiredSubject[] {
  const { topic } = namesOf(plan.topology.name)
  const outside = Object.entries(plan.topology.external_readers ?? {})
  const readers = (read: string) => [
    ...plan.stages.filter((stage) => tasksOf(plan, stage).some((task) => reads(task, read))),
    ...outside.filter(([, { topics }]) => topics.includes(read)).map(([name]) => name),
  ]
  const subject = (on: string, record: RecordType<never> | RecordType<unknown>, mode: CompatibilityMode) => ({
    subject: subjectOf(on),
    topic: on,
    record: record.name,
    schema: record.schema,
    mode,
    readers: readers(on),
  })
  return [
    ...plan.topics.map(({ name, record }) =>
      subject(name, record, plan.topology.topics[name]?.compatibility ?? 'FULL_TRANSITIVE'),
    ),
    subject(topic(JOURNAL), JournalEntry, 'FULL_TRANSITIVE'),
    subject(topic(FRONTIERS), FrontierMark, 'FULL_TRANSITIVE'),
    ...requestKinds(plan).map((kind) => subject(topic(kind.topic), kind.type, 'FULL_TRANSITIVE')),
  ]
}

function storeOf(plan: Plan, stage: string, hashes: Hashes): DesiredStore {
  const tasks = tasksOf(plan, stage)
  const first = tasks[0] as PlannedTask
  const { processor, merge } = first
  return {
    stage,
    hashes,
    tasks: tasks.map((task) => task.name),
    inputs: [...new Set(tasks.flatMap((task) => task.inputs.map((input) => input.topic.name)))],
    channels: channelTexts(plan, stage),
    outputs: [...outputTopics(first)].map(({ name }) => name),
    not_rebuilt:
      processor.kind !== 'processor'
        ? 'what answered it cannot be asked again'
        : merge === 'arrival'
          ? 'the order in which its records arrived is kept for the journal behind the last snapshot only'
          : undefined,
  }
}

/** How a stage's tasks read their inputs, in the order that positions are kept in. */
export function channelTexts(plan: Plan, stage: string): string[] {
  const inputs = tasksOf(plan, stage).flatMap((task) => task.inputs)
  const texts = inputs.map(({ topic, keyed, delay_us }) => {
    return `${topic.name} (${topic.partitions} partitions, ${keyed ? 'keyed' : 'broadcast'} by ${topic.key}${delay_us > 0 ? `, after ${delay_us} us` : ''})`
  })
  return [...new Set(texts)]
}

/** Lanes with what each of them runs. */
export function laneTexts(plan: Plan): string[] {
  return planLanes(plan).lanes.map(({ name, sources, tasks }) => {
    return `${name}: ${[...sources, ...tasks].map((one) => one.name).join(' ')}`
  })
}

function tasksOf(plan: Plan, stage: string): PlannedTask[] {
  return plan.tasks.filter((task) => task.stage === stage)
}

function reads(task: PlannedTask, topic: string): boolean {
  return task.inputs.some((input) => input.topic.name === topic)
}
