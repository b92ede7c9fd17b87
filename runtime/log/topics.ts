import type { TopicSpec } from '../api/broker.ts'
import { AppError } from '../api/fault.ts'
import { TOPICS, topicKey } from './keys.ts'
import type { LogReads, LogWrites } from './store.ts'

/**
 * The declared topics of a log. Each partition has a number, dense over the log, which orders and shortens its keys.
 *
 * Numbers are given once, in the order of declaration, and never reused.
 */

export interface Topic {
  readonly spec: TopicSpec
  /** Number of partition 0; the others follow. */
  readonly first: number
}

const MAX_PARTITIONS = 0x1_0000

export class TopicTable {
  #topics = new Map<string, Topic>()

  constructor(reads: LogReads) {
    this.load(reads)
  }

  load(reads: LogReads): void {
    const topics: Topic[] = []
    for (const { value } of reads.range(TOPICS.from, TOPICS.to)) {
      topics.push(JSON.parse(Buffer.from(value).toString('utf8')) as Topic)
    }
    topics.sort((a, b) => a.first - b.first)
    this.#topics = new Map(topics.map((topic) => [topic.spec.name, topic]))
  }

  /** In order of declaration. */
  all(): Topic[] {
    return [...this.#topics.values()]
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  /** Number of a partition; `TOPIC_UNKNOWN` (exit 2) if it is not declared. */
  number(name: string, partition: number): number {
    const topic = this.#topics.get(name)
    if (topic === undefined) {
      throw new AppError('TOPIC_UNKNOWN', `topic ${name} is not declared`, {
        exit_code: 2,
        hint: `topics: ${[...this.#topics.keys()].join(', ') || 'none'}`,
      })
    }
    if (!Number.isInteger(partition) || partition < 0 || partition >= topic.spec.partitions) {
      throw new AppError('TOPIC_UNKNOWN', `topic ${name} has no partition ${partition}`, {
        exit_code: 2,
        hint: `its partitions are 0 to ${topic.spec.partitions - 1}`,
      })
    }
    return topic.first + partition
  }

  /** What declaring `specs` adds or changes; checks all of them before anything is written. */
  plan(specs: readonly TopicSpec[]): Topic[] {
    const changes: Topic[] = []
    let next = 0
    for (const { first, spec } of this.#topics.values()) next = Math.max(next, first + spec.partitions)
    for (const spec of specs) {
      const old = this.#topics.get(spec.name)
      if (!Number.isInteger(spec.partitions) || spec.partitions < 1) {
        throw mismatch(`topic ${spec.name} cannot have ${spec.partitions} partitions`)
      }
      if (old !== undefined && old.spec.partitions !== spec.partitions) {
        throw mismatch(`topic ${spec.name} has ${old.spec.partitions} partitions, not ${spec.partitions}`)
      }
      if (old !== undefined && (old.spec.internal ?? false) !== (spec.internal ?? false)) {
        throw mismatch(`topic ${spec.name} cannot become ${spec.internal ? 'internal' : 'declared'}`)
      }
      changes.push({ spec, first: old?.first ?? next })
      if (old === undefined) next += spec.partitions
    }
    if (next > MAX_PARTITIONS) throw mismatch(`a log holds at most ${MAX_PARTITIONS} partitions, not ${next}`)
    return changes
  }
}

export function writeTopics(writes: LogWrites, topics: readonly Topic[]): void {
  for (const topic of topics) writes.put(topicKey(topic.spec.name), Buffer.from(JSON.stringify(topic)))
}

function mismatch(message: string): AppError {
  return new AppError('TOPIC_MISMATCH', message, {
    exit_code: 2,
    hint: 'partition counts are fixed for the life of a directory: use a new one',
  })
}
