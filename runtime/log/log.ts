import type { TopicSpec } from '../api/broker.ts'
import { AppError, assert } from '../api/fault.ts'
import { type BlockDigest, openBlock } from './digest.ts'
import { decodeFrame } from './frame.ts'
import { batchKey, EPOCHS, epochKey, stateKey } from './keys.ts'
import { encodeState, loadDigest, type PartitionState, readState } from './partition.ts'
import type { LogStore, LogWrites } from './store.ts'
import { batchExtent, bodiesOf, sealBatch } from './stored-batch.ts'
import { type Topic, TopicTable, writeTopics } from './topics.ts'

/**
 * The writing half of a log: gives offsets, keeps digests, fences, trims. One instance per store at a time.
 *
 * Everything is checked before anything is written, so a refused transaction leaves no trace. If the store itself
 * fails, what is in memory no longer tells what is stored: the log is broken from then on and every further call says
 * so (`STORE_FAILED`).
 */

/** A transaction handed in: by whom, and its frame. The frame's checksums are written in place. */
export interface Submission {
  readonly transactional_id: string
  readonly epoch: number
  readonly frame: Buffer
}

/** A request to drop what retention allows; goes on over several transactions until `done`. */
export interface Trimming {
  readonly stream_time_us: number
  /** Recovery positions, per `topic/partition`. */
  readonly keep_from: ReadonlyMap<string, number>
  /** Number of the partition to look at next. */
  next: number
  records: number
  done: boolean
}

export function trimming(stream_time_us: number, keep_from: ReadonlyMap<string, number>): Trimming {
  return { stream_time_us, keep_from, next: 0, records: 0, done: false }
}

/** Batches dropped within one transaction at most: a long trim must not hold commits up. */
const TRIM_BATCHES_PER_COMMIT = 64

interface Partition {
  readonly number: number
  readonly key: Buffer
  readonly topic: Topic
  readonly name: string
  start: number
  end: number
  bytes: number
  chain: Buffer
  /** Made when the partition is first appended to; internal topics have none. */
  digest: BlockDigest | undefined
  dirty: boolean
}

export class Log {
  readonly #store: LogStore
  readonly #topics: TopicTable
  readonly #partitions = new Map<number, Partition>()
  readonly #epochs = new Map<string, number>()
  #dirty: Partition[] = []
  #broken: unknown

  constructor(store: LogStore) {
    this.#store = store
    this.#topics = new TopicTable(store)
    this.#addPartitions()
    for (const { key, value } of store.range(EPOCHS.from, EPOCHS.to)) {
      this.#epochs.set(Buffer.from(key.subarray(1)).toString('utf8'), Buffer.from(value).readUInt32LE(0))
    }
  }

  declare(specs: readonly TopicSpec[]): void {
    const changes = this.#topics.plan(specs)
    this.#transact((writes) => writeTopics(writes, changes))
    this.#topics.load(this.#store)
    this.#addPartitions()
  }

  number(topic: string, partition: number): number {
    return this.#topics.number(topic, partition)
  }

  /** Takes a transactional id; answers the epoch that fences all before it. */
  acquire(transactional_id: string): number {
    const epoch = (this.#epochs.get(transactional_id) ?? 0) + 1
    const value = Buffer.alloc(4)
    value.writeUInt32LE(epoch)
    this.#transact((writes) => writes.put(epochKey(transactional_id), value))
    this.#epochs.set(transactional_id, epoch)
    return epoch
  }

  /**
   * Commits the submissions in order, and a step of `trim`, in one transaction of the store. Answers per submission
   * what it was refused with, or undefined.
   */
  commit(submissions: readonly Submission[], trim?: Trimming): (AppError | undefined)[] {
    const refusals = submissions.map((submission) => this.#refusal(submission))
    const accepted = submissions.filter((_, i) => refusals[i] === undefined)
    if (accepted.length === 0 && trim === undefined) return refusals
    this.#transact((writes) => {
      for (const { frame } of accepted) this.#apply(writes, frame)
      if (trim !== undefined) this.#trim(writes, trim)
      for (const partition of this.#dirty) {
        writes.put(partition.key, encodeState(stateOf(partition)))
        partition.dirty = false
      }
      this.#dirty = []
    })
    return refusals
  }

