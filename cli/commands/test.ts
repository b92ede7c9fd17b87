import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { lint } from '../../runtime/topology/lint.ts'
import { parseTestFile } from '../../runtime/topology/test-file.ts'
import { type Difference, runTopologyTest } from '../../runtime/topology/test-run.ts'
import { runnersOf } from '../compose.ts'
import { formatFindings, readText, wantsColour } from '../topology-file.ts'
import { shippedWorld } from '../world.ts'

const FOLDER = 'tests/topology'

/** One topology test and what came of it. */
interface Outcome {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly ok: boolean
  readonly differences: readonly Difference[]
}

/** `aitrader test`: topology tests, exact in count, order and time; exit 1 if one fails. */
export function testCommand(): Command {
  return new Command('test')
    .description('run topology tests (YAML) on the simulated broker')
    .argument('[files...]', `test files (default: ${FOLDER}/*.yaml)`)
    .option('--json', 'one JSON object per test')
    .action(async (files: string[], { json }: { json?: boolean }) => {
      const found = files.length > 0 ? files : shipped()
      let failed = 0
      let passed = 0
      for (const file of found) {
        for await (const outcome of outcomes(file)) {
          outcome.ok ? passed++ : failed++
          process.stdout.write(json === true ? `${JSON.stringify(outcome)}\n` : text(outcome))
        }
      }
      if (json !== true) process.stdout.write(`${passed} passed, ${failed} failed\n`)
      if (failed > 0) process.exitCode = 1
    })
}

function shipped(): string[] {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')) : []
  if (names.length > 0) return names.sort().map((name) => join(FOLDER, name))
  throw new AppError('NO_TESTS', `there is no test in ${FOLDER}`, { exit_code: 2, hint: 'name a file' })
}

async function* outcomes(file: string): AsyncGenerator<Outcome> {
  const world = await shippedWorld()
  const load = (path: string) => (existsSync(path) ? lint(readText(path), path, world) : undefined)
  const { tests, topology, findings } = parseTestFile(readText(file), file, world, load)
  if (tests === undefined || topology === undefined) {
    process.stderr.write(formatFindings(findings, wantsColour(process.stderr)))
    throw new AppError('TEST_INVALID', `${file} has ${findings.length} findings`, {
      exit_code: 1,
      hint: `mend them; \`aitrader lint ${file}\` shows them again`,
    })
  }
  const runners = runnersOf(topology)
  for (const test of tests.tests) {
    const differences = await runTopologyTest(test, tests.stages, { topology, world, runners })
    yield { file, line: test.line, name: test.name, ok: differences.length === 0, differences }
  }
}

function text({ file, line, name, ok, differences }: Outcome): string {
  const head = `${ok ? 'ok  ' : 'FAIL'} ${file}:${line} ${name}\n`
  return head + differences.map(({ topic, index, message }) => `       ${topic}[${index}] ${message}\n`).join('')
}
