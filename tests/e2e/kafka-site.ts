import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { loadTopology } from '../../cli/compose.ts'
import type { Summary } from '../../cli/summary.ts'
import type { Topology } from '../../runtime/topology/types.ts'
import { FORMAT } from './capture.ts'
import { aitrader, type Ended, type Started, summaryOf, upArgs } from './command.ts'
import { results, TOPOLOGY } from './whole-run.ts'

/**
 * The shipped topology on a real cluster, under names that no other test has: topics belong to the cluster, so every
 * test deploys a copy of its own.
 */
export interface Site {
  readonly kafka: string
  readonly registry: string
  readonly topology: Topology
  /** The topology's file. */
  readonly file: string
  /** For what belongs to the test. */
  readonly dir: string
}

/** A topology as YAML reads it, as far as tests change it. */
export interface Draft {
  name: string
  instruments: Record<string, unknown>[]
  topics: Record<string, { partitions: number }>
  sources: Record<string, { lane?: string }>
  stages: Record<string, { lane?: string }>
}

export interface Servers {
  readonly bootstrap: string
  readonly registry: string
}

/** Writes the shipped topology into `dir`, after `change`, under a name that begins with `base`, and applies it. */
export async function deploy(
  { bootstrap, registry }: Servers,
  dir: string,
  base: string,
  change: (draft: Draft) => void = () => {},
): Promise<Site> {
  const draft = parse(readFileSync(TOPOLOGY, 'utf8')) as Draft
  // A cluster that is given may have seen earlier runs.
  const name = `${base}-${randomBytes(4).toString('hex')}`
  draft.name = name
  change(draft)
  // Not within another name: `orders.state.v1` is none of `state.v1`.
  const topics = Object.keys(draft.topics).map((topic) => topic.replaceAll('.', '\\.'))
  const text = stringify(draft).replace(new RegExp(`(?<![\\w.-])(${topics.join('|')})(?![\\w.-])`, 'g'), `${name}.$1`)
  mkdirSync(dir, { recursive: true })
  const file = join(dir, `${name}.yaml`)
  writeFileSync(file, text)
  const { code, stderr } = await aitrader([
    ...['apply', '--yes', '--kafka', bootstrap, '--registry', registry],
    ...['--topology', file],
  ]).ended
  if (code !== 0) throw new Error(`applying ${file}: ${stderr}`)
  return { kafka: bootstrap, registry, topology: await loadTopology(file), file, dir }
}

/** What a whole run of captures leaves, on no broker at all. */
export async function undisturbed({ file, dir }: Site, captures: readonly string[]): Promise<Summary> {
  return summaryOf(await aitrader([...upArgs(join(dir, 'up'), captures, FORMAT), '--topology', file]).ended)
}

/** A process that runs what it is given of a site's lanes, over captures, to their end. */
export function runs(
  { kafka, registry, file }: Site,
  captures: readonly string[],
  more: readonly string[] = [],
  heard?: (stderr: string) => void,
): Started {
  const replays = captures.flatMap((capture) => ['--replay', capture, '--format', FORMAT])
  const at = ['--kafka', kafka, '--registry', registry, '--topology', file]
  return aitrader(['run', '--once', ...at, ...replays, ...more], heard)
}

/** What two runs must agree on, of the totals that a process says last. */
export function resultsOf(ended: Ended) {
  return results(summaryOf(ended))
}
