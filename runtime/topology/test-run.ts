import { AppError } from '../api/fault.ts'
import { Engine } from '../engine/engine.ts'
import type { JournalType } from '../engine/journal.ts'
import type { EngineOptions, Runner } from '../engine/options.ts'
import type { FaultPlan } from '../log/fault-plan.ts'
import { MemoryStore } from '../log/memory-store.ts'
import { SimulatedLog } from '../log/simulated.ts'
import { plan, type World } from '../plan/plan.ts'
import { editDistance } from './nearest.ts'
import { compare, type Difference, differences } from './test-compare.ts'
import { mockRunner, withLatencies } from './test-effects.ts'
import type { TopologyTest } from './test-file.ts'
import { placeAt } from './test-places.ts'
import { play, readWritten, START_US, scriptOf, type TestScript, type Written } from './test-script.ts'
import type { Topology } from './types.ts'

/**
 * Runs topology tests, each on an empty log of its own, and compares what the stages wrote, in order of stream time; of
 * one instant, in order of partition. Which broker the log is on is the ground's matter: the result is the same.
 */

/** Plays a script and answers what the stages wrote. */
export type Ground = (script: TestScript, options: GroundOptions) => Promise<Written>

export interface GroundOptions {
  readonly world: World
  /** What answers effects, by stage. */
  readonly runners?: Readonly<Record<string, Runner>>
}

export interface TestRunOptions extends GroundOptions {
  readonly topology: Topology
  /** Default: the simulated broker. */
  readonly ground?: Ground
}

export interface TestResult {
  /** What differs from the test's expectations; nothing if it holds. */
  readonly differences: readonly Difference[]
  /** What the stages wrote, by topic. */
  readonly topics: Written['topics']
  /** Of everything that the stages wrote: equal on every ground. */
  readonly sha256: string
}

export async function runTopologyTest(
  test: TopologyTest,
  stages: readonly string[],
  options: TestRunOptions,
): Promise<TestResult> {
  const { effects = {} } = test
  const script = scriptOf(test, stages, withLatencies(options.topology, effects))
  const mocks = Object.entries(effects).map(([stage, mock]) => [stage, mockRunner(mock)] as const)
  const runners = { ...options.runners, ...Object.fromEntries(mocks) }
  const { topics, state, sha256 } = await (options.ground ?? simulatedGround())(script, { ...options, runners })
  const found = script.written.flatMap((topic) =>
    compare(topic, test.expect[topic] ?? [], topics[topic] ?? [], test.line, START_US),
  )
  found.push(...stateDifferences(test, state))
  return { differences: found, topics, sha256 }
}

function stateDifferences({ state: expected = [] }: TopologyTest, state: Written['state']): Difference[] {
  return expected.flatMap(({ stage, key, value, line, places }) => {
    const place = { topic: stage, index: 0, kind: 'state' as const, ...placeAt(places, [], { line }) }
    const actual = state[stage]?.[key]
    if (value === null) {
      return actual === undefined ? [] : [{ ...place, message: `\`${key}\` has a state, and none is expected` }]
    }
    if (actual === undefined) {
      // What a stage keeps of its tables stands among its states, and is nobody's key.
      const keys = Object.keys(state[stage] ?? {}).filter((one) => !one.startsWith('table '))
      return [{ ...place, message: `\`${key}\` has no state; ${nearestKeys(key, keys)}` }]
    }
    return differences(value, actual, []).map(({ path, ...one }) => ({
      ...place,
      ...placeAt(places, path, { line }),
      ...one,
      path: [key, ...path],
      message: `\`${key}\` ${one.message}`.trim(),
    }))
  })
}

/** Keys in words, the nearest first: there may be one per instrument. */
function nearestKeys(key: string, keys: readonly string[]): string {
  const near = [...keys].sort((a, b) => editDistance(key, a) - editDistance(key, b)).slice(0, 8)
  const more = keys.length > near.length ? `, and ${keys.length - near.length} more` : ''
  return `keys: ${near.join(', ') || 'none'}${more}`
}

/** In memory, each test on a log of its own. */
export function simulatedGround(faults?: FaultPlan): Ground {
  return async (script, options) => {
    const log = new SimulatedLog(new MemoryStore(), faults === undefined ? {} : { faults })
    const engine = await playWhole(script, { ...engineOptions(script, options), broker: log.connect() })
    return readWritten(log.connect(), script, engine.plan)
  }
}

/** What engines of a test have in common; the schemas are this build's, so their ids may be any. */
export function engineOptions(
  { topology }: TestScript,
  { world, runners = {} }: GroundOptions,
): Omit<EngineOptions, 'broker'> {
  return {
    plan: plan(topology, world),
    journal: world.records.JournalEntry as JournalType,
    schemaId: () => 1,
    hashes: { code: '', config: '', schemas: '', models: '' },
    runners,
  }
}

/** Lives that a test may take: a commit whose outcome is unknown ends one. */
const MAX_LIVES = 1000

/** Ends a life; what is durable stays. */
export class Crash extends Error {}

export interface Course {
  /** Instants per commit. */
  readonly commit_every?: number
  /** Called wherever a process could die; throws a `Crash` to have it die. */
  readonly between?: () => void
}

/** All stages in one engine, which starts anew after a commit of unknown outcome; answers the engine of its last life. */
export async function playWhole(script: TestScript, options: EngineOptions, course: Course = {}): Promise<Engine> {
  for (let life = 1; ; life++) {
    try {
      const engine = await Engine.open(options)
      await play(engine, script, course.commit_every, course.between)
      return engine
    } catch (error) {
      const died = error instanceof Crash || (error instanceof AppError && error.code === 'COMMIT_UNKNOWN')
      if (!died || life >= MAX_LIVES) throw error
    }
  }
}
