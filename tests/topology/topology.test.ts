import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runnersOf } from '../../cli/compose.ts'
import { shippedWorld } from '../../cli/world.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import { runTopologyTest } from '../../runtime/topology/test-run.ts'

/** Every YAML topology test, and that every processor has one. */

const folder = new URL('.', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.test.yaml'))
const world = await shippedWorld()

function load(path: string) {
  return existsSync(path) ? lint(readFileSync(path, 'utf8'), path, world) : undefined
}

const parsed = files.map((file) => ({
  file,
  ...parseTestFile(readFileSync(new URL(file, folder), 'utf8'), file, world, load),
}))

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
