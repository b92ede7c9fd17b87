import type { Producer } from '../api/broker.ts'
import { assert } from '../api/fault.ts'
import type { Json, RecordId } from '../api/record.ts'
import type { PlannedLane } from '../plan/lanes.ts'
import type { Plan, PlannedInput, PlannedTask, PlannedTopic } from '../plan/plan.ts'
import { topicSpecs } from '../plan/topics.ts'
import type { ArrivalPartition } from './arrivals.ts'
import type { Outside } from './asks.ts'
import type { Envelope } from './envelope.ts'
import { refuseForeignRecords, refuseOtherTasks } from './foreign.ts'
import { isOwn, MarkWriter, NOTHING_US } from './frontiers.ts'
import type { FeedPartition } from './incoming.ts'
import { journalTopic } from './journal.ts'
import { JournalWriter } from './journal-writer.ts'
import { LaneInputs } from './lane-inputs.ts'
import { recoverLane } from './lane-recovery.ts'
import type { EngineOptions, SourceState } from './options.ts'
import { type Consumer, type Outgoing, openOutgoing } from './outgoing.ts'
import { LiveOutlet } from './outlet.ts'
import { recover } from './recovery.ts'
import { Scheduler } from './scheduler.ts'
import { Task } from './task.ts'
import { Transactions } from './transactions.ts'

/**
 * All tasks of one process, driven instant by instant, committed epoch by epoch.
 *
 * An epoch is everything between two commits: the tasks read each other's uncommitted records in memory, and one
 * transaction writes all outputs, journal entries and snapshots, or nothing. Epochs end between instants only.
 */
export class Engine {
  readonly plan: Plan
  readonly tasks: readonly Task[]
  readonly sources: readonly SourceState[]
  readonly scheduler: Scheduler
  private readonly options: EngineOptions
  private readonly transactions: Transactions
  private readonly outgoing: readonly (readonly Outgoing[])[]
  private readonly journal: JournalWriter
  private readonly outlet: LiveOutlet
  private readonly marks: MarkWriter | undefined
  /** Of a lane. */
  private readonly inputs: LaneInputs | undefined
  private readonly commands: boolean
  private ended = false

  private constructor(options: EngineOptions, producer: Producer) {
    const { plan, broker, schemaId, lane } = options
    this.options = options
    this.transactions = new Transactions(producer, options)
    this.plan = plan
    this.outgoing = openOutgoing({
      plan,
      schemaId,
      endOffset: (topic, partition) => (lane === undefined ? broker.partition(topic.name, partition).end_offset : 0),
      reads: (task, input) => {
        if (lane !== undefined && !isOwn(lane, input.topic, input.partition)) return 'never'
        return mayWait(task, input) ? 'waits' : 'now'
      },
      // A process holds many lanes, each with batches of its own.
      ...(lane === undefined ? {} : { initial_bytes: 4 * 1024 }),
    })
    this.marks = lane === undefined ? undefined : new MarkWriter(lane, schemaId)
    this.outlet = new LiveOutlet(plan, this.outgoing, (out, envelope) => this.deliver(out, envelope))
    this.tasks = plan.tasks.map(
      (planned) => new Task(planned, plan.producers, this.outlet, outsideOf(options, planned.stage)),
    )
    this.scheduler = new Scheduler(this.tasks)
    // The first instant has records too: a lane that has seen nothing may not say that it passed it.
    if (lane !== undefined) this.scheduler.now_us = NOTHING_US
    this.inputs = lane === undefined ? undefined : new LaneInputs(this.tasks, lane)
    this.commands = plan.tasks.some((task) => task.processor.kind === 'command')
    this.sources = plan.sources.map((planned) => ({
      planned,
      next_seq: 0,
      entries: 0,
      position: undefined,
      touched: false,
    }))
    this.journal = new JournalWriter(options, this.tasks, this.sources)
  }

  /**
   * Declares the topics (of a lane they are there), takes the transactional id, which fences a predecessor, and recovers
   * every task. Rejects with what the broker and recovery refuse: `TASKS_CHANGED`, `TOPIC_MISMATCH`, `SCHEMA_CHANGED`,
   * `BUILD_CHANGED` (exit 2), `STATE_UNRECOVERABLE`, `RECOVERY_DIFFERS`, `DATA_DAMAGED` (exit 3).
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const { plan, broker, lane } = options
    const producer = lane === undefined ? await openWhole(options) : await broker.producer(laneId(plan, lane.lane))
    const engine = new Engine(options, producer)
    if (lane === undefined) await recover(engine, options)
    else await recoverLane(engine, options, lane)
    return engine
  }

  /** Positions and counts that recovery found; only for `recover`. */
  resume(task: number, entries: number, tail: number, saved_us = NOTHING_US): void {
    this.journal.resume(task, entries, tail, saved_us)
  }

