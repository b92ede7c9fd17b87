import type { TSchema } from 'typebox'
import type { AnyProcessor } from '../api/effect.ts'
import type { Ports } from '../api/processor.ts'
import { LINT_CODES, type LintCode, severityOf } from './codes.ts'
import {
  DeadLettersSchema,
  EffectSchema,
  ExternalReaderSchema,
  FeedbackSchema,
  InputSchema,
  InstrumentSchema,
  SinkSchema,
  SourceSchema,
  StageSchema,
  TemplateSchema,
  TopicSchema,
  TopologySchema,
  UseTemplateSchema,
  VariableSchema,
} from './schema.ts'
import { TestSchema, TopologyTestsSchema } from './test-file.ts'
import type { World } from './world.ts'

/**
 * Writes the reference page of topology files: every field, every processor with its ports, parameters and faults, and
 * every finding of lint. All of it is said in the schemas and specs; here it is only laid out.
 */
export function topologyReferenceFile(world: World): { path: string; text: string } {
  return { path: 'docs/generated/topology.md', text: page(world) }
}

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: object
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

const SECTIONS: readonly [string, TSchema][] = [
  ['The file', TopologySchema],
  ['A source', SourceSchema],
  ['An instrument', InstrumentSchema],
  ['A topic', TopicSchema],
  ['A stage', StageSchema],
  ['An input', InputSchema],
  ['A feedback edge', FeedbackSchema],
  ['An effect', EffectSchema],
  ['Dead letters', DeadLettersSchema],
  ['A sink', SinkSchema],
  ['A reader outside', ExternalReaderSchema],
  ['A variable', VariableSchema],
  ['A template', TemplateSchema],
  ['A use of a template', UseTemplateSchema],
]

function page({ processors, sources, sinks = {} }: World): string {
  const fields = SECTIONS.map(([title, schema]) => {
    const { description } = schema as Schema
    return `### ${title}\n\n${description}\n\n${table(schema as Schema)}`
  })
  const kinds = Object.entries(sources).map(([name, { record, description }]) =>
    row(`\`${name}\``, record, description),
  )
  const specs = Object.keys(processors)
    .sort()
    .map((name) => processor(processors[name]!))
  const kindsOfSinks = Object.entries(sinks).map(([name, { description, params }]) => {
    return `### ${name}\n\n${description}\n\n${table(params as Schema, 'parameter')}`
  })
  const codes = Object.entries(LINT_CODES).map(([code, meaning]) => {
    return row(`\`${code}\``, severityOf(code as LintCode), meaning)
  })
  return `<!-- Made by \`aitrader generate\` from runtime/topology and the processors' specs; changes here are overwritten. -->
# Topology files

What \`topology/*.yaml\` may say. \`aitrader lint\` checks all of it at once; an editor that reads
\`schemas/generated/topology.schema.json\` completes it.

## Fields

${fields.join('\n')}
## Sources

${head('source', 'record', 'what it writes')}${kinds.join('')}
## Processors

${specs.join('\n')}
## Sinks

${kindsOfSinks.join('\n')}
## Topology tests

A YAML file gives records to some stages of a topology and says exactly what they write; \`aitrader test\` runs it.
An editor completes it by \`schemas/generated/test.schema.json\`.
A topic that they write and that is not named stays empty. Of a value under \`given\`, what is left out is null where
that is allowed, else 0, empty, false or the first symbol; under \`expect\`, the named fields are compared, a nested record
likewise, a list by length and element. Bytes are text or \`{ hex: '0a0b' }\`; a decimal is a whole number.

${table(TopologyTestsSchema as Schema)}
${table(TestSchema as Schema, 'of a test')}
## Findings

${head('code', 'severity', 'meaning')}${codes.join('')}`
}

function processor(spec: AnyProcessor): string {
  const { name, kind, description, inputs, tables, outputs, faults, params } = spec
  const effect = kind === 'processor' ? '' : ` An effect (${kind}).`
  const ports = [
    ...portRows('input', inputs, spec.optional),
    ...portRows('table', tables, spec.optional),
    ...portRows('output', outputs, spec.optional_outputs),
  ]
  const codes = Object.entries(faults).map(([code, meaning]) => row(`\`${code}\``, meaning))
  const parts = [`### ${name}\n\n${description}${effect}\n`, `${head('port', 'is', 'record')}${ports.join('')}`]
  if (Object.keys(params.properties).length > 0) parts.push(table(params as Schema, 'parameter'))
  if (codes.length > 0) parts.push(`${head('fault', 'meaning')}${codes.join('')}`)
  return parts.join('\n')
}

function portRows(is: string, ports: Ports, optional: readonly string[] = []): string[] {
  return Object.entries(ports).map(([port, record]) => {
    return row(`\`${port}\``, optional.includes(port) ? `${is}, optional` : is, record.name)
  })
}

function table(schema: Schema, noun = 'field'): string {
  return `${head(noun, 'value', 'default', 'meaning')}${rows(schema, '').join('')}`
}

/** Nested objects are rows of their own, by their path. */
function rows(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const optional = !schema.required?.includes(name)
    const fallback = field.default !== undefined ? `\`${JSON.stringify(field.default)}\`` : optional ? '' : 'required'
    const own = row(`\`${prefix}${name}\``, values(field), fallback, field.description ?? '')
    const inner = prefix === '' && field.properties !== undefined ? rows(field, `${name}.`) : []
    return [own, ...inner]
  })
}

function values(schema: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(values))].join(' or ')
  if (schema.type === 'array') return `list of ${values(schema.items ?? {})}`
  if (schema.type === 'object') return 'mapping'
  if (schema.type === 'boolean') return 'true or false'
  if (schema.type === 'string') return 'text'
  if (schema.type !== 'integer' && schema.type !== 'number') return 'any value'
  const { minimum, maximum, exclusiveMinimum } = schema
  const bounds = [
    minimum === undefined ? '' : `from ${minimum}`,
    exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `to ${maximum}`,
  ]
  return [schema.type === 'integer' ? 'whole number' : 'number', ...bounds].filter(Boolean).join(' ')
}

function head(...names: string[]): string {
  return `${row(...names)}${row(...names.map(() => '---'))}`
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`
}
