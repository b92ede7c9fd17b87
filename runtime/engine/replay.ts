import type { Reader } from '../api/broker.ts'
import { AppError, assert, InvariantError } from '../api/fault.ts'
import { type Plan, producerNumbers } from '../plan/plan.ts'
import { Comparison, type Difference } from './comparison.ts'
import type { Envelope } from './envelope.ts'
import { JOURNAL } from './journal.ts'
import type { CodedReader } from './options.ts'
import { type Outgoing, openOutgoing } from './outgoing.ts'
import { LiveOutlet } from './outlet.ts'
import { type RecordedInput, RecordedInputs } from './recorded.ts'
import { type Runnable, Scheduler } from './scheduler.ts'
import { type RecordAt, Task } from './task.ts'

/**
 * Runs the processors of a plan again, from nothing but what sources and effects recorded, and compares everything
 * they make with what was recorded: bytes, keys, ids, stream times and causes.
 *
 * It is the live engine's scheduler, tasks and encoding with another end: batches are compared instead of written.
 * Effects are not run; their recorded outputs appear when their turn comes. It ends where the log ends: timers due by
 * then fire, later ones do not.
 */

export interface ReplayOptions {
  readonly plan: Plan
  readonly reader: CodedReader
  /**
   * The record as the build wrote it that wrote a topic at a stream time, where its schema is not this build's: what is
   * made is encoded so, and compared byte by byte.
   */
  readonly recordAt?: RecordAt
  readonly schemaId: (fingerprint: string) => number
  /** Called now and then with the stream time reached and where it ends, microseconds. */
  readonly progress?: (at_us: number, end_us: number) => void
  /** Stream time to end at, microseconds; the log's frontier by default. A writer may go on meanwhile. */
  readonly to_us?: number
}

export interface ReplayResult {
  /** Recorded records that were compared. */
  readonly compared: number
  readonly different: number
  /** The earliest by stream time. */
  readonly first_difference: Difference | null
  /** Stream time covered, microseconds: from the first frame to the log's end. */
  readonly range: { readonly from_us: number; readonly to_us: number }
  /** Why it ended early, if it did: what was recorded broke an invariant of the program. */
  readonly stopped: string | undefined
}

/** Records made before they are compared: memory is bounded by it. */
const COMPARE_EVERY = 4096

/**
 * Replays all of the log. Rejects with `REPLAY_TRIMMED` if its beginning is gone, `REPLAY_UNORDERED` if a stage merges
 * by arrival (both exit 2), and `DATA_DAMAGED` (exit 3) if what was recorded cannot be read.
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  refuse(options)
  const to_us = options.to_us ?? (await frontierOf(options.reader))
  return new Replay(options).all(to_us)
}

/** The stream time that the log's last commit has passed, microseconds; 0 for an empty log. */
export async function frontierOf(reader: Reader): Promise<number> {
  const partitions = reader.topics().find((topic) => topic.name === JOURNAL)?.partitions ?? 0
  let frontier_us = 0
  for (let partition = 0; partition < partitions; partition++) {
    const { end_offset } = reader.partition(JOURNAL, partition)
    const batch = end_offset === 0 ? undefined : await reader.read(JOURNAL, partition, end_offset - 1)
    if (batch !== undefined) frontier_us = Math.max(frontier_us, batch.last_time_us)
  }
  return frontier_us
}

function refuse({ plan, reader }: ReplayOptions): void {
  for (const task of plan.tasks) {
    if (task.merge === 'by_data') continue
    throw new AppError('REPLAY_UNORDERED', `stage ${task.stage} merges its inputs by arrival`, {
      exit_code: 2,
      hint: 'only stages that merge by_data can be replayed from the topics alone',
    })
  }
  for (const topic of plan.topics) {
    for (let partition = 0; partition < topic.partitions; partition++) {
      const { start_offset } = reader.partition(topic.name, partition)
      if (start_offset === 0) continue
      throw new AppError(
        'REPLAY_TRIMMED',
        `${topic.name}/${partition} begins at offset ${start_offset}: retention dropped what was before`,
        {
          exit_code: 2,
          hint: 'a replay needs the log from its first record on; replay a copy made before, or keep topics longer',
        },
      )
    }
  }
}

/** Stands where an effect's task would: hands out its recorded outputs when they are due. */
class Recorded implements Runnable {
  private readonly due: Envelope[] = []
  private readonly hand: (envelope: Envelope) => void

  constructor(hand: (envelope: Envelope) => void) {
    this.hand = hand
  }

  push(envelope: Envelope): void {
    this.due.push(envelope)
  }

  nextDue(): number {
    return this.due[0]?.stream_time_us ?? Number.POSITIVE_INFINITY
  }

