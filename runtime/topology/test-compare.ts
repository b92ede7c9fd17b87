import { hintFor } from './nearest.ts'
import { align } from './test-align.ts'
import { type Path, type Places, placeAt } from './test-places.ts'

/** How what stages wrote differs from what a test expects: field by field, each with its path and place. */

export interface Difference {
  readonly topic: string
  /** Place among the expected records of the topic, of one that is not expected among those that there are; from 0. */
  readonly index: number
  /** Of the value that was expected, else of the record before, else of the test; from 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  readonly message: string
  readonly kind: 'missing' | 'extra' | 'field' | 'state'
  /** From the expected record on: `['value', 'depth', 0]`. */
  readonly path?: readonly (string | number)[]
  readonly expected?: unknown
  /** As it would be written in a test; absent where there is nothing. */
  readonly actual?: unknown
  /** What else could have been meant. */
  readonly hint?: string
}

interface Expected {
  /** Since the test's beginning. */
  readonly at_us: number
  readonly value: unknown
  readonly line: number
  readonly places?: Places
}

interface Actual {
  readonly at_us: number
  readonly value: unknown
}

/**
 * `start_us`: stream time at which the test begins. Records are paired by what they say (`align`), so that one too many
 * or in another place is told as that.
 */
export function compare(
  topic: string,
  expected: readonly Expected[],
  actual: readonly Actual[],
  test_line: number,
  start_us: number,
): Difference[] {
  const apart = (wanted: Expected, got: Actual) =>
    (got.at_us - start_us === wanted.at_us ? 0 : 1) + differences(wanted.value, got.value, []).length
  const pairs = align(expected.length, actual.length, (e, a) => {
    const wanted = expected[e]!
    return Math.min(2, (2 * apart(wanted, actual[a]!)) / (1 + leaves(wanted.value)))
  })
  const missing = pairs.filter((pair) => pair.actual === undefined).map((pair) => expected[pair.expected!]!)
  const extra = pairs.filter((pair) => pair.expected === undefined).map((pair) => pair.actual!)
  let near = pairs.map((pair) => expected[pair.expected ?? -1]).find((one) => one !== undefined)
  return pairs.flatMap((pair): Difference[] => {
    const wanted = expected[pair.expected ?? -1]
    const got = actual[pair.actual ?? -1]
    near = wanted ?? near
    const place = (path: Path) => placeAt(near?.places, path, near ?? { line: test_line })
    if (wanted === undefined) {
      const at_us = got!.at_us - start_us
      const whole = { at: durationText(at_us), value: written(got!.value) }
      const elsewhere = missing.find((one) => apart(one, got!) === 0)
      const hint = elsewhere === undefined ? '' : `, but in line ${elsewhere.line}`
      const message = `not expected here${hint}, at ${at_us} us: ${show(got!.value)}`
      return [{ topic, index: pair.actual!, ...place([]), kind: 'extra', message, actual: whole }]
    }
    const index = pair.expected!
    const was = { at: durationText(wanted.at_us), value: written(wanted.value) }
    if (got === undefined) {
      const elsewhere = extra.find((one) => apart(wanted, actual[one]!) === 0)
      const others = actual.length === 0 ? 'there are none' : `none of the ${actual.length} there are is it`
      const why = elsewhere === undefined ? others : `it comes as ${topic}[${elsewhere}]`
      return [{ topic, index, ...place([]), kind: 'missing', message: `expected here, and ${why}`, expected: was }]
    }
    const found: Difference[] = []
    const at_us = got.at_us - start_us
    if (at_us !== wanted.at_us) {
      const message = `at ${at_us} us, not ${wanted.at_us} us`
      const both = { expected: was.at, actual: durationText(at_us) }
      found.push({ topic, index, ...place(['at']), message, kind: 'field', path: ['at'], ...both })
    }
    for (const { path, ...one } of differences(wanted.value, got.value, [])) {
      const whole = ['value', ...path]
      found.push({ topic, index, ...place(whole), ...one, kind: 'field', path: whole })
    }
    return found
  })
}

/** How many values a test names. */
function leaves(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1
  return Object.values(value).reduce((sum: number, one) => sum + leaves(one), 0)
}

export interface FieldDifference {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly expected: unknown
  readonly actual: unknown
  readonly hint?: string
}

/** How `actual` differs from `expected` in the fields that are named. */
export function differences(
  expected: unknown,
  actual: unknown,
  path: readonly (string | number)[],
): readonly FieldDifference[] {
  const differ = () => {
    const message = `${pathText(path)} is ${show(actual)}, not ${show(expected)}`
    return [{ path, message, expected: written(expected), actual: written(actual) }]
  }
  if (expected instanceof Uint8Array) {
    const same = actual instanceof Uint8Array && Buffer.compare(expected, actual) === 0
    return same ? [] : differ()
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return differ()
    return expected.flatMap((item, index) => differences(item, actual[index], [...path, index]))
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return differ()
    return Object.entries(expected).flatMap(([name, value]) => {
      const there = actual as Readonly<Record<string, unknown>>
      const found = differences(value, there[name], [...path, name])
      if (Object.hasOwn(there, name)) return found
      // Only of states: those have no schema that could have told.
      return found.map((one) => ({ ...one, hint: hintFor(name, Object.keys(there), 'fields') }))
    })
  }
  return expected === actual ? [] : differ()
}

function pathText(path: readonly (string | number)[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
  return parts.join('').replace(/^\./, '')
}

/** A value as a test would say it: bytes as text where they are, whole numbers beyond doubles as text. */
function written(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) {
    const text = new TextDecoder().decode(value)
    const printable = /^[\u0020-\u007e]*$/.test(text)
    return printable ? text : { hex: Buffer.from(value).toString('hex') }
  }
  if (Array.isArray(value)) return value.map(written)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, written(inner)]))
  }
  return value
}

const UNITS = [
  ['s', 1_000_000],
  ['ms', 1_000],
  ['us', 1],
] as const

function durationText(duration_us: number): string {
  if (duration_us === 0) return '0ms'
  const [unit, size] = UNITS.find(([, one]) => duration_us % one === 0) ?? UNITS[2]
  return `${duration_us / size}${unit}`
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => {
    if (typeof inner === 'bigint') return inner.toString()
    if (inner instanceof Uint8Array) return new TextDecoder().decode(inner)
    return inner
  })
  return text === undefined || text.length <= 500 ? String(text) : `${text.slice(0, 500)}...`
}
