/**
 * The trading day: equity at its start and the highest ever, against which P15 measures.
 *
 * The day is the UTC day of stream time. Equity is looked at on every decision, after every fill and at midnight, never
 * per quote, so a peak between two looks is not seen.
 */
import type { AccountState } from './state.ts'

export const DAY_US = 86_400_000_000

export function dayOf(stream_time_us: number): number {
  return Math.floor(stream_time_us / DAY_US)
}

/** The state after looking at `equity`; an equity that is not known leaves it as it was. */
export function observeEquity(state: AccountState, equity: bigint | null, stream_time_us: number): AccountState {
  if (equity === null) return state
  const number = dayOf(stream_time_us)
  const { day } = state
  if (day === null) return { ...state, day: { number, start: equity, peak: equity > 0n ? equity : 0n } }
  if (day.number === number && equity <= day.peak) return state
  const peak = equity > day.peak ? equity : day.peak
  return { ...state, day: { number, start: day.number === number ? day.start : equity, peak } }
}
