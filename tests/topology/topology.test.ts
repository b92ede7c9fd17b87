import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runnersOf } from '../../cli/compose.ts'
import { readTests } from '../../cli/test/files.ts'
import { shippedWorld } from '../../cli/world.ts'
import { runTopologyTest } from '../../runtime/topology/test-run.ts'

/** Every YAML topology test, and that every processor has one. */

const folder = new URL('.', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.test.yaml'))
const world = await shippedWorld()

const parsed = files.map((file) => ({ file, ...readTests(fileURLToPath(new URL(file, folder)), world) }))

describe.each(parsed)('$file', ({ tests, topology, findings }) => {
  test('is well formed', () => expect(findings).toEqual([]))

  test.each(tests?.tests.map((one) => [one.name, one] as const) ?? [])('%s', async (_name, one) => {
    const options = { topology: topology!, world, runners: runnersOf(topology!) }
    expect((await runTopologyTest(one, tests!.stages, options)).differences).toEqual([])
  })
})

test('every processor has a topology test', () => {
  const tested = parsed.flatMap(
    ({ tests, topology }) => tests?.stages.map((stage) => topology!.stages[stage]!.use) ?? [],
  )
  expect([...new Set(tested)].sort()).toEqual(Object.keys(world.processors).sort())
})
