import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { casesOf } from '../../cli/test/files.ts'
import { withRecorded } from '../../cli/test/recorded.ts'
import { shippedWorld } from '../../cli/world.ts'
import { runTopologyTest } from '../../runtime/topology/test-run.ts'
import { capture, captureLines } from '../cli/command.ts'

const folder = mkdtempSync(join(tmpdir(), 'aitrader-recorded-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function ready(given: string) {
  const file = join(folder, 'x.test.yaml')
  writeFileSync(
    file,
    `topology: topology/crypto.yaml
stages: [normalizer]
tests:
  - name: recorded frames
    given:
      audit.raw-ticks.v1: ${given}
    expect: {}
`,
  )
  return withRecorded(casesOf(file, await shippedWorld()))
}

test('frames of a capture are given at their own distances, and run', async () => {
  const path = capture(folder, 'a.txt', await captureLines(1, 100))
  const [one] = await ready(`{ file: ${path}, format: binance-spot, frames: 5, at: 2ms }`)
  const given = one!.test.given['audit.raw-ticks.v1']!
  expect(given).toHaveLength(5)
  expect(given[0]!.at_us).toBe(2000)
  expect(given.every(({ at_us }, index) => index === 0 || at_us > given[index - 1]!.at_us)).toBe(true)
  const { topics } = await runTopologyTest(one!.test, one!.stages, one!.options)
  expect(topics['market.events.v1']!.length).toBeGreaterThan(0)
  expect(topics['dead-letter.v1']).toEqual([])
})

test('a format that there is none of, and a file that is not there, are wrong use', async () => {
  await expect(ready('{ file: nowhere.txt, format: binance-spott }')).rejects.toMatchObject({ code: 'FORMAT_UNKNOWN' })
  await expect(ready('{ file: nowhere.txt, format: binance-spot }')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
})
