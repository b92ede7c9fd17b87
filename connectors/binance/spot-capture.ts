/**
 * Captures of Binance spot streams: lines of `receive_time_ns {raw JSON}`, or of `epoch_s: {raw JSON}` as cryptofeed
 * records sockets.
 *
 * Only the time, the symbol and the channel are read here, by a scan over the bytes; the frame itself is decoded by the
 * normalizer.
 */
import type { FrameLine, LineKind, ReplayFormat } from '../replay/format.ts'
import { afterQuote, afterTime, closingQuote, OPENED, startsWith, textAfter } from '../replay/line-parts.ts'

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

const STREAM_KEY = Buffer.from('{"stream":')
const SYMBOL_KEY = Buffer.from('"s":')
const EVENT_KEY = Buffer.from('"e":')
const SNAPSHOT_KEY = Buffer.from('{"lastUpdateId":')
const NAMES = 4_096

interface Name {
  readonly symbol: string
  readonly channel: string
}

/** Stream names seen, by their bytes as Latin-1. */
const names = new Map<string, Name>()
const no_name: Name = { symbol: '', channel: '' }

export const binanceSpotCapture: ReplayFormat = {
  venue: 'BINANCE',
  example: '1723161254087891268 {"stream":"btcusdt@bookTicker","data":{...}}',

  line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
    const at = afterTime(buf, start, end, out)
    if (at === OPENED) return 'none'
    if (at === -1 || (buf[at] !== OPEN_BRACE && buf[at] !== OPEN_BRACKET)) return 'damaged'
    out.payload_start = at
    out.payload_end = end
    const name = nameOf(buf, at, end)
    out.symbol = name.symbol
    out.channel = name.channel
    return 'frame'
  },
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
