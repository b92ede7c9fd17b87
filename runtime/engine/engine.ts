import type { Producer, Put, Transaction } from '../api/broker.ts'
import { assert, RetriableError } from '../api/fault.ts'
import type { Json, RecordId } from '../api/record.ts'
import { BatchBuilder } from '../log/batch.ts'
import type { PlannedLane } from '../plan/lanes.ts'
import type { Plan, PlannedInput, PlannedTask, PlannedTopic } from '../plan/plan.ts'
import { topicSpecs } from '../plan/topics.ts'
import type { ArrivalPartition } from './arrivals.ts'
import type { Outside } from './asks.ts'
import type { Channel } from './channel.ts'
import type { Envelope } from './envelope.ts'
import { refuseForeignRecords, refuseOtherTasks } from './foreign.ts'
import { isOwn, type LaneOptions, MarkWriter, NOTHING_US } from './frontiers.ts'
import type { FeedPartition } from './incoming.ts'
import { JOURNAL, type JournalEntry, journalTopic, sourceEntry, taskEntry } from './journal.ts'
import { recoverLane } from './lane-recovery.ts'
import type { EngineOptions, SourceState } from './options.ts'
import { type Consumer, type Outgoing, openOutgoing } from './outgoing.ts'
import { LiveOutlet } from './outlet.ts'
import { recover } from './recovery.ts'
import { Scheduler } from './scheduler.ts'
import { takeSnapshot } from './snapshot.ts'
import { Task } from './task.ts'

/** A commit refused this often is given up: the outside does not recover. */
const MAX_COMMIT_ATTEMPTS = 50

/** A task that has read this many records since its snapshot takes one at its next commit. */
const MAX_TAIL_RECORDS = 100_000

/** How far one task's journal is. */
interface Progress {
  /** Journal entries so far, and those since the last snapshot. */
  entries: number
  tail: number
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
  private readonly producer: Producer
  private readonly outgoing: readonly (readonly Outgoing[])[]
  private journals: readonly BatchBuilder[]
  private spare_journals: readonly BatchBuilder[]
  private readonly outlet: LiveOutlet
  private readonly marks: MarkWriter | undefined
  /** Per task. */
  private readonly progress: readonly Progress[]
  private readonly commands: boolean
  private commits = 0
  private inflight: Promise<void> | undefined
  private stopped: unknown
  private ended = false
  /** What the lane had passed when it was recovered. */
  private passed_us = NOTHING_US
  /** Who reads partitions that other lanes write, by topic and partition. */
  private readonly outside: ReadonlyMap<PlannedTopic, readonly Consumer[][]> | undefined

  private constructor(options: EngineOptions, producer: Producer) {
    const { plan, broker, schemaId, lane } = options
    this.options = options
    this.producer = producer
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
    const outside = (planned: PlannedTask) => outsideOf(options, planned.stage)
    this.tasks = plan.tasks.map((planned) => new Task(planned, plan.producers, this.outlet, outside(planned)))
    this.scheduler = new Scheduler(this.tasks)
    // The first instant has records too: a lane that has seen nothing may not say that it passed it.
    if (lane !== undefined) this.scheduler.now_us = NOTHING_US
    this.outside = lane === undefined ? undefined : consumersOutside(plan, lane)
    this.commands = plan.tasks.some((task) => task.processor.kind === 'command')
    const id = schemaId(options.journal.fingerprint)
    const journals = () => plan.producers.map((_, partition) => new BatchBuilder(JOURNAL, partition, id, 4096))
    this.journals = journals()
    this.spare_journals = journals()
    this.progress = this.tasks.map(() => ({
      entries: 0,
      tail: 0,
      saved: undefined,
      saved_us: NOTHING_US,
    }))
    this.sources = plan.sources.map((planned) => ({
      planned,
      next_seq: 0,
      entries: 0,
      position: undefined,
      touched: false,
    }))
  }

  /**
   * Declares the topics (of a lane they are there), takes the transactional id, which fences a predecessor, and recovers
   * every task. Rejects with
   * what the broker and recovery refuse: `TASKS_CHANGED`, `TOPIC_MISMATCH`, `SCHEMA_CHANGED`, `BUILD_CHANGED` (exit 2), `STATE_UNRECOVERABLE`,
   * `RECOVERY_DIFFERS`, `DATA_DAMAGED` (exit 3).
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
    const progress = this.progress[task] as Progress
    progress.saved_us = saved_us
    progress.entries = entries
    progress.tail = tail
  }

  /** Number of the next record of a partition that only this engine writes; only for `recover`. */
  continueAt(topic: PlannedTopic, partition: number, index: number): void {
    const out = this.outgoing[topic.index]?.[partition] as Outgoing
    out.next_offset = index
  }

