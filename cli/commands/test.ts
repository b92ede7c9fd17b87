import { Command, Option } from 'commander'
import { AppError, RetriableError } from '../../runtime/api/index.ts'
import { type Difference, runTopologyTest, simulatedGround } from '../../runtime/topology/test-run.ts'
import { onSignals } from '../signals.ts'
import { type Case, casesOf, shippedTests } from '../test/files.ts'
import { BROKERS, type GroundOptions, openGround } from '../test/grounds.ts'
import type { OpenGround } from '../test/open-ground.ts'
import { overlayOption } from '../topology-file.ts'
import { shippedWorld } from '../world.ts'

interface TestOptions extends GroundOptions {
  readonly overlay: readonly string[]
  readonly json?: boolean
}

/** One topology test and what came of it. */
interface Outcome {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly ok: boolean
  readonly differences: readonly Difference[]
  /** Of all that the stages wrote: equal on every broker. */
  readonly sha256: string
}

/** `aitrader test`: topology tests, exact in count, order and time, on any of the brokers; exit 1 if one fails. */
export function testCommand(): Command {
  const command = new Command('test')
    .description('run topology tests (YAML)')
    .argument('[files...]', 'test files (default: tests/topology/*.yaml)')
    .addOption(new Option('--on <broker>', 'where they run').choices(BROKERS).default('simulated'))
    .option('--kafka <address>', 'brokers to begin with, HOST:PORT (default: KAFKA_BOOTSTRAP)')
    .option('--registry <url>', 'schema registry, http://HOST:PORT/apis/ccompat/v7 (default: REGISTRY_URL)')
    .option('--faults <seed>', 'refuse and lose commits of the simulated broker, as this seed chooses')
    .option('--json', 'one JSON object per test')
    .action(test)
  return overlayOption(command)
}

async function test(files: string[], options: TestOptions): Promise<void> {
  const world = await shippedWorld()
  const cases = (files.length > 0 ? files : shippedTests()).flatMap((file) => casesOf(file, world, options.overlay))
  const stop = new AbortController()
  const listening = onSignals(() => stop.abort())
  const ground = await openGround(options, cases, stop.signal)
  let [passed, failed] = [0, 0]
  try {
    for await (const outcome of outcomes(cases, ground, options)) {
      outcome.ok ? passed++ : failed++
      process.stdout.write(options.json === true ? `${JSON.stringify(outcome)}\n` : text(outcome))
      if (stop.signal.aborted) break
    }
  } finally {
    await ground.close()
    listening()
  }
  if (stop.signal.aborted) throw new AppError('INTERRUPTED', 'not all tests were run', { exit_code: 2 })
  if (options.json !== true) process.stdout.write(`${passed} passed, ${failed} failed\n`)
  if (failed > 0) process.exitCode = 1
}

/** In the order of the cases, though several may run at once. */
async function* outcomes(cases: readonly Case[], ground: OpenGround, options: TestOptions): AsyncGenerator<Outcome> {
  const running: Promise<Outcome>[] = []
  try {
    for (const one of cases) {
      const outcome = outcomeOf(one, ground, options)
      outcome.catch(() => {}) // It is heard of in its turn.
      running.push(outcome)
      if (running.length === ground.at_once) yield await (running.shift() as Promise<Outcome>)
    }
    while (running.length > 0) yield await (running.shift() as Promise<Outcome>)
  } finally {
    await Promise.allSettled(running)
  }
}

async function outcomeOf(
  { file, test: { line, name }, test, stages, options }: Case,
  { play }: OpenGround,
  { faults }: TestOptions,
): Promise<Outcome> {
  const { differences, sha256 } = await runTopologyTest(test, stages, { ...options, ground: play }).catch(
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
      found.push({ topic: '', index: 0, line, message: 'other records than without faults' })
    }
  }
  return { file, line, name, ok: found.length === 0, differences: found, sha256 }
}

function text({ file, line, name, ok, differences }: Outcome): string {
  const head = `${ok ? 'ok  ' : 'FAIL'} ${file}:${line} ${name}\n`
  return head + differences.map(({ topic, index, message }) => `       ${topic}[${index}] ${message}\n`).join('')
}
