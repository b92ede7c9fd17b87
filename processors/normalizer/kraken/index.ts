/**
 * Decodes Kraken's WebSocket v2: `book` as depth, `level3` as orders, `trade`, `ticker` as quotes.
 *
 * The venue numbers nothing but trades: what is missing is seen by the checksum of every message. The book verifies
 * that of `book`; that of `level3` is verified here, where the queue is, and a bad one is a gap that waits for a snapshot.
 * A message is taken as a whole, then the book is cut to the subscribed depth, as the venue does without saying so: the
 * levels and orders that leave are deleted by events of ours. The depth is what the venue confirmed, else the least one
 * on offer that holds the snapshot. An instrument has one book: a feed has either `book` or `level3` of a symbol. Silent
 * about heartbeats, confirmations, and trades of before the subscription.
 */
import type { Instrument, Level, MarketEvent } from '../../../schemas/generated/index.ts'
import { gapEvent, type Message, messageEvent, statusEvent } from '../events.ts'
import { defineJsonVenue, isFollowing, onBookChange, onBookSnapshot } from '../json-venue.ts'
import { onTrade } from '../numbered.ts'
import { change, checksumOf, levelsOf, order, truncate } from './orders.ts'
import {
  DEPTHS,
  type KrakenBook,
  type KrakenFrame,
  type KrakenMessage,
  type KrakenOrders,
  openKraken,
  readKraken,
  writtenKraken,
} from './read.ts'
import { copyState, initialState, type KrakenState } from './state.ts'

const ORDER_CHANNEL = 'order'
/** Orders of both sides, a dozen at each of a thousand prices: the checksum covers ten prices, what is behind may grow. */
const ORDERS_MAX = 25_000

type Make = (parts: Partial<Message> & Pick<Message, 'kind' | 'sequence' | 'event_time_us'>) => MarketEvent

function known(symbol: string): Partial<Instrument> {
  const [base_currency = '', quote_currency = ''] = symbol.split('/')
  return { base_currency, quote_currency }
}

/** The least depth on offer that holds so many levels. */
function depthFor(levels: number, depths: readonly number[]): number {
  return depths.find((depth) => depth >= levels) ?? levels
}

function onBook(state: KrakenState, book: KrakenBook, make: Make, out: MarketEvent[]): void {
  const { snapshot, bids, asks, bid_texts, ask_texts, event_time_us } = book
  const sequence = state.depth_id + 1
  const event = () =>
    make({
      kind: 'depth',
      sequence,
      event_time_us,
      depth: {
        snapshot,
        first_sequence: sequence,
        bids,
        asks,
        conflated: false,
        checksum: { rule: 'KRAKEN', value: book.checksum, bid_texts, ask_texts },
      },
    })
  if (!snapshot && !isFollowing(state, event(), out)) return
  if (snapshot) {
    state.bids = []
    state.asks = []
  }
  setPrices(state.bids, bids, 1)
  setPrices(state.asks, asks, -1)
  if (snapshot && state.book_depth === 0)
    state.book_depth = depthFor(Math.max(state.bids.length, state.asks.length), DEPTHS.book)
  cut(state.bids, state.book_depth, bids, bid_texts)
  cut(state.asks, state.book_depth, asks, ask_texts)
  if (snapshot) onBookSnapshot(state, event(), out)
  else onBookChange(state, event(), out)
}

/** Keeps the list of prices, best first. */
function setPrices(prices: number[], levels: readonly Level[], sign: 1 | -1): void {
  for (const { px, qty } of levels) {
    let low = 0
    let high = prices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sign * ((prices[middle] as number) - px) > 0) low = middle + 1
      else high = middle
    }
    const held = prices[low] === px
    if (qty === 0 && held) prices.splice(low, 1)
    else if (qty !== 0 && !held) prices.splice(low, 0, px)
  }
}

/** Deletes the levels beyond `depth`; the venue wrote no text of that. */
function cut(prices: number[], depth: number, levels: Level[], texts: string[]): void {
  for (const px of prices.splice(depth)) {
    levels.push({ px, qty: 0 })
    texts.push('')
  }
}

function onOrders(state: KrakenState, message: KrakenOrders, make: Make, out: MarketEvent[]): void {
  const { snapshot, event_time_us, changes } = message
  if (snapshot) state.orders = { bids: [], asks: [] }
  const { orders } = state
  if (orders === null) {
    state.depth_discarded++
    return
  }
  const sequence = ++state.order_messages
  const event = make({ kind: 'order', sequence, event_time_us })
  if (snapshot) out.push({ ...event, order: order('CLEAR', '', 'BUY', 0, 0) })
  const happens = changes.flatMap((one) => change(orders, one))
  if (snapshot && state.level3_depth === 0)
    state.level3_depth = depthFor(Math.max(levelsOf(orders.bids), levelsOf(orders.asks)), DEPTHS.level3)
  for (const one of [...happens, ...truncate(orders, state.level3_depth)]) out.push({ ...event, order: one })
  const wrong =
    checksumOf(orders) !== message.checksum
      ? 'CHECKSUM_BAD'
      : orders.bids.length + orders.asks.length > ORDERS_MAX
        ? 'TOO_MANY_ORDERS'
        : undefined
  if (wrong !== undefined) {
    state.orders = null
    state.gaps++
    out.push(gapEvent(event, ORDER_CHANNEL, sequence, sequence, sequence - 1))
    out.push(statusEvent(event, 'RESYNC', wrong, sequence - 1))
  } else if (snapshot) out.push(statusEvent(event, 'LIVE', 'SYNCED', sequence))
}

export const kraken = defineJsonVenue<KrakenState, KrakenFrame, KrakenMessage[]>({
  venue: 'KRAKEN',
  initial: initialState,
  copy: copyState,
  open: openKraken,
  written: writtenKraken,
  known,

  note(state, frame) {
    if (frame.kind !== 'subscribed') return false
    if (frame.channel === 'book') state.book_depth = frame.depth
    else state.level3_depth = frame.depth
    return true
  },

  read: (frame, listing) => readKraken(frame, listing),

  apply(state, messages, frame, listing, ctx, out) {
    const make: Make = (parts) => messageEvent(listing, { depth: null, quote: null, trade: null, ...parts }, frame)
    for (const message of messages) {
      if (message.kind === 'book') onBook(state, message, make, out)
      else if (message.kind === 'orders') onOrders(state, message, make, out)
      else if (message.kind === 'trade') {
        const { past, trade, event_time_us } = message
        const { trade_id } = trade
        if (past) state.trade_id = Math.max(state.trade_id, trade_id)
        else
          onTrade(
            state,
            make({ kind: 'trade', sequence: trade_id, event_time_us, trade }),
            trade_id,
            ctx.params.restart_after,
            out,
          )
      } else {
        const { event_time_us, quote } = message
        out.push(make({ kind: 'quote', sequence: 0, event_time_us, quote }))
      }
    }
  },
})
