/**
 * Finds why a value does not fit its record, after an encoder gave up.
 *
 * Walks the schema the slow way, so that encoders need no field names. Answers a `DataFault`: `VALUE_OUT_OF_RANGE` for
 * a whole number that its type cannot hold, `VALUE_TYPE` for anything else. A value that fits after all means that
 * the encoder is wrong: then the original error comes back.
 */
import { DataFault } from '../runtime/api/fault.ts'
import type { RecordType } from '../runtime/api/record.ts'

type Json = Readonly<Record<string, unknown>>
type Problem = { readonly field: string; readonly code: 'VALUE_OUT_OF_RANGE' | 'VALUE_TYPE'; readonly value: unknown }

export function misfit(type: Pick<RecordType, 'name' | 'schema'>, value: unknown, cause: unknown): unknown {
  const named = new Map<string, Json>()
  const problem = find(define(JSON.parse(type.schema), named), value, '', named)
  if (problem === undefined) return cause
  const detail = { record: type.name, field: problem.field, value: textOf(problem.value) }
  const place = problem.field === '' ? type.name : `${type.name}.${problem.field}`
  return new DataFault(problem.code, `${place}: ${detail.value} does not fit`, detail)
}

/** A value for people, bounded: what went wrong may be large. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `array of ${value.length}`
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'object' && value !== null) return 'object'
  if (typeof value === 'function') return 'function'
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value)
  return text.slice(0, 120)
}

function find(schema: unknown, value: unknown, field: string, named: Map<string, Json>): Problem | undefined {
  const wrong = (code: Problem['code'], ok: boolean) => (ok ? undefined : { field, code, value })
  if (Array.isArray(schema)) {
    return value === null ? undefined : find(schema[1], value, field, named)
  }
  const json: Json = typeof schema === 'string' ? (named.get(schema) ?? { type: schema }) : (schema as Json)
  if (json.logicalType === 'decimal') {
    if (typeof value !== 'bigint') return wrong('VALUE_TYPE', false)
    const limit = 10n ** BigInt(json.precision as number)
    return wrong('VALUE_OUT_OF_RANGE', value < limit && -value < limit)
  }
  switch (json.type) {
    case 'int':
      return whole(value, field, -(2 ** 31), 2 ** 31 - 1)
    case 'long':
      return whole(value, field, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    case 'double':
      return wrong('VALUE_TYPE', Number.isFinite(value))
    case 'string':
      return wrong('VALUE_TYPE', typeof value === 'string' && value.isWellFormed())
    case 'bytes':
      return wrong('VALUE_TYPE', value instanceof Uint8Array)
    case 'boolean':
      return wrong('VALUE_TYPE', typeof value === 'boolean')
    case 'enum':
      return wrong('VALUE_TYPE', (json.symbols as readonly unknown[]).includes(value))
    case 'array': {
      if (!Array.isArray(value)) return wrong('VALUE_TYPE', false)
      for (let i = 0; i < value.length; i++) {
        const problem = find(json.items, value[i], `${field}[${i}]`, named)
        if (problem !== undefined) return problem
      }
      return undefined
    }
    case 'record': {
      if (typeof value !== 'object' || value === null) return wrong('VALUE_TYPE', false)
      for (const { name, type } of json.fields as readonly { name: string; type: unknown }[]) {
        const problem = find(type, (value as Json)[name], field === '' ? name : `${field}.${name}`, named)
        if (problem !== undefined) return problem
      }
      return undefined
    }
    default:
      throw new Error(`a schema of ours has the unsupported type ${JSON.stringify(json.type)}`)
  }
}

/** Notes every name that `schema` defines, as deep as they go: a value need not reach them. */
function define(schema: unknown, named: Map<string, Json>): unknown {
  if (Array.isArray(schema)) for (const branch of schema) define(branch, named)
  else if (typeof schema === 'object' && schema !== null) {
    const json = schema as Json
    if (json.type === 'record' || json.type === 'enum') named.set(json.name as string, json)
    for (const field of (json.fields as readonly Json[] | undefined) ?? []) define(field.type, named)
    define(json.items, named)
  }
  return schema
}

function whole(value: unknown, field: string, least: number, greatest: number): Problem | undefined {
  if (!Number.isInteger(value)) return { field, code: 'VALUE_TYPE', value }
  const fits = (value as number) >= least && (value as number) <= greatest
  return fits ? undefined : { field, code: 'VALUE_OUT_OF_RANGE', value }
}
