/**
 * Computes a stage's state again from the first records of its inputs, or forgets it, without a single record written.
 *
 * What the stage emits on the way is thrown away: it is on its topics already, as an earlier build saw it. The stage
 * then goes on where it stood: the same stream time, the same next sequence number, the same place in its journal.
 */
import { AppError, assert, type Broker, type Put } from '../../runtime/api/index.ts'
import { laneId } from '../../runtime/engine/engine.ts'
import { Feed } from '../../runtime/engine/feed.ts'
import type { FrontierType } from '../../runtime/engine/frontiers.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import { ComparingOutlet } from '../../runtime/engine/outlet.ts'
import { CELLS, cellPrefix, TASKS, takeSnapshot } from '../../runtime/engine/snapshot.ts'
import { Task } from '../../runtime/engine/task.ts'
import { type LanePlan, planLanes } from '../../runtime/plan/lanes.ts'
import { type Plan, type PlannedTask, producerNumbers } from '../../runtime/plan/plan.ts'
import { canonical } from '../../runtime/state/canonical.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import { journalTail, type Standing } from './journal-tail.ts'

export interface StageOptions {
  readonly broker: Broker
  readonly codecs: WriterCodecs | undefined
  readonly plan: Plan
  /** Number of the journal partition of each producer as the last run had it. */
  readonly producers: readonly string[]
}

/** Before the first instant: nothing has passed. */
const NOTHING_US = -1

/**
 * Rebuilds every task of the stage; answers how many records were read. A process that still runs the stage is fenced.
 * An AppError `STATE_UNRECOVERABLE` (exit 3) if the beginning of an input is gone.
 */
export async function rebuildStage(options: StageOptions, stage: string): Promise<number> {
  const lanes = planLanes(options.plan)
  let records = 0
  for (const planned of tasksOf(options.plan, stage)) {
    refuseCut(options, planned)
    const standing = await standingOf(options, planned.name)
    if (standing === undefined) {
      // It never committed: whatever is there under its name is nobody's.
      await replaceState(options, lanes, planned, [])
      continue
    }
    const task = new Task(planned, options.plan.producers, new ComparingOutlet(), undefined)
    records += await runTo(task, standing.now_us, options, lanes)
    task.next_seq = standing.next_seq
    await replaceState(options, lanes, planned, takeSnapshot(task, standing.seq))
  }
  return records
}

/** Forgets the state of every task of the stage; it goes on with none from where it stood. */
export async function dropStage(options: StageOptions, stage: string): Promise<void> {
  const lanes = planLanes(options.plan)
  for (const planned of tasksOf(options.plan, stage)) {
    const standing = await standingOf(options, planned.name)
    if (standing === undefined) {
      await replaceState(options, lanes, planned, [])
      continue
    }
    const { positions, ...rest } = standing
    const value = canonical({
      ...rest,
      positions: planned.inputs.map((_, index) => positions[index] ?? 0),
      timers: [],
      asks: [],
      failures: 0,
      open_until_us: 0,
    })
    const put = { store: TASKS, key: planned.name, value: new TextEncoder().encode(value) }
    await replaceState(options, lanes, planned, [put])
  }
}

/** Takes away everything of a task that the topology no longer has. */
export async function forgetTask(broker: Broker, transactional_id: string, task: string): Promise<void> {
  const puts: Put[] = [{ store: TASKS, key: task, value: null }]
  for await (const { key } of broker.scan(CELLS, cellPrefix(task))) puts.push({ store: CELLS, key, value: null })
  const producer = await broker.producer(transactional_id)
  await producer.commit({ batches: [], puts })
}

function tasksOf(plan: Plan, stage: string): PlannedTask[] {
  return plan.tasks.filter((task) => task.stage === stage)
}

