/** Counts what a test run says, so that a run which failed never counts as one without failures. */

/**
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number } | null}
 *   report vitest's JSON report, `null` where the run ended without one.
 * @param {boolean} succeeded whether the run ended with exit code 0. One that did not, though no test failed (a file that
 *   could not be loaded, no tests at all, a crash), counts as one failure.
 */
export function summarize(report, succeeded) {
  const passed = report?.numPassedTests ?? 0
  const failed = report?.numFailedTests ?? 0
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  return { passed, failed: failed === 0 && !succeeded ? 1 : failed, skipped }
}
