import type { AvroType, Json } from '../../runtime/api/index.ts'
import { type Expression, type Expressions, unfitName } from './expressions.ts'

/** What a window computes of its records: exact on whole numbers, in the order of arrival on doubles. */

export const OPERATIONS = ['count', 'sum', 'min', 'max', 'first', 'last'] as const
export type Operation = (typeof OPERATIONS)[number]

/** `at_us` is the time of the record that the value is from, for `first` and `last`. */
export interface Running {
  readonly value: Scalar
  readonly at_us: number
}
export type Scalar = bigint | number | string | boolean

export interface Aggregate {
  readonly name: string
  readonly operation: Operation
  /** CEL's type of the result, as an Avro type. */
  readonly type: AvroType
  read(): Scalar
}

const TYPES: Readonly<Record<string, AvroType>> = {
  int: { kind: 'decimal' },
  double: { kind: 'double' },
  string: { kind: 'string' },
  bool: { kind: 'boolean' },
}

export function compileAggregate(
  name: string,
  operation: Operation,
  of: string | undefined,
  scope: Expressions,
): Aggregate | undefined {
  const at = `/aggregate/${name}`
  const unfit = unfitName(name, ['record', 'start_us', 'end_us'])
  if (unfit !== undefined) {
    scope.note(at, unfit, 'give it another name')
    return undefined
  }
  if (operation === 'count') return { name, operation, type: TYPES.int!, read: () => 1n }
  if (of === undefined) {
    scope.note(at, `\`${operation}\` is of nothing`, 'add `of:` with an expression over `record`')
    return undefined
  }
  const expression: Expression | undefined = scope.compile(of, `${at}/of`)
  if (expression === undefined) return undefined
  const type = TYPES[expression.type]
  const numbers =
    operation === 'first' || operation === 'last' || expression.type === 'int' || expression.type === 'double'
  if (type === undefined || !numbers) {
    const wanted = type === undefined ? 'an int, a double, a string or a bool' : 'an int or a double'
    scope.note(`${at}/of`, `this is ${expression.type}, and \`${operation}\` is of ${wanted}`, 'name a field')
    return undefined
  }
  return { name, operation, type, read: () => expression.run() as Scalar }
}

/** The two as one, `b` the one that arrived later. */
export function combine(operation: Operation, a: Running, b: Running): Running {
  switch (operation) {
    case 'count':
    case 'sum':
      return { value: add(a.value, b.value), at_us: b.at_us }
    case 'min':
      return b.value < a.value || isNoNumber(b.value) ? b : a
    case 'max':
      return b.value > a.value || isNoNumber(b.value) ? b : a
    case 'first':
      return b.at_us < a.at_us ? b : a
    case 'last':
      return b.at_us >= a.at_us ? b : a
  }
}

function add(a: Scalar, b: Scalar): Scalar {
  return typeof a === 'bigint' ? a + (b as bigint) : (a as number) + (b as number)
}

/** A double without a value makes a minimum or maximum one, whatever the order. */
function isNoNumber(value: Scalar): boolean {
  return typeof value === 'number' && Number.isNaN(value)
}

/** States hold finite numbers only, and doubles are not always finite: those stand as text behind a mark. */
export function packRunning({ value, at_us }: Running): Json {
  return typeof value === 'number' && !Number.isFinite(value) ? [String(value), at_us, 'double'] : [value, at_us]
}

export function unpackRunning(json: Json): Running {
  const [value, at_us, mark] = json as [Scalar, number, string?]
  return { value: mark === 'double' ? Number(value) : value, at_us }
}
