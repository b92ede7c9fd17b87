import { Type } from 'typebox'
import { Default, Errors } from 'typebox/value'
import type { Json } from '../api/record.ts'
import { avroOf } from './avro.ts'
import type { Finding } from './codes.ts'
import { DURATION_PATTERN, parseDuration } from './duration.ts'
import type { LintResult } from './lint.ts'
import { hintFor } from './nearest.ts'
import { checkShape, PARAMETER_CODES } from './shape.ts'
import type { TemplateUse } from './templates.ts'
import { type ExpectedState, type Mock, readExtras } from './test-effects.ts'
import { type Places, placesOf } from './test-places.ts'
import { type RecordedInput, readRecorded } from './test-recorded.ts'
import type { Topology } from './types.ts'
import { readPartial, readWhole } from './values.ts'
import { own, type World } from './world.ts'
import { type MapTree, placeOf, type Report, readYaml, type Tree, toPlain } from './yaml.ts'

/**
 * Reads topology tests: YAML files that give records to some stages of a topology and say what comes out.
 *
 * `given` values may be partial: what is left out is null where that is allowed, else 0, empty, false or the first
 * symbol. `expect` is exact in count and order per topic; of a value the named fields are compared (a nested record
 * likewise, a list by length and element). A written topic that is not named stays empty.
 */

export interface TopologyTests {
  /** Path of the topology, as written. */
  readonly topology: string
  /** Stages that run; the others are not there. */
  readonly stages: readonly string[]
  readonly tests: readonly TopologyTest[]
}

export interface TopologyTest {
  readonly name: string
  /** Line of the test in its file, from 1. */
  readonly line: number
  /** Stream time the test runs to, microseconds; undefined: the last record given or expected. */
  readonly until_us: number | undefined
  readonly given: Readonly<Record<string, readonly TestRecord[]>>
  readonly expect: Readonly<Record<string, readonly TestRecord[]>>
  /** Captures whose frames are given, too. */
  readonly recorded?: readonly RecordedInput[]
  /** What answers effects in their place, by stage. */
  readonly effects?: Readonly<Record<string, Mock>>
  /** States at the end. */
  readonly state?: readonly ExpectedState[]
}

export interface TestRecord {
  /** Stream time since the test's beginning, microseconds. */
  readonly at_us: number
  /** Whole under `given`, the named fields only under `expect`. */
  readonly value: Readonly<Record<string, unknown>>
  readonly line: number
  /** Under `expect`. */
  readonly places?: Places
}

export const RecordsSchema = Type.Record(
  Type.String(),
  Type.Array(
    Type.Object(
      {
        at: Type.String({ pattern: DURATION_PATTERN, description: 'Stream time since the beginning: `0ms`, `2s`.' }),
        value: Type.Record(Type.String(), Type.Unknown(), { description: 'Fields of the record, by name.' }),
      },
      { additionalProperties: false },
    ),
  ),
)

export const TestSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'What is true, in a sentence.' }),
    until: Type.Optional(
      Type.String({
        pattern: DURATION_PATTERN,
        description: 'Stream time the test runs to; without it, the last record given or expected.',
      }),
    ),
    given: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Records by topic; or the frames of a capture: `{ file: PATH, format: NAME, frames: 100 }`.',
    }),
    expect: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Exactly the records of every written topic; those not named stay empty.',
    }),
    expect_state: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
        description: 'By stage and key, the named fields of the state at the end; null: there is none.',
      }),
    ),
    effects: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'By stage, what answers in the place of the effect: `{ latency: 5ms, answers: [{ when: FIELDS, answer: VALUE }, { fail: CODE }] }`. The first that fits counts.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const TopologyTestsSchema = Type.Object(
  {
    topology: Type.String({ description: 'Path of the topology, from the folder the command runs in.' }),
    overlays: Type.Optional(
      Type.Array(Type.String(), { description: 'Paths of what is laid over it, in their order.' }),
    ),
    environment: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        description: 'Values of its variables; the others have their defaults.',
      }),
    ),
    template: Type.Optional(
      Type.String({
        description:
          'Test this template of the file alone, in the place of a topology; the name of the use is its own.',
      }),
    ),
    with: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
        description: 'Values of the template’s parameters.',
      }),
    ),
    topics: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Topics that the template is connected to, as a topology declares them.',
      }),
    ),
    stages: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'Stages that run; of a template, all if nothing is said.',
      }),
    ),
    params: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
        description: 'Parameters that are other than in the topology, by stage.',
      }),
    ),
    tests: Type.Array(TestSchema, { minItems: 1, description: 'The tests.' }),
  },
  { additionalProperties: false },
)

/** What a test says of the topology that it tests. */
export interface TopologySettings {
  readonly overlays: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** The template that is tested alone; undefined: the whole topology. */
  readonly template: TemplateUse | undefined
}

