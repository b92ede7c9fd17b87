/**
 * What a deployment writes down about itself, in the topology's own state: the last run and the last apply.
 *
 * Kept where the state is, so that a bare machine that has the cluster has this too. Committed like any state: whole or
 * not at all.
 */
import { AppError, type Json, type Put, type Reader } from '../../runtime/api/index.ts'
import type { Hashes } from '../../runtime/engine/journal.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import type { Applied } from './model.ts'

/** The store of both records. */
const DEPLOYMENT = 'deployment'
const RUN = 'run'
const APPLIED = 'applied'

/** What ran last; a reader of the topology's topics needs nothing else. */
export interface StoredRun {
  readonly topology: Topology
  /** Identity of the data source. */
  readonly source: Json
  readonly seed: number
  readonly hashes: Hashes
  /** Names of all producers by the number of their journal partition. */
  readonly producers: readonly string[]
}

/** To be committed once a run has recovered: only one that may go on here may say what it is made of. */
export function runPut(run: StoredRun): Put {
  return put(RUN, run)
}

export function readRun(reader: Pick<Reader, 'get'>): Promise<StoredRun | undefined> {
  return read<StoredRun>(reader, RUN)
}

export function appliedPut(applied: Applied): Put {
  return put(APPLIED, applied)
}

export function readApplied(reader: Pick<Reader, 'get'>): Promise<Applied | undefined> {
  return read<Applied>(reader, APPLIED)
}

function put(key: string, value: StoredRun | Applied): Put {
  return { store: DEPLOYMENT, key, value: new TextEncoder().encode(JSON.stringify(value)) }
}

async function read<T>(reader: Pick<Reader, 'get'>, key: string): Promise<T | undefined> {
  const bytes = await reader.get(DEPLOYMENT, key)
  if (bytes === undefined) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as T
  } catch (cause) {
    throw new AppError('DATA_DAMAGED', `the topology's own record of its last ${key} is damaged`, {
      exit_code: 3,
      hint: 'begin anew with `aitrader reset`, or restore the topology’s state topic',
      cause,
    })
  }
}
