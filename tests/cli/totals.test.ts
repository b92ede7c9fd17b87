import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { totalsOf } from '../../cli/summary.ts'
import { processors } from '../../processors/index.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { records } from '../../schemas/generated/index.ts'

/** Totals of a run count what comes into being, not what built-in stages pass on. */
test('books are counted where they are built, not again behind each filter', () => {
  const text = readFileSync('tests/topology/builtin.yaml', 'utf8')
  const { topology } = lint(text, 'builtin.yaml', { processors, records })
  const ten = (topic: string) => (topic === 'books' || topic === 'tight' || topic === 'live' ? 10 : 0)
  expect(totalsOf(topology!, ten, [])).toMatchObject({ books: 10 })
  // The events of this topology come from a `map` alone: better those than none.
  expect(totalsOf(topology!, (topic) => (topic === 'events' ? 7 : 0), [])).toMatchObject({ events: 7 })
})
