/**
 * What a Binance spot frame says, before anything of the stream around it is known.
 *
 * `SpotMessage` is filled in by the scanner or by the JSON path and used for every frame again; its parts are made
 * anew and go into the event as they are.
 */
import type { Depth, Quote, Trade } from '../../../schemas/generated/index.ts'
import { LATEST_US } from '../venue-time.ts'

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
 * Answers -1 for a time after `LATEST_US`.
 */
export function venueTimeUs(time: number): number {
  const time_us = time >= 100_000_000_000_000 ? time : time * 1_000
  return time_us > LATEST_US ? -1 : time_us
}
