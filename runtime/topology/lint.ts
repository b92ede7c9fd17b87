import type { Finding } from './codes.ts'
import { type Draft, readDraft } from './draft.ts'
import { resolve } from './resolve.ts'
import { checkCycles } from './rules/cycles.ts'
import { checkCoverage, checkPartitioning, checkRecords } from './rules/edges.ts'
import { checkInstruments } from './rules/instruments.ts'
import { checkNames, checkPorts } from './rules/names.ts'
import type { Scope } from './rules/scope.ts'
import { checkStages } from './rules/stages.ts'
import { TopologySchema } from './schema.ts'
import { checkShape } from './shape.ts'
import type { Topology } from './types.ts'
import { SOURCES, type World } from './world.ts'
import { readYaml } from './yaml.ts'

/** What came of a topology's text: the topology, or what is wrong with it; never both. */
export interface LintResult {
  readonly topology: Topology | undefined
  readonly findings: readonly Finding[]
}

const RULES: readonly ((scope: Scope) => void)[] = [
  checkNames,
  checkPorts,
  checkRecords,
  checkPartitioning,
  checkCoverage,
  checkCycles,
  checkStages,
  checkInstruments,
]

/**
 * Reads and checks a topology, shape and meaning in one pass: all findings at once, in the order of their places.
 *
 * `file` is what findings call the text. The world may leave `sources` out: then the built-in ones are meant.
 */
export function lint(text: string, file: string, world: Omit<World, 'sources'> & Partial<World>): LintResult {
  const { tree, report } = readYaml(text, file)
  if (tree === undefined) return { topology: undefined, findings: report.findings() }
  const whole_world: World = { sources: SOURCES, ...world }

  checkShape(TopologySchema, tree, 'topology', tree.at, report)
  let draft: Draft | undefined
  if (tree.kind === 'map') {
    draft = readDraft(tree, report)
    for (const rule of RULES) rule({ draft, world: whole_world, report })
  }
  const findings = report.findings()
  const topology = findings.length === 0 && draft !== undefined ? resolve(draft, whole_world) : undefined
  return { topology, findings }
}