/** Where a task stood when it last committed: the snapshot, moved on by the journal behind it. */
async function standingOf(
  { broker, codecs, producers, plan }: StageOptions,
  task: string,
): Promise<Standing | undefined> {
  const producer = producers.indexOf(task)
  if (producer < 0) return undefined
  const { snapshot, tail } = await journalTail(broker, codecs, task, producer)
  const planned = plan.tasks.find(({ name }) => name === task)
  assert(planned !== undefined, `${task} is not planned`)
  const positions = planned.inputs.map((_, index) => snapshot?.positions[index] ?? 0)
  for (const { inputs } of tail) {
    for (const { topic, partition, to } of inputs) {
      const index = planned.inputs.findIndex((input) => input.topic.name === topic && input.partition === partition)
      if (index >= 0) positions[index] = to
    }
  }
  const last = tail.at(-1)
  if (last === undefined) return snapshot
  return {
    seq: last.seq,
    next_seq: last.next_seq,
    now_us: last.frontier_us,
    faults: snapshot?.faults ?? 0,
    positions,
  }
}

function refuseCut({ broker }: StageOptions, { name, inputs }: PlannedTask): void {
  for (const { topic, partition } of inputs) {
    if (broker.partition(topic.name, partition).start_offset === 0) continue
    throw new AppError(
      'STATE_UNRECOVERABLE',
      `${name} cannot be rebuilt: ${topic.name}/${partition} lost its beginning`,
      {
        exit_code: 3,
        hint: 'retention dropped it; give the state up with `aitrader apply --allow-loss STAGE`',
      },
    )
  }
}

/** Runs a fresh task over everything up to `end_us`, in merge order. */
async function runTo(task: Task, end_us: number, options: StageOptions, lanes: LanePlan): Promise<number> {
  const { broker, codecs, plan } = options
  const feed = await Feed.open({
    broker,
    lanes,
    mark: FrontierMark as FrontierType,
    producers: producerNumbers(plan),
    codecs,
    partitions: task.channels.map(({ input }) => ({
      topic: input.topic,
      partition: input.partition,
      passed_us: NOTHING_US,
      index: 0,
    })),
  })
  let records = 0
  try {
    for (;;) {
      feed.pump()
      const at_us = feed.next_us
      if (at_us <= Math.min(end_us, feed.frontier_us)) {
        run(task, at_us - 1)
        feed.release(at_us, (envelope, channel) => {
          records++
          task.deliver(channel, envelope)
        })
      } else if (feed.frontier_us >= end_us) break
      else await arrived(feed, task)
    }
    run(task, end_us)
  } finally {
    await feed.close()
  }
  return records
}

/** Nobody writes meanwhile: what has not arrived after so long is not on the topics. */
const STALLED_MS = 30_000

async function arrived(feed: Feed, task: Task): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const stalled = new Promise<never>((_, reject) => {
    const { name } = task.planned
    const error = new AppError('STATE_UNRECOVERABLE', `${name} cannot be rebuilt: its inputs end before it stood`, {
      exit_code: 3,
      hint: 'give the state up with `aitrader apply --allow-loss STAGE`, or begin anew with `aitrader reset --records`',
    })
    timer = setTimeout(() => reject(error), STALLED_MS)
  })
  try {
    await Promise.race([feed.ready(), stalled])
  } finally {
    clearTimeout(timer)
  }
}

function run(task: Task, limit_us: number): void {
  assert(task.run(limit_us) === undefined, `${task.planned.name} waits for an effect while it is rebuilt`)
}

/** One transaction under the id of the task's lane, which fences whoever might still run it. */
async function replaceState(
  { broker, plan }: StageOptions,
  lanes: LanePlan,
  planned: PlannedTask,
  puts: readonly Put[],
): Promise<void> {
  const lane = lanes.lanes.find(({ tasks }) => tasks.includes(planned))
  assert(lane !== undefined, `${planned.name} is in no lane`)
  const producer = await broker.producer(laneId(plan, lane))
  const kept = new Set(puts.map(({ store, key }) => `${store}\u0000${key}`))
  const stale: Put[] = []
  for await (const { key } of broker.scan(CELLS, cellPrefix(planned.name))) {
    if (!kept.has(`${CELLS}\u0000${key}`)) stale.push({ store: CELLS, key, value: null })
  }
  await producer.commit({ batches: [], puts: [...stale, ...puts] })
}
