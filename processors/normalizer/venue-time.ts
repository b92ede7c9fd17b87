/** Times as venues write them, in plain arithmetic: a processor has no Date. */

/**
 * Start of the year 2100, microseconds since the epoch. A later stamp is damage: what goes by the venue's clock would wait
 * for it to be reached.
 */
export const LATEST_US = 4_102_444_800_000_000

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/

/**
 * `2023-10-06T17:35:55.440295Z` in microseconds since the epoch, digits beyond cut; -1 for another text, an impossible
 * date, one before 1970 or after `LATEST_US`.
 */
export function rfc3339Us(text: string): number {
  const parts = TIME.exec(text)
  if (parts === null) return -1
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return -1
  // 60: a leap second.
  if (hour > 23 || minute > 59 || second > 60) return -1
  const seconds = ((daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  const fraction = Number((parts[7] ?? '').padEnd(6, '0').slice(0, 6))
  const time_us = seconds * 1_000_000 + fraction
  return time_us < 0 || time_us > LATEST_US ? -1 : time_us
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function daysOf(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** In the Gregorian calendar, with March as the first month so that the leap day is the last of its year. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const of_year = month > 2 ? year : year - 1
  const of_march = (month + 9) % 12
  const leaps = Math.floor(of_year / 4) - Math.floor(of_year / 100) + Math.floor(of_year / 400)
  return of_year * 365 + leaps + Math.floor((of_march * 153 + 2) / 5) + day - 1 - 719_468
}
