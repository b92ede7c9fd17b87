/** Times with a unit, as people write them: `500ms`, `5s`, `24h`, `7d`. */

const UNITS_US = { us: 1, ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000, d: 86_400_000_000 } as const

export const DURATION_PATTERN = '^(0|[1-9][0-9]*)(us|ms|s|m|h|d)$'

/** Microseconds of `text`; undefined if it is not a duration or is no safe integer of microseconds. */
export function parseDuration(text: string): number | undefined {
  const match = new RegExp(DURATION_PATTERN).exec(text)
  if (match === null) return undefined
  const duration_us = Number(match[1]) * UNITS_US[match[2] as keyof typeof UNITS_US]
  return Number.isSafeInteger(duration_us) ? duration_us : undefined
}
