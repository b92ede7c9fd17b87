import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { wallClock } from '../../cli/engine.ts'
import { type Case, casesOf, shippedTests } from '../../cli/test/files.ts'
import { openGround } from '../../cli/test/grounds.ts'
import { shippedWorld } from '../../cli/world.ts'
import { type FaultPlan, seededFaults } from '../../runtime/log/fault-plan.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { SimulatedLog } from '../../runtime/log/simulated.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import { lanesOf, playInLanes } from '../../runtime/topology/test-lanes.ts'
import { engineOptions, type Ground, runTopologyTest, simulatedGround } from '../../runtime/topology/test-run.ts'
import { readWritten, scriptOf } from '../../runtime/topology/test-script.ts'

/** Every topology test gives the same records, byte for byte, wherever and in however many pieces it runs. */

const world = await shippedWorld()
const cases = shippedTests().flatMap((file) => casesOf(file, world))
const never = new AbortController().signal

/** What each test comes to on a ground, a few at once. */
async function results(play: Ground, some: readonly Case[] = cases) {
  const found: string[] = []
  const next = [...some.entries()]
  const work = async () => {
    for (let one = next.shift(); one !== undefined; one = next.shift()) {
      const [index, { file, test, stages, options }] = one
      const { differences, sha256 } = await runTopologyTest(test, stages, { ...options, ground: play })
      found[index] = `${file}:${test.line} ${sha256} ${JSON.stringify(differences)}`
    }
  }
  await Promise.all([work(), work(), work(), work()])
  return found
}

/** Every lane an engine of its own, all on one simulated log. */
const lanesWith =
  (faults?: FaultPlan): Ground =>
  async (script, options) => {
    const log = new SimulatedLog(new MemoryStore(), faults === undefined ? {} : { faults })
    const lanes = { world, broker: log.connect(), clock: wallClock, signal: never }
    await playInLanes(script, { ...engineOptions(script, options), ...lanes })
    return readWritten(log.connect(), script, lanesOf(script, world).plan)
  }
const inLanes = lanesWith()

describe('a topology test', () => {
  let simulated: string[]
  beforeAll(async () => {
    simulated = await results(simulatedGround())
  })

  test('gives the same on the embedded broker', async () => {
    const ground = await openGround({ on: 'embedded' }, cases, never)
    expect(await results(ground.play)).toEqual(simulated)
    await ground.close()
  })

  test.each(['1', '2', '3'])('gives the same when commits are refused and lost, seed %s', async (faults) => {
    const ground = await openGround({ on: 'simulated', faults }, cases, never)
    expect(await results(ground.play)).toEqual(simulated)
  })

  test('gives the same with every lane for itself', async () => {
    expect(await results(inLanes)).toEqual(simulated)
  })

  test('gives the same with every lane for itself, when commits are refused and lost', async () => {
    const faults = seededFaults(4, { not_written: 0.2, answer_lost: 0.15, request_lost: 0.15 })
    expect(await results(lanesWith(faults))).toEqual(simulated)
  })

  test('starts anew where the outcome of a commit is unknown', async () => {
    const fates: string[] = []
    const plan = seededFaults(1, { answer_lost: 0.3, request_lost: 0.3 })
    const ground = simulatedGround((number) => {
      const fate = plan(number)
      fates.push(fate.kind)
      return fate
    })
    const nbbo = cases.filter(({ file }) => file.includes('nbbo'))
    expect(await results(ground, nbbo)).toEqual(await results(simulatedGround(), nbbo))
    expect(new Set(fates)).toEqual(new Set(['done', 'answer_lost', 'request_lost']))
  })

  test('that breaks off is told apart from one that fails', async () => {
    const { test, stages, options } = cases[0]!
    const stop = new AbortController()
    stop.abort()
    const stopped: Ground = async (script) => {
      const lanes = { world, broker: new SimulatedLog(new MemoryStore()).connect(), clock: wallClock }
      await playInLanes(script, { ...engineOptions(script, options), ...lanes, signal: stop.signal })
      throw new Error('it ended')
    }
    await expect(runTopologyTest(test, stages, { ...options, ground: stopped })).rejects.toMatchObject({
      code: 'TEST_STUCK',
      exit_code: 3,
    })
  })
})

describe('a test that gives to a topic inside a circle of stages', () => {
  const path = 'topology/crypto.yaml'
  const text = `topology: ${path}
stages: [execution, venue-simulator]
tests:
  - name: a report from nowhere
    given:
      executions.v1:
        - { at: 5ms, value: { account: demo, instrument_id: BTCUSDT.BINANCE, cl_ord_id: X, exec_id: E1, exec_type: NEW } }
    expect:
      dead-letter.v1:
        - { at: 6ms, value: { stage: execution, code: ORDER_UNKNOWN, origin_topic: executions.v1 } }
`
  const crypto = lint(readFileSync(path, 'utf8'), path, world)
  const { tests, topology } = parseTestFile(text, 'x.test.yaml', world, () => crypto)
  const only = tests!.tests[0]!

  test('runs in one lane, for a lane cannot wait for itself', () => {
    const { lanes } = lanesOf(scriptOf(only, tests!.stages, topology!), world)
    expect(lanes.lanes.map(({ name }) => name)).toEqual(['test'])
  })

  test('gives the same as in one process', async () => {
    const options = { topology: topology!, world }
    const whole = await runTopologyTest(only, tests!.stages, options)
    expect(whole.differences).toEqual([])
    expect(await runTopologyTest(only, tests!.stages, { ...options, ground: inLanes })).toEqual(whole)
  })
})
