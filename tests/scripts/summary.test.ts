import { expect, it } from 'vitest'
import { summarize } from '../../scripts/summary.mjs'

const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 }

it.each([
  ['a run that succeeded', report, true, { passed: 5, failed: 0, skipped: 2 }],
  ['failed tests', { ...report, numFailedTests: 3 }, false, { passed: 5, failed: 3, skipped: 2 }],
  ['a file that could not be loaded', report, false, { passed: 5, failed: 1, skipped: 2 }],
  ['a run that left no report', null, false, { passed: 0, failed: 1, skipped: 0 }],
])('%s', (_, counts, succeeded, expected) => {
  expect(summarize(counts, succeeded)).toEqual(expected)
})
