// Made by `aitrader generate` from schemas/order.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type Side, writeSide, SideValues, type OrderType, writeOrderType, OrderTypeValues, type TimeInForce, writeTimeInForce, TimeInForceValues, type OrdStatus, writeOrdStatus, OrdStatusValues, type Verdict, boundVerdict, readVerdict, writeVerdict } from './named-types.ts'

/** The order management's view of one order after it changed. */
export interface Order {
  /** Account, a pseudonymous id. */
  readonly account: string
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** FIX ClOrdID. */
  readonly cl_ord_id: string
  /** The decision it carries out. */
  readonly decision_id: string
  /** Buy or sell. */
  readonly side: Side
  /** Order type. */
  readonly order_type: OrderType
  /** Time in force. */
  readonly time_in_force: TimeInForce
  /** OrderQty, in qty_scale. */
  readonly qty: number
  /** Limit, in price_scale. */
  readonly limit_px: number | null
  /** Reported status, by precedence of base and pending overlay. */
  readonly status: OrdStatus
  /** Filled so far. */
  readonly cum_qty: number
  /** Still open. */
  readonly leaves_qty: number
  /** Sum of px * qty over live fills, scaled by price_scale + qty_scale. */
  readonly cum_notional: bigint
  /** Why it was denied, rejected or is unknown, as a code; else empty. */
  readonly reason: string
  /** Pre-trade verdicts; only on the order's first record. */
  readonly verdicts: readonly Verdict[]
}

export const Order: RecordType<Order> = {
  name: 'Order',
  schema: "{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"aitrader\",\"doc\":\"The order management's view of one order after it changed.\",\"fields\":[{\"name\":\"account\",\"type\":\"string\",\"doc\":\"Account, a pseudonymous id.\"},{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"cl_ord_id\",\"type\":\"string\",\"doc\":\"FIX ClOrdID.\"},{\"name\":\"decision_id\",\"type\":\"string\",\"doc\":\"The decision it carries out.\"},{\"name\":\"side\",\"type\":{\"type\":\"enum\",\"name\":\"Side\",\"symbols\":[\"BUY\",\"SELL\"],\"doc\":\"FIX Side: BUY (1) or SELL (2).\"},\"doc\":\"Buy or sell.\"},{\"name\":\"order_type\",\"type\":{\"type\":\"enum\",\"name\":\"OrderType\",\"symbols\":[\"MARKET\",\"LIMIT\"],\"doc\":\"FIX OrdType.\"},\"doc\":\"Order type.\"},{\"name\":\"time_in_force\",\"type\":{\"type\":\"enum\",\"name\":\"TimeInForce\",\"symbols\":[\"GTC\",\"IOC\",\"FOK\",\"DAY\"],\"doc\":\"FIX TimeInForce.\"},\"doc\":\"Time in force.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"OrderQty, in qty_scale.\"},{\"name\":\"limit_px\",\"type\":[\"null\",\"long\"],\"doc\":\"Limit, in price_scale.\",\"default\":null},{\"name\":\"status\",\"type\":{\"type\":\"enum\",\"name\":\"OrdStatus\",\"symbols\":[\"CREATED\",\"DENIED\",\"HELD\",\"PENDING_NEW\",\"NEW\",\"SUSPENDED\",\"PARTIALLY_FILLED\",\"FILLED\",\"CANCELED\",\"REJECTED\",\"EXPIRED\",\"DONE_FOR_DAY\",\"UNKNOWN\",\"PENDING_CANCEL\",\"PENDING_REPLACE\"],\"doc\":\"FIX OrdStatus (39) by name, and our own CREATED, DENIED, HELD, UNKNOWN.\"},\"doc\":\"Reported status, by precedence of base and pending overlay.\"},{\"name\":\"cum_qty\",\"type\":\"long\",\"doc\":\"Filled so far.\"},{\"name\":\"leaves_qty\",\"type\":\"long\",\"doc\":\"Still open.\"},{\"name\":\"cum_notional\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":0},\"doc\":\"Sum of px * qty over live fills, scaled by price_scale + qty_scale.\"},{\"name\":\"reason\",\"type\":\"string\",\"doc\":\"Why it was denied, rejected or is unknown, as a code; else empty.\"},{\"name\":\"verdicts\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Verdict\",\"doc\":\"What one pre-trade control said.\",\"fields\":[{\"name\":\"control\",\"type\":\"string\",\"doc\":\"Control id, P01 to P22.\"},{\"name\":\"code\",\"type\":\"string\",\"doc\":\"`PASS`, or the reason code of the denial.\"},{\"name\":\"measured\",\"type\":\"string\",\"doc\":\"Measured value, as decimal text.\"},{\"name\":\"limit\",\"type\":\"string\",\"doc\":\"Limit it was held against, as decimal text.\"}]}},\"doc\":\"Pre-trade verdicts; only on the order's first record.\"}]}",
  fingerprint: '5934ef415622f449efa3d42887063d23a130f23b2b4d9ccbf376c23a005c150f',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundOrder(value))
      arena.pos = writeOrder(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Order, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readOrder()
    r.closeBody()
    return value
  },
}

function readVerdictArray(): Verdict[] {
  const items: Verdict[] = []
  for (let left = r.readBlock(4); left > 0; left = r.readBlock(4)) {
    for (let i = 0; i < left; i++) items.push(readVerdict())
  }
  return items
}

function boundOrder(value: Order): number {
  let size = 64
  size += w.stringBound(value.account)
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  size += w.stringBound(value.cl_ord_id)
  size += w.stringBound(value.decision_id)
  size += w.stringBound(value.reason)
  w.itemsOf(value.verdicts)
  for (const item of value.verdicts) {
    size += boundVerdict(item)
  }
  return size
}
function writeOrder(buf: Buffer, pos: number, value: Order): number {
  let at = pos
  at = w.putString(buf, at, value.account)
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = w.putString(buf, at, value.cl_ord_id)
  at = w.putString(buf, at, value.decision_id)
  at = writeSide(buf, at, value.side)
  at = writeOrderType(buf, at, value.order_type)
  at = writeTimeInForce(buf, at, value.time_in_force)
  at = w.putLong(buf, at, value.qty)
  if (value.limit_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.limit_px)
  }
  at = writeOrdStatus(buf, at, value.status)
  at = w.putLong(buf, at, value.cum_qty)
  at = w.putLong(buf, at, value.leaves_qty)
  at = w.putDecimal(buf, at, value.cum_notional, 100000000000000000000000000000000000000n)
  at = w.putString(buf, at, value.reason)
  {
    const items = value.verdicts
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeVerdict(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  return at
}
function readOrder(): Order {
  return {
    account: r.readString(),
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    cl_ord_id: r.readString(),
    decision_id: r.readString(),
    side: r.readEnum(SideValues),
    order_type: r.readEnum(OrderTypeValues),
    time_in_force: r.readEnum(TimeInForceValues),
    qty: r.readLong(),
    limit_px: r.readPresent() ? r.readLong() : null,
    status: r.readEnum(OrdStatusValues),
    cum_qty: r.readLong(),
    leaves_qty: r.readLong(),
    cum_notional: r.readDecimal(100000000000000000000000000000000000000n),
    reason: r.readString(),
    verdicts: readVerdictArray(),
  }
}
