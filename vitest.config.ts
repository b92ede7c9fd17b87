import { defineConfig } from 'vitest/config'

/** The gate runs `*.test.ts`; runs that take minutes are `*.full.test.ts` and join with AITRADER_FULL. */
const full = process.env.AITRADER_FULL !== undefined

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: full ? [] : ['tests/**/*.full.test.ts'],
    // Forks, because tests kill and start processes and the state library holds handles per process.
    pool: 'forks',
    // Holds the real servers of tests that ask for them.
    globalSetup: ['tests/servers/shared.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
