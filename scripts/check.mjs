/**
 * Everything that can be said about the sources without running them, each check in full even where an earlier one
 * failed: format and lint, types, room arrows, unused code, generated files.
 *
 * With `--with-tests` the gate's tests run too, and the last line counts both: `N passed, N failed`, where each check
 * counts as one. `--require kafka,registry` makes a failure of tests that find no such server; `--with-containers` runs
 * those that need a broker once more on one in a container. Exit code 1 if anything failed. Needs the Node that
 * scripts/bootstrap.mjs provides.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { summarize } from './summary.mjs'

const TSC = 'node_modules/ts7/bin/tsc'

/** Runs a script with this Node; `ok` and its whole output. */
function run(script, ...args) {
  const child = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  return { ok: child.status === 0, output: `${child.stdout}${child.stderr}` }
}

/** Processors compile without Node's and the browser's names; what they import is checked with those by `types`. */
function processorTypes() {
  const { ok, output } = run(TSC, '-p', 'processors', '--pretty', 'false')
  const own = output.split('\n').filter((line) => line.startsWith('processors/') || /^error /.test(line))
  return { ok: ok || own.length === 0, output: own.join('\n') }
}

/** With a TypeScript it cannot use, dependency-cruiser finds no module and no violation: that is a failure. */
function arrows() {
  const { ok, output } = run(
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.mjs',
    '.',
  )
  const cruised = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0)
  if (ok && cruised === 0) return { ok: false, output: `${output}\nno module was looked at` }
  return { ok, output }
}

const checks = {
  'format and lint': () =>
    run('node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '--error-on-warnings', '.'),
  types: () => run(TSC, '-p', '.'),
  'types of processors': processorTypes,
  'room arrows': arrows,
  'unused code': () => run('node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'),
  'generated files': () => run('scripts/bootstrap.mjs', 'cli/main.ts', 'generate', '--check'),
}

/** The gate's tests by the command that people type; its output is theirs to see. */
function tests(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'aitrader-check-'))
  const report = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync('npm', ['test', '-s', '--', ...reporters, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  const counts = summarize(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null, status === 0)
  rmSync(folder, { recursive: true })
  return counts
}

/** The tests whose subject is a topology, or a broker, on Kafka: by their files' names. */
const ON_KAFKA = ['tests/servers', 'on-kafka']

const total = { passed: 0, failed: 0, skipped: 0 }
for (const [name, check] of Object.entries(checks)) {
  const started = performance.now()
  const { ok, output } = check()
  total[ok ? 'passed' : 'failed'] += 1
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  if (!ok) console.log(output.trimEnd())
}
const add = (counts) => {
  for (const key of Object.keys(total)) total[key] += counts[key]
}
const at = process.argv.indexOf('--require')
const required = at < 0 ? [] : process.argv.slice(at, at + 2)
if (process.argv.includes('--with-tests')) add(tests(required))
if (process.argv.includes('--with-containers')) {
  console.log('once more, on a broker in a container:')
  add(tests([...required, ...ON_KAFKA], { AITRADER_KAFKA_BY: 'container' }))
}
const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed === 0 ? 0 : 1
