import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, type Json } from '../runtime/api/index.ts'
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

export function readRunFile(dir: string): RunFile {
  try {
    return JSON.parse(readFileSync(join(dir, NAME), 'utf8')) as RunFile
  } catch (cause) {
    throw new AppError('DIRECTORY_NOT_FOUND', `${dir} holds no run`, {
      exit_code: 2,
      hint: 'give the --data directory of an `aitrader up`',
      cause,
    })
  }
}
