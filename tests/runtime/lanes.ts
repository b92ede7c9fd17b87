import type { Reader } from '../../runtime/api/broker.ts'
import { Engine, laneId } from '../../runtime/engine/engine.ts'
import { type FrontierType, frontiersTopic, type LaneOptions } from '../../runtime/engine/frontiers.ts'
import { type JournalType, journalTopic } from '../../runtime/engine/journal.ts'
import { LaneRun } from '../../runtime/engine/lane-run.ts'
import type { Observer } from '../../runtime/engine/options.ts'
import { firstMarks, type Rekeyed } from '../../runtime/engine/rekey.ts'
import { Run } from '../../runtime/engine/run.ts'
import { stateDigest } from '../../runtime/engine/state-view.ts'
import type { Task } from '../../runtime/engine/task.ts'
import { BlockDigest, topicDigest } from '../../runtime/log/digest.ts'
import { RecordCursor } from '../../runtime/log/records.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { type PlannedLane, planLanes, planOfLane } from '../../runtime/plan/lanes.ts'
import { type Plan, plan, producerNumbers } from '../../runtime/plan/plan.ts'
import { topicSpecs } from '../../runtime/plan/topics.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import { ArraySource, doubling, Killed, type ToyRun, toy, VirtualClock, world } from './toy.ts'

/** The toy with every lane in an engine of its own, all on one simulated log. */

export interface LanesResult {
  readonly digests: Readonly<Record<string, { records: number; sha256: string }>>
  readonly state: string
  readonly tasks: readonly Task[]
  readonly lanes: readonly string[]
}

export interface LanesRun extends ToyRun {
  /** State of an earlier generation that it begins with. */
  readonly rekeyed?: Rekeyed
  /** Kills every lane once this many commits of the lane of this name are durable. */
  readonly kill?: { readonly lane: string; readonly after_commits: number }
  /** Virtual milliseconds that a look at the clock takes, by lane: how often each commits. */
  readonly step_of?: (lane: PlannedLane) => number
  /** Is told what each lane's engine tells. */
  readonly observe?: (lane: PlannedLane) => Observer
}

/** Runs to the end, or rejects with `Killed` when every lane has stopped where it was. */
export async function runLanes(options: LanesRun): Promise<LanesResult> {
  const topology = options.topology ?? toy
  const whole = plan(topology, world)
  const lanes = planLanes(whole)
  const log = new SimulatedLog(options.store, options.faults === undefined ? {} : { faults: options.faults })
  const broker = log.connect()
  await broker.declare([...topicSpecs(whole), journalTopic(whole), frontiersTopic(lanes)])
  if (options.rekeyed !== undefined) {
    const batches = firstMarks(lanes, FrontierMark as FrontierType, 1, options.rekeyed.frontier_us)
    await (await broker.producer('seed')).commit({ batches, puts: options.rekeyed.puts })
  }
  const tasks: Task[] = []
  const stop = { requested: false }
  const running: { nudge(): void }[] = []
  let killed = false

  const runOne = async (lane: PlannedLane): Promise<void> => {
    const clock = new VirtualClock(options.step_of?.(lane) ?? options.step_ms ?? 1)
    const lane_options: LaneOptions = { lane, plan: lanes, mark: FrontierMark as FrontierType }
    const engine = await Engine.open({
      plan: planOfLane(whole, lane),
      broker: log.connect(),
      journal: world.records.JournalEntry as JournalType,
      schemaId: () => 1,
      hashes: { code: 'c', config: 'c', schemas: 's', models: 'm' },
      runners: { oracle: { query: options.query ?? doubling } },
      lane: lane_options,
      observer: {
        ...options.observe?.(lane),
        durable(commit) {
          if (options.kill?.lane !== lane.name || commit < options.kill.after_commits) return
          killed = true
          log.crash()
          stop.requested = true
          for (const one of running) one.nudge()
          throw new Killed()
        },
      },
    })
    tasks.push(...engine.tasks)
    const { commit_interval_ms, commit_max_records, end_drain_ms } = topology
    const common = { engine, once: true, commit_interval_ms, commit_max_records, clock, stop }
    const run =
      lane.sources.length > 0
        ? new Run({
            ...common,
            feed: { name: 'feed', source: new ArraySource(options.items, options.burst ?? 1000) },
            speed: Number.POSITIVE_INFINITY,
            end_drain_ms,
          })
        : new LaneRun({ ...common, broker: log.connect(), lane: lane_options })
    running.push(run)
    await run.run()
  }
  const ends = await Promise.allSettled(lanes.lanes.map(runOne))
  if (killed) throw new Killed()
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  tasks.sort((a, b) => a.planned.producer - b.planned.producer)
  return {
    digests: await canonicalDigests(broker, whole),
    state: stateDigest(tasks),
    tasks,
    lanes: lanes.lanes.map((lane) => laneId(whole, lane)),
  }
}

/** Digests of what an undivided log would hold: each partition in merge order. */
async function canonicalDigests(
  reader: Reader,
  whole: Plan,
): Promise<Record<string, { records: number; sha256: string }>> {
  const producers = producerNumbers(whole)
  const digests: Record<string, { records: number; sha256: string }> = {}
  for (const { name, partitions } of whole.topics) {
    let records = 0
    const chains: Buffer[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const found: { at: number; producer: number; seq: number; bytes: Buffer }[] = []
      const cursor = new RecordCursor()
      for (let offset = 0; ; ) {
        const batch = await reader.read(name, partition, offset)
        if (batch === undefined) break
        cursor.open(batch)
        while (cursor.next()) {
          const { stream_time_us: at, seq, key_start, body_end } = cursor
          const producer = producers.get(cursor.producer) as number
          found.push({ at, producer, seq, bytes: Buffer.from(batch.bodies.slice(key_start - 4, body_end)) })
        }
        offset = batch.base_offset + batch.records
      }
      found.sort((a, b) => a.at - b.at || a.producer - b.producer || a.seq - b.seq)
      const digest = new BlockDigest()
      for (const { bytes } of found) digest.add(bytes, 1)
      chains.push(digest.current())
      records += found.length
    }
    digests[name] = { records, sha256: topicDigest(chains) }
  }
  return digests
}
