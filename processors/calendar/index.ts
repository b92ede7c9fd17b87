/**
 * Session calendars by name: which local day a time belongs to, and what may be done then by the venue's timetable.
 *
 * A calendar that is not known and a year that its tables do not cover are answers of their own (`undefined`), never a
 * guess: not knowing is not being open. Halts are not here: they are told by the venue (MarketEvent.session).
 */
import type { TradingPhase } from '../../schemas/generated/index.ts'
import {
  type DayPlan,
  type DaysByYear,
  NASDAQ_DAY,
  NASDAQ_HALF_DAY,
  NASDAQ_HALF_DAYS,
  NASDAQ_HOLIDAYS,
  NSE_DAY,
  NSE_HOLIDAYS,
} from './tables.ts'
import { civilDay, fixed, localDay, MINUTE_US, midnight, type OffsetRule, usEastern, weekday } from './zone.ts'

export interface Calendar {
  readonly name: string
  readonly offset: OffsetRule
  /** The phases of a local day; undefined where the tables do not say. Empty: closed all day. */
  readonly plan: (day: number) => DayPlan | undefined
}

const CLOSED_DAY: DayPlan = []
const ALWAYS: DayPlan = [{ from_min: 0, phase: 'OPEN' }]

/** Monday to Friday but for holidays; `half` on half days. */
function weekdays(regular: DayPlan, holidays: DaysByYear, half: DayPlan, half_days: DaysByYear): Calendar['plan'] {
  return (day) => {
    const civil = civilDay(day)
    const closed = holidays[civil.year]
    if (closed === undefined) return undefined
    const of_week = weekday(day)
    const date = `${civil.month < 10 ? '0' : ''}${civil.month}${civil.day < 10 ? '0' : ''}${civil.day}`
    // Four digits and a space each: a date cannot be found across two entries.
    if (of_week === 0 || of_week === 6 || closed.includes(date)) return CLOSED_DAY
    return half_days[civil.year]?.includes(date) === true ? half : regular
  }
}

export const calendars: Readonly<Record<string, Calendar>> = {
  '24x7': { name: '24x7', offset: fixed(0), plan: () => ALWAYS },
  NSE: { name: 'NSE', offset: fixed(330), plan: weekdays(NSE_DAY, NSE_HOLIDAYS, NSE_DAY, {}) },
  NASDAQ: {
    name: 'NASDAQ',
    offset: usEastern,
    plan: weekdays(NASDAQ_DAY, NASDAQ_HOLIDAYS, NASDAQ_HALF_DAY, NASDAQ_HALF_DAYS),
  },
}

export function calendarOf(name: string): Calendar | undefined {
  return Object.hasOwn(calendars, name) ? calendars[name] : undefined
}

/** What the timetable says of a moment, microseconds since the epoch; undefined where the tables do not cover its year. */
export function phaseAt(calendar: Calendar, utc_us: number): TradingPhase | undefined {
  const day = localDay(calendar.offset, utc_us)
  const plan = calendar.plan(day)
  if (plan === undefined) return undefined
  const minute = (utc_us - midnight(calendar.offset, day)) / MINUTE_US
  let phase: TradingPhase = 'CLOSED'
  for (const start of plan) if (minute >= start.from_min) phase = start.phase
  return phase
}

/** The local day that holds a time: its midnight and the next one, microseconds since the epoch. */
export function sessionDay(calendar: Calendar, utc_us: number): { start_us: number; end_us: number } {
  const day = localDay(calendar.offset, utc_us)
  return { start_us: midnight(calendar.offset, day), end_us: midnight(calendar.offset, day + 1) }
}

/** UTC time of a local time of day. */
export function localTime(calendar: Calendar, day: number, since_midnight_us: number): number {
  return midnight(calendar.offset, day) + since_midnight_us
}
