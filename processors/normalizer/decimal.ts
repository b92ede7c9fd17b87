/**
 * Decimal text to scaled integers, exactly and never through a float.
 *
 * Digits are added up in a double, which is exact up to 2^53 - 1; the sum only grows, so a value beyond that is seen
 * at the end. Zeros behind the scale are fine, other digits there are not.
 */

/** The answers for a text that is no decimal, one with digits beyond the scale, and one beyond 2^53 - 1. */
export const NOT_DECIMAL = -1
export const BEYOND_SCALE = -2
export const BEYOND_RANGE = -3

const POINT = 0x2e
const ZERO = 0x30

/** `'61837.63000000'` at scale 2 is 6183763. Negative answers are the constants above; a minus sign is BEYOND_RANGE. */
export function scaledInteger(text: string, scale: number): number {
  const length = text.length
  let value = 0
  let at = 0
  let beyond = false
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  if (at === 0) return /^-\d+(\.\d+)?$/.test(text) ? BEYOND_RANGE : NOT_DECIMAL
  let missing = scale
  if (at < length) {
    if (text.charCodeAt(at) !== POINT || ++at === length) return NOT_DECIMAL
    for (; at < length; at++) {
      const digit = text.charCodeAt(at) - ZERO
      if (digit < 0 || digit > 9) return NOT_DECIMAL
      if (missing > 0) {
        value = value * 10 + digit
        missing--
      } else if (digit !== 0) beyond = true
    }
  }
  for (; missing > 0; missing--) value *= 10
  if (beyond) return BEYOND_SCALE
  return value > Number.MAX_SAFE_INTEGER ? BEYOND_RANGE : value
}

/** Decimal places as written, trailing zeros included. */
export function writtenDecimals(text: string): number {
  const point = text.indexOf('.')
  return point === -1 ? 0 : text.length - point - 1
}
