import type { Reader } from '../api/broker.ts'
import { AppError } from '../api/fault.ts'
import type { Json } from '../api/record.ts'
import { RecordCursor } from '../log/batch.ts'
import { producerNumbers } from '../plan/plan.ts'
import { Feed, type FeedOptions } from './feed.ts'
import { FRONTIERS, type LaneOptions, NOTHING_US } from './frontiers.ts'
import type { FeedPartition } from './incoming.ts'
import { JOURNAL, type JournalEntry, type JournalType } from './journal.ts'
import type { EngineOptions, Observer } from './options.ts'
import { load, type Recoverable, refuseForeignTail, rerun, rerunTail } from './recovery.ts'
import type { Task } from './task.ts'

/**
 * Recovery of one lane of several. Positions are stream times: a task has read exactly what its frontier had passed, so
 * that its inputs, put into merge order, begin where its snapshot's time ends, wherever the records lie in the log.
 *
 * Everything that was committed is read again up to the lane's last frontier; what tasks hold back (feedback edges) is
 * then buffered again, and the lane goes on from there.
 */
export async function recoverLane(engine: Recoverable, options: EngineOptions, lane: LaneOptions): Promise<void> {
  const { broker, plan, journal } = options
  let frontier_us = NOTHING_US
  for (const source of engine.sources) {
    const last = await lastEntry(broker, journal, source.planned.producer)
    if (last === undefined) continue
    source.next_seq = last.next_seq
    source.entries = last.seq + 1
    source.position = JSON.parse(last.position) as Json
    frontier_us = Math.max(frontier_us, last.frontier_us)
  }
  // The tasks' questions are asked together: a lane of ten stages would wait ten times as long for the answers.
  const restored = await Promise.all(
    engine.tasks.map(async (task) => {
      const from = await load(task, broker)
      return { from, tail: await journalFrom(broker, journal, task, from) }
    }),
  )
  for (const [index, task] of engine.tasks.entries()) {
    const { from, tail } = restored[index] as (typeof restored)[number]
    refuseForeignTail(task, tail, options.hashes)
    if (from === 0 && tail.length === 0) continue
    engine.resume(index, from + tail.length, tail.length, from === 0 ? NOTHING_US : task.now_us)
    frontier_us = Math.max(frontier_us, task.now_us, tail.at(-1)?.frontier_us ?? 0)
  }
  // The last mark may be later than every entry: a silent lane has told others that it passed that time.
  frontier_us = Math.max(frontier_us, await lastMark(broker, lane, Math.max(0, frontier_us)))
  if (frontier_us === NOTHING_US) return
  engine.recovered(frontier_us)

  const producers = producerNumbers(plan)
  const progress = new RestoreProgress(options.observer, engine.tasks.length, frontier_us)
  const feeds = await openFeeds(
    engine.tasks.map((task, index) => {
      if (task.planned.merge === 'arrival') return undefined
      const fresh = restored[index]?.from === 0
      const partitions: FeedPartition[] = task.channels.map(({ input, position }) => ({
        topic: input.topic,
        partition: input.partition,
        passed_us: fresh ? NOTHING_US : task.now_us - input.delay_us,
        index: position,
      }))
      return { broker, lanes: lane.plan, mark: lane.mark, producers, codecs: options.codecs, partitions }
    }),
  )
  try {
    for (const [index, task] of engine.tasks.entries()) {
      progress.begin(index, task.now_us)
      const { tail } = restored[index] as (typeof restored)[number]
      const feed = feeds[index]
      if (feed === undefined) await rerun(task, tail, broker, producers, options.codecs)
      else await readAgain(task, tail, feed, frontier_us, progress)
      engine.scheduler.wake(index, task.nextDue())
      if (feed === undefined) continue
      for (const { input, position, length } of task.channels) {
        engine.continueAt(input.topic, input.partition, position + length)
      }
    }
  } finally {
    await Promise.all(feeds.map((feed) => feed?.close()))
  }
  options.observer?.restoring?.(1, progress.records)
}

/** Opens feeds side by side, each reading ahead from then on; all or none. */
async function openFeeds(wanted: readonly (FeedOptions | undefined)[]): Promise<(Feed | undefined)[]> {
  const opened = await Promise.allSettled(wanted.map((options) => options && Feed.open(options)))
  const failed = opened.find((one) => one.status === 'rejected')
  const feeds = opened.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
  if (failed === undefined) return feeds
  await Promise.all(feeds.map((feed) => feed?.close()))
  throw failed.reason
}

