/** What closes a bar, read from its name. */
import { assert } from '../../runtime/api/index.ts'
import { type Calendar, sessionDay } from '../calendar/index.ts'

export type IntervalKind = 'time' | 'day' | 'tick' | 'volume' | 'value'

export interface Interval {
  readonly name: string
  readonly kind: IntervalKind
  /** Microseconds of a time bar; trades, quantity or currency units of the others. */
  readonly size: number
}

const UNIT_US: Readonly<Record<string, number>> = { s: 1_000_000, m: 60_000_000, h: 3_600_000_000, d: 86_400_000_000 }

/** `name` as the parameters allow it. */
export function parseInterval(name: string): Interval {
  const colon = name.indexOf(':')
  if (colon !== -1) return { name, kind: name.slice(0, colon) as IntervalKind, size: Number(name.slice(colon + 1)) }
  const unit_us = UNIT_US[name.slice(-1)]
  assert(unit_us !== undefined, `an interval is a time or a count: ${name}`)
  const count = Number(name.slice(0, -1))
  // Days of a session calendar cannot be put together: `2d` is 48 hours of UTC.
  return { name, kind: name === '1d' ? 'day' : 'time', size: count * unit_us }
}

/** The edges of the time bar that holds `time_us`. */
export function edges(
  interval: Interval,
  time_us: number,
  calendar: Calendar | undefined,
): { start_us: number; end_us: number } {
  if (interval.kind === 'day' && calendar !== undefined) return sessionDay(calendar, time_us)
  const start_us = time_us - (time_us % interval.size)
  return { start_us, end_us: start_us + interval.size }
}
