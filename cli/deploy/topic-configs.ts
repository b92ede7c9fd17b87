/**
 * Topics as Kafka is to keep them, each setting said outright: a broker's defaults differ between clusters and change.
 *
 * Kafka itself drops nothing: the runtime does, by stream time and never behind a recovery position, so a log that
 * Kafka cuts by the wall clock could take what a task still needs.
 */
import { namesOf } from '../../connectors/kafka/names.ts'
import { frontiersTopic } from '../../runtime/engine/frontiers.ts'
import { journalTopic } from '../../runtime/engine/journal.ts'
import { planLanes } from '../../runtime/plan/lanes.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import { requestTopics } from '../run/requests.ts'

export type TopicUse = 'records' | 'journal' | 'state'

/** Partitions of the state topic. Fixed: a key's shard is computed from it. */
const STATE_PARTITIONS = 8

const MEBIBYTE = 1024 * 1024

const SEGMENT_MEBIBYTES: Readonly<Record<TopicUse, number>> = { records: 128, journal: 16, state: 64 }

/** `copies` of each partition decide how many must have a record before it counts as written. */
export function topicConfigs(use: TopicUse, copies: number): Record<string, string> {
  return {
    'cleanup.policy': use === 'state' ? 'compact' : 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    // A snapshot of one key, or a record with its batch around it: what the broker port splits batches at.
    'max.message.bytes': String(16 * MEBIBYTE),
    'min.insync.replicas': copies >= 3 ? '2' : '1',
    // As the writer compressed it: a broker that does it again costs twice.
    'compression.type': 'producer',
    // Stream time, which may be years back in a replay and ahead of the broker's clock in a test.
    'message.timestamp.type': 'CreateTime',
    'message.timestamp.before.max.ms': '9223372036854775807',
    'message.timestamp.after.max.ms': '9223372036854775807',
    // Kafka drops whole segments only.
    'segment.bytes': String(SEGMENT_MEBIBYTES[use] * MEBIBYTE),
    // What is read to restore a task is the live values and at most a quarter more.
    ...(use === 'state' ? { 'min.cleanable.dirty.ratio': '0.2' } : {}),
  }
}

/** Topics of the runtime's own, named after the topology. */
export function internalTopics(plan: Plan): { name: string; partitions: number; use: TopicUse }[] {
  const { topic, topics, state } = namesOf(plan.topology.name)
  const [journal, frontiers] = [journalTopic(plan), frontiersTopic(planLanes(plan))]
  return [
    { name: topic(journal.name), partitions: journal.partitions, use: 'journal' },
    { name: topic(frontiers.name), partitions: frontiers.partitions, use: 'journal' },
    ...requestTopics(plan).map(({ name, partitions }) => ({ name: topic(name), partitions, use: 'journal' as const })),
    { name: state, partitions: STATE_PARTITIONS, use: 'state' },
    { name: topics, partitions: 1, use: 'state' },
  ]
}
