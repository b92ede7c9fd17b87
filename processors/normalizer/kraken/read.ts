/**
 * Reads frames of Kraken's WebSocket v2: `book`, `level3`, `trade`, `ticker`.
 *
 * Prices and quantities are JSON numbers whose trailing zeros count for the checksum, so their texts are read.
 */
import type { Level, Quote, Side, Trade } from '../../../schemas/generated/index.ts'
import {
  Bad,
  decimal,
  type Fields,
  fieldsOf,
  integer,
  jsonFrame,
  listOf,
  positive,
  quoteOf,
  textFields,
  textOf,
  timeOf,
} from '../json-frame.ts'
import { type Scales, WrittenScales } from '../listing.ts'

const TEXTS = textFields('price', 'qty', 'limit_price', 'order_qty', 'bid', 'bid_qty', 'ask', 'ask_qty')
const SILENT = new Set(['heartbeat', 'status', 'instrument', 'pong'])
const CRC_MAX = 0x1_0000_0000

/** Levels of a side that a subscription can ask for. */
export const DEPTHS = { book: [10, 25, 100, 500, 1_000], level3: [10, 100, 1_000] }

export type Channel = 'book' | 'level3' | 'trade' | 'ticker'

/** A confirmed subscription. */
export interface Subscribed {
  readonly kind: 'subscribed'
  readonly channel: 'book' | 'level3'
  readonly depth: number
}
export interface Data {
  readonly kind: 'data'
  readonly channel: Channel
  readonly snapshot: boolean
  readonly data: readonly Fields[]
}
export type KrakenFrame = Subscribed | Data

export interface KrakenBook {
  readonly kind: 'book'
  readonly snapshot: boolean
  readonly event_time_us: number
  readonly bids: Level[]
  readonly asks: Level[]
  readonly bid_texts: string[]
  readonly ask_texts: string[]
  readonly checksum: number
}
/** A change of one order; a snapshot's are all ADD. */
export interface OrderChange {
  readonly event: 'add' | 'modify' | 'delete'
  readonly order_id: string
  readonly side: Side
  readonly px: number
  readonly qty: number
  /** Price and quantity as the checksum takes them. */
  readonly text: string
}
export interface KrakenOrders {
  readonly kind: 'orders'
  readonly snapshot: boolean
  readonly event_time_us: number
  readonly changes: readonly OrderChange[]
  readonly checksum: number
}
export interface KrakenTrade {
  readonly kind: 'trade'
  /** It was before the subscription. */
  readonly past: boolean
  readonly event_time_us: number
  readonly trade: Trade
}
export interface KrakenQuote {
  readonly kind: 'quote'
  readonly event_time_us: number
  readonly quote: Quote
}
export type KrakenMessage = KrakenBook | KrakenOrders | KrakenTrade | KrakenQuote

/** The frame's parts; null for heartbeats, states of the venue and other answers to requests. */
export function openKraken(payload: Uint8Array, symbol: string): KrakenFrame | null {
  const frame = jsonFrame(payload, TEXTS)
  if (typeof frame.method === 'string') return subscribed(frame, symbol)
  const channel = textOf(frame, 'channel')
  if (SILENT.has(channel)) return null
  if (channel !== 'book' && channel !== 'level3' && channel !== 'trade' && channel !== 'ticker')
    throw new Bad('FRAME_UNKNOWN', 'channel')
  const type = textOf(frame, 'type')
  if (type !== 'snapshot' && type !== 'update') throw new Bad('FRAME_MALFORMED', 'type')
  const data = listOf(frame.data, 'data').map((one) => fieldsOf(one, 'data'))
  if (data.length === 0) throw new Bad('FRAME_MALFORMED', 'data')
  for (const one of data) if (textOf(one, 'symbol') !== symbol) throw new Bad('SYMBOL_MISMATCH', 'symbol')
  return { kind: 'data', channel, snapshot: type === 'snapshot', data }
}

function subscribed({ method, result, success }: Fields, symbol: string): Subscribed | null {
  if (method !== 'subscribe' || success !== true) return null
  const { channel, symbol: of, depth } = fieldsOf(result, 'result')
  if ((channel !== 'book' && channel !== 'level3') || of !== symbol || depth === undefined) return null
  const levels = integer({ depth }, 'depth')
  if (!DEPTHS[channel].includes(levels)) throw new Bad('VALUE_OUT_OF_RANGE', 'depth')
  return { kind: 'subscribed', channel, depth: levels }
}