  /** The lane goes on behind `frontier_us`; only for `recover`. */
  recovered(frontier_us: number): void {
    this.scheduler.now_us = frontier_us
    this.passed_us = frontier_us
    if (this.marks !== undefined) this.marks.since_us = frontier_us
  }

  /** What this engine reads that other lanes write, from where it stands; only before it runs. */
  get outsideFeed(): FeedPartition[] {
    const partitions: FeedPartition[] = []
    for (const [topic, consumers] of this.outside ?? []) {
      for (const [partition, [first]] of consumers.entries()) {
        if (first === undefined) continue
        const { position, length } = (this.tasks[first.task] as Task).channels[first.channel] as Channel
        partitions.push({ topic, partition, passed_us: this.passed_us, index: position + length })
      }
    }
    return partitions
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
    const consumers = this.outside?.get(envelope.topic)?.[envelope.partition]
    if (consumers === undefined) return
    for (const { task, channel } of consumers) {
      this.scheduler.wake(task, (this.tasks[task] as Task).deliver(channel, envelope))
    }
  }

  /** Stream time up to which recovery needs nothing; -1: everything is needed. Of a lane. */
  private get needed_us(): number {
    let needed_us = this.scheduler.now_us
    for (const [index, { planned, buffered }] of this.tasks.entries()) {
      const { saved_us, tail } = this.progress[index] as Progress
      // It has read nothing since its snapshot, which this commit may hold: there was nothing to read.
      if (tail === 0 && buffered === 0) continue
      const delay_us = Math.max(0, ...planned.inputs.map((input) => input.delay_us))
      needed_us = Math.min(needed_us, saved_us - delay_us)
    }
    return Math.max(NOTHING_US, needed_us)
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
    if (this.inflight !== undefined) return this.inflight
    const commit = this.commit()
    if (commit !== undefined) return commit.then(() => this.begin(at_us))
    this.begin(at_us)
    return undefined
  }

  private begin(at_us: number): void {
    for (const task of this.tasks) task.asks?.begin(at_us)
  }

  private deliver(out: Outgoing, envelope: Envelope): void {
    for (const { task, channel, waits } of out.consumers) {
      const due = (this.tasks[task] as Task).deliver(channel, envelope)
      if (!waits) this.scheduler.wake(task, due)
    }
    this.options.observer?.emitted?.(envelope)
  }

  /**
   * Commits the epoch; resolves when it is durable, undefined if there was nothing to commit. The next epoch fills
   * other batches meanwhile, so that a refused commit can be sent again as it is. One commit at a time.
   */
  commit(graceful = false): Promise<void> | undefined {
    if (this.stopped !== undefined) return Promise.reject(this.stopped)
    assert(!this.scheduler.waiting, 'a commit in the middle of an instant')
    assert(this.inflight === undefined, 'a commit before the last one ended')
    this.catchUp()
    this.journalSources()
    const { puts, saving } = this.journalTasks(graceful)
    const used = [...this.outgoing.flat().map((out) => out.builder), ...this.journals]
    if (this.marks !== undefined && (used.some((builder) => builder.records > 0) || this.news)) {
      used.push(this.marks.write(this.scheduler.now_us, this.needed_us, this.ended, this.outgoing))
    }
    const batches = used.filter((builder) => builder.records > 0).map((builder) => builder.batch())
    if (batches.length === 0) return undefined

    for (const task of this.tasks) task.inbox.detach()
    const number = ++this.commits
    this.options.observer?.committing?.(number)
    for (const topic of this.outgoing) for (const out of topic) [out.builder, out.spare] = [out.spare, out.builder]
    ;[this.journals, this.spare_journals] = [this.spare_journals, this.journals]
    this.outlet.pending = 0
    this.outlet.pending_bytes = 0
    this.inflight = this.send({ batches, puts }).then(
      () => {
        for (const builder of used) if (builder.records > 0) builder.reset()
        for (const [progress, saved] of saving) {
          progress.saved = saved
          progress.saved_us = saved.at_us
        }
        this.inflight = undefined
        this.options.observer?.durable?.(number)
      },
      (error: unknown) => {
        this.stopped = error
        throw error
      },
    )
    return this.inflight
  }

