/**
 * Runs the tests: `npm test -- [--require kafka,registry] [what vitest takes]`.
 *
 * Tests that need a real server are skipped, by name and with the reason, where none can be had; what `--require` names
 * must be had, or those tests fail.
 */
const args = process.argv.slice(2)
const at = args.indexOf('--require')
if (at >= 0) [, process.env.AITRADER_REQUIRE = ''] = args.splice(at, 2)
process.argv = [...process.argv.slice(0, 2), 'run', ...args]
await import('../node_modules/vitest/vitest.mjs')
