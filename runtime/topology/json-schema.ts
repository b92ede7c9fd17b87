import type { TSchema } from 'typebox'
import type { AnyProcessor } from '../api/effect.ts'
import type { Ports } from '../api/processor.ts'
import { avroOf } from './avro.ts'
import { InputSchema, TopologySchema } from './schema.ts'
import type { SinkKind, World } from './world.ts'

/**
 * Makes the JSON Schema with which editors complete and check topology files.
 *
 * `use` decides which ports and parameters a stage has, each with the description its processor gives it. It says less
 * than lint: what concerns two places at once (records of edges, cycles, partitions) no JSON Schema can say.
 */

type Json = { [key: string]: unknown }

export function topologyJsonSchema(world: World): Json {
  const { processors, records, sources } = world
  const schema = plain(TopologySchema)
  const properties = schema.properties as Record<string, Json>

  const record_names = Object.keys(records).sort()
  const topic = onlyPattern(properties.topics!)
  ;(topic.properties as Record<string, Json>).record = {
    description: 'The record that the topic holds.',
    anyOf: record_names.map((name) => ({ const: name, description: docOf(records[name]!) })),
  }
  const kinds = Object.entries(sources)
  properties.sources = {
    type: 'object',
    description: properties.sources!.description,
    additionalProperties: false,
    properties: Object.fromEntries(
      kinds.map(([name, { description }]) => [name, { ...onlyPattern(properties.sources!), description }]),
    ),
  }

  const names = Object.keys(processors).sort()
  const stage = onlyPattern(properties.stages!)
  ;(stage.properties as Record<string, Json>).use = {
    description: 'The processor, by name.',
    anyOf: names.map((name) => ({ const: name, description: processors[name]!.description })),
  }
  stage.allOf = names.map((name) => ({
    if: { properties: { use: { const: name } }, required: ['use'] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: stageOf(processors[name]!),
  }))
  for (const map of ['topics', 'stages', 'sinks']) properties[map]!.additionalProperties = false
  const sinks = Object.entries(world.sinks ?? {})
  const sink = onlyPattern(properties.sinks!)
  ;(sink.properties as Record<string, Json>).use = {
    description: 'The kind of sink.',
    anyOf: sinks.map(([name, { description }]) => ({ const: name, description })),
  }
  sink.allOf = sinks.map(([name, kind]) => ({
    if: { properties: { use: { const: name } }, required: ['use'] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: sinkOf(name, kind),
  }))
  for (const name of Object.keys(properties)) {
    if (!LITERAL.has(name)) properties[name] = withVariables(properties[name]!)
  }
  const definitions = { input: withVariables(plain(InputSchema)) }
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'AITrader topology', ...schema, definitions }
}

/** Fields in which `${NAME}` is not replaced, or is any text. */
const LITERAL: ReadonlySet<string> = new Set(['environment', 'templates', 'use_templates'])

const VARIABLE = { type: 'string', pattern: '\\$\\{[A-Za-z_0-9]+\\}', description: 'The value of a variable.' }

/** The schema, where a number, a word of a list or a text of one form may be written as `${NAME}` too. */
function withVariables(schema: Json): Json {
  // `false` is a schema too, which nothing fits.
  if (typeof schema !== 'object') return schema
  const each = (map: unknown) =>
    Object.fromEntries(Object.entries(map as Record<string, Json>).map(([name, one]) => [name, withVariables(one)]))
  const made: Json = { ...schema }
  for (const field of ['properties', 'patternProperties'])
    if (made[field] !== undefined) made[field] = each(made[field])
  for (const field of ['items', 'additionalProperties', 'then']) {
    if (typeof made[field] === 'object') made[field] = withVariables(made[field] as Json)
  }
  if (made.allOf !== undefined) made.allOf = (made.allOf as Json[]).map(withVariables)
  if (made.anyOf !== undefined) {
    const options = made.anyOf as Json[]
    const words = options.every((one) => typeof one.const === 'string')
    return { ...made, anyOf: words ? [...options, VARIABLE] : options.map(withVariables) }
  }
  const formed = made.type === 'string' && made.pattern !== undefined
  if (!formed && !['integer', 'number', 'boolean'].includes(made.type as string)) return made
  const { description, default: fallback, ...rest } = made
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, VARIABLE],
  }
}

/** The schema's file as `aitrader generate` writes it. */
export function topologySchemaFile(world: World): { path: string; text: string } {
  const text = `${JSON.stringify(topologyJsonSchema(world), null, 2)}\n`
  return { path: 'schemas/generated/topology.schema.json', text }
}

/**
 * The JSON Schema of overlays: the same fields, none of them required, each of which may be taken away by `null`. Ports
 * and parameters are known where the overlay says `use` itself.
 */
