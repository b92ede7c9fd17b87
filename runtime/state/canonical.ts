import { assert } from '../api/fault.ts'
import type { Json } from '../api/record.ts'

/**
 * Canonical JSON: object keys sorted by code unit, no white space, `bigint` as `{"$bigint":"123"}`.
 *
 * Equal states have equal texts, so a hash over it compares states. Non-finite numbers and anything that is not plain
 * data are broken invariants: they would not come back as they were.
 */
export function canonical(value: Json): string {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'number':
      assert(Number.isFinite(value), `state holds the number ${value}`)
      return value === 0 && 1 / value < 0 ? '-0' : String(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return `{"$bigint":"${value}"}`
  }
  if (value === null) return 'null'
  assert(typeof value === 'object', `state holds a ${typeof value}`)
  if (Array.isArray(value)) {
    let text = '['
    for (let i = 0; i < value.length; i++) text += i === 0 ? canonical(value[i]) : `,${canonical(value[i])}`
    return `${text}]`
  }
  const prototype = Object.getPrototypeOf(value)
  assert(prototype === Object.prototype || prototype === null, `state holds a ${prototype?.constructor?.name}`)
  let text = '{'
  for (const key of Object.keys(value).sort()) {
    const item = (value as Record<string, Json | undefined>)[key]
    if (item !== undefined) text += `${text.length === 1 ? '' : ','}${quote(key)}:${canonical(item)}`
  }
  return `${text}}`
}

/** Most texts are plain, and a test is cheaper than the escaper. */
function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}
const PLAIN = /^[ !#-[\]-~]*$/

/** Reads what `canonical` wrote. */
export function parseCanonical(text: string): Json {
  return JSON.parse(text, (_key, value) => {
    if (value !== null && typeof value === 'object' && typeof value.$bigint === 'string') return BigInt(value.$bigint)
    return value
  }) as Json
}