/** Decimal places as written; the greatest of the frame's prices and of its quantities. */
export function writtenKraken(frame: KrakenFrame): Scales {
  const written = new WrittenScales()
  const seeAll = (one: Fields) => {
    written.see(one.price ?? one.limit_price, one.qty ?? one.order_qty)
    written.see(one.bid, one.bid_qty)
    written.see(one.ask, one.ask_qty)
  }
  if (frame.kind === 'subscribed') return written
  for (const one of frame.data) {
    seeAll(one)
    for (const side of [one.bids, one.asks])
      if (Array.isArray(side)) for (const level of side) if (typeof level === 'object' && level !== null) seeAll(level)
  }
  return written
}

export function readKraken(frame: KrakenFrame, scales: Scales): KrakenMessage[] {
  if (frame.kind === 'subscribed') return []
  const { channel, snapshot } = frame
  return frame.data.map((data) => {
    if (channel === 'book') return readBook(data, snapshot, scales)
    if (channel === 'level3') return readOrders(data, snapshot, scales)
    return channel === 'trade' ? readTrade(data, snapshot, scales) : readQuote(data, scales)
  })
}

function readBook(data: Fields, snapshot: boolean, { price_scale, qty_scale }: Scales): KrakenBook {
  const side = (field: 'bids' | 'asks', levels: Level[], texts: string[]) => {
    for (const one of listOf(data[field], field)) {
      const { price, qty } = fieldsOf(one, field)
      levels.push({ px: positive(decimal(price, price_scale, 'price'), 'price'), qty: decimal(qty, qty_scale, 'qty') })
      texts.push(`${price}:${qty}`)
    }
  }
  const book: KrakenBook = {
    kind: 'book',
    snapshot,
    event_time_us: eventTime(data),
    bids: [],
    asks: [],
    bid_texts: [],
    ask_texts: [],
    checksum: checksumOf(data),
  }
  side('bids', book.bids, book.bid_texts)
  side('asks', book.asks, book.ask_texts)
  return book
}

function readOrders(data: Fields, snapshot: boolean, { price_scale, qty_scale }: Scales): KrakenOrders {
  const changes: OrderChange[] = []
  for (const field of ['bids', 'asks'] as const)
    for (const one of listOf(data[field], field)) {
      const order = fieldsOf(one, field)
      const event = snapshot ? 'add' : textOf(order, 'event')
      if (event !== 'add' && event !== 'modify' && event !== 'delete') throw new Bad('FRAME_MALFORMED', 'event')
      const order_id = textOf(order, 'order_id')
      if (order_id === '') throw new Bad('FRAME_MALFORMED', 'order_id')
      const px = positive(decimal(order.limit_price, price_scale, 'limit_price'), 'limit_price')
      const qty = decimal(order.order_qty, qty_scale, 'order_qty')
      if (event !== 'delete') positive(qty, 'order_qty')
      const text = krakenDigits(order.limit_price as string) + krakenDigits(order.order_qty as string)
      changes.push({ event, order_id, side: field === 'bids' ? 'BUY' : 'SELL', px, qty, text })
    }
  return { kind: 'orders', snapshot, event_time_us: eventTime(data), changes, checksum: checksumOf(data) }
}

/** `0.00100000` is `100000`. */
function krakenDigits(text: string): string {
  return text.replace('.', '').replace(/^0+/, '')
}

function readTrade(data: Fields, past: boolean, { price_scale, qty_scale }: Scales): KrakenTrade {
  const trade_id = integer(data, 'trade_id')
  const px = positive(decimal(data.price, price_scale, 'price'), 'price')
  const qty = positive(decimal(data.qty, qty_scale, 'qty'), 'qty')
  const side = textOf(data, 'side')
  if (side !== 'buy' && side !== 'sell') throw new Bad('FRAME_MALFORMED', 'side')
  const trade: Trade = { trade_id, px, qty, aggressor: side === 'buy' ? 'BUY' : 'SELL', conditions: '', hidden: false }
  return { kind: 'trade', past, event_time_us: eventTime(data), trade }
}

const QUOTE = { bid_px: 'bid', bid_qty: 'bid_qty', ask_px: 'ask', ask_qty: 'ask_qty' }

function readQuote(data: Fields, scales: Scales): KrakenQuote {
  return { kind: 'quote', event_time_us: eventTime(data), quote: quoteOf(data, QUOTE, scales) }
}

function checksumOf(data: Fields): number {
  const checksum = integer(data, 'checksum')
  if (checksum >= CRC_MAX) throw new Bad('VALUE_OUT_OF_RANGE', 'checksum')
  return checksum
}

/** Snapshots of some channels carry no time. */
function eventTime({ timestamp }: Fields): number {
  return timestamp === undefined ? 0 : timeOf(timestamp, 'timestamp')
}
