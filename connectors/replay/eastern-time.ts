/**
 * Midnight in New York as UTC, by rule and not by the environment: captures of US markets count their time from it.
 *
 * The offset is that of the whole day. Clocks change at 02:00 on a Sunday, when these markets are closed.
 * Daylight saving time (UTC-4) is in force from the second Sunday of March to the first Sunday of November (Energy
 * Policy Act of 2005, from 2007), before that from the first Sunday of April to the last of October (1987 to 2006);
 * otherwise UTC-5.
 */

const HOUR_US = 3_600_000_000
const DAY_MS = 86_400_000

/** Microseconds since the epoch; `undefined` for a day that does not exist or lies before 1987 or after 2099. */
export function easternMidnight(year: number, month: number, day: number): number | undefined {
  const ms = Date.UTC(year, month - 1, day)
  const date = new Date(ms)
  if (year < 1987 || year > 2099 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const [from, to] =
    year >= 2007 ? [sunday(year, 3, 8), sunday(year, 11, 1)] : [sunday(year, 4, 1), sunday(year, 10, 25)]
  return ms * 1_000 + (ms >= from && ms < to ? 4 : 5) * HOUR_US
}

/** The first Sunday of the month that is not before `day`. */
function sunday(year: number, month: number, day: number): number {
  const ms = Date.UTC(year, month - 1, day)
  return ms + ((7 - new Date(ms).getUTCDay()) % 7) * DAY_MS
}
