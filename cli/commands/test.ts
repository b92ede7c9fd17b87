import { Command, Option } from 'commander'
import { AppError, RetriableError } from '../../runtime/api/index.ts'
import { runTopologyTest, simulatedGround } from '../../runtime/topology/test-run.ts'
import type { Written } from '../../runtime/topology/test-script.ts'
import { onSignals } from '../signals.ts'
import { CoverageMeter, coverageText } from '../test/coverage.ts'
import { type Case, casesOf, shippedTests, shippedTopologies } from '../test/files.ts'
import { BROKERS, type GroundOptions, openGround } from '../test/grounds.ts'
import type { OpenGround } from '../test/open-ground.ts'
import { withRecorded } from '../test/recorded.ts'
import { junit, type Outcome, outcomeText, TEST_FORMATS, type TestFormat } from '../test/report.ts'
import { updateFile } from '../test/update.ts'
import { overlayOption, wantsColour } from '../topology-file.ts'
import { shippedWorld } from '../world.ts'

interface TestOptions extends GroundOptions {
  readonly overlay: readonly string[]
  readonly format: TestFormat
  readonly json?: boolean
  readonly update?: boolean
  readonly coverage?: boolean
}

/** What came of a case, and what its stages wrote. */
interface Ended {
  readonly of: Case
  readonly outcome: Outcome
  readonly topics: Written['topics']
}

/** `aitrader test`: topology tests, exact in count, order and time, on any of the brokers; exit 1 if one fails. */
export function testCommand(): Command {
  const command = new Command('test')
    .description('run topology tests (YAML)')
    .argument('[files...]', 'test files (default: tests/topology/*.test.yaml)')
    .addOption(new Option('--on <broker>', 'where they run').choices(BROKERS).default('simulated'))
    .option('--kafka <address>', 'brokers to begin with, HOST:PORT (default: KAFKA_BOOTSTRAP)')
    .option('--registry <url>', 'schema registry, http://HOST:PORT/apis/ccompat/v7 (default: REGISTRY_URL)')
    .option('--faults <seed>', 'refuse and lose commits, kill the process and have effects fail, as this seed chooses')
    .addOption(new Option('--format <format>', 'how results are written').choices(TEST_FORMATS).default('text'))
    .option('--json', 'one JSON object per test, as --format json')
    .option('--update', 'write what there is into the expectations that do not hold')
    .option('--coverage', 'say which stages, ports and fault codes no test touches')
    .action(test)
  return overlayOption(command)
}

async function test(files: string[], options: TestOptions): Promise<void> {
  const world = await shippedWorld()
  const named = files.length > 0 ? files : shippedTests()
  const cases = await withRecorded(named.flatMap((file) => casesOf(file, world, options.overlay)))
  const stop = new AbortController()
  const listening = onSignals(() => stop.abort())
  const ground = await openGround(options, cases, stop.signal)
  const format = options.json === true ? 'json' : options.format
  const ended: Ended[] = []
  const coverage = new CoverageMeter()
  const colour = wantsColour(process.stdout)
  try {
    for await (const one of outcomes(cases, ground, options)) {
      ended.push(one)
      coverage.note(one.of, one.topics)
      if (format === 'json') process.stdout.write(`${JSON.stringify(one.outcome)}\n`)
      if (format === 'text') process.stdout.write(outcomeText(one.outcome, colour))
      if (stop.signal.aborted) break
    }
  } finally {
    await ground.close()
    listening()
  }
  if (stop.signal.aborted) throw new AppError('INTERRUPTED', 'not all tests were run', { exit_code: 2 })
  const failed = ended.filter(({ outcome }) => !outcome.ok)
  if (format === 'junit') process.stdout.write(junit(ended.map(({ outcome }) => outcome)))
  if (format === 'text') process.stdout.write(`${ended.length - failed.length} passed, ${failed.length} failed\n`)
  if (options.coverage === true) {
    if (files.length === 0) {
      for (const [path, topology] of shippedTopologies(world)) coverage.meet(path, topology, world)
    }
    const all = coverage.result()
    if (format === 'json') for (const one of all) process.stdout.write(`${JSON.stringify({ coverage: one })}\n`)
    // Beside the report, not in it.
    else (format === 'junit' ? process.stderr : process.stdout).write(coverageText(all))
  }
  if (options.update === true) update(cases, failed)
  else if (failed.length > 0) process.exitCode = 1
}

/** What was not expected is expected from now on; the next run says whether it holds. */
function update(cases: readonly Case[], failed: readonly Ended[]): void {
  for (const file of new Set(failed.map(({ of }) => of.file))) {
    const own = cases.filter((one) => one.file === file)
    const tests = failed
      .filter(({ of }) => of.file === file)
      .map(({ of, outcome: { differences } }) => ({ number: own.indexOf(of), differences }))
    process.stderr.write(`${file}: ${updateFile(file, tests)} expectations rewritten\n`)
  }
}

/** In the order of the cases, though several may run at once. */
async function* outcomes(cases: readonly Case[], ground: OpenGround, options: TestOptions): AsyncGenerator<Ended> {
  const running: Promise<Ended>[] = []
  try {
    for (const one of cases) {
      const outcome = outcomeOf(one, ground, options)
      outcome.catch(() => {}) // It is heard of in its turn.
      running.push(outcome)
      if (running.length === ground.at_once) yield await (running.shift() as Promise<Ended>)
    }
    while (running.length > 0) yield await (running.shift() as Promise<Ended>)
  } finally {
    await Promise.allSettled(running)
  }
}

async function outcomeOf(of: Case, { play }: OpenGround, { faults }: TestOptions): Promise<Ended> {
  const { file, test, stages, options } = of
  const { line, name } = test
  const { differences, topics, sha256 } = await runTopologyTest(test, stages, { ...options, ground: play }).catch(
    (error: unknown) => {
      if (!(error instanceof RetriableError)) throw error
      throw new AppError('BROKER_FAILED', `running ${file}:${line}: ${error.message}`, {
        exit_code: 4,
        hint: 'look at the broker; nothing of the tests is left there',
        cause: error,
      })
    },
  )
  const found = [...differences]
  if (faults !== undefined) {
    const undisturbed = await runTopologyTest(test, stages, { ...options, ground: simulatedGround() })
    if (undisturbed.sha256 !== sha256) {
      const message = 'other records than without faults'
      found.push({ topic: '', index: 0, line, column: 1, message, kind: 'missing' as const })
    }
  }
  const outcome = { file, line, name, ok: found.length === 0, differences: found, sha256 }
  return { of, outcome, topics }
}