  run(limit_us: number): undefined {
    while (this.nextDue() <= limit_us) this.hand(this.due.shift() as Envelope)
  }
}

class Replay {
  private readonly options: ReplayOptions
  private readonly outgoing: readonly (readonly Outgoing[])[]
  private readonly tasks: readonly (Task | Recorded)[]
  private readonly scheduler: Scheduler
  private readonly outlet: LiveOutlet
  private readonly inputs: RecordedInputs
  private readonly comparison: Comparison

  constructor(options: ReplayOptions) {
    const { plan, reader } = options
    this.options = options
    const producers = producerNumbers(plan)
    const computing = plan.tasks.filter((task) => task.processor.kind === 'processor').map((task) => task.name)
    const computed = new Set(computing)
    const isComputed = (name: string) => computed.has(name)
    this.outgoing = openOutgoing({
      plan,
      schemaId: options.schemaId,
      endOffset: () => 0,
      reads: (task) => (isComputed(task.name) ? 'now' : 'never'),
    })
    this.outlet = new LiveOutlet(plan, this.outgoing, (out, envelope) => this.deliver(out, envelope), options.recordAt)
    this.tasks = plan.tasks.map((planned) =>
      isComputed(planned.name)
        ? new Task(planned, plan.producers, this.outlet, undefined)
        : new Recorded((envelope) => this.hand(envelope)),
    )
    for (const task of this.tasks) if (task instanceof Task) task.recordAt = options.recordAt
    this.scheduler = new Scheduler(this.tasks)
    this.inputs = new RecordedInputs(plan, reader, producers, isComputed)
    this.comparison = new Comparison(plan, reader, producers, isComputed)
  }

  async all(to_us: number): Promise<ReplayResult> {
    let from_us: number | undefined
    let stopped: string | undefined
    let input: RecordedInput | undefined
    try {
      input = await this.inputs.next()
      while (input !== undefined) {
        const at_us = input.envelope.stream_time_us
        if (at_us > to_us) break
        assert(
          at_us >= this.scheduler.now_us,
          `${input.log.topic.name}/${input.log.partition} goes back in stream time`,
        )
        if (at_us > 0) from_us ??= at_us
        await this.scheduler.advance(at_us - 1)
        this.scheduler.enter(at_us)
        for (; input !== undefined && input.envelope.stream_time_us === at_us; input = await this.inputs.next())
          this.play(input)
        await this.scheduler.advance(at_us)
        if (this.outlet.pending >= COMPARE_EVERY) {
          await this.compare()
          this.options.progress?.(at_us, to_us)
        }
      }
      await this.scheduler.advance(to_us)
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error
      stopped = error.message
    }
    await this.compare()
    const now_us = await frontierOf(this.options.reader)
    await this.comparison.end(to_us, now_us)
    if (input !== undefined && input.envelope.stream_time_us > now_us) {
      stopped ??= `${input.log.topic.name}/${input.log.partition}@${input.envelope.offset} is of a time that the log has not reached`
    }
    const { compared, different, first } = this.comparison
    const range = { from_us: from_us ?? to_us, to_us }
    return {
      compared,
      different: stopped === undefined ? different : Math.max(different, 1),
      first_difference: first ?? null,
      range,
      stopped,
    }
  }

  /** A source's record reaches its readers at once, an effect's when that stage's turn comes within the instant. */
  private play({ envelope }: RecordedInput): void {
    const index = envelope.producer - this.options.plan.sources.length
    if (index < 0) return this.hand(envelope)
    ;(this.tasks[index] as Recorded).push(envelope)
    this.scheduler.wake(index, envelope.stream_time_us)
  }

  private hand(envelope: Envelope): void {
    const out = this.outgoing[envelope.topic.index]?.[envelope.partition] as Outgoing
    out.next_offset++
    this.deliver(out, envelope)
  }

  private deliver(out: Outgoing, envelope: Envelope): void {
    for (const consumer of out.consumers) {
      const due_us = (this.tasks[consumer.task] as Task).deliver(consumer.channel, envelope)
      this.scheduler.wake(consumer.task, due_us)
    }
  }

  /** Compares what was made since the last time, and empties the batches. */
  private async compare(): Promise<void> {
    for (const topic of this.outgoing) {
      for (const { builder } of topic)
        if (builder.records > 0) await this.comparison.compare({ ...builder.batch(), base_offset: 0 })
    }
    for (const task of this.tasks) if (task instanceof Task) task.inbox.detach()
    for (const topic of this.outgoing) for (const { builder } of topic) if (builder.records > 0) builder.reset()
    this.outlet.pending = 0
  }
}
