/**
 * Topics as an operator sees them: what there is, changes of it, and offsets. Changes throw at the first refusal (see
 * `kafkaError`); what is there already or gone already is told apart by the caller, who knows what it wanted.
 */
import { setTimeout } from 'node:timers/promises'
import { RetriableError } from '../../runtime/api/index.ts'
import type { Cluster, RequestOptions } from './cluster.ts'
import { CODE, check, isRetriable } from './errors.ts'
import * as alter from './requests/alter-topics.ts'
import {
  type AlterConfigsInput,
  type ConfigEntry,
  describeConfigs,
  incrementalAlterConfigs,
} from './requests/configs.ts'
import { type CreateTopicsInput, createTopics as createTopicsRequest } from './requests/create-topics.ts'
import { EARLIEST, LATEST, listOffsets as listOffsetsRequest, NEWEST } from './requests/list-offsets.ts'
import type { PartitionMetadata } from './requests/metadata.ts'
import type { KafkaNode } from './wire.ts'

export interface ClusterDescription {
  readonly cluster_id: string
  readonly controller: number
  readonly brokers: readonly (KafkaNode & { readonly rack: string | null })[]
}

export async function describeCluster(cluster: Cluster): Promise<ClusterDescription> {
  const { brokers, controller } = await cluster.metadata([])
  return { cluster_id: cluster.cluster_id, controller, brokers }
}

/** A broker's setting that is in force, for example `default.replication.factor`; null if it is secret or unset. */
export async function brokerConfig(cluster: Cluster, name: string): Promise<string | null> {
  const broker = await cluster.controller()
  const { resources } = await cluster.request({ node: broker }, describeConfigs, { broker })
  const [found] = resources
  check(found?.error_code ?? 0, 'reading the settings of a broker', { message: found?.error_message ?? null })
  return found?.config.find((entry) => entry.name === name)?.value ?? null
}

export interface TopicDescription {
  readonly topic: string
  /** Changes when a topic of this name is deleted and created anew. */
  readonly topic_id: string
  readonly internal: boolean
  readonly partitions: readonly PartitionMetadata[]
  /** Copies of its first partition. */
  readonly replication: number
  readonly config: readonly ConfigEntry[]
}

/** Names of all topics that this user may see, sorted. */
export async function topicNames(cluster: Cluster): Promise<string[]> {
  const { topics } = await cluster.metadata(null)
  return topics.map((topic) => topic.topic).sort()
}

/** Those of `names` that exist, in that order. */
export async function describeTopics(cluster: Cluster, names: readonly string[]): Promise<TopicDescription[]> {
  if (names.length === 0) return []
  const { topics } = await cluster.metadata(names, { accept: [CODE.UNKNOWN_TOPIC_OR_PARTITION] })
  const found = new Map(topics.filter((topic) => topic.error_code === 0).map((topic) => [topic.topic, topic]))
  if (found.size === 0) return []
  const { resources } = await cluster.request(
    'any',
    describeConfigs,
    { topics: [...found.keys()] },
    // Deleted in between: as if it had not been there.
    { accept: [CODE.UNKNOWN_TOPIC_OR_PARTITION] },
  )
  const configs = new Map(resources.map((resource) => [resource.name, resource]))
  return names.flatMap((name) => {
    const topic = found.get(name)
    const answer = configs.get(name)
    if (topic === undefined || answer?.error_code === CODE.UNKNOWN_TOPIC_OR_PARTITION) return []
    check(answer?.error_code ?? 0, `reading the settings of ${name}`, { message: answer?.error_message ?? null })
    const { topic_id, internal, partitions } = topic
    const replication = partitions[0]?.replicas.length ?? 0
    return [{ topic: name, topic_id, internal, partitions, replication, config: answer?.config ?? [] }]
  })
}

const REGROUP_MS = 50
const WITHIN = { timeout_ms: 30_000 } as const

/** Throws `KAFKA_REFUSED` with `TOPIC_ALREADY_EXISTS` where it does. */
export async function createTopics(
  cluster: Cluster,
  topics: CreateTopicsInput['topics'],
  options: { validate_only?: boolean } = {},
): Promise<void> {
  const input = { topics, ...WITHIN, validate_only: options.validate_only ?? false }
  const output = await cluster.request('controller', createTopicsRequest, input)
  refused(output.topics, 'creating topic')
}

/** `partitions`: how many there are to be in total. */
export async function createPartitions(
  cluster: Cluster,
  topics: alter.CreatePartitionsInput['topics'],
  options: { validate_only?: boolean } = {},
): Promise<void> {
  const input = { topics, ...WITHIN, validate_only: options.validate_only ?? false }
  const output = await cluster.request('controller', alter.createPartitions, input)
  refused(output.topics, 'adding partitions to')
}

/** Single settings; null takes a topic's own value away. */
export async function alterConfigs(
  cluster: Cluster,
  topics: AlterConfigsInput['topics'],
  options: { validate_only?: boolean } = {},
): Promise<void> {
  const input = { topics, validate_only: options.validate_only ?? false }
  const output = await cluster.request('controller', incrementalAlterConfigs, input)
  refused(output.topics, 'setting up')
}

