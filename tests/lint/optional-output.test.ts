import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openDirectory } from '../../cli/reading.ts'
import { lintTopology } from '../../cli/topology-file.ts'
import { shippedWorld } from '../../cli/world.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import { runTopologyTest } from '../../runtime/topology/test-run.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { runTo } from '../cli/partial-run.ts'

/** What becomes of an output that a processor calls optional and a topology connects to nothing. */

const folder = mkdtempSync(join(tmpdir(), 'aitrader-optional-'))
afterAll(() => rmSync(folder, { recursive: true }))

const path = 'tests/golden/releases/0.1.0/topology.yaml'
const world = await shippedWorld()

test('what is written there goes nowhere, and the rest of the step is as ever', async () => {
  const released = lintTopology(path, world)
  const frame = `{ venue_symbol: 'NSE:YESBANK', venue: NSE, receive_time_us: 1562643960000000, payload: '33300000,913000,914500,912500,914000,1200' }`
  const { tests, findings } = parseTestFile(
    `topology: ${path}
stages: [normalizer]
tests:
  - name: a minute bar
    given:
      audit.raw-ticks.v1:
        - { at: 1ms, value: ${frame} }
    expect:
      reference.instruments.v1:
        - { at: 1ms, value: { instrument_id: YESBANK.NSE } }
`,
    'x.test.yaml',
    world,
    () => released,
  )
  expect(findings).toEqual([])
  const { differences } = await runTopologyTest(tests!.tests[0]!, tests!.stages, {
    topology: released.topology!,
    world,
  })
  expect(differences).toEqual([])
})

function withoutBars(topology: Topology): Topology {
  const { 'market.bars.v1': _b, ...topics } = topology.topics
  const normalizer = topology.stages.normalizer!
  const { bars: _p, ...to } = normalizer.to
  return { ...topology, topics, stages: { ...topology.stages, normalizer: { ...normalizer, to } } }
}

test('every other topic is the same with it and without it', async () => {
  const run = async (name: string, change: (topology: Topology) => Topology) => {
    const dir = join(folder, name)
    await runTo({ dir, seed: 3, frames: 400, change })
    const { reader } = await openDirectory(dir)
    const { 'audit.events.v1': audit, 'market.bars.v1': _none, ...digests } = await reader.digests()
    await reader.close()
    expect(audit!.records).toBeGreaterThan(0)
    return digests
  }
  const without = await run('without', withoutBars)
  expect(without).toEqual(await run('with', (topology) => topology))
  expect(without['market.events.v1']!.records).toBeGreaterThan(390)
})