/** Answers what lint says of the topology at a path; undefined if there is no such file. */
export type LoadTopology = (path: string, settings: TopologySettings) => LintResult | undefined

export interface TestFileResult {
  readonly tests: TopologyTests | undefined
  readonly topology: Topology | undefined
  readonly findings: readonly Finding[]
}

/**
 * `load` answers what lint says of the topology at a path; undefined if there is no such file. The topology of the
 * answer has the parameters of the tests.
 */
export function parseTestFile(
  text: string,
  file: string,
  world: Pick<World, 'records' | 'processors'>,
  load: LoadTopology,
): TestFileResult {
  const { tree, report } = readYaml(text, file)
  if (tree !== undefined) checkShape(TopologyTestsSchema, tree, 'tests', tree.at, report)
  if (tree?.kind !== 'map') return { tests: undefined, topology: undefined, findings: report.findings() }

  const reader = new TestReader(report, world)
  const declared = reader.topology(tree, load)
  const topology = declared === undefined ? undefined : reader.withParams(tree, declared)
  const tests = topology === undefined ? undefined : reader.tests(tree, topology)
  const findings = report.findings()
  return findings.length === 0 ? { tests, topology, findings } : { tests: undefined, topology, findings }
}

const NOTHING: Tree = { kind: 'map', at: 0, entries: new Map() }

class TestReader {
  readonly #report: Report
  readonly #world: Pick<World, 'records' | 'processors'>

  constructor(report: Report, world: Pick<World, 'records' | 'processors'>) {
    this.#report = report
    this.#world = world
  }

  topology(tree: MapTree, load: LoadTopology): Topology | undefined {
    const path = this.#text(tree.entries.get('topology')?.value)
    if (path === undefined) return undefined
    const at = tree.entries.get('topology')!.value.at
    const settings = this.#settings(tree)
    const result = load(path, settings)
    if (result === undefined) {
      this.#report.add('TOPOLOGY_INVALID', at, `cannot read \`${path}\``, 'paths start where the command runs')
    } else if (result.topology === undefined) {
      const { template } = settings
      const what =
        template === undefined ? `\`${path}\`` : `\`${path}\` with the template \`${template.template}\` alone`
      const message = `${what} has ${result.findings.length} finding${result.findings.length === 1 ? '' : 's'}`
      const [first] = result.findings
      const hint =
        template === undefined ? `run \`aitrader lint ${path}\`` : `the first: ${first?.message}; ${first?.hint}`
      this.#report.add('TOPOLOGY_INVALID', at, message, hint)
    }
    return result?.topology
  }

  /** What is laid over the topology, and the values of its variables. */
  #settings(tree: MapTree): TopologySettings {
    const environment: Record<string, string> = {}
    const given = tree.entries.get('environment')?.value
    for (const [name, { value }] of given?.kind === 'map' ? given.entries : []) {
      if (value.kind === 'scalar' && value.value !== null) environment[name] = String(value.value)
    }
    const overlays = list(tree.entries.get('overlays')?.value).map((one) => this.#text(one))
    const template = this.#text(tree.entries.get('template')?.value)
    const plain = (field: string) =>
      toPlain(tree.entries.get(field)?.value ?? NOTHING) as Readonly<Record<string, never>>
    return {
      overlays: overlays.filter((path) => path !== undefined),
      environment,
      template:
        template === undefined
          ? undefined
          : { template, instance: template, with: plain('with'), topics: plain('topics') },
    }
  }

