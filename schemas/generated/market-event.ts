// Made by `aitrader generate` from schemas/market-event.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type MarketEventKind, writeMarketEventKind, MarketEventKindValues, type EventTimeSource, writeEventTimeSource, EventTimeSourceValues, type Depth, boundDepth, readDepth, writeDepth, type Quote, readQuote, writeQuote, type Trade, readTrade, writeTrade, type Status, boundStatus, readStatus, writeStatus, type Gap, boundGap, readGap, writeGap } from './named-types.ts'

/** One venue message, normalised: exactly one of the parts below is set, named by kind. */
export interface MarketEvent {
  /** Which part is set. */
  readonly kind: MarketEventKind
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Venue sequence: last update id of a depth change or quote, trade id of a trade, last good update id of a gap, 0 where there is none. */
  readonly sequence: number
  /** Venue clock, microseconds since the epoch; 0 where event_time_source is NONE. */
  readonly event_time_us: number
  /** Where event_time_us is from. */
  readonly event_time_source: EventTimeSource
  /** Our clock when the frame arrived, microseconds since the epoch. */
  readonly receive_time_us: number
  /** Set for kind depth. */
  readonly depth: Depth | null
  /** Set for kind quote. */
  readonly quote: Quote | null
  /** Set for kind trade. */
  readonly trade: Trade | null
  /** Set for kind status. */
  readonly status: Status | null
  /** Set for kind gap. */
  readonly gap: Gap | null
}

export const MarketEvent: RecordType<MarketEvent> = {
  name: 'MarketEvent',
  schema: "{\"type\":\"record\",\"name\":\"MarketEvent\",\"namespace\":\"aitrader\",\"doc\":\"One venue message, normalised: exactly one of the parts below is set, named by kind.\",\"fields\":[{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"MarketEventKind\",\"symbols\":[\"depth\",\"quote\",\"trade\",\"status\",\"gap\"],\"doc\":\"Which part is set.\"},\"doc\":\"Which part is set.\"},{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"sequence\",\"type\":\"long\",\"doc\":\"Venue sequence: last update id of a depth change or quote, trade id of a trade, last good update id of a gap, 0 where there is none.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"Venue clock, microseconds since the epoch; 0 where event_time_source is NONE.\"},{\"name\":\"event_time_source\",\"type\":{\"type\":\"enum\",\"name\":\"EventTimeSource\",\"symbols\":[\"VENUE\",\"NONE\"],\"doc\":\"VENUE: stamped by the venue. NONE: the message carries no time.\"},\"doc\":\"Where event_time_us is from.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when the frame arrived, microseconds since the epoch.\"},{\"name\":\"depth\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Depth\",\"doc\":\"A change of price levels, or the whole book.\",\"fields\":[{\"name\":\"snapshot\",\"type\":\"boolean\",\"doc\":\"True: replaces the book. False: changes to it.\"},{\"name\":\"first_sequence\",\"type\":\"long\",\"doc\":\"First update id of the change; of a snapshot its only one.\"},{\"name\":\"bids\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Level\",\"doc\":\"One price level.\",\"fields\":[{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Price, integer in price_scale.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity at the price, integer in qty_scale; in a depth change 0 deletes the level.\"}]}},\"doc\":\"Bid levels, absolute quantities, as sent.\"},{\"name\":\"asks\",\"type\":{\"type\":\"array\",\"items\":\"Level\"},\"doc\":\"Ask levels, absolute quantities, as sent.\"}]}],\"doc\":\"Set for kind depth.\",\"default\":null},{\"name\":\"quote\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Quote\",\"doc\":\"Best bid and ask as the venue itself states them.\",\"fields\":[{\"name\":\"bid_px\",\"type\":\"long\",\"doc\":\"Best bid, in price_scale.\"},{\"name\":\"bid_qty\",\"type\":\"long\",\"doc\":\"Quantity at it, in qty_scale.\"},{\"name\":\"ask_px\",\"type\":\"long\",\"doc\":\"Best ask, in price_scale.\"},{\"name\":\"ask_qty\",\"type\":\"long\",\"doc\":\"Quantity at it, in qty_scale.\"}]}],\"doc\":\"Set for kind quote.\",\"default\":null},{\"name\":\"trade\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Trade\",\"doc\":\"One execution on the venue.\",\"fields\":[{\"name\":\"trade_id\",\"type\":\"long\",\"doc\":\"Venue trade id.\"},{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Price, in price_scale.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity, in qty_scale.\"},{\"name\":\"aggressor\",\"type\":{\"type\":\"enum\",\"name\":\"Side\",\"symbols\":[\"BUY\",\"SELL\"],\"doc\":\"FIX Side: BUY (1) or SELL (2).\"},\"doc\":\"Side of the order that took liquidity.\"}]}],\"doc\":\"Set for kind trade.\",\"default\":null},{\"name\":\"status\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Status\",\"doc\":\"The state of this instrument's feed changed.\",\"fields\":[{\"name\":\"state\",\"type\":{\"type\":\"enum\",\"name\":\"FeedState\",\"symbols\":[\"BUFFERING\",\"LIVE\",\"RESYNC\"],\"doc\":\"BUFFERING: depth waits for a snapshot. LIVE: depth is continuous. RESYNC: continuity was lost, a new snapshot is needed.\"},\"doc\":\"The new state.\"},{\"name\":\"reason\",\"type\":\"string\",\"doc\":\"Why, as a code.\"}]}],\"doc\":\"Set for kind status.\",\"default\":null},{\"name\":\"gap\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Gap\",\"doc\":\"Venue messages are missing.\",\"fields\":[{\"name\":\"channel\",\"type\":\"string\",\"doc\":\"Venue channel with the hole.\"},{\"name\":\"expected\",\"type\":\"long\",\"doc\":\"First missing id.\"},{\"name\":\"received\",\"type\":\"long\",\"doc\":\"First id that came instead.\"}]}],\"doc\":\"Set for kind gap.\",\"default\":null}]}",
  fingerprint: '16408f955cf67fb0bb1e693344f6df9d77d9c487d7a6dea7ce6e9cc35445fc64',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundMarketEvent(value))
      arena.pos = writeMarketEvent(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(MarketEvent, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readMarketEvent()
    r.closeBody()
    return value
  },
}

