// Made by `aitrader generate` from schemas/market-event.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type MarketEventKind, writeMarketEventKind, MarketEventKindValues, type EventTimeSource, writeEventTimeSource, EventTimeSourceValues, type Depth, boundDepth, readDepth, writeDepth, type Quote, readQuote, writeQuote, type Trade, boundTrade, readTrade, writeTrade, type Status, boundStatus, readStatus, writeStatus, type Gap, boundGap, readGap, writeGap, type BookOrder, boundBookOrder, readBookOrder, writeBookOrder, type Session, boundSession, readSession, writeSession } from './named-types.ts'

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
  /** Set for kind order. */
  readonly order: BookOrder | null
  /** Set for kind session. */
  readonly session: Session | null
}

export const MarketEvent: RecordType<MarketEvent> = {
  name: 'MarketEvent',
  schema: "{\"type\":\"record\",\"name\":\"MarketEvent\",\"namespace\":\"aitrader\",\"doc\":\"One venue message, normalised: exactly one of the parts below is set, named by kind.\",\"fields\":[{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"MarketEventKind\",\"symbols\":[\"depth\",\"quote\",\"trade\",\"status\",\"gap\",\"order\",\"session\"],\"doc\":\"Which part is set.\"},\"doc\":\"Which part is set.\"},{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"sequence\",\"type\":\"long\",\"doc\":\"Venue sequence: last update id of a depth change or quote, trade id of a trade, last good update id of a gap, 0 where there is none.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"Venue clock, microseconds since the epoch; 0 where event_time_source is NONE.\"},{\"name\":\"event_time_source\",\"type\":{\"type\":\"enum\",\"name\":\"EventTimeSource\",\"symbols\":[\"VENUE\",\"NONE\"],\"doc\":\"VENUE: stamped by the venue. NONE: the message carries no time.\"},\"doc\":\"Where event_time_us is from.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when the frame arrived, microseconds since the epoch.\"},{\"name\":\"depth\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Depth\",\"doc\":\"A change of price levels, or the whole book.\",\"fields\":[{\"name\":\"snapshot\",\"type\":\"boolean\",\"doc\":\"True: replaces the book. False: changes to it.\"},{\"name\":\"first_sequence\",\"type\":\"long\",\"doc\":\"First update id of the change; of a snapshot its only one.\"},{\"name\":\"bids\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Level\",\"doc\":\"One price level.\",\"fields\":[{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Price, integer in price_scale.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity at the price, integer in qty_scale; in a depth change 0 deletes the level.\"}]}},\"doc\":\"Bid levels, absolute quantities, as sent.\"},{\"name\":\"asks\",\"type\":{\"type\":\"array\",\"items\":\"Level\"},\"doc\":\"Ask levels, absolute quantities, as sent.\"},{\"name\":\"conflated\",\"type\":\"boolean\",\"doc\":\"The venue sends states, not changes: what was between two of them is unknown, and so is the queue.\",\"default\":false},{\"name\":\"checksum\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Checksum\",\"doc\":\"The venue's own checksum of the book after this message, and the texts that it is computed from.\",\"fields\":[{\"name\":\"rule\",\"type\":{\"type\":\"enum\",\"name\":\"ChecksumRule\",\"symbols\":[\"OKX\",\"KRAKEN\",\"KRAKEN_LEVEL3\"],\"doc\":\"How it is computed.\"},\"doc\":\"How it is computed.\"},{\"name\":\"value\",\"type\":\"long\",\"doc\":\"CRC32, unsigned.\"},{\"name\":\"bid_texts\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"doc\":\"Price and quantity of each bid as the venue wrote them, `px:qty`, in the order of bids.\"},{\"name\":\"ask_texts\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"doc\":\"The same of asks, in the order of asks.\"}]}],\"doc\":\"Set where the venue sends one.\",\"default\":null}]}],\"doc\":\"Set for kind depth.\",\"default\":null},{\"name\":\"quote\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Quote\",\"doc\":\"Best bid and ask as the venue itself states them.\",\"fields\":[{\"name\":\"bid_px\",\"type\":\"long\",\"doc\":\"Best bid, in price_scale.\"},{\"name\":\"bid_qty\",\"type\":\"long\",\"doc\":\"Quantity at it, in qty_scale.\"},{\"name\":\"ask_px\",\"type\":\"long\",\"doc\":\"Best ask, in price_scale.\"},{\"name\":\"ask_qty\",\"type\":\"long\",\"doc\":\"Quantity at it, in qty_scale.\"}]}],\"doc\":\"Set for kind quote.\",\"default\":null},{\"name\":\"trade\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Trade\",\"doc\":\"One execution on the venue.\",\"fields\":[{\"name\":\"trade_id\",\"type\":\"long\",\"doc\":\"Venue trade id.\"},{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Price, in price_scale.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity, in qty_scale.\"},{\"name\":\"aggressor\",\"type\":[\"null\",{\"type\":\"enum\",\"name\":\"Side\",\"symbols\":[\"BUY\",\"SELL\"],\"doc\":\"FIX Side: BUY (1) or SELL (2).\"}],\"doc\":\"Side of the order that took liquidity; null where the venue does not say.\"},{\"name\":\"conditions\",\"type\":\"string\",\"doc\":\"Sale conditions as the venue codes them; empty if it has none.\",\"default\":\"\"},{\"name\":\"hidden\",\"type\":\"boolean\",\"doc\":\"It executed an order that the book did not show.\",\"default\":false}]}],\"doc\":\"Set for kind trade.\",\"default\":null},{\"name\":\"status\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Status\",\"doc\":\"The state of this instrument's feed changed.\",\"fields\":[{\"name\":\"state\",\"type\":{\"type\":\"enum\",\"name\":\"FeedState\",\"symbols\":[\"BUFFERING\",\"LIVE\",\"RESYNC\"],\"doc\":\"BUFFERING: depth waits for a snapshot. LIVE: depth is continuous. RESYNC: continuity was lost, a new snapshot is needed.\"},\"doc\":\"The new state.\"},{\"name\":\"reason\",\"type\":\"string\",\"doc\":\"Why, as a code.\"}]}],\"doc\":\"Set for kind status.\",\"default\":null},{\"name\":\"gap\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Gap\",\"doc\":\"Venue messages are missing.\",\"fields\":[{\"name\":\"channel\",\"type\":\"string\",\"doc\":\"Venue channel with the hole.\"},{\"name\":\"expected\",\"type\":\"long\",\"doc\":\"First missing id.\"},{\"name\":\"received\",\"type\":\"long\",\"doc\":\"First id that came instead.\"}]}],\"doc\":\"Set for kind gap.\",\"default\":null},{\"name\":\"order\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"BookOrder\",\"doc\":\"One change of one resting order.\",\"fields\":[{\"name\":\"action\",\"type\":{\"type\":\"enum\",\"name\":\"OrderAction\",\"symbols\":[\"ADD\",\"EXECUTE\",\"REDUCE\",\"DELETE\",\"REPLACE\",\"CLEAR\"],\"doc\":\"ADD: a new order at the end of its price. EXECUTE, REDUCE: qty goes. DELETE: all of it goes. REPLACE: goes, and new_order_id stands at the end of px. CLEAR: every order of the instrument goes.\"},\"doc\":\"What happens to it.\"},{\"name\":\"order_id\",\"type\":\"string\",\"doc\":\"The order by the venue’s id; empty for CLEAR.\"},{\"name\":\"new_order_id\",\"type\":\"string\",\"doc\":\"Of REPLACE: the order that takes its place; else empty.\",\"default\":\"\"},{\"name\":\"side\",\"type\":\"Side\",\"doc\":\"Side of the order.\"},{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Its price, in price_scale; of EXECUTE the price of the execution; 0 where the message has none.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Its quantity (ADD, REPLACE), or what goes of it (EXECUTE, REDUCE), in qty_scale; 0 where the message has none.\"},{\"name\":\"match_id\",\"type\":\"long\",\"doc\":\"Of EXECUTE: the venue’s trade id; 0 where there is none.\",\"default\":0},{\"name\":\"printable\",\"type\":\"boolean\",\"doc\":\"Of EXECUTE: counts as volume.\",\"default\":true}]}],\"doc\":\"Set for kind order.\",\"default\":null},{\"name\":\"session\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Session\",\"doc\":\"What may be done with the instrument on its venue changed.\",\"fields\":[{\"name\":\"phase\",\"type\":{\"type\":\"enum\",\"name\":\"TradingPhase\",\"symbols\":[\"PRE_OPEN\",\"OPEN\",\"AUCTION\",\"QUOTING\",\"HALTED\",\"CLOSED\"],\"doc\":\"OPEN: continuous trading. QUOTING: orders rest, nothing trades. AUCTION: orders gather for one price. HALTED: neither. PRE_OPEN, CLOSED: outside the session.\"},\"doc\":\"The new phase.\"},{\"name\":\"reason\",\"type\":\"string\",\"doc\":\"Why, as the venue codes it; empty if it does not say.\"}]}],\"doc\":\"Set for kind session.\",\"default\":null}]}",
  fingerprint: 'f5c08f2dbb46a68f2dec971de310a79f1bd25a50f13fc33dcd8c8a6171fe960b',
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
  let size = 65
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  if (value.depth !== null) {
    size += boundDepth(value.depth)
  }
  if (value.trade !== null) {
    size += boundTrade(value.trade)
  }
  if (value.status !== null) {
    size += boundStatus(value.status)
  }
  if (value.gap !== null) {
    size += boundGap(value.gap)
  }
  if (value.order !== null) {
    size += boundBookOrder(value.order)
  }
  if (value.session !== null) {
    size += boundSession(value.session)
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
  if (value.order === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeBookOrder(buf, at, value.order)
  }
  if (value.session === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = writeSession(buf, at, value.session)
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
    order: r.readPresent() ? readBookOrder() : null,
    session: r.readPresent() ? readSession() : null,
  }
}
