import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CoverageMeter } from '../../cli/test/coverage.ts'
import { type Case, casesOf, shippedTests } from '../../cli/test/files.ts'
import { withRecorded } from '../../cli/test/recorded.ts'
import { shippedWorld } from '../../cli/world.ts'
import { faultyGround } from '../../runtime/topology/test-faults.ts'
import { runTopologyTest, simulatedGround } from '../../runtime/topology/test-run.ts'

/**
 * The YAML tests touch every stage, port and fault code of each topology that is shipped, and come to the same records
 * while commits are refused and lost, processes die and effects fail. A seed that fails: `aitrader test FILE --faults SEED`.
 */

const SEEDS = process.env.AITRADER_FULL === '1' ? 50 : 5

const world = await shippedWorld()
const cases = await withRecorded(shippedTests().flatMap((file) => casesOf(file, world)))
const shipped = readdirSync('topology')
  .filter((name) => name.endsWith('.yaml'))
  .map((file) => join('topology', file))

/** No test can cause it: nothing that is no number gets onto a topic. */
const BEYOND = {
  fault: 'strategy: PREDICTION_INVALID',
  because: 'the codec of Prediction refuses a number that is not finite',
}

const calm = new Map<Case, string>()
const meter = new CoverageMeter()
for (const one of cases) {
  const { differences, topics, sha256 } = await runTopologyTest(one.test, one.stages, {
    ...one.options,
    ground: simulatedGround(),
  })
  if (differences.length > 0) throw new Error(`${one.file}:${one.test.line} does not hold: ${one.test.name}`)
  calm.set(one, sha256)
  meter.note(one, topics)
}
const coverage = new Map(meter.result().map((one) => [one.topology, one]))

describe('the tests of', () => {
  test.each(shipped)('%s touch every stage, port and fault code', (file) => {
    const { stages, ports, faults, unreachable } = coverage.get(file)!
    const untouched = { stages: stages.untouched, ports: ports.untouched, faults: faults.untouched }
    expect(untouched).toEqual({ stages: [], ports: [], faults: [] })
    for (const { all } of [stages, ports, faults]) expect(all).toBeGreaterThan(0)
    expect(unreachable).toEqual(file === 'topology/india.yaml' ? [] : [BEYOND])
  })
})

test.each(Array.from({ length: SEEDS }, (_, seed) => [seed + 1]))(
  'faults that seed %i chooses change no record',
  async (seed) => {
    const ground = faultyGround(seed)
    const different: string[] = []
    for (const [{ file, test, stages, options }, undisturbed] of calm) {
      const { differences, sha256 } = await runTopologyTest(test, stages, { ...options, ground })
      if (differences.length > 0 || sha256 !== undisturbed) different.push(`${file}:${test.line} ${test.name}`)
    }
    expect(different).toEqual([])
  },
)
