import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EXPRESSION_FAULTS } from '../../processors/builtin/expressions.ts'
import { ALLOWED } from '../../processors/builtin/functions.ts'
import { builtins } from '../../processors/builtin/index.ts'

/** The page on built-in stages says all that there is. */

const page = readFileSync('docs/builtin-stages.md', 'utf8')

test.each([
  ['stage', builtins.map(({ name }) => name)],
  ['function', ALLOWED],
  ['fault of expressions', Object.keys(EXPRESSION_FAULTS)],
])('names every %s', (_what, names) => {
  expect(names.filter((name) => !page.includes(`\`${name}`))).toEqual([])
})
