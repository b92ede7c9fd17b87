/**
 * Days of Nasdaq TotalView-ITCH 5.0 as Nasdaq publishes them: each message behind its length, two bytes big-endian.
 *
 * Time is in the message, nanoseconds since midnight in New York; the day is in the file's name (`01302019.NASDAQ_ITCH50.gz`,
 * `S013019-v50.txt.gz`, or any name with eight digits of a day). A message belongs to the stock whose directory message
 * gave its locate code; those of the whole venue (locate code 0) have the symbol `*`. One whose locate code is not known is
 * passed on without a symbol and ends as a fault. A record without bytes marks the end of a session and is none.
 */
import { AppError } from '../../runtime/api/index.ts'
import { easternMidnight } from '../replay/eastern-time.ts'
import type { FrameLine, LineKind, PieceReading, ReplayFormat } from '../replay/format.ts'

const LENGTH_BYTES = 2
/** Type, locate code, tracking number and time. */
const HEADER_BYTES = 11
const DIRECTORY = 0x52
const DIRECTORY_BYTES = 39
const STOCK_AT = 11
const STOCK_BYTES = 8
const DAY_NS = 86_400_000_000_000
const WHOLE_VENUE = '*'
const UNKNOWN = '?'

/** Midnight of the first day that the name holds: `YYYYMMDD`, `MMDDYYYY` or `SMMDDYY`. */
function midnightOf(name: string): number | undefined {
  for (const digits of name.match(/\d{8}/g) ?? []) {
    const n = (from: number, to: number) => Number(digits.slice(from, to))
    const midnight = easternMidnight(n(0, 4), n(4, 6), n(6, 8)) ?? easternMidnight(n(4, 8), n(0, 2), n(2, 4))
    if (midnight !== undefined) return midnight
  }
  const short = /(?:^|\/)S(\d\d)(\d\d)(\d\d)(?!\d)/.exec(name)
  return short === null ? undefined : easternMidnight(2000 + Number(short[3]), Number(short[1]), Number(short[2]))
}

function reading(name: string): PieceReading {
  const midnight_us = midnightOf(name)
  if (midnight_us === undefined) {
    throw new AppError('NOT_A_CAPTURE', `the name ${name} does not say which day it holds`, {
      exit_code: 2,
      hint: 'an ITCH day is named like 01302019.NASDAQ_ITCH50.gz',
    })
  }
  const symbols = new Map<number, string>([[0, WHOLE_VENUE]])
  return {
    line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
      const from = start + LENGTH_BYTES
      if (end < from) return 'damaged'
      const length = buf.readUInt16BE(start)
      if (length === 0) return 'none'
      if (length < HEADER_BYTES || from + length !== end) return 'damaged'
      const ns = buf.readUIntBE(from + 5, 6)
      if (ns >= DAY_NS) return 'damaged'
      const locate = buf.readUInt16BE(from + 1)
      if (buf[from] === DIRECTORY && length === DIRECTORY_BYTES)
        symbols.set(locate, buf.toString('latin1', from + STOCK_AT, from + STOCK_AT + STOCK_BYTES).trimEnd())
      out.receive_time_us = midnight_us + Math.floor(ns / 1_000)
      out.receive_time_ns_rest = ns % 1_000
      out.payload_start = from
      out.payload_end = end
      out.symbol = symbols.get(locate) ?? UNKNOWN
      out.channel = 'itch50'
      return 'frame'
    },
  }
}

export const itchCapture: ReplayFormat = {
  venue: 'NASDAQ',
  example: 'bytes 00 0c 53 00 00 (length 12, type S, locate code 0), then 9 more',
  record: (block, at) => (at + LENGTH_BYTES > block.length ? -1 : LENGTH_BYTES + block.readUInt16BE(at)),
  reading,
  line: () => 'damaged',
}