  /** Sends the same bytes again while the broker says that nothing was written. */
  private async send(transaction: Transaction): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.producer.commit(transaction)
      } catch (error) {
        if (!(error instanceof RetriableError) || attempt >= MAX_COMMIT_ATTEMPTS) throw error
        this.options.observer?.retried?.()
        await this.options.backOff?.(attempt)
      }
    }
  }

  /**
   * Drops what retention allows and no recovery needs; answers the number of records dropped. A task that has taken no
   * snapshot in this process keeps all its inputs. A lane drops nothing: others may need what it has read.
   */
  async trim(): Promise<number> {
    if (this.options.lane !== undefined) return 0
    const keep = new Map<string, number>()
    const least = (name: string, offset: number) => keep.set(name, Math.min(keep.get(name) ?? offset, offset))
    for (const [index, task] of this.tasks.entries()) {
      const { saved } = this.progress[index] as Progress
      least(`${JOURNAL}/${task.planned.producer}`, saved?.seq ?? 0)
      for (const [number, channel] of task.channels.entries()) least(channel.origin, saved?.positions[number] ?? 0)
    }
    for (const source of this.sources) least(`${JOURNAL}/${source.planned.producer}`, Math.max(0, source.entries - 1))
    return this.options.broker.trim(this.scheduler.now_us, keep)
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
    return this.commits
  }

  /** Whether a task's snapshot is due. Tasks take turns: all in one commit would hold the path up for milliseconds. */
  private isDue(index: number, seq: number, tail: number): boolean {
    const { planned, tail_records } = this.tasks[index] as Task
    const every = planned.snapshot_every
    const turn = Math.floor((every * index) / this.tasks.length)
    return tail >= every || seq % every === turn || tail_records > MAX_TAIL_RECORDS
  }

  private journalSources(): void {
    const frontier_us = this.scheduler.now_us
    for (const source of this.sources) {
      if (!source.touched) continue
      source.touched = false
      const { name, producer } = source.planned
      const entry = sourceEntry(
        name,
        source.entries++,
        this.options.hashes,
        frontier_us,
        source.next_seq,
        source.position ?? null,
      )
      this.journal(producer, entry, frontier_us)
    }
  }

  /** An entry for every task that did something, and a snapshot where one is due or the stop is `graceful`. */
  private journalTasks(graceful: boolean): { puts: Put[]; saving: (readonly [Progress, Saved])[] } {
    const frontier_us = this.scheduler.now_us
    const puts: Put[] = []
    const saving: (readonly [Progress, Saved])[] = []
    for (const [index, task] of this.tasks.entries()) {
      const progress = this.progress[index] as Progress
      if (!task.touched && !(graceful && progress.tail > 0)) continue
      const seq = progress.entries++
      const tail = progress.tail + 1
      const snapshot = graceful || this.isDue(index, seq, tail)
      this.journal(task.planned.producer, taskEntry(task, seq, this.options.hashes, frontier_us, snapshot), frontier_us)
      progress.tail = snapshot ? 0 : tail
      if (snapshot) {
        puts.push(...takeSnapshot(task, seq))
        const positions = task.channels.map((channel) => channel.position)
        saving.push([progress, { positions, seq, at_us: task.now_us }])
      }
      task.commit()
    }
    return { puts, saving }
  }

  private journal(producer: number, entry: JournalEntry, frontier_us: number): void {
    const builder = this.journals[producer] as BatchBuilder
    builder.append(this.options.journal, entry, entry.task, entry.task, entry.seq, frontier_us, {
      length: 0,
      producers: [],
      seqs: [],
    })
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

function consumersOutside(plan: Plan, lane: LaneOptions): Map<PlannedTopic, Consumer[][]> {
  const outside = new Map<PlannedTopic, Consumer[][]>()
  for (const [task, planned] of plan.tasks.entries()) {
    for (const [channel, { topic, partition }] of planned.inputs.entries()) {
      if (isOwn(lane, topic, partition)) continue
      const partitions = outside.get(topic) ?? Array.from({ length: topic.partitions }, (): Consumer[] => [])
      outside.set(topic, partitions)
      ;(partitions[partition] as Consumer[]).push({ task, channel, waits: false })
    }
  }
  return outside
}

function outsideOf(options: EngineOptions, stage: string): Outside | undefined {
  const runner = options.runners[stage]
  if (runner === undefined) return undefined
  const { backOff } = options
  if ('query' in runner) return { kind: 'query', runner: runner.query, backOff }
  return { kind: 'command', runner: runner.command, backOff }
}
