/**
 * Avro's parsing canonical form and the numbers made from it.
 *
 * Two schemas with the same canonical form write the same bytes; docs, defaults and logical types do not count.
 */
import { createHash } from 'node:crypto'

type Json = Readonly<Record<string, unknown>>

/** The parsing canonical form of an Avro schema given as parsed JSON (Avro specification, "Transforming into PCF"). */
export function canonicalForm(schema: unknown, namespace = ''): string {
  if (typeof schema === 'string') return JSON.stringify(PRIMITIVES.has(schema) ? schema : fullName(schema, namespace))
  if (Array.isArray(schema)) return `[${schema.map((branch) => canonicalForm(branch, namespace)).join(',')}]`
  const json = schema as Json
  const type = json.type as string
  if (type === 'array') return `{"type":"array","items":${canonicalForm(json.items, namespace)}}`
  if (type === 'map') return `{"type":"map","values":${canonicalForm(json.values, namespace)}}`
  if (typeof type !== 'string' || !NAMED.has(type)) return canonicalForm(type, namespace)
  const name = fullName(json.name as string, (json.namespace as string | undefined) ?? namespace)
  const head = `{"name":${JSON.stringify(name)},"type":${JSON.stringify(type)}`
  if (type === 'fixed') return `${head},"size":${Number(json.size)}}`
  if (type === 'enum') return `${head},"symbols":${JSON.stringify(json.symbols)}}`
  const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''
  const fields = (json.fields as readonly Json[]).map(
    (field) => `{"name":${JSON.stringify(field.name)},"type":${canonicalForm(field.type, inner)}}`,
  )
  return `${head},"fields":[${fields.join(',')}]}`
}

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])
const NAMED = new Set(['record', 'error', 'enum', 'fixed'])

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

/** SHA-256 (hex) of the parsing canonical form of a schema given as JSON text. */
export function fingerprint(schema: string): string {
  return sha256(canonicalForm(JSON.parse(schema)))
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
