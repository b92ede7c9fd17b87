import { type TestRecord as ActualRecord, TestDriver } from '../api/test-driver.ts'
import type { Runner } from '../engine/engine.ts'
import type { World } from '../plan/plan.ts'
import type { TestRecord, TopologyTest, TopologyTests } from './test-file.ts'
import type { Topology } from './types.ts'

/**
 * Runs topology tests on the engine, each on an empty log of its own.
 *
 * The topology's instruments are on their topic at time 0, as in a run, unless a test gives that topic itself. Time
 * goes on to `until`, or to the last record given or expected, so that timers due by then have fired. What stages wrote
 * is compared in order of stream time; of one instant, in order of partition.
 */

export interface TestOutcome {
  readonly name: string
  /** Line of the test in its file, from 1. */
  readonly line: number
  /** What differs, with the line it was expected on; empty if the test holds. */
  readonly differences: readonly { readonly line: number; readonly message: string }[]
}

export interface TestRunOptions {
  readonly topology: Topology
  readonly world: World
  /** What answers effects, by stage. */
  readonly runners?: Readonly<Record<string, Runner>>
}

export async function runTopologyTests(file: TopologyTests, options: TestRunOptions): Promise<TestOutcome[]> {
  const outcomes: TestOutcome[] = []
  for (const test of file.tests) outcomes.push(await runOne(test, file.stages, options))
  return outcomes
}

async function runOne(test: TopologyTest, stages: readonly string[], options: TestRunOptions): Promise<TestOutcome> {
  const { topology } = options
  const driver = await TestDriver.open({ ...options, stages })
  let last_us = test.until_us ?? 0
  for (const [at_us, records] of instants(test, topology)) {
    await driver.giveAll(at_us, records)
    last_us = Math.max(last_us, at_us)
  }
  for (const records of Object.values(test.expect)) {
    for (const { at_us } of records) last_us = Math.max(last_us, test.until_us ?? at_us)
  }
  await driver.advance(last_us)

  const differences: { line: number; message: string }[] = []
  for (const name of writtenTopics(topology, stages)) {
    const actual = (await driver.read(name)).filter(({ id }) => !id.startsWith('given:'))
    actual.sort((a, b) => a.at_us - b.at_us)
    differences.push(...compare(name, test.expect[name] ?? [], actual, test.line))
  }
  return { name: test.name, line: test.line, differences }
}

type Instant = [at_us: number, records: [topic: string, values: unknown[]][]]

/** What is given, by instant, within one in the topology's order of topics. */
function instants(test: TopologyTest, topology: Topology): Instant[] {
  const by_time = new Map<number, [string, unknown[]][]>()
  const add = (at_us: number, topic: string, value: unknown) => {
    const all = by_time.get(at_us) ?? []
    by_time.set(at_us, all)
    const last = all.at(-1)
    if (last?.[0] === topic) last[1].push(value)
    else all.push([topic, [value]])
  }
  const declared = topology.sources.topology?.to
  for (const topic of Object.keys(topology.topics)) {
    if (topic === declared && test.given[topic] === undefined) {
      for (const instrument of topology.instruments)
        add(0, topic, { ...instrument, tradable: true, origin: 'TOPOLOGY' })
    }
    for (const { at_us, value } of test.given[topic] ?? []) add(at_us, topic, value)
  }
  return [...by_time].sort(([a], [b]) => a - b)
}

function writtenTopics(topology: Topology, stages: readonly string[]): string[] {
  const written = new Set(
    stages.flatMap((name) => {
      const stage = topology.stages[name]
      return stage === undefined ? [] : [...Object.values(stage.to), stage.faults_to]
    }),
  )
  return Object.keys(topology.topics).filter((name) => written.has(name))
}

function compare(
  topic: string,
  expected: readonly TestRecord[],
  actual: readonly ActualRecord[],
  test_line: number,
): { line: number; message: string }[] {
  const found: { line: number; message: string }[] = []
  const most = Math.max(expected.length, actual.length)
  for (let i = 0; i < most; i++) {
    const wanted = expected[i]
    const got = actual[i]
    const where = `${topic} record ${i + 1}`
    if (wanted === undefined) {
      found.push({ line: test_line, message: `${where}: not expected, at ${got!.at_us} us: ${show(got!.value)}` })
    } else if (got === undefined) {
      found.push({ line: wanted.line, message: `${where}: expected, and there are ${actual.length}` })
    } else {
      if (got.at_us !== wanted.at_us) {
        found.push({ line: wanted.line, message: `${where}: at ${got.at_us} us, not ${wanted.at_us} us` })
      }
      for (const message of differences(wanted.value, got.value, '')) {
        found.push({ line: wanted.line, message: `${where}: ${message}` })
      }
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
