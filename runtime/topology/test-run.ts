import { type TestRecord as ActualRecord, TestDriver } from '../api/test-driver.ts'
import type { Runner } from '../engine/options.ts'
import type { World } from '../plan/plan.ts'
import type { TestRecord, TopologyTest } from './test-file.ts'
import type { Topology } from './types.ts'

/**
 * Runs topology tests on the engine, each on an empty log of its own.
 *
 * A test begins at 1 s of stream time, so that the topology's instruments, which are on their topic at 0 as in a run
 * unless the test gives that topic itself, are there before everything. Time goes on to `until`, or to the last record
 * given or expected; timers due by then have fired. What the stages wrote is compared in order of stream time; of one
 * instant, in order of partition.
 */
const START_US = 1_000_000

export interface Difference {
  readonly topic: string
  /** Place in the topic, from 0. */
  readonly index: number
  /** Line of what was expected, else of the test; from 1. */
  readonly line: number
  readonly message: string
}

export interface TestRunOptions {
  readonly topology: Topology
  readonly world: World
  /** What answers effects, by stage. */
  readonly runners?: Readonly<Record<string, Runner>>
}

/** What differs from the test's expectations; nothing if it holds. */
export async function runTopologyTest(
  test: TopologyTest,
  stages: readonly string[],
  options: TestRunOptions,
): Promise<Difference[]> {
  const { topology } = options
  const driver = await TestDriver.open({ ...options, stages })
  let last_us = START_US
  for (const [at_us, records] of instants(test, topology)) {
    await driver.giveAll(at_us, records)
    last_us = Math.max(last_us, at_us)
  }
  const end_us = Math.max(0, ...Object.values(test.expect).flatMap((all) => all.map(({ at_us }) => at_us)))
  await driver.advance(Math.max(last_us, START_US + (test.until_us ?? end_us)))

  const found: Difference[] = []
  for (const topic of writtenTopics(topology, stages)) {
    const actual = (await driver.read(topic)).filter(({ id }) => !id.startsWith('given:'))
    actual.sort((a, b) => a.at_us - b.at_us)
    found.push(...compare(topic, test.expect[topic] ?? [], actual, test.line))
  }
  return found
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
    for (const { at_us, value } of test.given[topic] ?? []) add(START_US + at_us, topic, value)
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
