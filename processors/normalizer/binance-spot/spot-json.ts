/**
 * Reads a Binance spot frame by JSON.parse: whatever the scanner does not know (REST snapshots, other key orders,
 * spaces, more fields), and says what is wrong with a bad one.
 */
import type { Level } from '../../../schemas/generated/index.ts'
import {
  Bad,
  decimal,
  type Fields,
  integer,
  isFields,
  jsonFrame,
  positive,
  quoteOf,
  type Refusal,
  refused,
} from '../json-frame.ts'
import { type Scales, WrittenScales } from '../listing.ts'
import { type SpotMessage, venueTimeUs } from './spot-message.ts'

/** Streams of the best few levels look like REST snapshots and are none. */
const PARTIAL_DEPTH = /@depth\d/

/** Said of all connections of a server that is about to end them; nothing of the market. In a stream's wrapper or without. */
export const SERVER_SHUTDOWN = 'serverShutdown'

/** A parsed frame: its data, out of the stream's wrapper, and the kind that it is of. */
export interface ParsedFrame {
  readonly kind: 'depthUpdate' | 'bookTicker' | 'trade' | 'snapshot'
  readonly data: Fields
}

/** Parses and tells the kind; null where the venue speaks of itself. */
export function parseSpotFrame(payload: Uint8Array): ParsedFrame | Refusal | null {
  const frame = refused(() => jsonFrame(payload))
  if (frame instanceof Bad) return frame
  const { stream } = frame
  const data = stream === undefined ? frame : frame.data
  if (!isFields(data)) return new Bad('FRAME_MALFORMED', 'data')
  if (data.e === SERVER_SHUTDOWN) return null
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
  const written = new WrittenScales()
  const { b, B, a, A, p, q, bids, asks } = data
  if (kind === 'bookTicker') {
    written.see(b, B)
    written.see(a, A)
  } else if (kind === 'trade') written.see(p, q)
  else
    for (const side of [b, a, bids, asks])
      if (Array.isArray(side)) for (const level of side) if (Array.isArray(level)) written.see(level[0], level[1])
  return written
}

const QUOTE = { bid_px: 'b', bid_qty: 'B', ask_px: 'a', ask_qty: 'A' }

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

  bookTicker(data, scales, out) {
    out.kind = 'quote'
    out.sequence = integer(data, 'u')
    out.quote = quoteOf(data, QUOTE, scales)
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

function time(data: Fields, field: string): number {
  const time_us = venueTimeUs(integer(data, field))
  if (time_us < 0) throw new Bad('VALUE_OUT_OF_RANGE', field)
  return time_us
}

function levels(data: Fields, field: string, { price_scale, qty_scale }: Scales): Level[] {
  const side = data[field]
  if (!Array.isArray(side)) throw new Bad('FRAME_MALFORMED', field)
  return side.map((level: unknown) => {
    if (!Array.isArray(level) || level.length < 2) throw new Bad('FRAME_MALFORMED', field)
    return { px: positive(decimal(level[0], price_scale, field), field), qty: decimal(level[1], qty_scale, field) }
  })
}
