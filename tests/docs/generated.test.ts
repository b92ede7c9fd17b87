import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../cli/compose.ts'
import { denialPageFile } from '../../cli/denial-page.ts'
import { metricsPageFile } from '../../cli/metrics-page.ts'
import { shippedWorld } from '../../cli/world.ts'
import { denialCodes } from '../../processors/execution/controls/codes.ts'
import { controls } from '../../processors/execution/controls/index.ts'
import { topologySchemaFile } from '../../runtime/topology/json-schema.ts'
import { topologyReferenceFile } from '../../runtime/topology/reference.ts'
import { writeGenerated } from '../../schemas/generate.ts'

describe('generated pages', () => {
  test('are what their makers say today', async () => {
    const world = await shippedWorld()
    const files = [topologySchemaFile(world), topologyReferenceFile(world), denialPageFile(), metricsPageFile()]
    expect(writeGenerated(files, { root: ROOT, check: true })).toEqual([])
  })

  test('the page for compliance has one row per denial code, in the order in which the controls are asked', () => {
    const rows = denialPageFile()
      .text.split('\n')
      .filter((line) => line.startsWith('| P'))
      .map((line) => line.split(' | '))
    expect(rows.map(([, code]) => code)).toEqual(Object.keys(denialCodes).map((code) => `\`${code}\``))
    const asked = [...new Set(rows.map(([control]) => control?.slice(2)))]
    expect(asked).toEqual([...asked].sort())
    expect(asked).toHaveLength(controls.length)
  })
})

test('every page of docs/generated says that it is made', () => {
  for (const page of ['denial-codes', 'metrics', 'records', 'topology']) {
    const text = readFileSync(`${ROOT}/docs/generated/${page}.md`, 'utf8')
    expect(text, page).toMatch(/^<!-- Made by `aitrader generate` from .+; changes here are overwritten\. -->\n/)
  }
})