  /** The topology with the parameters that the tests set. */
  withParams(tree: MapTree, topology: Topology): Topology {
    const map = tree.entries.get('params')?.value
    if (map?.kind !== 'map') return topology
    const stages = { ...topology.stages }
    for (const [name, { at, value }] of map.entries) {
      const stage = own(topology.stages, name)
      if (stage === undefined) this.#unknownStage(name, at, topology)
      const processor = stage === undefined ? undefined : own(this.#world.processors, stage.use)
      if (stage === undefined || processor === undefined || value.kind !== 'map') continue
      const before = this.#report.count
      const schema = { ...processor.params, required: [], additionalProperties: false }
      checkShape(schema, value, processor.name, at, this.#report, PARAMETER_CODES)
      if (this.#report.count > before) continue
      const params = Default(processor.params, { ...stage.params, ...(toPlain(value) as object) })
      const [error] = Errors(processor.params, params)
      if (error !== undefined) {
        const message = `\`${error.instancePath.slice(1).replaceAll('/', '.')}\` ${error.message}`
        const hint = `see the parameters of \`${processor.name}\``
        this.#report.add('PARAMETER_INVALID', placeOf(value, error.instancePath).at, message, hint)
      }
      stages[name] = { ...stage, params: params as { [name: string]: Json } }
    }
    return { ...topology, stages }
  }

  #unknownStage(name: string, at: number, topology: Topology): void {
    const hint = hintFor(name, Object.keys(topology.stages), 'stages')
    this.#report.add('UNKNOWN_STAGE', at, `\`${topology.name}\` has no stage \`${name}\``, hint)
  }

  tests(tree: MapTree, topology: Topology): TopologyTests {
    const stages: string[] = []
    const of_template = tree.entries.has('template')
    if (!this.#report.mentions(tree, 'stages')) {
      if (of_template) stages.push(...Object.keys(topology.stages))
      else this.#report.add('MISSING_FIELD', tree.at, '`tests` has no `stages`', 'add `stages:`. Stages that run.')
    }
    for (const item of list(tree.entries.get('stages')?.value)) {
      const name = this.#text(item)
      if (name === undefined) continue
      if (own(topology.stages, name) !== undefined) stages.push(name)
      else this.#unknownStage(name, item.at, topology)
    }
    const declared = stages.map((name) => topology.stages[name]!)
    const all_known = of_template || stages.length === list(tree.entries.get('stages')?.value).length
    const read = new Set(declared.flatMap(({ from }) => Object.values(from).map(({ topic }) => topic)))
    const written = new Set(declared.flatMap((one) => [...Object.values(one.to), one.faults_to ?? '']))

    const tests: TopologyTest[] = []
    for (const item of list(tree.entries.get('tests')?.value)) {
      if (item.kind !== 'map') continue
      const records = (field: 'given' | 'expect') => {
        const connected = field === 'given' ? read : written
        return this.#records(item, field, topology, all_known ? connected : undefined)
      }
      tests.push({
        name: this.#text(item.entries.get('name')?.value) ?? '',
        line: this.#report.line(item.at),
        until_us: parseDuration(this.#text(item.entries.get('until')?.value) ?? ''),
        given: records('given'),
        ...readRecorded(item, topology, this.#report),
        expect: records('expect'),
        ...readExtras(item, stages, topology, this.#report),
      })
    }
    return { topology: this.#text(tree.entries.get('topology')?.value) ?? '', stages, tests }
  }

  #records(
    test: MapTree,
    field: 'given' | 'expect',
    topology: Topology,
    connected: ReadonlySet<string> | undefined,
  ): Record<string, TestRecord[]> {
    const found: Record<string, TestRecord[]> = {}
    const map = test.entries.get(field)?.value
    if (map?.kind !== 'map') return found
    for (const [name, { at, value }] of map.entries) {
      const topic = own(topology.topics, name)
      if (topic === undefined) {
        const hint = hintFor(name, Object.keys(topology.topics), 'topics')
        this.#report.add('UNKNOWN_TOPIC', at, `there is no topic \`${name}\``, hint)
        continue
      }
      if (connected !== undefined && !connected.has(name)) {
        const verb = field === 'given' ? 'reads' : 'writes'
        const message = `none of the stages ${verb} \`${name}\``
        this.#report.add(
          'TOPIC_NOT_TESTED',
          at,
          message,
          `topics they ${verb.slice(0, -1)}: ${[...connected].filter(Boolean).join(', ')}`,
        )
        continue
      }
      if (field === 'given' && value.kind === 'map') continue // A capture.
      const before = this.#report.count
      checkShape(RecordsSchema, { kind: 'map', at, entries: new Map([[name, { at, value }]]) }, field, at, this.#report)
      if (this.#report.count === before) found[name] = this.#values(list(value), field, topic.record)
    }
    return found
  }

  #values(items: readonly Tree[], field: 'given' | 'expect', record: string): TestRecord[] {
    const type = avroOf(own(this.#world.records, record)!)
    let last_us = 0
    return items.map((item) => {
      const { at, value } = Object.fromEntries((item as MapTree).entries)
      const at_us = parseDuration(this.#text(at!.value)!) ?? 0
      if (at_us < last_us) {
        const message = 'the record before it is later'
        this.#report.add('TIME_BACKWARDS', at!.value.at, message, 'order the records of a topic by time')
      }
      last_us = at_us
      const read = field === 'given' ? readWhole : readPartial
      const fields = read(type, value!.value, record, this.#report) as Record<string, unknown>
      const line = this.#report.line(item.at)
      if (field === 'given') return { at_us, value: fields, line }
      return { at_us, value: fields, line, places: placesOf(item, this.#report) }
    })
  }

  #text(tree: Tree | undefined): string | undefined {
    if (tree?.kind !== 'scalar' || this.#report.isRejected(tree) || typeof tree.value !== 'string') return undefined
    return tree.value
  }
}

function list(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : []
}
