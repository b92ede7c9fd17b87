import { AppError, RetriableError } from '../api/fault.ts'
import type { Clock } from '../engine/clock.ts'
import { Engine } from '../engine/engine.ts'
import { type FrontierType, frontiersTopic, type LaneOptions } from '../engine/frontiers.ts'
import { journalTopic } from '../engine/journal.ts'
import { LaneRun } from '../engine/lane-run.ts'
import type { EngineOptions } from '../engine/options.ts'
import { type LanePlan, type PlannedLane, planLanes, planOfLane } from '../plan/lanes.ts'
import { type Plan, plan, type World } from '../plan/plan.ts'
import { topicSpecs } from '../plan/topics.ts'
import { KAFKA_DEFAULTS } from './resolve.ts'
import { play, type TestScript } from './test-script.ts'
import type { StageDeclaration, Topology } from './types.ts'

/**
 * Plays a test as a broker of many processes runs a topology: every lane an engine of its own, which knows of the others
 * only what they commit.
 *
 * The sources of a test are a lane of their own. Where a test gives records to a topic that a lane both writes and reads,
 * that lane would have to hear from the broker how far it is itself: there everything is one lane.
 */

/** The sources commit in as many pieces: enough for lanes to hear of one before they hear of the next. */
const PIECES = 2
/** Before a lane is opened anew, milliseconds. */
const RETRY_MS = 20

export interface LanesOptions extends Omit<EngineOptions, 'plan' | 'lane'> {
  readonly world: World
  readonly clock: Clock
  /** Stops lanes that do not end by themselves: an AppError `TEST_STUCK` (exit 3). */
  readonly signal: AbortSignal
}

/** The plan of a test and its lanes. */
export function lanesOf({ topology }: TestScript, world: World): { plan: Plan; lanes: LanePlan } {
  const apart = plan(topology, world)
  const lanes = planLanes(apart)
  if (!lanes.lanes.some((lane) => waitsForItself(lane, lanes))) return { plan: apart, lanes }
  const whole = plan(inOneLane(topology), world)
  return { plan: whole, lanes: planLanes(whole) }
}

/** Declares the topics and runs every lane to its end; rejects with what ended the first one that failed. */
export async function playInLanes(script: TestScript, options: LanesOptions): Promise<void> {
  const { world, clock, signal, ...engine_options } = options
  const { plan: whole, lanes } = lanesOf(script, world)
  await options.broker.declare([...topicSpecs(whole), journalTopic(whole), frontiersTopic(lanes)])
  const stop = { requested: false }
  const running: { nudge(): void }[] = []
  const end = () => {
    stop.requested = true
    for (const run of running) run.nudge()
  }
  signal.addEventListener('abort', end)
  const runOnce = async (planned: PlannedLane) => {
    const lane: LaneOptions = { lane: planned, plan: lanes, mark: world.records.FrontierMark as FrontierType }
    const engine = await Engine.open({ ...engine_options, plan: planOfLane(whole, planned), lane })
    if (planned.sources.length > 0) return play(engine, script, Math.ceil((script.instants.length + 1) / PIECES))
    const { broker, codecs } = options
    const { commit_interval_ms, commit_max_records } = script.topology.kafka ?? KAFKA_DEFAULTS
    const commits = { commit_interval_ms, commit_max_records }
    const run = new LaneRun({ engine, broker, lane, codecs, once: true, ...commits, clock, stop })
    running.push(run)
    await run.run()
  }
  const runOne = async (planned: PlannedLane) => {
    for (;;) {
      try {
        return await runOnce(planned)
      } catch (error) {
        if (!mayPass(error) || stop.requested) throw error
        await clock.wait(RETRY_MS)
      }
    }
  }
  let failure: { readonly error: unknown } | undefined
  await Promise.all(
    lanes.lanes.map((lane) =>
      runOne(lane).catch((error: unknown) => {
        failure ??= { error }
        end()
      }),
    ),
  )
  signal.removeEventListener('abort', end)
  if (failure !== undefined) throw failure.error
  if (signal.aborted) {
    throw new AppError('TEST_STUCK', `the lanes of "${script.test.name}" were stopped before they ended`, {
      exit_code: 3,
      hint: 'is the broker overloaded, or does one of its topics have no leader?',
    })
  }
}

/** A lane that the outside world stopped is opened anew and goes on from what it had committed, as in a run. */
function mayPass(error: unknown): boolean {
  return error instanceof RetriableError || (error instanceof AppError && error.code === 'COMMIT_UNKNOWN')
}

function waitsForItself({ number, tasks }: PlannedLane, { writers }: LanePlan): boolean {
  return tasks.some(({ inputs }) =>
    inputs.some(({ topic, partition }) => {
      const all = writers(topic, partition)
      return all.length > 1 && all.includes(number)
    }),
  )
}

function inOneLane(topology: Topology): Topology {
  const lane = 'test'
  const stages = Object.entries(topology.stages).map(([name, stage]) => [name, { ...stage, lane }] as const)
  const sources = Object.entries(topology.sources).map(([name, source]) => [name, { ...source, lane }] as const)
  return {
    ...topology,
    stages: Object.fromEntries(stages) as Record<string, StageDeclaration>,
    sources: Object.fromEntries(sources),
  }
}
