import { type Json, toHex } from '../runtime/api/index.ts'
import { type TestRecord as Got, TestDriver } from '../runtime/api/test-driver.ts'
import type { Runner } from '../runtime/engine/engine.ts'
import type { TestRecord, TopologyTest, TopologyTests } from '../runtime/topology/test-file.ts'
import type { Topology } from '../runtime/topology/types.ts'
import { runnersOf } from './compose.ts'
import { shippedWorld } from './world.ts'

/**
 * Runs one topology test: the chosen stages as in the product, on the simulated broker, with real partition counts.
 *
 * Stream time of a test begins at 1 s, after the topology's declared instruments, which are there unless the test
 * gives instruments itself. After the last given record, time goes on to the last expected one. Every topic that a
 * chosen stage writes is compared in count, order and time, and in the fields that the test names.
 */
const START_US = 1_000_000

export interface Difference {
  readonly topic: string
  /** Position in the topic, from 0. */
  readonly index: number
  readonly line: number | undefined
  readonly message: string
}

export async function runTopologyTest(
  topology: Topology,
  file: TopologyTests,
  test: TopologyTest,
): Promise<Difference[]> {
  const chosen = Object.fromEntries(
    file.stages.map((name) => [name, topology.stages[name]]).filter(([, stage]) => stage !== undefined),
  )
  const part = { ...topology, stages: chosen } as Topology
  const runners: Record<string, Runner> = runnersOf(part)
  const driver = await TestDriver.open({ topology, stages: file.stages, world: await shippedWorld(), runners })
  await giveInstruments(driver, topology, test)
  await give(driver, test)
  const last_us = Math.max(
    0,
    ...Object.values(test.expect)
      .flat()
      .map(({ at_us }) => at_us),
  )
  if (START_US + last_us > driver.engine.now_us) await driver.advance(START_US + last_us)

  const written = new Set(
    Object.values(part.stages).flatMap((stage) => [...Object.values(stage.to), stage.faults_to ?? '']),
  )
  written.delete('')
  const differences: Difference[] = []
  for (const topic of [...written].sort()) {
    const given = new Set((test.given[topic] ?? []).map(() => topic)).size > 0
    if (given) continue
    const got = inOrder(await driver.read(topic))
    differences.push(...compare(topic, test.expect[topic] ?? [], got))
  }
  return differences
}

async function giveInstruments(driver: TestDriver, topology: Topology, test: TopologyTest): Promise<void> {
  const to = topology.sources.topology?.to
  if (to === undefined || to in test.given || to in test.expect) return
  const values = topology.instruments.map((instrument) => ({ ...instrument, tradable: true, origin: 'TOPOLOGY' }))
  if (values.length > 0) await driver.give(to, 0, ...values)
}

/** All given records, instant by instant. */
async function give(driver: TestDriver, test: TopologyTest): Promise<void> {
  const times = [
    ...new Set(
      Object.values(test.given)
        .flat()
        .map(({ at_us }) => at_us),
    ),
  ].sort((a, b) => a - b)
  for (const at_us of times) {
    const records = Object.entries(test.given).map(([topic, all]) => {
      return [topic, all.filter((record) => record.at_us === at_us).map(({ value }) => value)] as const
    })
    await driver.giveAll(START_US + at_us, records)
  }
}

/** Records of all partitions as a consumer of all would merge them. */
function inOrder(records: Got[]): Got[] {
  const place = (id: string) => Number(id.slice(id.lastIndexOf(':') + 1))
  return records.sort((a, b) => a.at_us - b.at_us || a.partition - b.partition || place(a.id) - place(b.id))
}

function compare(topic: string, expected: readonly TestRecord[], got: readonly Got[]): Difference[] {
  const differences: Difference[] = []
  for (let index = 0; index < Math.max(expected.length, got.length); index++) {
    const want = expected[index]
    const is = got[index]
    const say = (message: string) => differences.push({ topic, index, line: want?.line, message })
    if (want === undefined) say(`unexpected: at ${offset(is as Got)} ${show((is as Got).value)}`)
    else if (is === undefined) say(`missing: at ${want.at_us} us ${show(want.value)}`)
    else {
      if (is.at_us - START_US !== want.at_us) say(`came at ${offset(is)}, expected at ${want.at_us} us`)
      for (const path of unequal(want.value, is.value, '')) say(path)
    }
  }
  return differences
}

function offset(record: Got): string {
  return `${record.at_us - START_US} us`
}

/** Fields that `want` names and `is` does not hold, each as `path: is ..., expected ...`. Arrays compare whole. */
function unequal(want: unknown, is: unknown, path: string): string[] {
  if (Array.isArray(want) && Array.isArray(is) && want.length === is.length) {
    return want.flatMap((item, i) => unequal(item, is[i], `${path}[${i}]`))
  }
  if (isObject(want) && isObject(is)) {
    return Object.entries(want).flatMap(([key, value]) => unequal(value, is[key], path === '' ? key : `${path}.${key}`))
  }
  return show(want) === show(is) ? [] : [`${path}: is ${show(is)}, expected ${show(want)}`]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, item: Json | Uint8Array) => {
    if (typeof item === 'bigint') return String(item)
    return item instanceof Uint8Array ? toHex(item) : item
  })
}
