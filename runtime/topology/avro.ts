import type { RecordType } from '../api/record.ts'

/** The fields of a record, read from its Avro schema: as much of Avro as our schemas use. */

export type AvroType =
  | { readonly kind: 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string' | 'bytes' | 'null' }
  | { readonly kind: 'decimal' }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array' | 'map'; readonly items: AvroType }
  | { readonly kind: 'union'; readonly options: readonly AvroType[] }
  | { readonly kind: 'record'; readonly name: string; readonly fields: ReadonlyMap<string, AvroField> }

export interface AvroField {
  readonly name: string
  readonly doc: string
  readonly type: AvroType
}

type RecordAvro = Extract<AvroType, { kind: 'record' }>

const cache = new WeakMap<object, RecordAvro>()

/** The schema of a record type; the same object for the same type. */
export function avroOf(record: RecordType<never> | RecordType<unknown>): RecordAvro {
  const known = cache.get(record)
  if (known !== undefined) return known
  const type = read(JSON.parse(record.schema), new Map())
  if (type.kind !== 'record') throw new Error(`the schema of ${record.name} is no record`)
  cache.set(record, type)
  return type
}

interface Raw {
  readonly type: string | Raw | readonly unknown[]
  readonly name?: string
  readonly logicalType?: string
  readonly symbols?: readonly string[]
  readonly items?: unknown
  readonly values?: unknown
  readonly fields?: readonly { readonly name: string; readonly doc?: string; readonly type: unknown }[]
}

function read(raw: unknown, names: Map<string, AvroType>): AvroType {
  if (typeof raw === 'string') return names.get(raw) ?? ({ kind: raw } as AvroType)
  if (Array.isArray(raw)) return { kind: 'union', options: raw.map((option) => read(option, names)) }
  const schema = raw as Raw
  const name = schema.name ?? ''
  switch (schema.type) {
    case 'enum': {
      const type: AvroType = { kind: 'enum', name, symbols: schema.symbols ?? [] }
      names.set(name, type)
      return type
    }
    case 'array':
      return { kind: 'array', items: read(schema.items, names) }
    case 'map':
      return { kind: 'map', items: read(schema.values, names) }
    case 'record': {
      const fields = new Map<string, AvroField>()
      const type: AvroType = { kind: 'record', name, fields }
      names.set(name, type)
      for (const field of schema.fields ?? []) {
        fields.set(field.name, { name: field.name, doc: field.doc ?? '', type: read(field.type, names) })
      }
      return type
    }
    default:
      return schema.logicalType === 'decimal' ? { kind: 'decimal' } : read(schema.type, names)
  }
}
