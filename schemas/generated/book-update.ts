// Made by `aitrader generate` from schemas/book-update.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type BookQuality, writeBookQuality, BookQualityValues, type Level, readLevel, writeLevel } from './named-types.ts'

/** The order book of one instrument after one depth message. */
export interface BookUpdate {
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Venue update id the book stands at. */
  readonly sequence: number
  /** Whether the book may be relied on. */
  readonly quality: BookQuality
  /** Best bid, in price_scale; null if that side is empty. */
  readonly bid_px: number | null
  /** Quantity at it, in qty_scale. */
  readonly bid_qty: number | null
  /** Best ask, in price_scale; null if that side is empty. */
  readonly ask_px: number | null
  /** Quantity at it, in qty_scale. */
  readonly ask_qty: number | null
  /** Best bids, best first, at most the configured number of levels. */
  readonly bids: readonly Level[]
  /** Best asks, best first. */
  readonly asks: readonly Level[]
  /** Of each side, this many levels from the best are certainly right: fewer than are published where the feed began in the middle of a day. */
  readonly proven_levels: number
  /** Of the bids alone, this many levels from the best are certainly right. */
  readonly proven_bid_levels: number
  /** Of the asks alone, this many levels from the best are certainly right. */
  readonly proven_ask_levels: number
  /** ask_px - bid_px, in price_scale; null unless both sides are there. */
  readonly spread_px: number | null
  /** (B - A) / (B + A) over the quantities of the published levels, -1 to 1; 0 for an empty book. */
  readonly imbalance: number
  /** (bid_px * ask_qty + ask_px * bid_qty) / (bid_qty + ask_qty), in price_scale; 0 unless both sides are there. */
  readonly microprice_px: number
  /** Change of best-level supply and demand since the update before (Cont, Kukanov and Stoikov 2014), in qty_scale. */
  readonly order_flow_imbalance: number
  /** Venue clock of the depth message, microseconds since the epoch; 0 if it carried none. */
  readonly event_time_us: number
  /** Our clock when its frame arrived, microseconds since the epoch. */
  readonly receive_time_us: number
}

export const BookUpdate: RecordType<BookUpdate> = {
  name: 'BookUpdate',
  schema: "{\"type\":\"record\",\"name\":\"BookUpdate\",\"namespace\":\"aitrader\",\"doc\":\"The order book of one instrument after one depth message.\",\"fields\":[{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"sequence\",\"type\":\"long\",\"doc\":\"Venue update id the book stands at.\"},{\"name\":\"quality\",\"type\":{\"type\":\"enum\",\"name\":\"BookQuality\",\"symbols\":[\"LIVE\",\"SNAPSHOT\",\"GAP\",\"STALE\",\"CROSSED\",\"CHECKSUM_BAD\",\"CONFLATED\"],\"doc\":\"LIVE: continuous and intact. SNAPSHOT: waiting for or just rebuilt from a snapshot, not yet continuous. GAP: an update is missing. STALE: silent for too long. CROSSED: bid at or above ask. CHECKSUM_BAD: the venue's checksum differs. CONFLATED: right when it was sent, but the venue leaves states out between two of them.\"},\"doc\":\"Whether the book may be relied on.\"},{\"name\":\"bid_px\",\"type\":[\"null\",\"long\"],\"doc\":\"Best bid, in price_scale; null if that side is empty.\",\"default\":null},{\"name\":\"bid_qty\",\"type\":[\"null\",\"long\"],\"doc\":\"Quantity at it, in qty_scale.\",\"default\":null},{\"name\":\"ask_px\",\"type\":[\"null\",\"long\"],\"doc\":\"Best ask, in price_scale; null if that side is empty.\",\"default\":null},{\"name\":\"ask_qty\",\"type\":[\"null\",\"long\"],\"doc\":\"Quantity at it, in qty_scale.\",\"default\":null},{\"name\":\"bids\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Level\",\"doc\":\"One price level.\",\"fields\":[{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Price, integer in price_scale.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity at the price, integer in qty_scale; in a depth change 0 deletes the level.\"}]}},\"doc\":\"Best bids, best first, at most the configured number of levels.\"},{\"name\":\"asks\",\"type\":{\"type\":\"array\",\"items\":\"Level\"},\"doc\":\"Best asks, best first.\"},{\"name\":\"proven_levels\",\"type\":\"int\",\"doc\":\"Of each side, this many levels from the best are certainly right: fewer than are published where the feed began in the middle of a day.\",\"default\":0},{\"name\":\"proven_bid_levels\",\"type\":\"int\",\"doc\":\"Of the bids alone, this many levels from the best are certainly right.\",\"default\":0},{\"name\":\"proven_ask_levels\",\"type\":\"int\",\"doc\":\"Of the asks alone, this many levels from the best are certainly right.\",\"default\":0},{\"name\":\"spread_px\",\"type\":[\"null\",\"long\"],\"doc\":\"ask_px - bid_px, in price_scale; null unless both sides are there.\",\"default\":null},{\"name\":\"imbalance\",\"type\":\"double\",\"doc\":\"(B - A) / (B + A) over the quantities of the published levels, -1 to 1; 0 for an empty book.\"},{\"name\":\"microprice_px\",\"type\":\"double\",\"doc\":\"(bid_px * ask_qty + ask_px * bid_qty) / (bid_qty + ask_qty), in price_scale; 0 unless both sides are there.\"},{\"name\":\"order_flow_imbalance\",\"type\":\"double\",\"doc\":\"Change of best-level supply and demand since the update before (Cont, Kukanov and Stoikov 2014), in qty_scale.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"Venue clock of the depth message, microseconds since the epoch; 0 if it carried none.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when its frame arrived, microseconds since the epoch.\"}]}",
  fingerprint: 'bfc982829c7b4a5fa8a5b24dc25def605a9b4719b96f425bec8be556df1c0647',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundBookUpdate(value))
      arena.pos = writeBookUpdate(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(BookUpdate, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readBookUpdate()
    r.closeBody()
    return value
  },
}

