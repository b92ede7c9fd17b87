import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadModelRunner } from '../connectors/model-runner/index.ts'
import { AppError, type Json } from '../runtime/api/index.ts'
import type { Hashes } from '../runtime/engine/journal.ts'
import type { Runner } from '../runtime/engine/options.ts'
import { type Plan, plan } from '../runtime/plan/plan.ts'
import { canonical } from '../runtime/state/canonical.ts'
import type { Topology } from '../runtime/topology/types.ts'
import { schemasHash } from '../schemas/generated/index.ts'
import { formatFindings, lintTopology, wantsColour } from './topology-file.ts'
import { shippedWorld } from './world.ts'

/** What a run is made of, and how it is put together from a topology. */

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** Rooms whose code decides what a run computes. */
const CODE = ['runtime', 'processors', 'schemas', 'connectors']

/** The linted topology of `path` with its overlays; warnings are passed over, findings are printed and end the command with exit code 1. */
export async function loadTopology(path: string, overlays: readonly string[] = []): Promise<Topology> {
  const { topology, findings } = lintTopology(path, await shippedWorld(), overlays)
  if (topology !== undefined) return topology
  process.stderr.write(formatFindings(findings, wantsColour(process.stderr)))
  throw new AppError('TOPOLOGY_INVALID', `${path} has ${findings.length} finding${findings.length === 1 ? '' : 's'}`, {
    exit_code: 1,
    hint: `mend them; \`aitrader lint ${[path, ...overlays.map((file) => `--overlay ${file}`)].join(' ')}\` shows them again`,
  })
}

/** Identity of the program: version and the hash of the sources and libraries that decide what is computed. */
export function buildId(): { build: string; code: string } {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const hash = createHash('sha256')
  for (const room of CODE) {
    const files = readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    for (const file of files.filter((name) => name.endsWith('.ts')).sort()) {
      hash.update(`${room}/${file}\n`).update(readFileSync(join(ROOT, room, file)))
    }
  }
  hash.update(libraries(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')))
  const code = hash.digest('hex')
  return { build: `${version}+${code.slice(0, 12)}`, code }
}

/** What a lock file says of the libraries that run: tools of development change nothing that is computed. */
export function libraries(lock: string): string {
  const { packages } = JSON.parse(lock) as { packages: Record<string, Locked> }
  const run = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  return canonical(run.map(([path, { version, integrity }]) => [path, version, integrity ?? null]))
}

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly dev?: boolean
}

/** Effect stages and what answers them. */
export function runnersOf(topology: Topology): Record<string, Runner> {
  const runners: Record<string, Runner> = {}
  for (const [name, stage] of Object.entries(topology.stages)) {
    if (stage.effect === undefined) continue
    runners[name] = { query: loadModelRunner(join(ROOT, 'models'), stage.effect.runner) }
  }
  return runners
}

export interface Composition {
  readonly plan: Plan
  readonly hashes: Hashes
  /** What a run is made of, as the audit chains hold it. */
  readonly manifest: string
  readonly runners: Readonly<Record<string, Runner>>
}

/**
 * Puts a run together. The configuration's hash covers the resolved topology, the source and the seed; never where it
 * runs, how fast, when it ends, or how it commits.
 */
export async function compose(topology: Topology, source: Json, seed: number): Promise<Composition> {
  const runners = runnersOf(topology)
  const { build, code } = buildId()
  const models = Object.entries(runners).map(([stage, runner]) => {
    const { identity } = 'query' in runner ? runner.query : runner.command
    return { stage, ...identity }
  })
  const {
    commit_interval_ms: _i,
    commit_max_records: _m,
    end_drain_ms: _d,
    description: _t,
    owner: _o,
    kafka: _k,
    sinks: _s,
    external_readers: _r,
    ...rest
  } = topology
  const stages = Object.fromEntries(
    Object.entries(rest.stages).map(([name, { snapshot_every: _s, description: _n, lane: _l, ...stage }]) => [
      name,
      stage,
    ]),
  )
  const topics = Object.fromEntries(
    Object.entries(rest.topics).map(
      ([name, { retention_us: _r, retention_bytes: _b, compatibility: _c, description: _n, ...topic }]) => [
        name,
        topic,
      ],
    ),
  )
  const sources = Object.fromEntries(Object.entries(rest.sources).map(([name, { to }]) => [name, { to }]))
  const hashes: Hashes = {
    code,
    config: sha256(canonical({ ...rest, sources, stages, topics, source, seed } as unknown as Json)),
    schemas: schemasHash,
    models: sha256(canonical(models)),
  }
  const manifest = canonical({ build, ...hashes })
  return { plan: plan(topology, await shippedWorld(), { manifest }), hashes, manifest, runners }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
