/**
 * Reads a Binance spot frame by JSON.parse: whatever the scanner does not know (REST snapshots, other key orders,
 * spaces, more fields), and says what is wrong with a bad one.
 */
import type { Level } from '../../schemas/generated/index.ts'
import { BEYOND_RANGE, BEYOND_SCALE, scaledInteger, writtenDecimals } from './decimal.ts'
import { type DecodeFault, type Scales, type SpotMessage, venueTimeUs } from './spot-message.ts'
import { utf8Text } from './utf8.ts'

/** Longer than any message of the venue; a REST snapshot of 5,000 levels a side has 0.3 MB. */
const FRAME_BYTES = 4 * 1024 * 1024
/** Streams of the best few levels look like REST snapshots and are none. */
const PARTIAL_DEPTH = /@depth\d/

type Fields = Readonly<Record<string, unknown>>

/** A parsed frame: its data, out of the stream's wrapper, and the kind that it is of. */
export interface ParsedFrame {
  readonly kind: 'depthUpdate' | 'bookTicker' | 'trade' | 'snapshot'
  readonly data: Fields
}

/** What is wrong with a frame; thrown inside this file only. */
class Bad {
  readonly code: DecodeFault
  readonly field: string
  constructor(code: DecodeFault, field: string) {
    this.code = code
    this.field = field
  }
}

export interface Refusal {
  readonly code: DecodeFault
  /** The field it is about; empty for the whole frame. */
  readonly field: string
}

/** Parses and tells the kind. */
export function parseSpotFrame(payload: Uint8Array): ParsedFrame | Refusal {
  if (payload.length > FRAME_BYTES) return new Bad('FRAME_TOO_LONG', '')
  const text = utf8Text(payload)
  if (text === undefined) return new Bad('FRAME_MALFORMED', '')
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return new Bad('FRAME_MALFORMED', '')
  }
  if (!isFields(frame)) return new Bad('FRAME_MALFORMED', '')
  const { stream } = frame
  const data = stream === undefined ? frame : frame.data
  if (!isFields(data)) return new Bad('FRAME_MALFORMED', 'data')
  const kind = kindOf(data, typeof stream === 'string' && PARTIAL_DEPTH.test(stream))
  return kind === undefined ? new Bad('FRAME_UNKNOWN', '') : { kind, data }
}

/** Fills in `out`, or says what is wrong; `out` then is undefined. */
export function readSpotFrame(
  { kind, data }: ParsedFrame,
  symbol: string,
  scales: Scales,
  out: SpotMessage,
): Refusal | undefined {
  try {
    if (kind !== 'snapshot' && data.s !== symbol) {
      throw new Bad(typeof data.s === 'string' ? 'SYMBOL_MISMATCH' : 'FRAME_MALFORMED', 's')
    }
    out.event_time_us = 0
    out.depth = null
    out.quote = null
    out.trade = null
    readers[kind](data, scales, out)
    return undefined
  } catch (bad) {
    if (bad instanceof Bad) return bad
    throw bad
  }
}

/** Decimal places as written in this frame; the greatest of its prices and of its quantities. */
export function frameDecimals({ kind, data }: ParsedFrame): Scales {
  const most = (texts: readonly unknown[]) =>
    texts.reduce<number>((max, text) => (typeof text === 'string' ? Math.max(max, writtenDecimals(text)) : max), 0)
  const column = (at: number, ...sides: unknown[]) =>
    sides.flatMap((side) =>
      Array.isArray(side) ? side.map((level: unknown) => (Array.isArray(level) ? level[at] : 0)) : [],
    )
  const { b, B, a, A, p, q, bids, asks } = data
  if (kind === 'bookTicker') return { price_scale: most([b, a]), qty_scale: most([B, A]) }
  if (kind === 'trade') return { price_scale: most([p]), qty_scale: most([q]) }
  return { price_scale: most(column(0, b, a, bids, asks)), qty_scale: most(column(1, b, a, bids, asks)) }
}

