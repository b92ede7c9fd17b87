/** Reads frames of Coinbase Advanced Trade: `l2_data`, `market_trades`, `ticker`, `heartbeats`. */
import type { Level, Quote, Trade } from '../../../schemas/generated/index.ts'
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
  timeOf,
} from '../json-frame.ts'
import { type Scales, WrittenScales } from '../listing.ts'

/** Channels that say nothing of prices; their messages count on the connection like all others. */
const OTHER = new Set(['subscriptions', 'status', 'heartbeats'])

export interface CoinbaseFrame {
  readonly kind: 'l2_data' | 'market_trades' | 'ticker' | 'other'
  /** Number of the message on its connection. */
  readonly number: number
  readonly event_time_us: number
  /** Of a heartbeat; -1 else. */
  readonly heartbeat: number
  readonly events: readonly Fields[]
}

/** What a frame says; of the parts that it is not about there are none. */
export interface CoinbaseMessage {
  readonly number: number
  readonly event_time_us: number
  readonly heartbeat: number
  readonly depth: { readonly snapshot: boolean; readonly bids: Level[]; readonly asks: Level[] } | null
  /** In the order of their ids; `past` ones were before the subscription. */
  readonly trades: readonly { readonly past: boolean; readonly trade: Trade; readonly event_time_us: number }[]
  readonly quotes: readonly Quote[]
}

/** The frame's parts; null for an error message. */
export function openCoinbase(payload: Uint8Array): CoinbaseFrame | null {
  const frame = jsonFrame(payload)
  if (frame.type === 'error') return null
  const channel = textOf(frame, 'channel')
  const kind = OTHER.has(channel) ? 'other' : channel
  if (kind !== 'l2_data' && kind !== 'market_trades' && kind !== 'ticker' && kind !== 'other')
    throw new Bad('FRAME_UNKNOWN', 'channel')
  const number = integer(frame, 'sequence_num')
  const events = listOf(frame.events, 'events').map((one) => fieldsOf(one, 'events'))
  if (events.length === 0 && kind !== 'other') throw new Bad('FRAME_MALFORMED', 'events')
  const beat = channel === 'heartbeats' ? events[0]?.heartbeat_counter : undefined
  // The counter was seen as a number and as text.
  const heartbeat =
    beat === undefined ? -1 : typeof beat === 'string' ? digits({ beat }, 'beat') : integer({ beat }, 'beat')
  return { kind, number, event_time_us: timeOf(frame.timestamp, 'timestamp'), heartbeat, events }
}

/** Decimal places as written; the greatest of the frame's prices and of its sizes. */
export function writtenCoinbase({ events }: CoinbaseFrame): Scales {
  const written = new WrittenScales()
  for (const { updates, trades, tickers } of events)
    for (const list of [updates, trades, tickers])
      for (const one of Array.isArray(list) ? list : []) {
        if (typeof one !== 'object' || one === null) continue
        written.see(one.price_level ?? one.price, one.new_quantity ?? one.size)
        written.see(one.best_bid, one.best_bid_quantity)
        written.see(one.best_ask, one.best_ask_quantity)
      }
  return written
}

export function readCoinbase(frame: CoinbaseFrame, symbol: string, scales: Scales): CoinbaseMessage {
  const { kind, number, event_time_us, heartbeat, events } = frame
  const message = { number, event_time_us, heartbeat, depth: null, trades: [], quotes: [] }
  if (kind === 'l2_data') return { ...message, depth: readDepth(events, symbol, scales) }
  if (kind === 'market_trades') return { ...message, trades: readTrades(events, symbol, scales) }
  return kind === 'ticker' ? { ...message, quotes: readQuotes(events, symbol, scales) } : message
}

function readDepth(events: readonly Fields[], symbol: string, { price_scale, qty_scale }: Scales) {
  const bids: Level[] = []
  const asks: Level[] = []
  const snapshot = isSnapshot(events)
  // A book that is replaced twice in one message would have to be two messages.
  if (snapshot && events.length > 1) throw new Bad('FRAME_MALFORMED', 'events')
  for (const event of events) {
    if (textOf(event, 'product_id') !== symbol) throw new Bad('SYMBOL_MISMATCH', 'product_id')
    for (const one of listOf(event.updates, 'updates')) {
      const update = fieldsOf(one, 'updates')
      const side = textOf(update, 'side')
      if (side !== 'bid' && side !== 'offer') throw new Bad('FRAME_MALFORMED', 'side')
      const px = positive(decimal(update.price_level, price_scale, 'price_level'), 'price_level')
      const qty = decimal(update.new_quantity, qty_scale, 'new_quantity')
      ;(side === 'bid' ? bids : asks).push({ px, qty })
    }
  }
  return { snapshot, bids, asks }
}

function isSnapshot(events: readonly Fields[]): boolean {
  let snapshot = false
  for (const event of events) {
    const type = textOf(event, 'type')
    if (type !== 'snapshot' && type !== 'update') throw new Bad('FRAME_MALFORMED', 'type')
    snapshot ||= type === 'snapshot'
  }
  return snapshot
}

function readTrades(events: readonly Fields[], symbol: string, { price_scale, qty_scale }: Scales) {
  const trades = events
    .flatMap((event) => {
      const past = isSnapshot([event])
      return listOf(event.trades, 'trades').map((one) => ({ past, one }))
    })
    .map(({ past, one }) => {
      const data = fieldsOf(one, 'trades')
      if (textOf(data, 'product_id') !== symbol) throw new Bad('SYMBOL_MISMATCH', 'product_id')
      const trade_id = digits(data, 'trade_id')
      const px = positive(decimal(data.price, price_scale, 'price'), 'price')
      const qty = positive(decimal(data.size, qty_scale, 'size'), 'size')
      const side = textOf(data, 'side')
      if (side !== 'BUY' && side !== 'SELL') throw new Bad('FRAME_MALFORMED', 'side')
      // The venue names the side of the order that rested.
      const aggressor = side === 'BUY' ? ('SELL' as const) : ('BUY' as const)
      const trade: Trade = { trade_id, px, qty, aggressor, conditions: '', hidden: false }
      return { past, trade, event_time_us: timeOf(data.time, 'time') }
    })
  // The venue lists the newest first.
  return trades.sort((a, b) => a.trade.trade_id - b.trade.trade_id)
}

const QUOTE = {
  bid_px: 'best_bid',
  bid_qty: 'best_bid_quantity',
  ask_px: 'best_ask',
  ask_qty: 'best_ask_quantity',
}

function readQuotes(events: readonly Fields[], symbol: string, scales: Scales): Quote[] {
  return events
    .flatMap((event) => listOf(event.tickers, 'tickers'))
    .map((one) => {
      const data = fieldsOf(one, 'tickers')
      if (textOf(data, 'product_id') !== symbol) throw new Bad('SYMBOL_MISMATCH', 'product_id')
      return quoteOf(data, QUOTE, scales)
    })
}
