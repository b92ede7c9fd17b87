import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Output that cannot be written ends the command with one message, not with a trace of its inside. */

const FULL = '/dev/full'

const missing = existsSync(FULL) ? '' : ` (skipped: no ${FULL} here)`
test.skipIf(missing !== '')(`a full disk under the output is exit 4 with its reason${missing}`, () => {
  const full = openSync(FULL, 'w')
  try {
    const ended = spawnSync(process.execPath, ['cli/main.ts', 'graph', '--format', 'mermaid'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    expect(ended.stderr).toMatch(/^aitrader: writing the output: .*ENOSPC.* \(OUTPUT_FAILED\)\n {2}make room .*\n$/)
    expect(ended.status).toBe(4)
  } finally {
    closeSync(full)
  }
})
