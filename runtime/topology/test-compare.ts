/** How what stages wrote differs from what a test expects: field by field, each with its path. */

export interface Difference {
  readonly topic: string
  /** Place in the topic, from 0. */
  readonly index: number
  /** Line of what was expected, else of the test; from 1. */
  readonly line: number
  readonly message: string
  readonly kind: 'missing' | 'extra' | 'field' | 'state'
  /** From the expected record on: `['value', 'depth', 0]`. */
  readonly path?: readonly (string | number)[]
  readonly expected?: unknown
  /** As it would be written in a test. */
  readonly actual?: unknown
}

interface Expected {
  /** Since the test's beginning. */
  readonly at_us: number
  readonly value: unknown
  readonly line: number
}

interface Actual {
  readonly at_us: number
  readonly value: unknown
}

/** `start_us`: stream time at which the test begins. */
export function compare(
  topic: string,
  expected: readonly Expected[],
  actual: readonly Actual[],
  test_line: number,
  start_us: number,
): Difference[] {
  const found: Difference[] = []
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    const wanted = expected[index]
    const got = actual[index]
    const line = wanted?.line ?? test_line
    const at_us = (got?.at_us ?? 0) - start_us
    const place = { topic, index, line }
    if (wanted === undefined) {
      const message = `not expected, at ${at_us} us: ${show(got?.value)}`
      const whole = { at: durationText(at_us), value: written(got?.value) }
      found.push({ ...place, message, kind: 'extra', actual: whole })
    } else if (got === undefined) {
      found.push({ ...place, message: `expected, and there are ${actual.length}`, kind: 'missing' })
    } else {
      if (at_us !== wanted.at_us) {
        const message = `at ${at_us} us, not ${wanted.at_us} us`
        const [was, is] = [durationText(wanted.at_us), durationText(at_us)]
        found.push({ ...place, message, kind: 'field', path: ['at'], expected: was, actual: is })
      }
      for (const { path, ...one } of differences(wanted.value, got.value, [])) {
        found.push({ ...place, ...one, kind: 'field', path: ['value', ...path] })
      }
    }
  }
  return found
}

export interface FieldDifference {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly expected: unknown
  readonly actual: unknown
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
    return Object.entries(expected).flatMap(([name, value]) =>
      differences(value, (actual as Record<string, unknown>)[name], [...path, name]),
    )
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