function boundMarketEvent(value: MarketEvent): number {
  let size = 88
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  if (value.depth !== null) {
    size += boundDepth(value.depth)
  }
  if (value.status !== null) {
    size += boundStatus(value.status)
  }
  if (value.gap !== null) {
    size += boundGap(value.gap)
  }
  return size
}
function writeMarketEvent(buf: Buffer, pos: number, value: MarketEvent): number {
  let at = pos
  at = writeMarketEventKind(buf, at, value.kind)
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = w.putLong(buf, at, value.sequence)
  at = w.putLong(buf, at, value.event_time_us)
  at = writeEventTimeSource(buf, at, value.event_time_source)
  at = w.putLong(buf, at, value.receive_time_us)
  if (value.depth === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeDepth(buf, at, value.depth)
  }
  if (value.quote === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeQuote(buf, at, value.quote)
  }
  if (value.trade === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeTrade(buf, at, value.trade)
  }
  if (value.status === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeStatus(buf, at, value.status)
  }
  if (value.gap === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeGap(buf, at, value.gap)
  }
  return at
}
function readMarketEvent(): MarketEvent {
  return {
    kind: r.readEnum(MarketEventKindValues),
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    sequence: r.readLong(),
    event_time_us: r.readLong(),
    event_time_source: r.readEnum(EventTimeSourceValues),
    receive_time_us: r.readLong(),
    depth: r.readPresent() ? readDepth() : null,
    quote: r.readPresent() ? readQuote() : null,
    trade: r.readPresent() ? readTrade() : null,
    status: r.readPresent() ? readStatus() : null,
    gap: r.readPresent() ? readGap() : null,
  }
}
