/**
 * LOBSTER days: a message file, and the first row of the order-book file beside it.
 *
 * Read from the archive as it is published. The first frame is the first row of the book file, which seeds the book,
 * at the time that the message file's name begins with; then each row of the message file is a frame. The rest of the
 * book file is what a book can be checked against, and is never read. A message file that is given by itself has no
 * seed. Time is that of the row, on the day in the file's name, in New York.
 */
import { AppError } from '../../runtime/api/index.ts'
import { easternMidnight } from '../replay/eastern-time.ts'
import type { ArchivePart, FrameLine, LineKind, PieceReading, ReplayFormat } from '../replay/format.ts'

const COMMA = 0x2c
const POINT = 0x2e
const ZERO = 0x30
const MESSAGE_COLUMNS = 6
const DAY_S = 86_400

/** `AMZN_2012-06-21_34200000_57600000_message_5.csv`: symbol, day, milliseconds since midnight, levels per side. */
const MESSAGE_FILE = /^(?:.*\/)?([A-Z0-9.^=$+-]{1,16})_(\d{4})-(\d\d)-(\d\d)_(\d{1,8})_\d{1,8}_message_\d+\.csv$/

function partsOf(names: readonly string[]): readonly ArchivePart[] | undefined {
  const messages = names.filter((name) => MESSAGE_FILE.test(name))
  const [message] = messages
  if (message === undefined || messages.length > 1) return undefined
  const book = message.replace('_message_', '_orderbook_')
  return names.includes(book) ? [{ name: book, lines: 1 }, { name: message }] : [{ name: message }]
}

function reading(name: string): PieceReading {
  const [, symbol = '', year, month, day, from_ms] = MESSAGE_FILE.exec(name) ?? []
  const midnight_us = easternMidnight(Number(year), Number(month), Number(day))
  if (midnight_us === undefined) {
    throw new AppError('NOT_A_CAPTURE', `the name ${name} does not say which symbol and day it holds`, {
      exit_code: 2,
      hint: 'a LOBSTER message file is named like AMZN_2012-06-21_34200000_57600000_message_5.csv',
    })
  }
  const opening_us = midnight_us + Number(from_ms) * 1_000
  return {
    line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
      out.symbol = symbol
      out.payload_start = start
      out.payload_end = end
      if (columns(buf, start, end) !== MESSAGE_COLUMNS) {
        out.channel = 'lobster-book'
        out.receive_time_us = opening_us
        out.receive_time_ns_rest = 0
        return isRow(buf, start, end) ? 'frame' : 'damaged'
      }
      out.channel = 'lobster-message'
      return readTime(buf, start, end, midnight_us, out) ? 'frame' : 'damaged'
    },
  }
}

function columns(buf: Buffer, start: number, end: number): number {
  let commas = 0
  for (let at = start; at < end; at++) if (buf[at] === COMMA) commas++
  return commas + 1
}

/** Whether a line can be a row of a book file: four columns for each level, made of numbers. */
function isRow(buf: Buffer, start: number, end: number): boolean {
  return (
    columns(buf, start, end) % 4 === 0 &&
    /^-?\d+(,-?\d+)*$/.test(buf.toString('latin1', start, Math.min(end, start + 65_536)))
  )
}

/**
 * Seconds since midnight to nine decimals, exactly: a double does not hold them all. Some rows have more, which whoever
 * wrote the file got from a double: the ninth is rounded by the tenth.
 */
function readTime(buf: Buffer, start: number, end: number, midnight_us: number, out: FrameLine): boolean {
  let at = start
  let seconds = 0
  for (; at < end && isDigit(buf[at]); at++) seconds = seconds * 10 + (buf[at] as number) - ZERO
  if (at === start || at - start > 5 || seconds >= DAY_S) return false
  let ns = 0
  let places = 0
  if (buf[at] === POINT) {
    at++
    for (; at < end && isDigit(buf[at]); at++) {
      const digit = (buf[at] as number) - ZERO
      if (places < 9) ns = ns * 10 + digit
      else if (places === 9 && digit >= 5) ns++
      if (++places > 18) return false
    }
  }
  if (buf[at] !== COMMA) return false
  for (; places < 9; places++) ns *= 10
  out.receive_time_us = midnight_us + seconds * 1_000_000 + Math.floor(ns / 1_000)
  out.receive_time_ns_rest = ns % 1_000
  return true
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9
}

const example = '34200.18960767,1,11885113,21,2238100,1'

export const lobsterCapture: ReplayFormat = {
  venue: 'NASDAQ',
  example,
  parts: partsOf,
  reading,
  line: () => 'damaged',
}
