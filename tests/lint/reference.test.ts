import { expect, test } from 'vitest'
import { LINT_CODES, type LintCode, severityOf } from '../../runtime/topology/codes.ts'
import { topologyReferenceFile } from '../../runtime/topology/reference.ts'
import { world } from './world.ts'

const { path, text } = topologyReferenceFile(world)

test('the reference page has every code, processor, port and parameter with its meaning', () => {
  expect(path).toBe('docs/generated/topology.md')
  for (const [code, meaning] of Object.entries(LINT_CODES)) {
    expect(text).toContain(`| \`${code}\` | ${severityOf(code as LintCode)} | ${meaning} |`)
  }
  expect(text).toContain('| `UNKNOWN_TOPIC` | error | ')
  expect(text).toContain('| `DESCRIPTION_MISSING` | warning | ')
  expect(text).toContain('| `type` | `text` or `integer` or `number` or `boolean` | `"text"` | ')
  for (const name of Object.keys(world.processors)) expect(text).toContain(`### ${name}\n`)
  expect(text).toContain('| `window` | whole number from 1 | required | Events looked at. |')
  expect(text).toContain('| `partitions` | whole number from 1 to 4096 | required | Number of partitions')
  expect(text).toContain('| `merge` | `by_data` or `arrival` | `"by_data"` | ')
  expect(text).toContain('| `from` | mapping |  | Input and table ports')
  expect(text).toContain('| `instruments` | table | Instrument |')
  expect(text).toContain('### ask\n\nStands in for ask. An effect (query).\n')
})
