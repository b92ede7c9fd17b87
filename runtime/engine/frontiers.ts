import type { TopicSpec } from '../api/broker.ts'
import type { RecordType } from '../api/record.ts'
import { BatchBuilder, NO_CAUSES } from '../log/batch.ts'
import type { LanePlan, PlannedLane } from '../plan/lanes.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import type { Outgoing } from './outgoing.ts'

/** The internal topic of frontier marks: one partition per lane, so one writer each. */
export const FRONTIERS = 'aitrader.frontiers'

/** Before the first instant: nothing has passed. */
export const NOTHING_US = -1

export function frontiersTopic({ lanes }: LanePlan): TopicSpec {
  return { name: FRONTIERS, partitions: lanes.length, retention_us: 0, internal: true }
}

/** Mirrors `schemas/frontier-mark.avsc`. */
export interface FrontierMark {
  readonly lane: string
  readonly frontier_us: number
  readonly since_us: number
  readonly needed_us: number
  readonly ended: boolean
  readonly written: readonly {
    readonly topic: string
    readonly partition: number
    readonly producer: string
    readonly seq: number
    readonly stream_time_us: number
  }[]
}

export type FrontierType = RecordType<FrontierMark>

/** One lane of several, as an engine that runs it knows it. */
export interface LaneOptions {
  readonly lane: PlannedLane
  readonly plan: LanePlan
  readonly mark: FrontierType
}

/** Whether every record of a partition is written by this lane, so that it needs no broker to read them. */
export function isOwn({ lane, plan }: LaneOptions, topic: PlannedTopic, partition: number): boolean {
  const writers = plan.writers(topic, partition)
  return writers.length === 1 && writers[0] === lane.number
}

/**
 * Writes a lane's marks: in the transaction of each commit, how far the lane has come and the last record that the
 * commit wrote per partition, whether anybody reads it or not: who will is not known. A reader that has seen those
 * records knows that nothing earlier is missing.
 */
export class MarkWriter {
  readonly #options: LaneOptions
  #builder: BatchBuilder
  #spare: BatchBuilder
  /** What the last mark of this process said. */
  frontier_us = NOTHING_US
  /** What the last mark of the lane said, whoever wrote it. */
  since_us = NOTHING_US
  ended = false

  constructor(options: LaneOptions, schemaId: (fingerprint: string) => number) {
    this.#options = options
    const id = schemaId(options.mark.fingerprint)
    const builder = () => new BatchBuilder(FRONTIERS, options.lane.number, id, 4096)
    this.#builder = builder()
    this.#spare = builder()
  }

  /** The batch with the mark of the commit in hand; it is free again after the commit behind it. */
  write(
    frontier_us: number,
    needed_us: number,
    ended: boolean,
    outgoing: readonly (readonly Outgoing[])[],
  ): BatchBuilder {
    const written: FrontierMark['written'][number][] = []
    for (const partitions of outgoing) {
      for (const { topic, partition, builder, last_producer, last_seq, last_time_us } of partitions) {
        if (builder.records === 0) continue
        written.push({
          topic: topic.name,
          partition,
          producer: last_producer,
          seq: last_seq,
          stream_time_us: last_time_us,
        })
      }
    }
    const { name } = this.#options.lane
    const builder = this.#builder
    this.#builder = this.#spare
    this.#spare = builder
    builder.reset()
    const mark: FrontierMark = { lane: name, frontier_us, since_us: this.since_us, needed_us, ended, written }
    builder.append(this.#options.mark, mark, name, name, 0, Math.max(0, frontier_us), NO_CAUSES)
    this.frontier_us = frontier_us
    this.since_us = frontier_us
    this.ended = ended
    return builder
  }
}
