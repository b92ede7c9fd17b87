import { AppError } from '../runtime/api/index.ts'
import { before } from '../runtime/engine/channel.ts'
import type { Envelope } from '../runtime/engine/envelope.ts'
import { JOURNAL } from '../runtime/engine/journal.ts'
import type { CodedReader } from '../runtime/engine/options.ts'
import { envelopes, load, readJournal, refuseForeignTail, restore } from '../runtime/engine/recovery.ts'
import { loadSnapshot, TASKS } from '../runtime/engine/snapshot.ts'
import { type StateEntry, stateOf } from '../runtime/engine/state-view.ts'
import { type Outlet, Task } from '../runtime/engine/task.ts'
import { outputTopics, type PlannedTask, producerNumbers } from '../runtime/plan/plan.ts'
import { canonical, parseCanonical } from '../runtime/state/canonical.ts'
import { hintFor } from '../runtime/topology/nearest.ts'
import { recordsAt } from './audit/written.ts'
import type { Composition } from './compose.ts'
import { journalType } from './engine.ts'
import { OutputCheck } from './output-check.ts'

/** Fills a fresh task as recovery would. */
export type RestoreTask = (composition: Composition, task: Task) => Promise<void>

/**
 * The state of a stage from what is durable, beside a writer or without one; nothing is written and nothing acts.
 *
 * Now: the last snapshot, and the journal's tail re-run and compared as recovery does. As of an input record: the
 * stage's tasks that read the record, run again in merge order up to and including it (timers due by its time have
 * fired), from the last snapshot if the record came later, else from the first records there ever were; what comes out
 * on the way is compared with what was recorded.
 */
export class StageState {
  private readonly reader: CodedReader
  private readonly composition: Composition
  private readonly producers: ReadonlyMap<string, number>
  private readonly planned: readonly PlannedTask[]
  private readonly stage: string
  private readonly restore: RestoreTask | undefined

  /** An AppError `STAGE_UNKNOWN` (exit 2) with the nearest name. `restore`: where it is not as in a directory. */
  constructor(reader: CodedReader, composition: Composition, stage: string, restoreTask?: RestoreTask) {
    this.reader = reader
    this.composition = composition
    this.stage = stage
    this.restore = restoreTask
    this.producers = producerNumbers(composition.plan)
    this.planned = composition.plan.tasks.filter((task) => task.stage === stage)
    if (this.planned.length > 0) return
    const hint = hintFor(stage, composition.plan.stages, 'stages')
    throw new AppError('STAGE_UNKNOWN', `the topology has no stage ${stage}`, { exit_code: 2, hint })
  }

  async now(): Promise<StateEntry[]> {
    return this.entries(await this.tasks())
  }

  /** Fields in canonical order: the same state reads the same, whether it was loaded or made. */
  private entries(tasks: readonly Task[]): StateEntry[] {
    return stateOf(tasks, this.stage).map((entry) => ({ ...entry, state: parseCanonical(canonical(entry.state)) }))
  }

  /** What the state of an entry says, for people: records that it keeps as bytes are records again. */
  readable({ state }: StateEntry): unknown {
    const { readable } = this.planned[0]!.processor
    return readable === undefined ? state : readable(state)
  }

  /** The stage's tasks as recovery would begin with them. */
  async tasks(): Promise<Task[]> {
    const tasks: Task[] = []
    for (const planned of this.planned) tasks.push(await this.restored(planned))
    return tasks
  }

  private async restored(planned: PlannedTask): Promise<Task> {
    if (this.restore === undefined) {
      const { hashes } = this.composition
      return this.steadily(planned, async (task) => {
        await restore(task, this.reader, journalType, hashes, this.producers, this.reader.codecs)
      })
    }
    const task = this.fresh(planned)
    await this.restore(this.composition, task)
    return task
  }

