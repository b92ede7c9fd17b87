import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, type Json, type Reader } from '../runtime/api/index.ts'
import { canonical } from '../runtime/state/canonical.ts'
import type { Topology } from '../runtime/topology/types.ts'

/**
 * `run.json` in a data directory: what wrote it, so that a reader needs the directory alone.
 */
export interface RunFile {
  readonly topology: Topology
  /** Identity of the data source. */
  readonly source: Json
  readonly seed: number
}

const NAME = 'run.json'

/** Written before the run begins, whole or not at all. */
export function writeRunFile(dir: string, run: RunFile): void {
  const path = join(dir, `${NAME}.new`)
  const file = openSync(path, 'w')
  writeSync(file, `${JSON.stringify(run, null, 2)}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(path, join(dir, NAME))
}

/**
 * Refuses (`SOURCE_MISMATCH`, exit 2) a directory that holds records of another source or seed. A damaged `run.json`
 * says nothing here: what the log itself knows of its source is checked when the run begins.
 */
export function checkRunFile(dir: string, run: RunFile, log: Reader): void {
  const begun = log.topics().some(({ name, partitions }) => {
    for (let p = 0; p < partitions; p++) if (log.partition(name, p).end_offset > 0) return true
    return false
  })
  const written = begun && existsSync(join(dir, NAME)) ? parse(readFileSync(join(dir, NAME), 'utf8')) : undefined
  if (written === undefined || madeOf(written) === madeOf(run)) return
  throw new AppError('SOURCE_MISMATCH', `${dir} was written from another source`, {
    exit_code: 2,
    hint: `it holds ${madeOf(written)}; choose another directory with --data, or start with the same source`,
  })
}

function madeOf({ source, seed }: RunFile): string {
  return canonical({ source, seed })
}

/** `DIRECTORY_NOT_FOUND` (exit 2) if there is no run in `dir`, `DATA_DAMAGED` (exit 3) if the file is not whole. */
export function readRunFile(dir: string): RunFile {
  const path = join(dir, NAME)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AppError('DIRECTORY_NOT_FOUND', `${dir} holds no run`, {
      exit_code: 2,
      hint: 'give the --data directory of an `aitrader up`',
      cause,
    })
  }
  const run = parse(text)
  if (run !== undefined) return run
  throw new AppError('DATA_DAMAGED', `${path} is damaged`, {
    exit_code: 3,
    hint: 'run `aitrader up` with the same options once: it writes the file anew',
  })
}

function parse(text: string): RunFile | undefined {
  try {
    const run = JSON.parse(text) as Partial<RunFile> | null
    return run?.topology !== undefined && run.source !== undefined && typeof run.seed === 'number'
      ? (run as RunFile)
      : undefined
  } catch {
    return undefined
  }
}