const readers: Readonly<Record<ParsedFrame['kind'], (data: Fields, scales: Scales, out: SpotMessage) => void>> = {
  depthUpdate(data, scales, out) {
    const first_sequence = integer(data, 'U')
    out.kind = 'depth'
    out.sequence = integer(data, 'u')
    out.event_time_us = time(data, 'E')
    if (first_sequence > out.sequence) throw new Bad('FRAME_MALFORMED', 'U')
    out.depth = {
      snapshot: false,
      first_sequence,
      bids: levels(data, 'b', scales),
      asks: levels(data, 'a', scales),
      conflated: false,
      checksum: null,
    }
  },

  snapshot(data, scales, out) {
    const first_sequence = integer(data, 'lastUpdateId')
    out.kind = 'depth'
    out.sequence = first_sequence
    out.depth = {
      snapshot: true,
      first_sequence,
      bids: levels(data, 'bids', scales),
      asks: levels(data, 'asks', scales),
      conflated: false,
      checksum: null,
    }
  },

  bookTicker(data, { price_scale, qty_scale }, out) {
    out.kind = 'quote'
    out.sequence = integer(data, 'u')
    const bid_px = decimal(data.b, price_scale, 'b')
    const bid_qty = decimal(data.B, qty_scale, 'B')
    const ask_px = decimal(data.a, price_scale, 'a')
    const ask_qty = decimal(data.A, qty_scale, 'A')
    // A side without orders has price 0.
    if (bid_px >= ask_px && ask_px !== 0) throw new Bad('QUOTE_CROSSED', 'b')
    out.quote = { bid_px, bid_qty, ask_px, ask_qty }
  },

  trade(data, { price_scale, qty_scale }, out) {
    const trade_id = integer(data, 't')
    out.kind = 'trade'
    out.sequence = trade_id
    out.event_time_us = time(data, 'T')
    integer(data, 'E')
    const px = positive(decimal(data.p, price_scale, 'p'), 'p')
    const qty = positive(decimal(data.q, qty_scale, 'q'), 'q')
    const buyer_is_maker = data.m
    if (typeof buyer_is_maker !== 'boolean') throw new Bad('FRAME_MALFORMED', 'm')
    out.trade = { trade_id, px, qty, aggressor: buyer_is_maker ? 'SELL' : 'BUY', conditions: '', hidden: false }
  },
}

function kindOf(data: Fields, partial: boolean): ParsedFrame['kind'] | undefined {
  const { e } = data
  if (e === 'depthUpdate' || e === 'trade' || e === 'bookTicker') return e
  if (e !== undefined) return undefined
  if (data.lastUpdateId !== undefined) return partial ? undefined : 'snapshot'
  return data.u !== undefined && data.B !== undefined && data.A !== undefined ? 'bookTicker' : undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function integer(data: Fields, field: string): number {
  const value = data[field]
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new Bad('FRAME_MALFORMED', field)
  if (value < 0 || !Number.isSafeInteger(value)) throw new Bad('VALUE_OUT_OF_RANGE', field)
  // Turns -0 into 0.
  return value + 0
}

function time(data: Fields, field: string): number {
  const time_us = venueTimeUs(integer(data, field))
  if (time_us < 0) throw new Bad('VALUE_OUT_OF_RANGE', field)
  return time_us
}

function decimal(text: unknown, scale: number, field: string): number {
  if (typeof text !== 'string') throw new Bad('FRAME_MALFORMED', field)
  const value = scaledInteger(text, scale)
  if (value >= 0) return value
  throw new Bad(
    value === BEYOND_SCALE ? 'SCALE_EXCEEDED' : value === BEYOND_RANGE ? 'VALUE_OUT_OF_RANGE' : 'FRAME_MALFORMED',
    field,
  )
}

function positive(value: number, field: string): number {
  if (value === 0) throw new Bad('VALUE_OUT_OF_RANGE', field)
  return value
}

function levels(data: Fields, field: string, { price_scale, qty_scale }: Scales): Level[] {
  const side = data[field]
  if (!Array.isArray(side)) throw new Bad('FRAME_MALFORMED', field)
  return side.map((level: unknown) => {
    if (!Array.isArray(level) || level.length < 2) throw new Bad('FRAME_MALFORMED', field)
    return { px: positive(decimal(level[0], price_scale, field), field), qty: decimal(level[1], qty_scale, field) }
  })
}
