import { type Finding, severityOf } from './codes.ts'
import { checkDeprecated, DEPRECATED, type DeprecatedField } from './deprecated.ts'
import { readDraft } from './draft.ts'
import { type Lookup, readEnvironment, substitute } from './environment.ts'
import { isLoneOverlay, layOver, type NamedText } from './overlay.ts'
import { resolve } from './resolve.ts'
import { checkCycles } from './rules/cycles.ts'
import { checkDeterminism } from './rules/determinism.ts'
import { checkCoverage, checkPartitioning, checkRecords } from './rules/edges.ts'
import { checkExpressions } from './rules/expressions.ts'
import { checkInstruments } from './rules/instruments.ts'
import { checkStateKeys } from './rules/keys.ts'
import { checkNames, checkPorts } from './rules/names.ts'
import { checkReach } from './rules/reach.ts'
import { checkDescriptions, checkReaders } from './rules/readers.ts'
import { checkRetention } from './rules/retention.ts'
import { type Scope, specializeStages } from './rules/scope.ts'
import { checkStages } from './rules/stages.ts'
import { TopologySchema } from './schema.ts'
import { checkShape } from './shape.ts'
import { aloneWith, expand, type TemplateUse } from './templates.ts'
import type { Topology } from './types.ts'
import { SOURCES, type World } from './world.ts'
import { type Entry, type MapTree, type Report, readYaml } from './yaml.ts'

/** What came of a topology's text: the topology, or what is wrong with it; never both. */
export interface LintResult {
  readonly topology: Topology | undefined
  /** Errors: with any, there is no topology. */
  readonly findings: readonly Finding[]
  /** What should be mended and keeps nothing from running. */
  readonly warnings: readonly Finding[]
  /** Both, in the order of their places. */
  readonly all: readonly Finding[]
}

/** What a topology is made of beside its own text. */
export interface LintOptions {
  /** Laid over the text, one after another. */
  readonly overlays?: readonly NamedText[]
  /** Values of variables that the topology declares. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** The text of an included file, by its path from the topology's folder; undefined if there is none. */
  readonly include?: (path: string) => NamedText | undefined
  readonly deprecated?: readonly DeprecatedField[]
  /** A template of the file alone, used once: the rest of the file only gives its topics. */
  readonly template?: TemplateUse
}

const RULES: readonly ((scope: Scope) => void)[] = [
  checkNames,
  checkPorts,
  checkRecords,
  checkPartitioning,
  checkCoverage,
  checkCycles,
  checkStages,
  checkExpressions,
  checkInstruments,
  checkReaders,
  checkDescriptions,
  checkStateKeys,
  checkReach,
  checkRetention,
  checkDeterminism,
]

/**
 * Reads and checks a topology, shape and meaning in one pass: all findings at once, in the order of their places.
 *
 * `file` is what findings call the text. The world may leave `sources` out: then the built-in ones are meant. Overlays
 * are laid over first, then variables get their values, then templates are expanded; the rest sees one plain topology.
 */
export function lint(
  text: string,
  file: string,
  world: Omit<World, 'sources'> & Partial<World>,
  options: LintOptions = {},
): LintResult {
  const { tree: own_tree, report } = readYaml(text, file)
  const laid = own_tree === undefined ? undefined : layOver(own_tree, options.overlays ?? [], report)
  if (laid === undefined) return resultOf(report, undefined)
  if (laid.kind !== 'map') {
    checkShape(TopologySchema, laid, 'topology', laid.at, report)
    return resultOf(report, undefined)
  }
  const alone = options.overlays === undefined || options.overlays.length === 0
  if (alone && options.template === undefined && isLoneOverlay(laid, report)) return resultOf(report, undefined)
  const whole_world: World = { sources: SOURCES, ...world }
  const { template, environment = {}, include = () => undefined } = options
  const meant = template === undefined ? laid : aloneWith(laid, template)
  const values = readEnvironment(meant, environment, report)
  const { root, whole } = expand(substituteAround(meant, values, report), include, report)

  checkShape(TopologySchema, root, 'topology', root.at, report)
  checkDeprecated(root, options.deprecated ?? DEPRECATED, report)
  const read = readDraft(root, report)
  // What surrounds a template that stands alone is not there, and not missed.
  const draft = { ...read, whole: read.whole && whole && template === undefined }
  specializeStages(draft, whole_world)
  for (const rule of RULES) rule({ draft, world: whole_world, report })
  return resultOf(report, () => resolve(draft, whole_world))
}

function resultOf(report: Report, topology: (() => Topology) | undefined): LintResult {
  const all = report.findings()
  const findings = all.filter(({ code }) => severityOf(code) === 'error')
  const warnings = all.filter(({ code }) => severityOf(code) === 'warning')
  return { topology: findings.length === 0 ? topology?.() : undefined, findings, warnings, all }
}

/** Everything but the declarations of variables themselves, and templates, which see their own parameters only. */
function substituteAround(root: MapTree, values: Lookup, report: Report): MapTree {
  const entries = [...root.entries].map(([name, entry]): [string, Entry] => {
    if (name === 'environment' || name === 'templates') return [name, entry]
    return [name, { at: entry.at, value: substitute(entry.value, values, report) }]
  })
  return { ...root, entries: new Map(entries) }
}
