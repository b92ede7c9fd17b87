import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../runtime/api/index.ts'
import { parseTestFile, type TestFileResult, type TopologyTest } from '../../runtime/topology/test-file.ts'
import type { TestRunOptions } from '../../runtime/topology/test-run.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import type { World } from '../../runtime/topology/world.ts'
import { runnersOf } from '../compose.ts'
import { formatFindings, isThere, lintTopology, readText, wantsColour } from '../topology-file.ts'

const FOLDER = 'tests/topology'
const TOPOLOGIES = 'topology'

/** A test, the stages that it runs and what with. */
export interface Case {
  readonly file: string
  /** Path of the topology that is tested, as the file writes it. */
  readonly topology: string
  readonly test: TopologyTest
  readonly stages: readonly string[]
  readonly options: Pick<TestRunOptions, 'topology' | 'world' | 'runners'>
}

/** The files of the folder for tests. An AppError `NO_TESTS` (exit 2) if there is none. */
export function shippedTests(): string[] {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.test.yaml')) : []
  if (names.length > 0) return names.sort().map((name) => join(FOLDER, name))
  throw new AppError('NO_TESTS', `there is no test in ${FOLDER}`, { exit_code: 2, hint: 'name a file' })
}

/** Topologies of their folder that lint finds nothing wrong with, by path: what has no test at all is known by them. */
export function shippedTopologies(world: World): Map<string, Topology> {
  const names = existsSync(TOPOLOGIES) ? readdirSync(TOPOLOGIES).filter((name) => name.endsWith('.yaml')) : []
  const found = new Map<string, Topology>()
  for (const path of names.sort().map((name) => join(TOPOLOGIES, name))) {
    const { topology } = lintTopology(path, world, [])
    if (topology !== undefined) found.set(path, topology)
  }
  return found
}

/**
 * A file of tests and the topology that it names, with the overlays that it names and then those that are given.
 *
 * Variables have the values that the file gives them and their defaults, wherever it runs: the environment of the
 * process is not looked at.
 */
export function readTests(file: string, world: World, overlays: readonly string[] = []): TestFileResult {
  return parseTestFile(readText(file), file, world, (path, { overlays: own, environment, template }) =>
    [path, ...own].every(isThere)
      ? lintTopology(path, world, [...own, ...overlays], {
          environment,
          ...(template === undefined ? {} : { template }),
        })
      : undefined,
  )
}

/** The tests of a file. Findings are printed and end the command with an AppError `TEST_INVALID` (exit 1). */
export function casesOf(file: string, world: World, overlays: readonly string[] = []): Case[] {
  const { tests, topology, findings } = readTests(file, world, overlays)
  if (tests === undefined || topology === undefined) {
    process.stderr.write(formatFindings(findings, wantsColour(process.stderr)))
    throw new AppError('TEST_INVALID', `${file} has ${findings.length} finding${findings.length === 1 ? '' : 's'}`, {
      exit_code: 1,
      hint: `mend them; \`aitrader lint ${file}\` shows them again`,
    })
  }
  const options = { topology, world, runners: runnersOf(topology) }
  const { topology: path, stages } = tests
  return tests.tests.map((test) => ({ file, topology: path, test, stages, options }))
}