export function overlayJsonSchema(world: World): Json {
  const { $schema, ...schema } = topologyJsonSchema(world)
  return { $schema, ...partial(schema), title: 'AITrader overlay' }
}

export function overlaySchemaFile(world: World): { path: string; text: string } {
  const text = `${JSON.stringify(overlayJsonSchema(world), null, 2)}\n`
  return { path: 'schemas/generated/overlay.schema.json', text }
}

function partial(schema: Json): Json {
  if (typeof schema !== 'object') return schema
  const { required: _, ...made } = schema
  for (const field of ['properties', 'patternProperties', 'definitions']) {
    if (made[field] === undefined) continue
    const entries = Object.entries(made[field] as Record<string, Json>)
    const removable = field !== 'definitions'
    made[field] = Object.fromEntries(
      entries.map(([name, one]) => [name, removable ? orNull(partial(one)) : partial(one)]),
    )
  }
  if (typeof made.additionalProperties === 'object')
    made.additionalProperties = partial(made.additionalProperties as Json)
  if (made.anyOf !== undefined) made.anyOf = (made.anyOf as Json[]).map(partial)
  if (made.allOf !== undefined) {
    // What decides stays as it is.
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    made.allOf = (made.allOf as Json[]).map((one) => ({ ...one, then: partial(one.then as Json) }))
  }
  return made
}

function orNull(schema: Json): Json {
  if (typeof schema !== 'object') return schema
  if (schema.anyOf !== undefined) return { ...schema, anyOf: [...(schema.anyOf as Json[]), { type: 'null' }] }
  if (typeof schema.type === 'string') return { ...schema, type: [schema.type, 'null'] }
  return schema
}

function stageOf(processor: AnyProcessor): Json {
  const effect = processor.kind !== 'processor'
  const input = { anyOf: [{ type: 'string' }, { $ref: '#/definitions/input' }] }
  const params = closeParams(plain(processor.params))
  const given = new Set(['instruments'])
  const required = ((params.required ?? []) as string[]).filter((name) => !given.has(name))
  return {
    properties: {
      from: ports({ ...processor.inputs, ...processor.tables }, input, processor.optional),
      to: openPorts(processor) ?? ports(processor.outputs, { type: 'string' }, processor.optional_outputs),
      params: { ...params, required, description: `Parameters of ${processor.name}.` },
      ...(effect ? {} : { effect: false }),
    },
    required: [
      ...(Object.keys({ ...processor.inputs, ...processor.tables }).length > 0 ? ['from'] : []),
      ...(Object.keys(processor.outputs).some((port) => processor.optional_outputs?.includes(port) !== true)
        ? ['to']
        : []),
      ...(Object.keys(processor.faults).length > 0 ? ['faults_to'] : []),
      ...(required.length > 0 ? ['params'] : []),
      ...(effect ? ['effect'] : []),
    ],
  }
}

function sinkOf(name: string, kind: SinkKind): Json {
  const params = closeParams(plain(kind.params))
  return {
    properties: { params: { ...params, description: `Parameters of ${name}.` } },
    required: ((params.required ?? []) as string[]).length > 0 ? ['params'] : [],
  }
}

function ports(all: Ports, schema: Json, optional: readonly string[] = []): Json {
  const properties = Object.fromEntries(
    Object.entries(all).map(([port, record]) => [port, { ...schema, description: `A topic of ${record.name}.` }]),
  )
  const required = Object.keys(all).filter((port) => !optional.includes(port))
  return { type: 'object', properties, required, additionalProperties: false }
}

/** Output ports that the topology names: any. */
function openPorts(processor: AnyProcessor): Json | undefined {
  if (processor.kind !== 'processor' || processor.open_outputs !== true) return undefined
  return { type: 'object', additionalProperties: { type: 'string', description: 'A topic of the records read.' } }
}

/** What has a default need not be given, at every depth; the top is closed, as in lint. */
function closeParams(schema: Json): Json {
  return { ...optionalDefaults(schema), additionalProperties: false }
}

function optionalDefaults(schema: Json): Json {
  const properties = schema.properties as Record<string, Json> | undefined
  if (properties === undefined) return schema
  const required = ((schema.required ?? []) as string[]).filter((name) => properties[name]?.default === undefined)
  const inner = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, optionalDefaults(one)]))
  return { ...schema, properties: inner, required }
}

function onlyPattern(schema: Json): Json {
  return Object.values(schema.patternProperties as Record<string, Json>)[0]!
}

function docOf(record: Ports[string]): string {
  return (JSON.parse(record.schema) as { doc?: string }).doc ?? avroOf(record).name
}

function plain(schema: TSchema): Json {
  return JSON.parse(JSON.stringify(schema)) as Json
}
