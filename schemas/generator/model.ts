/**
 * Reads the `.avsc` files into the few shapes that the generators know.
 *
 * Named types are repeated in every file that uses them, so that each file stands alone in a schema registry; here
 * they become one type each. Two definitions of one name that differ in more than their docs, a type outside the
 * supported set and anything that avsc refuses end the generation with the place in the message.
 */
import avsc from 'avsc'

export type Shape =
  | { readonly kind: 'boolean' | 'int' | 'long' | 'double' | 'string' | 'bytes' }
  | { readonly kind: 'decimal'; readonly precision: number }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'array'; readonly items: Shape }
  | { readonly kind: 'nullable'; readonly value: Shape }

export interface Field {
  readonly name: string
  readonly doc: string
  readonly shape: Shape
}

export type Named =
  | { readonly kind: 'record'; readonly name: string; readonly doc: string; readonly fields: readonly Field[] }
  | { readonly kind: 'enum'; readonly name: string; readonly doc: string; readonly symbols: readonly string[] }

/** One `.avsc` file: the record it defines and its text as compact JSON. */
export interface SchemaFile {
  readonly path: string
  readonly name: string
  readonly schema: unknown
}

export interface Model {
  /** The records of the files, by name. */
  readonly roots: readonly SchemaFile[]
  readonly named: ReadonlyMap<string, Named>
}

type Json = Readonly<Record<string, unknown>>

const PLAIN = new Set(['boolean', 'int', 'long', 'double', 'string', 'bytes'])

export function readModel(sources: readonly { readonly path: string; readonly text: string }[]): Model {
  const named = new Map<string, Named>()
  const seen = new Map<string, { definition: string; path: string }>()
  const roots = sources.map(({ path, text }) => {
    const schema = parse(path, text)
    const reader = new FileReader(path, named, seen)
    const shape = reader.shape(schema, 'the file')
    if (shape.kind !== 'named' || named.get(shape.name)?.kind !== 'record') {
      throw new Error(`${path}: a schema file must define a record`)
    }
    return { path, name: shape.name, schema }
  })
  const twice = roots.find((root, i) => roots.findIndex(({ name }) => name === root.name) !== i)
  if (twice !== undefined) throw new Error(`${twice.path}: another file defines ${twice.name} too`)
  return { roots: roots.sort((a, b) => (a.name < b.name ? -1 : 1)), named }
}

function parse(path: string, text: string): unknown {
  try {
    const schema: unknown = JSON.parse(text)
    avsc.Type.forSchema(schema as avsc.Schema)
    return schema
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}`, { cause })
  }
}

/** Walks one file; names resolve within the file only, as in Avro. */
class FileReader {
  readonly #path: string
  readonly #named: Map<string, Named>
  readonly #seen: Map<string, { definition: string; path: string }>
  readonly #done = new Set<string>()

  constructor(path: string, named: Map<string, Named>, seen: Map<string, { definition: string; path: string }>) {
    this.#path = path
    this.#named = named
    this.#seen = seen
  }

  shape(schema: unknown, where: string): Shape {
    if (typeof schema === 'string') {
      if (PLAIN.has(schema)) return { kind: schema as 'long' }
      if (this.#done.has(schema)) return { kind: 'named', name: schema }
      throw this.#error(where, `type ${schema} is not supported (or refers to itself)`)
    }
    if (Array.isArray(schema)) {
      if (schema.length !== 2 || schema[0] !== 'null') throw this.#error(where, 'a union must be ["null", type]')
      const value = this.shape(schema[1], where)
      if (value.kind === 'nullable') throw this.#error(where, 'a union in a union')
      return { kind: 'nullable', value }
    }
    const json = schema as Json
    if (json.logicalType === 'decimal') return this.#decimal(json, where)
    if (json.logicalType !== undefined) throw this.#error(where, `logical type ${json.logicalType} is not supported`)
    if (json.type === 'record' || json.type === 'enum') return this.#define(json, where)
    if (json.type !== 'array') return this.shape(json.type, where)
    const items = this.shape(json.items, where)
    if (items.kind === 'array' || items.kind === 'nullable') throw this.#error(where, `an array of ${items.kind}`)
    return { kind: 'array', items }
  }

  #decimal({ type, scale, precision }: Json, where: string): Shape {
    if (type !== 'bytes' || (scale ?? 0) !== 0) throw this.#error(where, 'a decimal must be bytes of scale 0')
    if (!Number.isInteger(precision) || (precision as number) > 38)
      throw this.#error(where, 'a decimal holds 38 digits')
    return { kind: 'decimal', precision: precision as number }
  }

  #define(json: Json, where: string): Shape {
    const name = json.name as string
    const doc = String(json.doc ?? '')
    if (json.type === 'enum') {
      const symbols = json.symbols as readonly string[]
      if (symbols.length > 64) throw this.#error(where, `enum ${name} has more than 64 symbols`)
      return this.#register({ kind: 'enum', name, doc, symbols }, where)
    }
    const fields = (json.fields as readonly Json[]).map((field) => {
      const place = `${name}.${field.name}`
      if (typeof field.doc !== 'string' || field.doc === '') throw this.#error(place, 'a field needs a doc')
      return { name: field.name as string, doc: field.doc, shape: this.shape(field.type, place) }
    })
    if (fields.length === 0) throw this.#error(where, `record ${name} has no fields`)
    return this.#register({ kind: 'record', name, doc, fields }, where)
  }

  #register(type: Named, where: string): Shape {
    const definition = JSON.stringify(type, (key, value) => (key === 'doc' ? undefined : value))
    const other = this.#seen.get(type.name)
    if (other !== undefined && other.definition !== definition) {
      throw this.#error(where, `${type.name} differs from its definition in ${other.path}`)
    }
    if (other === undefined) {
      this.#seen.set(type.name, { definition, path: this.#path })
      this.#named.set(type.name, type)
    }
    this.#done.add(type.name)
    return { kind: 'named', name: type.name }
  }

  #error(where: string, problem: string): Error {
    return new Error(`${this.#path}: ${where}: ${problem}`)
  }
}