  /** Number of the next record of a partition that only this engine writes; only for `recover`. */
  continueAt(topic: PlannedTopic, partition: number, index: number): void {
    const out = this.outgoing[topic.index]?.[partition] as Outgoing
    out.next_offset = index
  }

  /** The lane goes on behind `frontier_us`; only for `recover`. */
  recovered(frontier_us: number): void {
    this.scheduler.now_us = frontier_us
    if (this.inputs !== undefined) this.inputs.passed_us = frontier_us
    if (this.marks !== undefined) this.marks.since_us = frontier_us
  }

  /** What this engine reads that other lanes write, from where it stands; only before it runs. */
  get outsideFeed(): FeedPartition[] {
    return this.inputs?.partitions() ?? []
  }

  /** The same for a lane that takes records as they come: positions are offsets there. */
  get outsideArrivals(): ArrivalPartition[] {
    return this.outsideFeed.map(({ topic, partition, index }) => ({ topic, partition, offset: index }))
  }

  /** Stream time that everything has passed. */
  get now_us(): number {
    return this.scheduler.now_us
  }

  /** Records that wait for a commit. */
  get pending(): number {
    return this.outlet.pending
  }

  /** Bytes of their bodies. */
  get pending_bytes(): number {
    return this.outlet.pending_bytes
  }

  /**
   * Writes one record of source `index` at its stream time; what was due before must have been worked off (`prepare`).
   * `position` is where the source stands after it; `arrived_ms` is as in `Envelope`; `cause` led to it, if anything did.
   */
  ingest(
    index: number,
    value: unknown,
    stream_time_us: number,
    position: Json,
    arrived_ms: number,
    cause?: RecordId,
  ): void {
    const source = this.sources[index] as SourceState
    assert(stream_time_us >= this.scheduler.now_us, `source ${source.planned.name} went back in stream time`)
    this.scheduler.enter(stream_time_us)
    this.outlet.ingest(
      source.planned.topic,
      value,
      source.planned.producer,
      source.next_seq++,
      stream_time_us,
      arrived_ms,
      cause,
    )
    source.position = position
    source.touched = true
  }

  /** Takes over a record of another lane, at the instant that was begun with `scheduler.enter`. */
  receive(envelope: Envelope): void {
    if (this.inputs !== undefined) this.hand(this.inputs.consumers(envelope.topic, envelope.partition), envelope)
  }

  /** Says with the next commit that the sources have ended. */
  end(): void {
    this.ended = true
  }

  /** Whether a commit would say more than the last one did: records, or a later frontier. */
  get news(): boolean {
    if (this.outlet.pending > 0) return true
    const { marks } = this
    return marks !== undefined && (marks.frontier_us < this.scheduler.now_us || marks.ended !== this.ended)
  }

  /**
   * Works off everything up to `limit_us`. Waits where an effect is slower than its declared latency, and commits
   * before a command acts, since only durable intents may.
   */
  async advance(limit_us: number): Promise<void> {
    for (;;) {
      const wait = this.advanceSync(limit_us)
      if (wait === undefined) return
      await wait
    }
  }

  /** Like `advance`, answering at once: undefined when done, else what to wait for before calling again. */
  advanceSync(limit_us: number): Promise<void> | undefined {
    const scheduler = this.scheduler
    if (!this.commands) return scheduler.advance(limit_us)
    // Instant by instant, so that an intent is durable before its command acts.
    for (;;) {
      if (scheduler.waiting) {
        const wait = scheduler.advance(scheduler.now_us)
        if (wait !== undefined) return wait
      }
      const next = scheduler.next()
      if (next > limit_us) return scheduler.advance(limit_us)
      const wait = this.settleIntents(next) ?? scheduler.advance(next)
      if (wait !== undefined) return wait
    }
  }

  /**
   * Works off everything before `at_us` and makes ready for a record at that time; a promise to wait for before
   * calling again. An answer may fall due at the very instant of a record, so intents are settled before it begins.
   */
  prepare(at_us: number): Promise<void> | undefined {
    const wait = this.advanceSync(at_us - 1)
    return wait ?? (this.commands ? this.settleIntents(at_us) : undefined)
  }

  /** Commits if a command falls due by `at_us` whose intent is not durable yet, then lets it act. */
  private settleIntents(at_us: number): Promise<void> | undefined {
    if (!this.tasks.some((task) => task.asks?.needsCommit(at_us) === true)) return undefined
    if (this.transactions.under_way !== undefined) return this.transactions.under_way
    const commit = this.commit()
    if (commit !== undefined) return commit.then(() => this.begin(at_us))
    this.begin(at_us)
    return undefined
  }

