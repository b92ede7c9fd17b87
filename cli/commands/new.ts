import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Command, Option } from 'commander'
import { AppError } from '../../runtime/api/index.ts'
import { hintFor } from '../../runtime/topology/nearest.ts'
import { runTopologyTest } from '../../runtime/topology/test-run.ts'
import type { World } from '../../runtime/topology/world.ts'
import { loadTopology } from '../compose.ts'
import {
  bookTestText,
  isReserved,
  processorStage,
  processorTest,
  processorText,
  registered,
  testText,
  topologyText,
} from '../new/templates.ts'
import { casesOf } from '../test/files.ts'
import { updateFile } from '../test/update.ts'
import { DEFAULT_TOPOLOGY } from '../topology-file.ts'
import { shippedWorld } from '../world.ts'

const INDEX = 'processors/index.ts'
/** A name becomes part of names of files, topics and groups, which end at 249 and 255. */
const LONGEST_NAME = 100
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/**
 * `aitrader new`: a topology, a test or a processor that works as it is, in the folder the command runs in.
 *
 * Nothing is overwritten (AppError `FILE_EXISTS`, exit 2). What a new test expects is what the stage does now: read it
 * before it is committed.
 */
export function newCommand(load: () => Promise<World> = shippedWorld): Command {
  const command = new Command('new').description('make a topology, a test or a processor to begin with')
  command
    .command('topology')
    .description('a topology that turns frames into books, and its test')
    .argument('<name>', 'lower case, digits, hyphens')
    .action((name: string) => {
      checkName(name)
      const file = `topology/${name}.yaml`
      const tests = `tests/topology/${name}.test.yaml`
      refuseExisting([file, tests])
      write(file, topologyText(name))
      write(tests, bookTestText(file))
      say(file, tests)
      process.stdout.write(`next: aitrader lint ${file} ${tests}\n`)
    })
  command
    .command('test')
    .description('a test of one stage, which expects what the stage does now')
    .argument('<stage>', 'the stage')
    .addOption(new Option('--topology <file>', 'where the stage is').default(DEFAULT_TOPOLOGY))
    .action(async (stage: string, { topology: file }: { topology: string }) => {
      const topology = await loadTopology(file)
      const declared = topology.stages[stage]
      if (declared === undefined) {
        const hint = hintFor(stage, Object.keys(topology.stages), 'stages')
        throw new AppError('STAGE_UNKNOWN', `${file} has no stage ${stage}`, { exit_code: 2, hint })
      }
      const prefix = file === DEFAULT_TOPOLOGY ? '' : `${topology.name}-`
      const tests = freeName(`tests/topology/${prefix}${stage}`)
      const read = Object.values(declared.from)
      const inputs = new Set(read.filter(({ as }) => as === 'keyed').map(({ topic }) => topic))
      const world = await load()
      const write_with = (silent: readonly string[]) =>
        writeTest(tests, testText(file, stage, [...inputs], silent), world)
      // Declared instruments come before a test begins, and a test cannot expect what a stage says to them there.
      const before = topology.sources.topology?.to
      if (!(await write_with([])) && before !== undefined) await write_with([before])
      say(tests)
      process.stdout.write(`next: aitrader test ${tests}\n`)
    })
  command
    .command('processor')
    .description('a processor with state, a parameter and a fault; its registration, a topology and a test of it')
    .argument('<name>', 'lower case, digits, hyphens')
    .action(async (name: string) => {
      checkName(name)
      await checkFree(name, load)
      const [source, file, tests] = [
        `processors/${name}/index.ts`,
        `tests/topology/${name}.yaml`,
        `tests/topology/${name}.test.yaml`,
      ]
      refuseExisting([source, file, tests])
      const index = existsSync(INDEX) ? registered(readFileSync(INDEX, 'utf8'), name) : undefined
      if (index === undefined) {
        throw new AppError('NOT_A_CHECKOUT', `${INDEX} is not here, or not as it was`, {
          exit_code: 2,
          hint: 'a processor is code: run this in the root of the checkout',
        })
      }
      const schema = '# yaml-language-server: $schema=../../schemas/generated/topology.schema.json'
      write(source, processorText(name))
      write(INDEX, index)
      write(file, topologyText(name, processorStage(name), schema))
      write(tests, processorTest(name, file))
      say(source, file, tests, `${INDEX} (registered)`)
      process.stdout.write(`next: aitrader test ${tests}\n`)
    })
  return command
}

function checkName(name: string): void {
  if (NAME.test(name) && name.length <= LONGEST_NAME) return
  const shown = name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}…`
  throw new AppError('BAD_NAME', `${JSON.stringify(shown)} is no name`, {
    exit_code: 2,
    hint: `lower case, digits and hyphens, like market-data, of at most ${LONGEST_NAME} characters`,
  })
}

/** A processor is imported by its name: one that cannot be a variable of its own would break every command. */
async function checkFree(name: string, load: () => Promise<World>): Promise<void> {
  if (isReserved(name)) {
    const hint = 'it is a word of the language or of the list of processors; choose another name'
    throw new AppError('BAD_NAME', `a processor cannot be called ${name}`, { exit_code: 2, hint })
  }
  const { processors } = await load()
  if (!Object.hasOwn(processors, name)) return
  const hint = 'choose another name: topologies would get the new one in its place'
  throw new AppError('NAME_TAKEN', `there is a processor ${name} already`, { exit_code: 2, hint })
}

function refuseExisting(files: readonly string[]): void {
  for (const file of files) {
    if (!existsSync(file)) continue
    const hint = 'choose another name, or move it away'
    throw new AppError('FILE_EXISTS', `${file} is there already`, { exit_code: 2, hint })
  }
}

function freeName(base: string): string {
  for (let n = 1; ; n++) {
    const file = `${base}${n === 1 ? '' : `-${n}`}.test.yaml`
    if (!existsSync(file)) return file
  }
}

/** AppError `FILE_UNWRITABLE` (exit 2) where the folder or the disk refuses. */
function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  } catch (cause) {
    throw new AppError('FILE_UNWRITABLE', `cannot write ${file}: ${(cause as Error).message}`, {
      exit_code: 2,
      hint: 'run this where you may write, in a checkout or a folder of your own',
      cause,
    })
  }
}

/** Runs the test once and writes what there is as what is expected; false if some of it is from before the test. */
async function writeTest(file: string, text: string, world: World): Promise<boolean> {
  write(file, text)
  let whole = true
  for (const [number, { test, stages, options }] of casesOf(file, world).entries()) {
    const { differences } = await runTopologyTest(test, stages, options)
    updateFile(file, [{ number, differences }])
    whole &&= !differences.some(({ kind, actual }) => kind === 'extra' && isEarly(actual))
  }
  return whole
}

function isEarly(record: unknown): boolean {
  return String((record as { readonly at?: string } | undefined)?.at).startsWith('-')
}

function say(...files: readonly string[]): void {
  for (const file of files) process.stdout.write(`wrote ${file}\n`)
}