  /** Tries again when the writer took a snapshot while the old one was being read: the two do not go together. */
  private async steadily(planned: PlannedTask, work: (task: Task) => Promise<void>): Promise<Task> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const task = this.fresh(planned)
      const first = await this.reader.get(TASKS, planned.name)
      let failure: unknown
      try {
        await work(task)
      } catch (error) {
        failure = error
      }
      if (!same(first, await this.reader.get(TASKS, planned.name))) continue
      if (failure !== undefined) throw failure
      return task
    }
    throw new AppError(
      'STATE_BUSY',
      `${planned.name} wrote a new snapshot each of the ${MOST_ATTEMPTS} times it was read`,
      {
        exit_code: 4,
        hint: 'try again, or when the run is slower or has stopped',
      },
    )
  }

  /**
   * The state of the tasks that read `topic/partition`, after the record at `offset`. AppErrors (exit 2):
   * `TOPIC_NOT_INPUT`, `OFFSET_UNKNOWN`, and `STATE_NOT_ANSWERABLE`, which names the earliest offset that can be
   * answered where inputs are no longer there.
   */
  async at(topic: string, partition: number, offset: number): Promise<StateEntry[]> {
    const reads = ({ inputs }: PlannedTask) =>
      inputs.some((input) => input.topic.name === topic && input.partition === partition)
    const readers = this.planned.filter(reads)
    if (readers.length === 0) throw this.notInput(topic, partition)
    const { start_offset, end_offset } = this.reader.partition(topic, partition)
    if (offset >= end_offset) {
      throw new AppError('OFFSET_UNKNOWN', `${topic}/${partition} has no record ${offset} yet`, {
        exit_code: 2,
        hint: end_offset > start_offset ? `its last record is ${end_offset - 1}` : 'it is empty',
      })
    }
    const tasks: Task[] = []
    for (const planned of readers) tasks.push(await this.runTo(planned, topic, partition, offset))
    return this.entries(tasks)
  }

  private async runTo(planned: PlannedTask, topic: string, partition: number, offset: number): Promise<Task> {
    const { name, processor, merge } = planned
    if (processor.kind === 'command') {
      throw notAnswerable(
        `${name} acts on the outside, which cannot be run again`,
        'ask for its state now, without --at',
      )
    }
    if (merge === 'arrival') {
      throw notAnswerable(
        `${name} merges by arrival, and its journal keeps the order of the tail only`,
        'ask for its state now, without --at',
      )
    }
    const target = planned.inputs.findIndex((input) => input.topic.name === topic && input.partition === partition)
    const saved = await this.snapshotPosition(planned, target)
    if (saved !== undefined && saved <= offset) {
      const task = await this.steadily(planned, async (loaded) => {
        await load(loaded, this.reader)
        if (positionOf(loaded, target) > offset) return // A newer snapshot has passed the record meanwhile.
        await this.refuseOtherBuild(loaded)
        loaded.outlet = new OutputCheck()
        await this.feed(loaded, target, offset)
      })
      if (positionOf(task, target) === offset + 1) return task
    }
    const cut = planned.inputs.find(
      (input) => this.reader.partition(input.topic.name, input.partition).start_offset > 0,
    )
    if (cut !== undefined) {
      const earliest = saved === undefined ? 'no offset can be answered' : `the earliest answerable offset is ${saved}`
      throw notAnswerable(
        `${name} as of ${topic}/${partition}@${offset} needs records of ${cut.topic.name}/${cut.partition} that retention has dropped`,
        `${earliest} (${topic}:${partition}:N)`,
      )
    }
    const task = this.fresh(planned)
    await this.refuseOtherBuild(task)
    const { codecs } = this.reader
    const check = new OutputCheck(
      codecs === undefined ? undefined : await recordsAt(this.reader, outputTopics(planned), codecs),
    )
    task.outlet = check
    await this.feed(task, target, offset)
    await check.compare(this.reader, task)
    return task
  }

  /** Where the input stood at the last snapshot. */
  private async snapshotPosition(planned: PlannedTask, channel: number): Promise<number | undefined> {
    const bytes = await this.reader.get(TASKS, planned.name)
    if (bytes === undefined) return undefined
    const task = this.fresh(planned)
    loadSnapshot(task, bytes)
    return positionOf(task, channel)
  }

  /** Another build would have come to another state: as recovery does, it is refused. */
  private async refuseOtherBuild(task: Task): Promise<void> {
    const { end_offset } = this.reader.partition(JOURNAL, task.planned.producer)
    const last = await readJournal(
      this.reader,
      journalType,
      task.planned.producer,
      Math.max(0, end_offset - 1),
      end_offset,
      this.reader.codecs,
    )
    refuseForeignTail(task, last, this.composition.hashes)
  }

  /** Delivers and runs, in merge order, everything up to and including record `offset` of channel `target`. */
  private async feed(task: Task, target: number, offset: number): Promise<void> {
    const inputs = task.channels.map(({ input, position }) => {
      const { end_offset } = this.reader.partition(input.topic.name, input.partition)
      return envelopes(
        this.reader,
        input.topic,
        input.partition,
        position,
        end_offset,
        this.producers,
        this.reader.codecs,
      )
    })
    const heads: (Envelope | undefined)[] = []
    for (const input of inputs) heads.push((await input.next()).value ?? undefined)
    for (let delivered = 1; ; delivered++) {
      let next = -1
      for (let i = 0; i < heads.length; i++) if (this.comesBefore(task, heads, i, next)) next = i
      const head = heads[next]
      if (head === undefined) break
      task.deliver(next, head)
      const done = next === target && head.offset === offset
      if (done || delivered % RUN_EVERY === 0) await runTo(task, head.stream_time_us + delayOf(task, next))
      if (done) break
      heads[next] = (await inputs[next]?.next())?.value ?? undefined
    }
    for (const input of inputs) await input.return(undefined)
  }

  private comesBefore(task: Task, heads: readonly (Envelope | undefined)[], candidate: number, best: number): boolean {
    const head = heads[candidate]
    const best_head = heads[best]
    if (head === undefined) return false
    return best_head === undefined || before(head, delayOf(task, candidate), best_head, delayOf(task, best))
  }

  private fresh(planned: PlannedTask): Task {
    const runner = this.composition.runners[planned.stage]
    // A command's outside stays away: reading must not act.
    const outside =
      runner !== undefined && 'query' in runner ? { kind: 'query' as const, runner: runner.query } : undefined
    return new Task(planned, this.composition.plan.producers, NO_OUTLET, outside)
  }

  private notInput(topic: string, partition: number): AppError {
    const inputs = this.planned.flatMap((task) => task.inputs)
    const names = [...new Set(inputs.map((input) => input.topic.name))]
    const known = names.includes(topic)
    const partitions = new Set(inputs.filter((input) => input.topic.name === topic).map((input) => input.partition))
    return new AppError(
      'TOPIC_NOT_INPUT',
      `${this.stage} does not read ${known ? `partition ${partition} of ${topic}` : topic}`,
      {
        exit_code: 2,
        hint: known
          ? `it reads the partitions ${[...partitions].sort().join(', ')}`
          : hintFor(topic, names, 'its inputs'),
      },
    )
  }
}

const MOST_ATTEMPTS = 50
/** Records delivered between two runs of the task: bounds what is buffered. */
const RUN_EVERY = 1024

/** Re-running puts a comparison in its place; nothing else may come out of these tasks. */
const NO_OUTLET: Outlet = {
  emit: (task) => {
    throw new AppError('STATE_NOT_ANSWERABLE', `${task.planned.name} is not run here`, { exit_code: 2 })
  },
}

function delayOf(task: Task, channel: number): number {
  return task.channels[channel]?.input.delay_us ?? 0
}

function positionOf(task: Task, channel: number): number {
  return task.channels[channel]?.position ?? 0
}

async function runTo(task: Task, limit_us: number): Promise<void> {
  for (let wait = task.run(limit_us); wait !== undefined; wait = task.run(limit_us)) await wait
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}

function notAnswerable(message: string, hint: string): AppError {
  return new AppError('STATE_NOT_ANSWERABLE', message, { exit_code: 2, hint })
}
