import type { PlannedTopic } from '../plan/plan.ts'
import type { Channel } from './channel.ts'
import { isOwn, type LaneOptions, NOTHING_US } from './frontiers.ts'
import type { FeedPartition } from './incoming.ts'
import type { Consumer } from './outgoing.ts'
import type { Task } from './task.ts'

const NOBODY: readonly Consumer[] = []

/** The partitions that a lane's tasks read and other lanes write: who reads each, and from where. */
export class LaneInputs {
  /** What the lane had passed when it was recovered. */
  passed_us = NOTHING_US
  readonly #tasks: readonly Task[]
  /** By topic and partition. */
  readonly #consumers = new Map<PlannedTopic, Consumer[][]>()

  constructor(tasks: readonly Task[], lane: LaneOptions) {
    this.#tasks = tasks
    for (const [task, { channels }] of tasks.entries()) {
      for (const [channel, { input }] of channels.entries()) {
        const { topic, partition } = input
        if (isOwn(lane, topic, partition)) continue
        const partitions = this.#consumers.get(topic) ?? Array.from({ length: topic.partitions }, (): Consumer[] => [])
        this.#consumers.set(topic, partitions)
        ;(partitions[partition] as Consumer[]).push({ task, channel, waits: false })
      }
    }
  }

  /** Who reads a partition; nobody if it is the lane's own. */
  consumers(topic: PlannedTopic, partition: number): readonly Consumer[] {
    return this.#consumers.get(topic)?.[partition] ?? NOBODY
  }

  /** Each of them from where it stands. */
  partitions(): FeedPartition[] {
    const partitions: FeedPartition[] = []
    for (const [topic, consumers] of this.#consumers) {
      for (const [partition, [first]] of consumers.entries()) {
        if (first === undefined) continue
        const { position, length } = (this.#tasks[first.task] as Task).channels[first.channel] as Channel
        partitions.push({ topic, partition, passed_us: this.passed_us, index: position + length })
      }
    }
    return partitions
  }
}