  private begin(at_us: number): void {
    for (const task of this.tasks) task.asks?.begin(at_us)
  }

  private deliver(out: Outgoing, envelope: Envelope): void {
    this.hand(out.consumers, envelope)
    this.options.observer?.emitted?.(envelope)
  }

  private hand(consumers: readonly Consumer[], envelope: Envelope): void {
    for (const { task, channel, waits } of consumers) {
      const due_us = (this.tasks[task] as Task).deliver(channel, envelope)
      if (!waits) this.scheduler.wake(task, due_us)
    }
  }

  /**
   * Commits the epoch; resolves when it is durable, undefined if there was nothing to commit. The next epoch fills
   * other batches meanwhile, so that a refused commit can be sent again as it is. One commit at a time.
   */
  commit(graceful = false): Promise<void> | undefined {
    const { failure, under_way } = this.transactions
    if (failure !== undefined) return Promise.reject(failure)
    assert(!this.scheduler.waiting, 'a commit in the middle of an instant')
    assert(under_way === undefined, 'a commit before the last one ended')
    this.catchUp()
    const now_us = this.scheduler.now_us
    const puts = this.journal.write(now_us, graceful)
    const used = [...this.outgoing.flat().map((out) => out.builder), ...this.journal.builders]
    if (this.marks !== undefined && (used.some((builder) => builder.records > 0) || this.news)) {
      used.push(this.marks.write(now_us, this.journal.neededUs(now_us), this.ended, this.outgoing))
    }
    const batches = used.filter((builder) => builder.records > 0).map((builder) => builder.batch())
    if (batches.length === 0) return undefined

    for (const task of this.tasks) task.inbox.detach()
    for (const topic of this.outgoing) for (const out of topic) [out.builder, out.spare] = [out.spare, out.builder]
    this.journal.turn()
    this.outlet.pending = 0
    this.outlet.pending_bytes = 0
    return this.transactions.send({ batches, puts }, () => {
      for (const builder of used) if (builder.records > 0) builder.reset()
      this.journal.durable()
    })
  }

  /**
   * Drops what retention allows and no recovery needs; answers the number of records dropped. A lane drops nothing:
   * others may need what it has read.
   */
  async trim(): Promise<number> {
    if (this.options.lane !== undefined) return 0
    return this.options.broker.trim(this.scheduler.now_us, this.journal.neededOffsets())
  }

  /** Works off what was allowed to wait; afterwards every task has passed the instant in hand. */
  catchUp(): void {
    const now_us = this.scheduler.now_us
    for (const task of this.tasks) {
      if (task.buffered === 0 && !(task.planned.last && task.nextDue() <= now_us)) continue
      const wait = task.run(now_us)
      assert(wait === undefined, `${task.planned.name} waits for an effect between instants`)
    }
  }

  /** Number of the last commit begun; `Observer.durable` names it when it is durable. */
  get commit_number(): number {
    return this.transactions.number
  }
}

/**
 * Whether records of an input may wait until the task has something else to do, or until the commit: rows of a table
 * that no handler looks at, and everything that a last task reads. What comes out is the same, since the task merges
 * by time all the same; many records at once cost less than one at a time.
 */
function mayWait(task: PlannedTask, input: PlannedInput): boolean {
  if (task.merge === 'arrival' || input.delay_us > 0) return false
  return task.last || (input.table && task.processor.on[input.port] === undefined)
}

/** Declares everything and takes the one transactional id of a process that runs the whole plan. */
async function openWhole(options: EngineOptions): Promise<Producer> {
  const { plan, broker, codecs } = options
  // Before anything is declared: what is refused stays as it was.
  await refuseOtherTasks(options)
  if (codecs === undefined || codecs.local === true) await refuseForeignRecords(options)
  await broker.declare([...topicSpecs(plan), journalTopic(plan)])
  return broker.producer(`aitrader-${plan.topology.name}`)
}

/** Transactional id of a lane: the same for every process that ever runs it. */
export function laneId(plan: Plan, lane: PlannedLane): string {
  return `${plan.topology.name}.${lane.name}`
}

function outsideOf(options: EngineOptions, stage: string): Outside | undefined {
  const runner = options.runners[stage]
  if (runner === undefined) return undefined
  const { backOff } = options
  if ('query' in runner) return { kind: 'query', runner: runner.query, backOff }
  return { kind: 'command', runner: runner.command, backOff }
}
