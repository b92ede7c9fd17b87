import type { Put } from '../api/broker.ts'
import { BatchBuilder, NO_CAUSES } from '../log/batch.ts'
import { NOTHING_US } from './frontiers.ts'
import { JOURNAL, type JournalEntry, sourceEntry, taskEntry } from './journal.ts'
import type { EngineOptions, SourceState } from './options.ts'
import { takeSnapshot } from './snapshot.ts'
import type { Task } from './task.ts'

/** A task that has read this many records since its snapshot takes one at its next commit. */
const MAX_TAIL_RECORDS = 100_000

/** How far one task's journal is. */
interface Progress {
  /** Journal entries so far, and those since the last snapshot. */
  entries: number
  tail: number
  /** The snapshot of the commit under way. */
  saving: Saved | undefined
  /** The last durable snapshot of this process: what recovery would read from. */
  saved: Saved | undefined
  /** Stream time of the last durable snapshot, whoever wrote it; -1 if there is none. */
  saved_us: number
}

interface Saved {
  /** Input positions, by channel. */
  readonly positions: readonly number[]
  /** Journal entry that the snapshot belongs to. */
  readonly seq: number
  /** Stream time that the task had passed. */
  readonly at_us: number
}

/**
 * Journals what each task and source did in a commit, takes the snapshots that are due, and so knows what recovery
 * would have to read.
 */
export class JournalWriter {
  private readonly options: EngineOptions
  private readonly tasks: readonly Task[]
  private readonly sources: readonly SourceState[]
  /** Per task. */
  private readonly progress: readonly Progress[]
  /** By producer: the batches of the commit in hand, and those of the one under way. */
  builders: readonly BatchBuilder[]
  private spare: readonly BatchBuilder[]

  constructor(options: EngineOptions, tasks: readonly Task[], sources: readonly SourceState[]) {
    this.options = options
    this.tasks = tasks
    this.sources = sources
    const id = options.schemaId(options.journal.fingerprint)
    const builders = () => options.plan.producers.map((_, partition) => new BatchBuilder(JOURNAL, partition, id, 4096))
    this.builders = builders()
    this.spare = builders()
    this.progress = tasks.map(() => ({
      entries: 0,
      tail: 0,
      saving: undefined,
      saved: undefined,
      saved_us: NOTHING_US,
    }))
  }

  /** Goes on where recovery found a task's journal. */
  resume(task: number, entries: number, tail: number, saved_us: number): void {
    const progress = this.progress[task] as Progress
    progress.saved_us = saved_us
    progress.entries = entries
    progress.tail = tail
  }

  /**
   * Adds an entry for every source and task that did something, all of which have passed `frontier_us`; answers the
   * snapshots that are due, or all of them if the stop is `graceful`.
   */
  write(frontier_us: number, graceful: boolean): Put[] {
    this.writeSources(frontier_us)
    const puts: Put[] = []
    for (const [index, task] of this.tasks.entries()) {
      const progress = this.progress[index] as Progress
      if (!task.touched && !(graceful && progress.tail > 0)) continue
      const seq = progress.entries++
      const tail = progress.tail + 1
      const snapshot = graceful || this.isDue(index, seq, tail)
      this.append(task.planned.producer, taskEntry(task, seq, this.options.hashes, frontier_us, snapshot), frontier_us)
      progress.tail = snapshot ? 0 : tail
      if (snapshot) {
        puts.push(...takeSnapshot(task, seq))
        progress.saving = { positions: task.channels.map(({ position }) => position), seq, at_us: task.now_us }
      }
      task.commit()
    }
    return puts
  }

  private writeSources(frontier_us: number): void {
    for (const source of this.sources) {
      if (!source.touched) continue
      source.touched = false
      const { planned, next_seq, position } = source
      const { hashes } = this.options
      const entry = sourceEntry(planned.name, source.entries++, hashes, frontier_us, next_seq, position ?? null)
      this.append(planned.producer, entry, frontier_us)
    }
  }

  private append(producer: number, entry: JournalEntry, frontier_us: number): void {
    const builder = this.builders[producer] as BatchBuilder
    builder.append(this.options.journal, entry, entry.task, entry.task, entry.seq, frontier_us, NO_CAUSES)
  }

  /** Whether a task's snapshot is due. Tasks take turns: all in one commit would hold the path up for milliseconds. */
  private isDue(index: number, seq: number, tail: number): boolean {
    const { planned, tail_records } = this.tasks[index] as Task
    const every = planned.snapshot_every
    const turn = Math.floor((every * index) / this.tasks.length)
    return tail >= every || seq % every === turn || tail_records > MAX_TAIL_RECORDS
  }

  /** The commit in hand is under way: the next one fills the other batches. */
  turn(): void {
    const { builders } = this
    this.builders = this.spare
    this.spare = builders
  }

  /** The commit that was under way is durable, and so are its snapshots. */
  durable(): void {
    for (const progress of this.progress) {
      if (progress.saving === undefined) continue
      progress.saved = progress.saving
      progress.saved_us = progress.saving.at_us
      progress.saving = undefined
    }
  }

  /** Stream time up to which recovery of a lane that has passed `now_us` needs nothing; -1: everything is needed. */
  neededUs(now_us: number): number {
    let needed_us = now_us
    for (const [index, { planned, buffered }] of this.tasks.entries()) {
      const { saved_us, tail } = this.progress[index] as Progress
      // It has read nothing since its snapshot, which this commit may hold: there was nothing to read.
      if (tail === 0 && buffered === 0) continue
      const delay_us = Math.max(0, ...planned.inputs.map((input) => input.delay_us))
      needed_us = Math.min(needed_us, saved_us - delay_us)
    }
    return Math.max(NOTHING_US, needed_us)
  }

  /**
   * Offsets from which on recovery of a whole plan reads, per `topic/partition`: the input of `Broker.trim`. Of a task
   * that has taken no snapshot in this process it reads all inputs.
   */
  neededOffsets(): ReadonlyMap<string, number> {
    const keep = new Map<string, number>()
    const least = (name: string, offset: number) => keep.set(name, Math.min(keep.get(name) ?? offset, offset))
    for (const [index, task] of this.tasks.entries()) {
      const { saved } = this.progress[index] as Progress
      least(`${JOURNAL}/${task.planned.producer}`, saved?.seq ?? 0)
      for (const [number, channel] of task.channels.entries()) least(channel.origin, saved?.positions[number] ?? 0)
    }
    for (const { planned, entries } of this.sources) least(`${JOURNAL}/${planned.producer}`, Math.max(0, entries - 1))
    return keep
  }
}
