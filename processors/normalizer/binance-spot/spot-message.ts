/**
 * What a Binance spot frame says, before anything of the stream around it is known.
 *
 * `SpotMessage` is filled in by the scanner or by the JSON path and used for every frame again; its parts are made
 * anew and go into the event as they are.
 */
import type { Depth, Quote, Trade } from '../../../schemas/generated/index.ts'

export interface SpotMessage {
  kind: 'depth' | 'quote' | 'trade'
  /** Last update id of depth and quote, trade id of a trade. */
  sequence: number
  /** Venue clock, microseconds since the epoch; 0 where the frame carries none. */
  event_time_us: number
  depth: Depth | null
  quote: Quote | null
  trade: Trade | null
}

/**
 * Venue times are milliseconds, or microseconds where the stream was opened so; those have three digits more.
 * Answers -1 for a time that is neither.
 */
export function venueTimeUs(time: number): number {
  if (time >= 100_000_000_000_000) return time
  const time_us = time * 1_000
  return time_us > Number.MAX_SAFE_INTEGER ? -1 : time_us
}
