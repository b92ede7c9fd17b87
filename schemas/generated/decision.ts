// Made by `aitrader generate` from schemas/decision.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type BookQuality, writeBookQuality, BookQualityValues, type Side, writeSide, SideValues, type OrderType, writeOrderType, OrderTypeValues, type TimeInForce, writeTimeInForce, TimeInForceValues, type Factor, boundFactor, readFactor, writeFactor, type Sizing, readSizing, writeSizing } from './named-types.ts'

/** A strategy's wish to trade, with everything it rests on. */
export interface Decision {
  /** The record's own derived id: strategy, symbol and count, unique per directory; client order ids derive from it. */
  readonly decision_id: string
  /** Account, a pseudonymous id. */
  readonly account: string
  /** Strategy by its stage name. */
  readonly strategy: string
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Buy or sell. */
  readonly side: Side
  /** Quantity, in qty_scale. */
  readonly qty: number
  /** Order type. */
  readonly order_type: OrderType
  /** Limit, in price_scale; null for MARKET. */
  readonly limit_px: number | null
  /** Time in force. */
  readonly time_in_force: TimeInForce
  /** Weighted sum of the factors, -1 to 1. */
  readonly score: number
  /** Factors in a stated order. */
  readonly factors: readonly Factor[]
  /** How the quantity came about. */
  readonly sizing: Sizing
  /** Expected gain before costs, basis points. */
  readonly expected_edge_bps: number
  /** Expected costs: half spread and fee, basis points. */
  readonly cost_bps: number
  /** Price the decision refers to, in price_scale: the side of the NBBO it would take. */
  readonly reference_px: number
  /** Quality of the NBBO. */
  readonly book_quality: BookQuality
  /** Venue sequence of the NBBO. */
  readonly book_sequence: number
  /** Stream time since that NBBO, microseconds. */
  readonly book_age_us: number
  /** Scale of the prices here. */
  readonly price_scale: number
  /** Scale of the quantities here. */
  readonly qty_scale: number
  /** Ids of the records this one was made from (`stage/task:seq`). */
  readonly inputs: readonly string[]
  /** Venue clock of the triggering event, microseconds since the epoch; 0 if none. */
  readonly event_time_us: number
  /** Our clock when its frame arrived, microseconds since the epoch. */
  readonly receive_time_us: number
}

export const Decision: RecordType<Decision> = {
  name: 'Decision',
  schema: "{\"type\":\"record\",\"name\":\"Decision\",\"namespace\":\"aitrader\",\"doc\":\"A strategy's wish to trade, with everything it rests on.\",\"fields\":[{\"name\":\"decision_id\",\"type\":\"string\",\"doc\":\"The record's own derived id: strategy, symbol and count, unique per directory; client order ids derive from it.\"},{\"name\":\"account\",\"type\":\"string\",\"doc\":\"Account, a pseudonymous id.\"},{\"name\":\"strategy\",\"type\":\"string\",\"doc\":\"Strategy by its stage name.\"},{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"side\",\"type\":{\"type\":\"enum\",\"name\":\"Side\",\"symbols\":[\"BUY\",\"SELL\"],\"doc\":\"FIX Side: BUY (1) or SELL (2).\"},\"doc\":\"Buy or sell.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity, in qty_scale.\"},{\"name\":\"order_type\",\"type\":{\"type\":\"enum\",\"name\":\"OrderType\",\"symbols\":[\"MARKET\",\"LIMIT\"],\"doc\":\"FIX OrdType: MARKET (1), LIMIT (2).\"},\"doc\":\"Order type.\"},{\"name\":\"limit_px\",\"type\":[\"null\",\"long\"],\"doc\":\"Limit, in price_scale; null for MARKET.\",\"default\":null},{\"name\":\"time_in_force\",\"type\":{\"type\":\"enum\",\"name\":\"TimeInForce\",\"symbols\":[\"GTC\",\"IOC\",\"FOK\",\"DAY\"],\"doc\":\"FIX TimeInForce: GTC (1), IOC (3), FOK (4), DAY (0).\"},\"doc\":\"Time in force.\"},{\"name\":\"score\",\"type\":\"double\",\"doc\":\"Weighted sum of the factors, -1 to 1.\"},{\"name\":\"factors\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Factor\",\"doc\":\"One factor of a decision.\",\"fields\":[{\"name\":\"name\",\"type\":\"string\",\"doc\":\"Factor name.\"},{\"name\":\"value\",\"type\":\"double\",\"doc\":\"Its value, -1 to 1.\"},{\"name\":\"weight\",\"type\":\"double\",\"doc\":\"Its weight.\"},{\"name\":\"contribution\",\"type\":\"double\",\"doc\":\"value * weight.\"}]}},\"doc\":\"Factors in a stated order.\"},{\"name\":\"sizing\",\"type\":{\"type\":\"record\",\"name\":\"Sizing\",\"doc\":\"How the quantity came about.\",\"fields\":[{\"name\":\"method\",\"type\":{\"type\":\"enum\",\"name\":\"SizingMethod\",\"symbols\":[\"FIXED_FRACTION\",\"VOLATILITY_TARGET\"],\"doc\":\"FIXED_FRACTION of capital, or scaled to a VOLATILITY_TARGET.\"},\"doc\":\"Method.\"},{\"name\":\"capital\",\"type\":\"long\",\"doc\":\"Capital it starts from, whole units of quote currency.\"},{\"name\":\"fraction\",\"type\":\"double\",\"doc\":\"Fraction of capital at risk.\"},{\"name\":\"volatility_bps\",\"type\":\"double\",\"doc\":\"Volatility estimate it used, basis points; 0 if none.\"},{\"name\":\"raw_qty\",\"type\":\"double\",\"doc\":\"Quantity before rounding to lots, in qty_scale.\"}]},\"doc\":\"How the quantity came about.\"},{\"name\":\"expected_edge_bps\",\"type\":\"double\",\"doc\":\"Expected gain before costs, basis points.\"},{\"name\":\"cost_bps\",\"type\":\"double\",\"doc\":\"Expected costs: half spread and fee, basis points.\"},{\"name\":\"reference_px\",\"type\":\"long\",\"doc\":\"Price the decision refers to, in price_scale: the side of the NBBO it would take.\"},{\"name\":\"book_quality\",\"type\":{\"type\":\"enum\",\"name\":\"BookQuality\",\"symbols\":[\"LIVE\",\"SNAPSHOT\",\"GAP\",\"STALE\",\"CROSSED\",\"CHECKSUM_BAD\",\"CONFLATED\"],\"doc\":\"LIVE: continuous and intact. SNAPSHOT: waiting for or just rebuilt from a snapshot, not yet continuous. GAP: an update is missing. STALE: silent for too long. CROSSED: bid at or above ask. CHECKSUM_BAD: the venue's checksum differs. CONFLATED: right when it was sent, but the venue leaves states out between two of them.\"},\"doc\":\"Quality of the NBBO.\"},{\"name\":\"book_sequence\",\"type\":\"long\",\"doc\":\"Venue sequence of the NBBO.\"},{\"name\":\"book_age_us\",\"type\":\"long\",\"doc\":\"Stream time since that NBBO, microseconds.\"},{\"name\":\"price_scale\",\"type\":\"int\",\"doc\":\"Scale of the prices here.\"},{\"name\":\"qty_scale\",\"type\":\"int\",\"doc\":\"Scale of the quantities here.\"},{\"name\":\"inputs\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"doc\":\"Ids of the records this one was made from (`stage/task:seq`).\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"Venue clock of the triggering event, microseconds since the epoch; 0 if none.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when its frame arrived, microseconds since the epoch.\"}]}",
  fingerprint: 'a37b2fa0bae3fe19d27f9a31933afc4720da887d69cc9b5607537dc47a2faebd',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundDecision(value))
      arena.pos = writeDecision(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Decision, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readDecision()
    r.closeBody()
    return value
  },
}

