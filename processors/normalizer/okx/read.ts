/**
 * Reads frames of OKX v5 public channels: `books` and its tick-by-tick kin, `trades`, `tickers`.
 *
 * Depth keeps the texts of prices and sizes as the venue wrote them, because its checksum is computed from those. The
 * venue stopped computing it in June 2026 and sends 0 since: that says nothing and is taken as none.
 */
import type { Checksum, Depth, Level, Quote, Trade } from '../../../schemas/generated/index.ts'
import {
  Bad,
  decimal,
  digits,
  type Fields,
  fieldsOf,
  integer,
  jsonFrame,
  listOf,
  positive,
  quoteOf,
  textOf,
} from '../json-frame.ts'
import { type Scales, WrittenScales } from '../listing.ts'
import { LATEST_US } from '../venue-time.ts'

/** Channels of whole books with changes; `books5` and `bbo-tbt` are states of a few levels, without continuity. */
const BOOKS = new Set(['books', 'books-l2-tbt', 'books50-l2-tbt'])
/** A checksum is a signed number of 32 bits. */
const CHECKSUM_MAX = 0x8000_0000

export interface OkxFrame {
  readonly kind: 'books' | 'trades' | 'tickers'
  readonly channel: string
  readonly snapshot: boolean
  readonly data: readonly Fields[]
}

/** A depth message; `previous` and `id` are the venue's, -1 where it sends none. */
export interface OkxDepth {
  readonly kind: 'depth'
  readonly event_time_us: number
  readonly depth: Depth
  readonly channel: string
  readonly previous: number
  readonly id: number
}
export interface OkxQuote {
  readonly kind: 'quote'
  readonly event_time_us: number
  readonly quote: Quote
}
/** `first_id` to `trade.trade_id`: the venue puts trades of one order at one price together. */
export interface OkxTrade {
  readonly kind: 'trade'
  readonly event_time_us: number
  readonly trade: Trade
  readonly first_id: number
}
export type OkxMessage = OkxDepth | OkxQuote | OkxTrade

/** The frame's parts; null for answers to subscriptions, errors and pongs. */
export function openOkx(payload: Uint8Array, symbol: string): OkxFrame | null {
  if (isPong(payload)) return null
  const frame = jsonFrame(payload)
  if (typeof frame.event === 'string' || typeof frame.op === 'string') return null
  const arg = fieldsOf(frame.arg, 'arg')
  const channel = textOf(arg, 'channel')
  if (textOf(arg, 'instId') !== symbol) throw new Bad('SYMBOL_MISMATCH', 'instId')
  const books = BOOKS.has(channel)
  if (!books && channel !== 'trades' && channel !== 'trades-all' && channel !== 'tickers')
    throw new Bad('FRAME_UNKNOWN', 'channel')
  const { action } = frame
  if (books && action !== 'snapshot' && action !== 'update') throw new Bad('FRAME_MALFORMED', 'action')
  const data = listOf(frame.data, 'data').map((one) => fieldsOf(one, 'data'))
  if (data.length === 0) throw new Bad('FRAME_MALFORMED', 'data')
  const kind = books ? 'books' : channel === 'tickers' ? 'tickers' : 'trades'
  return { kind, channel, snapshot: action === 'snapshot', data }
}

function isPong(payload: Uint8Array): boolean {
  const [p, o, n, g] = payload
  return payload.length === 4 && p === 0x70 && o === 0x6f && n === 0x6e && g === 0x67
}

/** Decimal places as written; the greatest of the frame's prices and of its sizes. */
export function writtenOkx({ kind, data }: OkxFrame): Scales {
  const written = new WrittenScales()
  for (const one of data) {
    if (kind === 'trades') written.see(one.px, one.sz)
    if (kind === 'tickers') {
      written.see(one.bidPx, one.bidSz)
      written.see(one.askPx, one.askSz)
    }
    if (kind === 'books')
      for (const side of [one.bids, one.asks])
        if (Array.isArray(side)) for (const level of side) if (Array.isArray(level)) written.see(level[0], level[1])
  }
  return written
}

export function readOkx(frame: OkxFrame, symbol: string, scales: Scales): OkxMessage[] {
  return frame.data.map((data) => {
    if (frame.kind === 'books') return readDepth(frame, data, scales)
    if (textOf(data, 'instId') !== symbol) throw new Bad('SYMBOL_MISMATCH', 'instId')
    return frame.kind === 'trades' ? readTrade(data, scales) : readQuote(data, scales)
  })
}

function readDepth({ channel, snapshot }: OkxFrame, data: Fields, scales: Scales): OkxDepth {
  const bids: Level[] = []
  const asks: Level[] = []
  const bid_texts: string[] = []
  const ask_texts: string[] = []
  readLevels(data, 'bids', scales, bids, bid_texts)
  readLevels(data, 'asks', scales, asks, ask_texts)
  const sum = data.checksum ?? 0
  if (typeof sum !== 'number' || !Number.isInteger(sum) || sum < -CHECKSUM_MAX || sum >= CHECKSUM_MAX)
    throw new Bad('FRAME_MALFORMED', 'checksum')
  const checksum: Checksum | null = sum === 0 ? null : { rule: 'OKX', value: sum >>> 0, bid_texts, ask_texts }
  const has_id = data.seqId !== undefined
  return {
    kind: 'depth',
    event_time_us: timeOf(data),
    depth: { snapshot, first_sequence: 0, bids, asks, conflated: false, checksum },
    channel,
    previous: has_id && data.prevSeqId !== -1 ? integer(data, 'prevSeqId') : -1,
    id: has_id ? integer(data, 'seqId') : -1,
  }
}

function readLevels(data: Fields, field: string, scales: Scales, into: Level[], texts: string[]): void {
  for (const level of listOf(data[field], field)) {
    const [px, qty] = listOf(level, field)
    into.push({
      px: positive(decimal(px, scales.price_scale, field), field),
      qty: decimal(qty, scales.qty_scale, field),
    })
    texts.push(`${px}:${qty}`)
  }
}

function readTrade(data: Fields, { price_scale, qty_scale }: Scales): OkxTrade {
  const trade_id = digits(data, 'tradeId')
  const count = data.count === undefined ? 1 : digits(data, 'count')
  const px = positive(decimal(data.px, price_scale, 'px'), 'px')
  const qty = positive(decimal(data.sz, qty_scale, 'sz'), 'sz')
  const side = textOf(data, 'side')
  if (side !== 'buy' && side !== 'sell') throw new Bad('FRAME_MALFORMED', 'side')
  if (count === 0 || count > trade_id + 1) throw new Bad('VALUE_OUT_OF_RANGE', 'count')
  return {
    kind: 'trade',
    event_time_us: timeOf(data),
    trade: { trade_id, px, qty, aggressor: side === 'buy' ? 'BUY' : 'SELL', conditions: '', hidden: false },
    first_id: trade_id - count + 1,
  }
}

const QUOTE = { bid_px: 'bidPx', bid_qty: 'bidSz', ask_px: 'askPx', ask_qty: 'askSz' }

/** A side without orders is written as empty text. */
function readQuote(data: Fields, scales: Scales): OkxQuote {
  const filled = { ...data }
  for (const field of Object.values(QUOTE)) if (data[field] === '') filled[field] = '0'
  return { kind: 'quote', event_time_us: timeOf(data), quote: quoteOf(filled, QUOTE, scales) }
}

/** `ts`, milliseconds as text. */
function timeOf(data: Fields): number {
  const time_us = digits(data, 'ts') * 1_000
  if (time_us > LATEST_US) throw new Bad('VALUE_OUT_OF_RANGE', 'ts')
  return time_us
}
