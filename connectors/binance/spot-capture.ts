/**
 * Captures of Binance spot streams: lines of `receive_time_ns {raw JSON}`.
 *
 * Only the time, the symbol and the channel are read here, by a scan over the bytes; the frame itself is decoded by the
 * normalizer. The time has 19 digits, which a double does not hold: its last three are split off as text.
 */
import type { FrameLine, LineKind, ReplayFormat } from '../replay/format.ts'

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const ZERO = 0x30
const NINE = 0x39
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

const STREAM_KEY = Buffer.from('{"stream":')
const SYMBOL_KEY = Buffer.from('"s":')
const EVENT_KEY = Buffer.from('"e":')
const SNAPSHOT_KEY = Buffer.from('{"lastUpdateId":')
/** Longer names are taken as none: a name is a key, a cache entry and a metric's label. */
const NAME_BYTES = 64
const NAMES = 4_096

interface Name {
  readonly symbol: string
  readonly channel: string
}

/** Stream names seen, by their bytes as Latin-1. */
const names = new Map<string, Name>()
const no_name: Name = { symbol: '', channel: '' }

/** Start of the year 2100: a receive time beyond it is damage, and would carry every later frame with it. */
const LATEST_US = 4_102_444_800_000_000

export const binanceSpotCapture: ReplayFormat = {
  venue: 'BINANCE',
  example: '1723161254087891268 {"stream":"btcusdt@bookTicker","data":{...}}',

  line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
    // Leading digits: all but the last three are microseconds.
    let at = start
    while (at < end && isDigit(buf[at])) at++
    const digits = at - start
    const opening = buf[at + 1]
    if (digits < 4 || digits > 19 || buf[at] !== SPACE || (opening !== OPEN_BRACE && opening !== OPEN_BRACKET))
      return 'damaged'
    let us = 0
    for (let i = start; i < at - 3; i++) us = us * 10 + digit(buf, i)
    if (us > LATEST_US) return 'damaged'
    out.receive_time_us = us
    out.receive_time_ns_rest = digit(buf, at - 3) * 100 + digit(buf, at - 2) * 10 + digit(buf, at - 1)
    out.payload_start = at + 1
    out.payload_end = end
    const name = nameOf(buf, at + 1, end)
    out.symbol = name.symbol
    out.channel = name.channel
    return 'frame'
  },
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function digit(buf: Buffer, at: number): number {
  return (buf[at] ?? ZERO) - ZERO
}

/** Symbol and channel of the frame at `buf[start..end)`; empty where they cannot be told. */
function nameOf(buf: Buffer, start: number, end: number): Name {
  if (!startsWith(buf, start, end, STREAM_KEY)) return nameOfRaw(buf.subarray(start, end))
  const from = afterQuote(buf, start + STREAM_KEY.length, end)
  const to = closingQuote(buf, from, end)
  if (to === -1) return no_name
  const key = buf.toString('latin1', from, to)
  return names.get(key) ?? remember(key, buf.toString('utf8', from, to))
}

function remember(key: string, stream: string): Name {
  const split = stream.indexOf('@')
  // `!ticker@arr` and its like belong to no symbol.
  const named = split > 0 && !stream.startsWith('!')
  const name = { symbol: named ? stream.slice(0, split).toUpperCase() : '', channel: stream.slice(split + 1) }
  if (names.size >= NAMES) names.clear()
  names.set(key, name)
  return name
}

/** A frame outside a combined stream names its symbol in `s` and its kind in `e`; the REST snapshot names neither. */
function nameOfRaw(frame: Buffer): Name {
  const symbol = textAfter(frame, SYMBOL_KEY).toUpperCase()
  if (symbol === '' && startsWith(frame, 0, frame.length, SNAPSHOT_KEY)) return { symbol, channel: 'snapshot' }
  return { symbol, channel: textAfter(frame, EVENT_KEY) }
}

function textAfter(frame: Buffer, key: Buffer): string {
  const at = frame.indexOf(key)
  if (at === -1) return ''
  const from = afterQuote(frame, at + key.length, frame.length)
  const to = closingQuote(frame, from, frame.length)
  return to === -1 ? '' : frame.toString('utf8', from, to)
}

function startsWith(buf: Buffer, start: number, end: number, key: Buffer): boolean {
  if (end - start < key.length) return false
  for (let i = 0; i < key.length; i++) if (buf[start + i] !== key[i]) return false
  return true
}

/** Behind an opening quote, spaces before it skipped; `end` if there is none. */
function afterQuote(buf: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && buf[at] === SPACE) at++
  return at < end && buf[at] === QUOTE ? at + 1 : end
}

/** The quote that ends a name begun at `from`; -1 for no name, an escaped or an over-long one. */
function closingQuote(buf: Buffer, from: number, end: number): number {
  const limit = Math.min(end, from + NAME_BYTES + 1)
  for (let at = from; at < limit; at++) {
    const byte = buf[at] ?? 0
    if (byte === QUOTE) return at > from ? at : -1
    if (byte < SPACE || byte === BACKSLASH) return -1
  }
  return -1
}