function readLevelArray(): Level[] {
  const items: Level[] = []
  for (let left = r.readBlock(2); left > 0; left = r.readBlock(2)) {
    for (let i = 0; i < left; i++) items.push(readLevel())
  }
  return items
}

function boundBookUpdate(value: BookUpdate): number {
  let size = 129
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  size += w.itemsOf(value.bids) * 16
  size += w.itemsOf(value.asks) * 16
  return size
}
function writeBookUpdate(buf: Buffer, pos: number, value: BookUpdate): number {
  let at = pos
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = w.putLong(buf, at, value.sequence)
  at = writeBookQuality(buf, at, value.quality)
  if (value.bid_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.bid_px)
  }
  if (value.bid_qty === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.bid_qty)
  }
  if (value.ask_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.ask_px)
  }
  if (value.ask_qty === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.ask_qty)
  }
  {
    const items = value.bids
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeLevel(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  {
    const items = value.asks
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeLevel(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  at = w.putInt(buf, at, value.proven_levels)
  at = w.putInt(buf, at, value.proven_bid_levels)
  at = w.putInt(buf, at, value.proven_ask_levels)
  if (value.spread_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.spread_px)
  }
  at = w.putDouble(buf, at, value.imbalance)
  at = w.putDouble(buf, at, value.microprice_px)
  at = w.putDouble(buf, at, value.order_flow_imbalance)
  at = w.putLong(buf, at, value.event_time_us)
  at = w.putLong(buf, at, value.receive_time_us)
  return at
}
function readBookUpdate(): BookUpdate {
  return {
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    sequence: r.readLong(),
    quality: r.readEnum(BookQualityValues),
    bid_px: r.readPresent() ? r.readLong() : null,
    bid_qty: r.readPresent() ? r.readLong() : null,
    ask_px: r.readPresent() ? r.readLong() : null,
    ask_qty: r.readPresent() ? r.readLong() : null,
    bids: readLevelArray(),
    asks: readLevelArray(),
    proven_levels: r.readInt(),
    proven_bid_levels: r.readInt(),
    proven_ask_levels: r.readInt(),
    spread_px: r.readPresent() ? r.readLong() : null,
    imbalance: r.readDouble(),
    microprice_px: r.readDouble(),
    order_flow_imbalance: r.readDouble(),
    event_time_us: r.readLong(),
    receive_time_us: r.readLong(),
  }
}
