import { Default, Errors } from 'typebox/value'
import type { AnyProcessor } from '../../api/effect.ts'
import type { DraftStage } from '../draft.ts'
import { checkShape, PARAMETER_CODES } from '../shape.ts'
import { REDELIVERY_SOURCE } from '../world.ts'
import { type ListTree, type MapTree, placeOf, toPlain } from '../yaml.ts'
import { processorOf, type Scope } from './scope.ts'

/** A stage gives its processor what it asks for: parameters, a place for refused records, an effect's declaration. */
export function checkStages(scope: Scope): void {
  const { draft, world, report } = scope
  for (const stage of draft.stages) {
    const processor = processorOf(stage, world)
    if (processor === undefined) continue
    checkParams(stage, processor, scope)

    const effect = processor.kind !== 'processor'
    if (effect && !report.mentions(stage.tree, 'effect')) {
      const message = `\`${processor.name}\` is an effect, and \`${stage.name}\` does not say how it runs`
      report.add('EFFECT_MISSING', stage.at, message, 'add `effect: { runner: NAME/VERSION, latency: 2ms }`')
    }
    if (!effect && stage.effect_at !== undefined) {
      const message = `\`${processor.name}\` is no effect`
      report.add('EFFECT_UNEXPECTED', stage.effect_at, message, 'drop `effect`')
    }
    if (Object.keys(processor.faults).length > 0 && !report.mentions(stage.tree, 'faults_to')) {
      const message = `\`${processor.name}\` can refuse records, and \`${stage.name}\` sends them nowhere`
      report.add('FAULTS_UNROUTED', stage.at, message, `add \`faults_to:\` with a topic of DeadLetter`)
    } else checkParking(stage, scope)
  }
}

/** What is parked must be able to come back. */
function checkParking(stage: DraftStage, { draft, report }: Scope): void {
  const { later } = stage
  if (later?.value !== 'park') return
  const message = `\`${stage.name}\` would park records for ever`
  if (!report.mentions(stage.tree, 'faults_to')) {
    report.add('PARKED_FOREVER', later.at, message, 'add `faults_to:` with a topic of DeadLetter')
  } else if (!draft.sources.some(({ name }) => name === REDELIVERY_SOURCE)) {
    const hint = `add \`${REDELIVERY_SOURCE}: { to: TOPIC }\` under \`sources\`, with a topic of Redelivery`
    report.add('PARKED_FOREVER', later.at, message, hint)
  }
}

const NONE: MapTree = { kind: 'map', at: 0, entries: new Map() }

function checkParams(stage: DraftStage, processor: AnyProcessor, { draft, report }: Scope): void {
  if (report.mentions(stage.tree, 'params') && stage.params === undefined) return
  const tree = stage.params ?? NONE
  const fills = takesInstruments(processor, tree)
  const before = report.count
  // Unknown names are refused whether or not the schema is closed: nothing reads them.
  const schema = { ...processor.params, additionalProperties: false }
  const given = new Set(fills ? ['instruments'] : [])
  checkShape(schema, tree, processor.name, stage.params_at, report, PARAMETER_CODES, given)
  if (report.count > before || (fills && instrumentsRejected(draft.instruments, report))) return

  // Where the walk found nothing, the schema itself has the last word.
  const value = resolveParams(processor, tree, draft.instruments)
  const seen = new Set<string>()
  for (const { instancePath, message } of Errors(processor.params, value)) {
    if (seen.has(instancePath)) continue
    seen.add(instancePath)
    const path = instancePath.slice(1).replaceAll('/', '.')
    const from_topology = fills && /^\/instruments(\/|$)/.test(instancePath)
    const place = from_topology
      ? placeOf(draft.instruments ?? NONE, instancePath.replace('/instruments', '')).at || stage.at
      : placeOf(tree, instancePath).at || stage.params_at
    report.add('PARAMETER_INVALID', place, `\`${path}\` ${message}`, `see the parameters of \`${processor.name}\``)
  }
}

function instrumentsRejected(list: ListTree | undefined, report: Scope['report']): boolean {
  return list?.items.some((item) => hasRejected(item, report)) ?? false
}

function hasRejected(tree: ListTree['items'][number], report: Scope['report']): boolean {
  if (report.isRejected(tree)) return true
  if (tree.kind === 'map') return [...tree.entries.values()].some(({ value }) => hasRejected(value, report))
  return tree.kind === 'list' && tree.items.some((item) => hasRejected(item, report))
}

/** A parameter `instruments` that the YAML leaves out gets the topology's: they are written once. */
function takesInstruments(processor: AnyProcessor, params: MapTree): boolean {
  return Object.hasOwn(processor.params.properties, 'instruments') && !params.entries.has('instruments')
}

/** The parameters with what the topology gives and with defaults. */
export function resolveParams(
  processor: AnyProcessor,
  params: MapTree | undefined,
  instruments: ListTree | undefined,
): Record<string, unknown> {
  const tree = params ?? NONE
  const value = toPlain(tree) as Record<string, unknown>
  if (takesInstruments(processor, tree))
    value.instruments = instruments === undefined ? [] : resolveInstruments(instruments)
  return Default(processor.params, value) as Record<string, unknown>
}

/** Instruments with defaults filled in. */
export function resolveInstruments(list: ListTree): Record<string, unknown>[] {
  return list.items.map((item) => ({ multiplier: 1, calendar: '24x7', ...(toPlain(item) as Record<string, unknown>) }))
}
