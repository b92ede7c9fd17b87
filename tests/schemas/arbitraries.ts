/** Random values of any record, made from its schema. */
import fc from 'fast-check'
import type { RecordType } from '../../runtime/api/record.ts'

type Json = Readonly<Record<string, unknown>>

export interface Range {
  readonly least: number
  readonly greatest: number
}

const SAFE: Range = { least: Number.MIN_SAFE_INTEGER, greatest: Number.MAX_SAFE_INTEGER }

/** Every place where the length of a varint changes, and the ends of the safe range, with their neighbours. */
export const LONG_EDGES: readonly number[] = [0, ...Array.from({ length: 53 }, (_, i) => 2 ** i), 2 ** 53 - 1]
  .flatMap((edge) => [edge - 1, edge, edge + 1].flatMap((n) => [n, -n]))
  .map((n) => n + 0)
  .filter((n) => Number.isSafeInteger(n))

function longs({ least, greatest }: Range): fc.Arbitrary<number> {
  const edges = LONG_EDGES.filter((n) => n >= least && n <= greatest)
  return fc.oneof(fc.integer({ min: least, max: greatest }), fc.constantFrom(...edges), fc.integer())
}

const strings = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ minLength: 40, maxLength: 70 }),
  fc.string({ unit: 'grapheme', minLength: 40, maxLength: 70 }),
  fc.constantFrom('', 'BTCUSDT', '\u0000', '\ufeffmark', 'é'.repeat(3000), 'a'.repeat(9000)),
)

function decimals(precision: number): fc.Arbitrary<bigint> {
  const greatest = 10n ** BigInt(precision) - 1n
  const edges = [7n, 8n, 15n, 16n, 47n, 48n, 63n, 64n, 126n].flatMap((bits) => {
    const edge = 1n << bits
    return [edge - 1n, edge, -edge, -edge - 1n]
  })
  const known = edges.filter((n) => n <= greatest && -n <= greatest)
  return fc.oneof(fc.bigInt(-greatest, greatest), fc.constantFrom(0n, -1n, greatest, -greatest, ...known))
}

function arbitrary(schema: unknown, range: Range, named: Map<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  if (Array.isArray(schema)) {
    const value = arbitrary(schema[1], range, named)
    return fc.oneof(fc.constant(null), value)
  }
  const json: Json = typeof schema === 'string' ? { type: schema } : (schema as Json)
  if (json.logicalType === 'decimal') return decimals(json.precision as number)
  switch (json.type) {
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.oneof(fc.integer(), fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 0, -1, 63, 64, -64, -65))
    case 'long':
      return longs(range)
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'string':
      return strings
    case 'bytes':
      return fc.uint8Array({ maxLength: 300 })
    case 'array': {
      const items = arbitrary(json.items, range, named)
      return fc.oneof(fc.array(items, { maxLength: 5 }), fc.array(items, { minLength: 60, maxLength: 70 }))
    }
    case 'enum': {
      const symbols = fc.constantFrom(...(json.symbols as readonly string[]))
      named.set(json.name as string, symbols)
      return symbols
    }
    case 'record': {
      const fields = (json.fields as readonly Json[]).map(
        (field) => [field.name as string, arbitrary(field.type, range, named)] as const,
      )
      const record = fc.record(Object.fromEntries(fields), { noNullPrototype: true })
      named.set(json.name as string, record)
      return record
    }
    default:
      return named.get(json.type as string)!
  }
}

/** Values of `type`; longs stay within `range`. */
export function valuesOf(type: RecordType, range: Range = SAFE): fc.Arbitrary<Json> {
  return arbitrary(JSON.parse(type.schema), range, new Map()) as fc.Arbitrary<Json>
}
