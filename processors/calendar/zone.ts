/**
 * Local days of a time zone, by whole-number arithmetic: no clock, no time zone database, no `Date`.
 *
 * Days are counted from 1970-01-01. The proleptic Gregorian rule is exact for every day that fits.
 */

const DAY_US = 86_400_000_000
export const MINUTE_US = 60_000_000

/** Minutes that local time is ahead of UTC at a UTC time. */
export type OffsetRule = (utc_us: number) => number

export interface CivilDay {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

/** Day number of a date. Source of the formula: Gregorian calendar counted from 1 March, 146,097 days in 400 years. */
export function dayNumber({ year, month, day }: CivilDay): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const year_of_era = y - era * 400
  const day_of_year = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const day_of_era = year_of_era * 365 + Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100) + day_of_year
  return era * 146_097 + day_of_era - 719_468
}

/** The inverse of `dayNumber`. */
export function civilDay(number: number): CivilDay {
  const shifted = number + 719_468
  const era = Math.floor(shifted / 146_097)
  const day_of_era = shifted - era * 146_097
  const year_of_era = Math.floor(
    (day_of_era - Math.floor(day_of_era / 1_460) + Math.floor(day_of_era / 36_524) - Math.floor(day_of_era / 146_096)) /
      365,
  )
  const day_of_year = day_of_era - (365 * year_of_era + Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100))
  const from_march = Math.floor((5 * day_of_year + 2) / 153)
  const month = from_march < 10 ? from_march + 3 : from_march - 9
  return {
    year: year_of_era + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: day_of_year - Math.floor((153 * from_march + 2) / 5) + 1,
  }
}

/** 0 Sunday to 6 Saturday. */
export function weekday(number: number): number {
  return (((number + 4) % 7) + 7) % 7
}

/** Day number of the `nth` (from 1) `day_of_week` of a month. */
function nthWeekday(year: number, month: number, day_of_week: number, nth: number): number {
  const first = dayNumber({ year, month, day: 1 })
  return first + ((day_of_week - weekday(first) + 7) % 7) + (nth - 1) * 7
}

/** The same offset all year. */
export function fixed(minutes: number): OffsetRule {
  return () => minutes
}

/**
 * US Eastern time since 2007: UTC-4 from the second Sunday of March 02:00 to the first Sunday of November 02:00 local
 * time, else UTC-5 (Energy Policy Act of 2005, section 110). Earlier years have other dates: the calendar does not
 * cover them.
 */
export const usEastern: OffsetRule = (utc_us) => {
  const { year } = civilDay(Math.floor(utc_us / DAY_US))
  const from_us = nthWeekday(year, 3, 0, 2) * DAY_US + 7 * 60 * MINUTE_US
  const to_us = nthWeekday(year, 11, 0, 1) * DAY_US + 6 * 60 * MINUTE_US
  return utc_us >= from_us && utc_us < to_us ? -240 : -300
}

/** UTC time of a local day's midnight. Zones here change their offset hours after midnight, so one look is enough. */
export function midnight(rule: OffsetRule, number: number): number {
  const local_us = number * DAY_US
  // The offset of a moment that is certainly on the day before the change, whatever the offset is.
  return local_us - rule(local_us - rule(local_us) * MINUTE_US) * MINUTE_US
}

/** The local day that holds a UTC time. */
export function localDay(rule: OffsetRule, utc_us: number): number {
  return Math.floor((utc_us + rule(utc_us) * MINUTE_US) / DAY_US)
}
