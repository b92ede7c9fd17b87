import { expect, test } from 'vitest'
import { casesOf } from '../../cli/test/files.ts'
import { shippedWorld } from '../../cli/world.ts'
import type { Json } from '../../runtime/api/index.ts'
import { faultyGround } from '../../runtime/topology/test-faults.ts'
import { runTopologyTest, simulatedGround } from '../../runtime/topology/test-run.ts'

/** What `--faults` does to a run is enough to show an effect that is no function of what it is asked. */

const world = await shippedWorld()
const [signal] = casesOf('tests/topology/inference-enricher.test.yaml', world)
const { test: only, stages, options } = signal!
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed + 1)

/** A model that answers, and counts how often it was asked. */
function model(answer: (times: number) => number) {
  const asked = { times: 0 }
  const run = (requests: readonly Json[]) => {
    asked.times++
    return requests.map(() => ({
      ...{ model_name: 'm', model_version: '1', model_sha256: '', backend: 'test', horizon_us: 1 },
      ...{ expected_return_bps: answer(asked.times), probability_up: 0.5 },
    }))
  }
  const query = { identity: { name: 'm', version: '1', sha256: '' }, run }
  return { asked, runners: { 'inference-enricher': { query } } }
}

async function shas(answer: (times: number) => number) {
  const times: number[] = []
  const found: string[] = []
  for (const seed of [0, ...SEEDS]) {
    const { asked, runners } = model(answer)
    const ground = seed === 0 ? simulatedGround() : faultyGround(seed)
    found.push((await runTopologyTest(only, stages, { ...options, runners, ground })).sha256)
    times.push(asked.times)
  }
  return { times, differ: found.filter((one) => one !== found[0]).length }
}

test('an effect is asked again after a crash and after a failure, and the records are the same', async () => {
  const { times, differ } = await shas(() => 1)
  expect(differ).toBe(0)
  expect(times[0]).toBe(1)
  expect(Math.max(...times)).toBeGreaterThan(2)
})

test('one whose answer hangs on how often it was asked is found', async () => {
  expect((await shas((times) => times)).differ).toBeGreaterThan(5)
})

test('a seed is one run', async () => {
  const run = async () => {
    const { asked, runners } = model(() => 1)
    await runTopologyTest(only, stages, { ...options, runners, ground: faultyGround(7) })
    return asked.times
  }
  expect(await run()).toBe(await run())
})