function readFactorArray(): Factor[] {
  const items: Factor[] = []
  for (let left = r.readBlock(25); left > 0; left = r.readBlock(25)) {
    for (let i = 0; i < left; i++) items.push(readFactor())
  }
  return items
}

function readStringArray(): string[] {
  const items: string[] = []
  for (let left = r.readBlock(1); left > 0; left = r.readBlock(1)) {
    for (let i = 0; i < left; i++) items.push(r.readString())
  }
  return items
}

function boundDecision(value: Decision): number {
  let size = 148
  size += w.stringBound(value.decision_id)
  size += w.stringBound(value.account)
  size += w.stringBound(value.strategy)
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  w.itemsOf(value.factors)
  for (const item of value.factors) {
    size += boundFactor(item)
  }
  w.itemsOf(value.inputs)
  for (const item of value.inputs) {
    size += w.stringBound(item)
  }
  return size
}
function writeDecision(buf: Buffer, pos: number, value: Decision): number {
  let at = pos
  at = w.putString(buf, at, value.decision_id)
  at = w.putString(buf, at, value.account)
  at = w.putString(buf, at, value.strategy)
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = writeSide(buf, at, value.side)
  at = w.putLong(buf, at, value.qty)
  at = writeOrderType(buf, at, value.order_type)
  if (value.limit_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.limit_px)
  }
  at = writeTimeInForce(buf, at, value.time_in_force)
  at = w.putDouble(buf, at, value.score)
  {
    const items = value.factors
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeFactor(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  at = writeSizing(buf, at, value.sizing)
  at = w.putDouble(buf, at, value.expected_edge_bps)
  at = w.putDouble(buf, at, value.cost_bps)
  at = w.putLong(buf, at, value.reference_px)
  at = writeBookQuality(buf, at, value.book_quality)
  at = w.putLong(buf, at, value.book_sequence)
  at = w.putLong(buf, at, value.book_age_us)
  at = w.putInt(buf, at, value.price_scale)
  at = w.putInt(buf, at, value.qty_scale)
  {
    const items = value.inputs
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = w.putString(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  at = w.putLong(buf, at, value.event_time_us)
  at = w.putLong(buf, at, value.receive_time_us)
  return at
}
function readDecision(): Decision {
  return {
    decision_id: r.readString(),
    account: r.readString(),
    strategy: r.readString(),
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    side: r.readEnum(SideValues),
    qty: r.readLong(),
    order_type: r.readEnum(OrderTypeValues),
    limit_px: r.readPresent() ? r.readLong() : null,
    time_in_force: r.readEnum(TimeInForceValues),
    score: r.readDouble(),
    factors: readFactorArray(),
    sizing: readSizing(),
    expected_edge_bps: r.readDouble(),
    cost_bps: r.readDouble(),
    reference_px: r.readLong(),
    book_quality: r.readEnum(BookQualityValues),
    book_sequence: r.readLong(),
    book_age_us: r.readLong(),
    price_scale: r.readInt(),
    qty_scale: r.readInt(),
    inputs: readStringArray(),
    event_time_us: r.readLong(),
    receive_time_us: r.readLong(),
  }
}
