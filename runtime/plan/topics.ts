import type { TopicSpec } from '../api/broker.ts'
import type { Plan } from './plan.ts'

/** The declared topics as a broker wants them. */
export function topicSpecs(plan: Plan): TopicSpec[] {
  return plan.topics.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions,
    ...(topic.retention_us === undefined ? {} : { retention_us: topic.retention_us }),
    ...(topic.retention_bytes === undefined ? {} : { retention_bytes: topic.retention_bytes }),
  }))
}
