/**
 * What a capture format says about one line. A venue's connector implements it; the registry of formats is
 * `formats.ts`.
 */

/** Filled in by `ReplayFormat.line`, used for every line again: nobody keeps it. */
export interface FrameLine {
  /** Our clock when the frame arrived, microseconds since the epoch, and the nanoseconds beyond. */
  receive_time_us: number
  receive_time_ns_rest: number
  /** Where the frame stands in the buffer. */
  payload_start: number
  payload_end: number
  /** Venue symbol as the venue spells it; empty where the frame does not name one. */
  symbol: string
  /** Venue channel; empty if unknown. */
  channel: string
}

/** `frame`: a frame with its time. `damaged`: no time can be read. `none`: a line that holds no frame. */
export type LineKind = 'frame' | 'damaged' | 'none'

export interface ReplayFormat {
  /** Venue, upper case. */
  readonly venue: string
  /** How a line looks, for the message to a user who names another file. */
  readonly example: string
  /** Reads `buf[start..end)`, one line without its line feed. Fills `out` for `frame`, and symbol and channel for `damaged`. */
  line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind
}

/** Lines longer than this are cut; a frame of this length is not whole. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024
