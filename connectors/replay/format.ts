/**
 * What a capture format says about one piece of a file: a line, or a record that the format frames itself. A venue's
 * connector implements it; the registry of formats is `formats.ts`.
 */

/** Filled in by `PieceReading.line`, used for every piece again: nobody keeps it. */
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

/** `frame`: a frame with its time. `damaged`: no time can be read. `none`: a piece that holds no frame. */
export type LineKind = 'frame' | 'damaged' | 'none'

/** Reads the pieces of one file. */
export interface PieceReading {
  /** Reads `buf[start..end)`, one line without its line feed or one record. Fills `out` for `frame`, and symbol and channel for `damaged`. */
  line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind
}

/**
 * Length of the record that begins at `at`, its own framing counted in: at least 1. -1: more bytes must come before it
 * can be told.
 */
export type RecordLength = (block: Buffer, at: number) => number

/** An entry of a zip archive that is read, whole or only its first lines. */
export interface ArchivePart {
  readonly name: string
  readonly lines?: number
}

export interface ReplayFormat extends PieceReading {
  /** Venue, upper case. */
  readonly venue: string
  /** How a line looks, for the message to a user who names another file. */
  readonly example: string
  /** Of a format whose files are records and not lines. */
  readonly record?: RecordLength
  /** Of one that has both: whether a file that begins with this byte is of records. */
  recorded?(first: number): boolean
  /**
   * Of an archive with several entries: which of them are read, one behind the other as if they were one file.
   * `undefined` where the archive is none of this format. Without it an archive must hold one entry.
   */
  parts?(names: readonly string[]): readonly ArchivePart[] | undefined
  /**
   * Of a format that needs the file's name, or keeps what the file said before: reads one file from its beginning.
   * `name` is that of the file, of an archive that of the last part. May throw an AppError. A file that is gone on
   * with is read from its beginning again, so that what was kept is there.
   */
  reading?(name: string): PieceReading
  /** Of a format that writes frames down in another way than they came: the frame's own bytes. Never throws. */
  payload?(written: Buffer): Uint8Array
}

/** Lines longer than this are cut; a frame of this length is not whole. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024
