/**
 * Parts of a captured line, read straight from its bytes: times and texts of JSON.
 *
 * Shared by the capture formats of venues. Times have up to 19 digits, which a double does not hold: what is beyond
 * microseconds is split off as text.
 */
import type { FrameLine } from './format.ts'

const SPACE = 0x20
const QUOTE = 0x22
const POINT = 0x2e
const BACKSLASH = 0x5c
const SCHEME = Buffer.from('ws')
const OPENS = Buffer.from(' <-> ')
const SOCKET = Buffer.from(' <- ')
const SEPARATOR = Buffer.from(': ')
/** A socket's address is not longer. */
const URL_BYTES = 512
/** `afterTime` of a line that says that a socket was opened. */
export const OPENED = -2
const ZERO = 0x30
const NINE = 0x39
/** Longer names are taken as none: a name is a key, a cache entry and a metric's label. */
const NAME_BYTES = 64

/** Start of the year 2100: a receive time beyond it is damage, and would carry every later frame with it. */
export const LATEST_US = 4_102_444_800_000_000

/** Reads `receive_time_ns ` at `start`; answers where the frame begins, -1 where it is not so. Sets the times of `out`. */
export function afterNanoseconds(buf: Buffer, start: number, end: number, out: FrameLine): number {
  // Leading digits: all but the last three are microseconds.
  let at = start
  while (at < end && isDigit(buf[at])) at++
  const digits = at - start
  if (digits < 4 || digits > 19 || buf[at] !== SPACE) return -1
  let us = 0
  for (let i = start; i < at - 3; i++) us = us * 10 + digit(buf, i)
  if (us > LATEST_US) return -1
  out.receive_time_us = us
  out.receive_time_ns_rest = digit(buf, at - 3) * 100 + digit(buf, at - 2) * 10 + digit(buf, at - 1)
  return at + 1
}

/**
 * Reads seconds since the epoch, `1652459225.5037491`, at `start`; answers where they end, -1 where there are none.
 * Sets the times of `out`; digits beyond nanoseconds are cut.
 */
function afterSeconds(buf: Buffer, start: number, end: number, out: FrameLine): number {
  let at = start
  let seconds = 0
  while (at < end && isDigit(buf[at])) seconds = seconds * 10 + digit(buf, at++)
  if (at === start || at - start > 10) return -1
  let ns = 0
  let places = 0
  if (at < end && buf[at] === POINT) {
    for (at++; at < end && isDigit(buf[at]); at++) if (places++ < 9) ns = ns * 10 + digit(buf, at)
    if (places === 0) return -1
  }
  for (; places < 9; places++) ns *= 10
  const us = seconds * 1_000_000 + Math.floor(ns / 1_000)
  if (us > LATEST_US) return -1
  out.receive_time_us = us
  out.receive_time_ns_rest = ns % 1_000
  return at
}

/**
 * Reads what stands before the frame of a line: `receive_time_ns `, or `epoch_s: ` with the socket as `URL <- ` before it
 * or not, as cryptofeed records sockets. Answers where the frame begins, -1 where it is not so, or `OPENED`. Sets the
 * times of `out`.
 */
export function afterTime(buf: Buffer, start: number, end: number, out: FrameLine): number {
  const from = afterNanoseconds(buf, start, end, out)
  if (from !== -1) return from
  let at = start
  if (startsWith(buf, start, end, SCHEME)) {
    const head = buf.subarray(start, Math.min(end, start + URL_BYTES))
    if (head.indexOf(OPENS) !== -1) return OPENED
    const found = head.indexOf(SOCKET)
    if (found === -1) return -1
    at = start + found + SOCKET.length
  }
  at = afterSeconds(buf, at, end, out)
  return at === -1 || !startsWith(buf, at, end, SEPARATOR) ? -1 : at + SEPARATOR.length
}

/** The text behind the first `key` (`"instId":`) of the frame; empty where there is none, or an escaped or over-long one. */
export function textAfter(frame: Buffer, key: Buffer): string {
  const at = frame.indexOf(key)
  if (at === -1) return ''
  const from = afterQuote(frame, at + key.length, frame.length)
  const to = closingQuote(frame, from, frame.length)
  return to === -1 ? '' : frame.toString('utf8', from, to)
}

/** Behind an opening quote, spaces before it skipped; `end` if there is none. */
export function afterQuote(buf: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && buf[at] === SPACE) at++
  return at < end && buf[at] === QUOTE ? at + 1 : end
}

/** The quote that ends a name begun at `from`; -1 for no name, an escaped or an over-long one. */
export function closingQuote(buf: Buffer, from: number, end: number): number {
  const limit = Math.min(end, from + NAME_BYTES + 1)
  for (let at = from; at < limit; at++) {
    const byte = buf[at] ?? 0
    if (byte === QUOTE) return at > from ? at : -1
    if (byte < SPACE || byte === BACKSLASH) return -1
  }
  return -1
}

export function startsWith(buf: Buffer, start: number, end: number, key: Buffer): boolean {
  if (end - start < key.length) return false
  for (let i = 0; i < key.length; i++) if (buf[start + i] !== key[i]) return false
  return true
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function digit(buf: Buffer, at: number): number {
  return (buf[at] ?? ZERO) - ZERO
}
