import type { AvroType, Json } from '../../runtime/api/index.ts'
import { type Expression, type Expressions, unfitName } from './expressions.ts'

/** What a window computes of its records: exact on whole numbers, in the order of arrival on doubles. */

export const OPERATIONS = ['count', 'sum', 'avg', 'min', 'max', 'first', 'last'] as const
export type Operation = (typeof OPERATIONS)[number]

/** `at_us` is the time of the record that the value is from, for `first` and `last`. */
export interface Running {
  readonly value: Scalar
  readonly at_us: number
  /** Of how many values it is the sum, for `avg`. */
  readonly count?: number
}
export type Scalar = bigint | number | string | boolean

export interface Aggregate {
  readonly name: string
  readonly operation: Operation
  /** CEL's type of the result, as an Avro type. */
  readonly type: AvroType
  /** Of the record in hand. */
  read(at_us: number): Running
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
  if (operation === 'count') return { name, operation, type: TYPES.int!, read: (at_us) => ({ value: 1n, at_us }) }
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
  const counted = operation === 'avg' ? { count: 1 } : {}
  return { name, operation, type, read: (at_us) => ({ value: expression.run() as Scalar, at_us, ...counted }) }
}

/** The two as one, `b` the one that arrived later. */
export function combine(operation: Operation, a: Running, b: Running): Running {
  switch (operation) {
    case 'count':
    case 'sum':
      return { value: add(a.value, b.value), at_us: b.at_us }
    case 'avg':
      return { value: add(a.value, b.value), at_us: b.at_us, count: a.count! + b.count! }
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

/** What it comes to. A mean of whole numbers is the nearest one, halves away from zero, as money is rounded. */
export function resultOf({ value, count }: Running): Scalar {
  if (count === undefined) return value
  if (typeof value !== 'bigint') return (value as number) / count
  const number = BigInt(count)
  const size = (2n * (value < 0n ? -value : value) + number) / (2n * number)
  return value < 0n ? -size : size
}

/** States hold finite numbers only, and doubles are not always finite: those stand as text behind a mark. */
export function packRunning({ value, at_us, count }: Running): Json {
  const packed =
    typeof value === 'number' && !Number.isFinite(value) ? [String(value), at_us, 'double'] : [value, at_us]
  return count === undefined ? packed : [...packed, count]
}

export function unpackRunning(json: Json): Running {
  const [value, at_us, ...more] = json as [Scalar, number, ...(string | number)[]]
  const count = more.find((one) => typeof one === 'number')
  const counted = count === undefined ? {} : { count }
  return { value: more[0] === 'double' ? Number(value) : value, at_us, ...counted }
}
