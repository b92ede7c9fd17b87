import { AppError } from '../api/fault.ts'
import { Engine } from '../engine/engine.ts'
import type { JournalType } from '../engine/journal.ts'
import type { EngineOptions, Runner } from '../engine/options.ts'
import { type FaultPlan, seededFaults } from '../log/fault-plan.ts'
import { MemoryStore } from '../log/memory-store.ts'
import { SimulatedLog } from '../log/simulated.ts'
import { plan, type World } from '../plan/plan.ts'
import type { TestRecord, TopologyTest } from './test-file.ts'
import { play, readWritten, START_US, scriptOf, type TestScript, type Written } from './test-script.ts'
import type { Topology } from './types.ts'

/**
 * Runs topology tests, each on an empty log of its own, and compares what the stages wrote, in order of stream time; of
 * one instant, in order of partition. Which broker the log is on is the ground's matter: the result is the same.
 */

export interface Difference {
  readonly topic: string
  /** Place in the topic, from 0. */
  readonly index: number
  /** Line of what was expected, else of the test; from 1. */
  readonly line: number
  readonly message: string
}

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
  /** Of everything that the stages wrote: equal on every ground. */
  readonly sha256: string
}

export async function runTopologyTest(
  test: TopologyTest,
  stages: readonly string[],
  options: TestRunOptions,
): Promise<TestResult> {
  const script = scriptOf(test, stages, options.topology)
  const { topics, sha256 } = await (options.ground ?? simulatedGround())(script, options)
  const differences = script.written.flatMap((topic) =>
    compare(topic, test.expect[topic] ?? [], topics[topic] ?? [], test.line),
  )
  return { differences, sha256 }
}

/** In memory, each test on a log of its own. */
export function simulatedGround(faults?: FaultPlan): Ground {
  return async (script, options) => {
    const log = new SimulatedLog(new MemoryStore(), faults === undefined ? {} : { faults })
    const engine = await playWhole(script, { ...engineOptions(script, options), broker: log.connect() })
    return readWritten(log.connect(), script, engine.plan)
  }
}

/**
 * The simulated broker with a fault at about every other commit, which commits is `seed`'s choice: refused, or its answer
 * or request lost. The process then starts anew on what is durable.
 */
export function faultyGround(seed: number): Ground {
  return simulatedGround(seededFaults(seed, { not_written: 0.2, answer_lost: 0.15, request_lost: 0.15, slow: 0.1 }))
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

/** All stages in one engine, which starts anew after a commit of unknown outcome; answers the engine of its last life. */
export async function playWhole(script: TestScript, options: EngineOptions): Promise<Engine> {
  for (let life = 1; ; life++) {
    try {
      const engine = await Engine.open(options)
      await play(engine, script)
      return engine
    } catch (error) {
      const may_go_on = error instanceof AppError && error.code === 'COMMIT_UNKNOWN' && life < MAX_LIVES
      if (!may_go_on) throw error
    }
  }
}

function compare(
  topic: string,
  expected: readonly TestRecord[],
  actual: Written['topics'][string],
  test_line: number,
): Difference[] {
  const found: Difference[] = []
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    const wanted = expected[index]
    const got = actual[index]
    const line = wanted?.line ?? test_line
    const add = (message: string) => found.push({ topic, index, line, message })
    const at_us = (got?.at_us ?? 0) - START_US
    if (wanted === undefined) add(`not expected, at ${at_us} us: ${show(got?.value)}`)
    else if (got === undefined) add(`expected, and there are ${actual.length}`)
    else {
      if (at_us !== wanted.at_us) add(`at ${at_us} us, not ${wanted.at_us} us`)
      for (const message of differences(wanted.value, got.value, '')) add(message)
    }
  }
  return found
}

/** How `actual` differs from `expected` in the fields that are named. */
function differences(expected: unknown, actual: unknown, path: string): string[] {
  if (expected instanceof Uint8Array) {
    const same = actual instanceof Uint8Array && Buffer.compare(expected, actual) === 0
    return same ? [] : [`${path} is ${show(actual)}, not ${show(expected)}`]
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) {
      return [`${path} is ${show(actual)}, not ${show(expected)}`]
    }
    return expected.flatMap((item, index) => differences(item, actual[index], `${path}[${index}]`))
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return [`${path} is ${show(actual)}, not ${show(expected)}`]
    return Object.entries(expected).flatMap(([name, value]) =>
      differences(value, (actual as Record<string, unknown>)[name], path === '' ? name : `${path}.${name}`),
    )
  }
  return expected === actual ? [] : [`${path} is ${show(actual)}, not ${show(expected)}`]
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => {
    if (typeof inner === 'bigint') return inner.toString()
    if (inner instanceof Uint8Array) return new TextDecoder().decode(inner)
    return inner
  })
  return text === undefined || text.length <= 500 ? String(text) : `${text.slice(0, 500)}...`
}