/** Re-runs a task's tail, then buffers what the lane had passed and the task holds back. */
async function readAgain(
  task: Task,
  tail: readonly JournalEntry[],
  feed: Feed,
  frontier_us: number,
  progress: RestoreProgress,
): Promise<void> {
  const deliver = async (limit_us: number) => {
    for (;;) {
      feed.pump()
      const next_us = feed.next_us
      if (next_us <= Math.min(limit_us, feed.frontier_us)) {
        feed.release(next_us, (envelope, at) => {
          progress.records++
          task.deliver(at, envelope)
        })
        progress.at(next_us)
      } else if (feed.frontier_us >= limit_us) return
      else await feed.ready()
    }
  }
  await rerunTail(task, tail, (entry) => deliver(entry.frontier_us))
  await deliver(frontier_us)
}

/** Tells the observer how far a recovery is: each task is a part of it, measured in the stream time that it passes. */
class RestoreProgress {
  records = 0
  readonly #observer: Observer | undefined
  readonly #tasks: number
  readonly #to_us: number
  #task = 0
  #from_us = 0

  constructor(observer: Observer | undefined, tasks: number, to_us: number) {
    this.#observer = observer
    this.#tasks = tasks
    this.#to_us = to_us
  }

  /** Task number `task` is next; what it has passed already needs no reading. */
  begin(task: number, passed_us: number): void {
    this.#task = task
    this.#from_us = passed_us
    this.#observer?.restoring?.(task / this.#tasks, this.records)
  }

  /** The task has come to `at_us`. */
  at(at_us: number): void {
    // A task without a snapshot begins with its first record, whenever that was.
    if (this.#from_us <= 0) this.#from_us = at_us
    const span_us = Math.max(1, this.#to_us - this.#from_us)
    const within = Math.min(1, Math.max(0, at_us - this.#from_us) / span_us)
    this.#observer?.restoring?.((this.#task + within) / this.#tasks, this.records)
  }
}

/** A task's journal behind its snapshot, in order and whole. */
async function journalFrom(broker: Reader, type: JournalType, task: Task, from: number): Promise<JournalEntry[]> {
  const { name, producer } = task.planned
  const entries: JournalEntry[] = []
  const offset = from === 0 ? 0 : await broker.offsetAt(JOURNAL, producer, task.now_us)
  for await (const entry of records(broker, JOURNAL, producer, offset, type)) {
    if (entry.seq < from) continue
    if (entry.seq !== from + entries.length) {
      throw new AppError(
        'STATE_UNRECOVERABLE',
        `the journal of ${name} goes on with entry ${entry.seq} behind ${from + entries.length - 1}`,
        {
          exit_code: 3,
          hint: 'the journal was cut behind a recovery position; restore the topic, or `aitrader reset` the stage',
        },
      )
    }
    entries.push(entry)
  }
  return entries
}

async function lastEntry(broker: Reader, type: JournalType, producer: number): Promise<JournalEntry | undefined> {
  const { start_offset, end_offset } = broker.partition(JOURNAL, producer)
  // Markers stand behind records, so the last offsets may hold none.
  for (let back = 1; ; back *= 8) {
    const from = Math.max(start_offset, end_offset - back)
    let last: JournalEntry | undefined
    for await (const entry of records(broker, JOURNAL, producer, from, type)) last = entry
    if (last !== undefined || from === start_offset) return last
  }
}

/** What a lane's last mark says that it passed; the mark is not before `from_us`. */
export async function lastMark(broker: Reader, { lane, mark }: LaneOptions, from_us: number): Promise<number> {
  let frontier_us = NOTHING_US
  const offset = await broker.offsetAt(FRONTIERS, lane.number, from_us)
  for await (const one of records(broker, FRONTIERS, lane.number, offset, mark)) frontier_us = one.frontier_us
  return frontier_us
}

async function* records<T>(
  broker: Reader,
  topic: string,
  partition: number,
  from: number,
  type: { decode(buf: Uint8Array, pos: number, end: number): T },
): AsyncGenerator<T> {
  const cursor = new RecordCursor()
  for (let offset = from; ; ) {
    const batch = await broker.read(topic, partition, offset)
    if (batch === undefined) return
    cursor.open(batch, offset)
    while (cursor.next()) yield type.decode(batch.bodies, cursor.body_start, cursor.body_end)
    offset = batch.base_offset + batch.records
  }
}
