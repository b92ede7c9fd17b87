/**
 * Which windows a moment belongs to, and when they are over. Times are microseconds; a window holds its start and not
 * its end.
 */

/** Thirty years: beyond, sums of microseconds would no longer be exact. */
export const MOST_MS = 1_000_000_000_000

export interface Span {
  readonly start_us: number
  readonly end_us: number
}

/** The windows of fixed size around `at_us`, the earliest first. They begin at multiples of `step_us` since the epoch. */
export function fixedSpans(at_us: number, size_us: number, step_us: number): Span[] {
  const spans: Span[] = []
  const last = Math.floor(at_us / step_us) * step_us
  for (let start_us = last; start_us > at_us - size_us; start_us -= step_us) {
    spans.push({ start_us, end_us: start_us + size_us })
  }
  return spans.reverse()
}

/** Whether a record at `at_us` belongs to the session: less than the gap lies between it and the nearest record. */
export function touches(session: Span, at_us: number, gap_us: number): boolean {
  return at_us > session.start_us - gap_us && at_us < session.end_us
}