  #refusal({ transactional_id, epoch }: Submission): AppError | undefined {
    const newest = this.#epochs.get(transactional_id)
    if (newest === epoch) return undefined
    return new AppError('FENCED', `a newer producer took the transactional id ${transactional_id}`, {
      exit_code: 4,
      hint: 'another process runs the same stages: stop one of them',
    })
  }

  #apply(writes: LogWrites, frame: Buffer): void {
    const { batches, puts } = decodeFrame(frame)
    for (const { partition: number, records, value } of batches) {
      const partition = this.#partitions.get(number)
      assert(partition !== undefined, `partition number ${number} is not declared`)
      if (partition.digest === undefined && partition.topic.spec.internal !== true) {
        partition.digest = loadDigest(writes, number, stateOf(partition), partition.name)
      }
      const key = batchKey(number, partition.end)
      sealBatch(key, value)
      writes.put(key, value)
      partition.end += records
      partition.bytes += value.length
      if (partition.digest !== undefined) {
        partition.digest.add(bodiesOf(value), records)
        partition.chain = partition.digest.chain
      }
      this.#touch(partition)
    }
    for (const { key, value } of puts) {
      if (value === undefined) writes.remove(key)
      else writes.put(key, value)
    }
  }

  #trim(writes: LogWrites, trim: Trimming): void {
    let budget = TRIM_BATCHES_PER_COMMIT
    for (; budget > 0; trim.next++) {
      const partition = this.#partitions.get(trim.next)
      if (partition === undefined) {
        trim.done = true
        return
      }
      budget = this.#trimPartition(writes, trim, partition, budget)
      if (budget === 0) return
    }
  }

  /** Answers what is left of the budget; 0: this partition may have more. */
  #trimPartition(writes: LogWrites, trim: Trimming, partition: Partition, budget: number): number {
    const { retention_us, retention_bytes, internal } = partition.topic.spec
    if (retention_us === undefined && retention_bytes === undefined) return budget
    const evidence = internal === true ? partition.end : openBlock(partition.end)
    const limit = Math.min(evidence, trim.keep_from.get(partition.name) ?? evidence)
    if (limit <= partition.start) return budget
    const oldest_us = retention_us === undefined ? Number.NEGATIVE_INFINITY : trim.stream_time_us - retention_us
    const most_bytes = retention_bytes ?? Number.POSITIVE_INFINITY

    let left = budget
    let { start, bytes } = partition
    while (left > 0 && start < limit) {
      const key = batchKey(partition.number, start)
      const value = writes.peek(key)
      assert(value !== undefined, `${partition.name} has no batch at its start offset ${start}`)
      const { records, last_time_us } = batchExtent(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
      if (start + records > limit || !(last_time_us < oldest_us || bytes > most_bytes)) break
      start += records
      bytes -= value.length
      left--
      writes.remove(key)
    }
    if (start === partition.start) return budget
    trim.records += start - partition.start
    partition.start = start
    partition.bytes = bytes
    this.#touch(partition)
    return left
  }

  #touch(partition: Partition): void {
    if (partition.dirty) return
    partition.dirty = true
    this.#dirty.push(partition)
  }

  #transact(work: (writes: LogWrites) => void): void {
    if (this.#broken !== undefined) {
      throw new AppError('STORE_FAILED', 'the log refuses to go on after a write failed', {
        exit_code: 4,
        hint: 'start again: what was committed before is there',
        cause: this.#broken,
      })
    }
    try {
      this.#store.transact(work)
    } catch (cause) {
      this.#broken = cause
      throw cause
    }
  }

  #addPartitions(): void {
    for (const topic of this.#topics.all()) {
      for (let i = 0; i < topic.spec.partitions; i++) {
        const number = topic.first + i
        const old = this.#partitions.get(number)
        const state = old === undefined ? readState(this.#store, number) : stateOf(old)
        this.#partitions.set(number, {
          number,
          key: stateKey(number),
          topic,
          name: `${topic.spec.name}/${i}`,
          start: state.start_offset,
          end: state.end_offset,
          bytes: state.bytes,
          chain: state.chain,
          digest: old?.digest,
          dirty: false,
        })
      }
    }
  }
}

function stateOf(partition: Partition): PartitionState {
  const { start, end, bytes, chain } = partition
  return { start_offset: start, end_offset: end, bytes, chain }
}
