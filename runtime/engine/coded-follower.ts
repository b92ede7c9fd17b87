import type { Follower, StoredBatch } from '../api/broker.ts'
import type { PlannedTopic } from '../plan/plan.ts'
import type { WriterCodecs } from './options.ts'
import type { Decode } from './stored.ts'

/**
 * Followed partitions whose batches come with what decodes them: a batch of another build's schema waits, and its
 * partition with it, until that schema is at hand.
 */
export class CodedFollower {
  readonly #follower: Follower
  readonly #codecs: WriterCodecs | undefined
  /** By partition. */
  readonly #waiting: (StoredBatch | undefined)[] = []
  #fetching: Promise<void> | undefined

  constructor(follower: Follower, codecs: WriterCodecs | undefined) {
    this.#follower = follower
    this.#codecs = codecs
  }

  /** The next batch of partition number `at` that can be decoded, if one is here. */
  take(at: number): StoredBatch | undefined {
    const batch = this.#waiting[at] ?? this.#follower.take(at)
    if (batch === undefined) return undefined
    const fetching = this.#codecs?.prepare(batch.schema_id)
    this.#waiting[at] = fetching === undefined ? undefined : batch
    if (fetching === undefined) return batch
    this.#fetching = fetching
    return undefined
  }

  /** What decodes a batch that was taken; undefined: as this build wrote it. */
  decode(batch: StoredBatch, topic: PlannedTopic): Decode | undefined {
    return this.#codecs?.get(batch.schema_id, topic.record)
  }

  /** The batch of partition number `at` whose schema is being fetched. */
  waiting(at: number): StoredBatch | undefined {
    return this.#waiting[at]
  }

  /** Offset behind the last batch that came of partition number `at`, waiting or not. */
  taken(at: number): number {
    return this.#follower.taken(at)
  }

  /** Resolves when there may be more. */
  ready(): Promise<void> {
    const fetching = this.#fetching
    if (fetching === undefined) return this.#follower.ready()
    this.#fetching = undefined
    return fetching
  }

  close(): Promise<void> {
    return this.#follower.close()
  }
}
