/**
 * One-minute bars of NSE, one file per symbol and day: lines of `ms_since_midnight,open,high,low,close,volume`, prices
 * times 10,000, times of India (UTC+05:30, no summer time).
 *
 * Symbol and day stand in the file's name alone. A bar is known when its minute is over: that is its receive time.
 */
import { AppError } from '../../runtime/api/index.ts'
import type { FrameLine, LineKind, PieceReading, ReplayFormat } from '../replay/format.ts'

const COMMA = 0x2c
const ZERO = 0x30
const IST_MS = 19_800_000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** `20190101_juniorbees_minute_trade.csv`. */
const NAME = /^(?:.*\/)?(\d{4})(\d\d)(\d\d)_([A-Za-z0-9&-]{1,32})_minute_trade\.csv$/

function midnightOf(year: number, month: number, day: number): number | undefined {
  const ms = Date.UTC(year, month - 1, day)
  const date = new Date(ms)
  const real = year >= 1990 && year < 2100 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return real ? ms - IST_MS : undefined
}

function reading(name: string): PieceReading {
  const [, year, month, day, symbol = ''] = NAME.exec(name) ?? []
  const midnight_ms = midnightOf(Number(year), Number(month), Number(day))
  if (midnight_ms === undefined) {
    throw new AppError('NOT_A_CAPTURE', `the name ${name} does not say which symbol and day it holds`, {
      exit_code: 2,
      hint: 'a file of minute bars is named like 20190101_juniorbees_minute_trade.csv',
    })
  }
  return {
    line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
      let at = start
      let ms = 0
      while (at < end && isDigit(buf[at]) && at - start < 9) ms = ms * 10 + (buf[at++] as number) - ZERO
      if (at === start || at === end || buf[at] !== COMMA || ms >= DAY_MS) return 'damaged'
      out.receive_time_us = (midnight_ms + ms + MINUTE_MS) * 1_000
      out.receive_time_ns_rest = 0
      out.payload_start = start
      out.payload_end = end
      out.symbol = symbol.toUpperCase()
      out.channel = '1m'
      return 'frame'
    },
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9
}

export const minuteBars: ReplayFormat = {
  venue: 'NSE',
  example: '33300000,2900000,2920000,2900000,2920000,3',
  reading,
  line: () => 'damaged',
}