/** Resolves when the controller has taken them away; a topic that is gone already is none to delete. */
export async function deleteTopics(cluster: Cluster, topics: readonly string[]): Promise<void> {
  const accept = [CODE.UNKNOWN_TOPIC_OR_PARTITION]
  const output = await cluster.request('controller', alter.deleteTopics, { topics, ...WITHIN }, { accept })
  for (const topic of topics) cluster.invalidate(topic)
  refused(
    output.topics.filter((topic) => topic.error_code !== CODE.UNKNOWN_TOPIC_OR_PARTITION),
    'deleting topic',
  )
}

function refused(
  results: readonly { readonly topic: string; readonly error_code: number; readonly error_message: string | null }[],
  doing: string,
): void {
  for (const { topic, error_code, error_message } of results)
    check(error_code, `${doing} ${topic}`, { message: error_message })
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number
}

/**
 * `earliest`: the log's start. `latest`: the high watermark. `stable`: the last stable offset, where committed reading
 * ends now. `newest`: the record with the greatest time, which may be a marker, -1 in an empty log. A number: the first
 * record at or after that time (milliseconds), -1 if there is none, or if retention has dropped it, whatever stands
 * behind it. In the order asked.
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest' | 'newest' | 'stable' | number,
  options: RequestOptions = {},
): Promise<(PartitionOffset & { readonly timestamp_ms: number })[]> {
  const timestamp_ms = typeof at === 'number' ? at : TIMES[at]
  const isolation = at === 'stable' ? 'read_committed' : 'read_uncommitted'
  const found = await perLeader(cluster, partitions, options, async (leader, group, once) => {
    const topics = byTopic(group, ({ partition }) => ({ partition, timestamp_ms }))
    return (await cluster.request(leader, listOffsetsRequest, { isolation, topics }, once)).partitions
  })
  return inOrder(partitions, found, 'reading offsets of').map(({ topic, partition, offset, timestamp_ms = -1 }) => {
    return { topic, partition, offset, timestamp_ms }
  })
}

const TIMES = { earliest: EARLIEST, latest: LATEST, newest: NEWEST, stable: LATEST } as const

/** Takes away the records before `offset` (-1: all up to the high watermark). Answers the logs' new starts. */
export async function deleteRecords(
  cluster: Cluster,
  before: readonly PartitionOffset[],
  options: RequestOptions = {},
): Promise<PartitionOffset[]> {
  const found = await perLeader(cluster, before, options, async (leader, group, once) => {
    const topics = byTopic(group, ({ partition, offset }) => ({ partition, offset }))
    const output = await cluster.request(leader, alter.deleteRecords, { topics, ...WITHIN }, once)
    return output.partitions.map((one) => ({ ...one, offset: one.low_watermark }))
  })
  return inOrder(before, found, 'deleting records of').map(({ topic, partition, offset }) => {
    return { topic, partition, offset }
  })
}

/**
 * One request per broker, in which every partition is led by it. When a partition has another leader by then, or a broker
 * is gone, all are grouped and asked anew, within the deadline: for requests that may be carried out twice.
 */
export async function perLeader<T extends TopicPartition, R extends TopicPartition & { readonly error_code: number }>(
  cluster: Cluster,
  partitions: readonly T[],
  options: RequestOptions,
  send: (
    leader: { readonly leader: TopicPartition },
    group: readonly T[],
    once: RequestOptions,
  ) => Promise<readonly R[]>,
): Promise<R[]> {
  const give_up_at = performance.now() + (options.deadline_ms ?? 30_000)
  for (;;) {
    try {
      const groups = new Map<number, T[]>()
      for (const one of partitions) {
        const leader = await cluster.leader(one.topic, one.partition, options)
        groups.set(leader, [...(groups.get(leader) ?? []), one])
      }
      const once = { ...options, retry: false }
      const answers = await Promise.all(
        [...groups.values()].map((group) => send({ leader: group[0] as T }, group, once)),
      )
      const moved = answers.flat().filter((answer) => isRetriable(answer.error_code))
      if (moved.length === 0 || performance.now() > give_up_at) return answers.flat()
      for (const { topic } of moved) cluster.invalidate(topic)
    } catch (error) {
      if (!(error instanceof RetriableError) || performance.now() > give_up_at) throw error
    }
    await setTimeout(REGROUP_MS, undefined, options.signal === undefined ? {} : { signal: options.signal })
  }
}

export function byTopic<T extends TopicPartition, P>(
  partitions: readonly T[],
  each: (one: T) => P,
): { topic: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>()
  for (const one of partitions) topics.set(one.topic, [...(topics.get(one.topic) ?? []), each(one)])
  return [...topics].map(([topic, items]) => ({ topic, partitions: items }))
}

function inOrder(
  asked: readonly TopicPartition[],
  answers: readonly (PartitionOffset & { readonly error_code: number; readonly timestamp_ms?: number })[],
  doing: string,
): (PartitionOffset & { readonly timestamp_ms?: number | undefined })[] {
  const found = new Map(answers.map((answer) => [`${answer.topic}/${answer.partition}`, answer]))
  return asked.map(({ topic, partition }) => {
    const answer = found.get(`${topic}/${partition}`)
    check(answer?.error_code ?? CODE.UNKNOWN_TOPIC_OR_PARTITION, `${doing} ${topic}/${partition}`)
    return { topic, partition, offset: answer?.offset ?? -1, timestamp_ms: answer?.timestamp_ms }
  })
}
