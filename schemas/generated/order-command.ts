// Made by `aitrader generate` from schemas/order-command.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type Side, writeSide, SideValues, type OrderType, writeOrderType, OrderTypeValues, type TimeInForce, writeTimeInForce, TimeInForceValues, type OrderCommandKind, writeOrderCommandKind, OrderCommandKindValues, type Verdict, boundVerdict, readVerdict, writeVerdict } from './named-types.ts'

/** What the order management tells the venue: a new order, a replacement, a cancellation. */
export interface OrderCommand {
  /** What to do. */
  readonly command: OrderCommandKind
  /** FIX ClOrdID, derived from the decision's id. */
  readonly cl_ord_id: string
  /** FIX OrigClOrdID of REPLACE and CANCEL. */
  readonly orig_cl_ord_id: string | null
  /** Account, a pseudonymous id. */
  readonly account: string
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Buy or sell. */
  readonly side: Side
  /** Order type. */
  readonly order_type: OrderType
  /** Time in force. */
  readonly time_in_force: TimeInForce
  /** Quantity, in qty_scale. */
  readonly qty: number
  /** Limit, in price_scale; null for MARKET. */
  readonly limit_px: number | null
  /** The decision it carries out. */
  readonly decision_id: string
  /** Version of the limits it was checked against. */
  readonly limits_version: string
  /** Every control that was asked, in order. */
  readonly verdicts: readonly Verdict[]
  /** Venue clock of the triggering event, microseconds since the epoch; 0 if none. The order cannot arrive before it plus latency. */
  readonly event_time_us: number
  /** Our clock when the triggering frame arrived, microseconds since the epoch. */
  readonly receive_time_us: number
}

export const OrderCommand: RecordType<OrderCommand> = {
  name: 'OrderCommand',
  schema: "{\"type\":\"record\",\"name\":\"OrderCommand\",\"namespace\":\"aitrader\",\"doc\":\"What the order management tells the venue: a new order, a replacement, a cancellation.\",\"fields\":[{\"name\":\"command\",\"type\":{\"type\":\"enum\",\"name\":\"OrderCommandKind\",\"symbols\":[\"NEW\",\"REPLACE\",\"CANCEL\"],\"doc\":\"FIX 35=D, 35=G, 35=F.\"},\"doc\":\"What to do.\"},{\"name\":\"cl_ord_id\",\"type\":\"string\",\"doc\":\"FIX ClOrdID, derived from the decision's id.\"},{\"name\":\"orig_cl_ord_id\",\"type\":[\"null\",\"string\"],\"doc\":\"FIX OrigClOrdID of REPLACE and CANCEL.\",\"default\":null},{\"name\":\"account\",\"type\":\"string\",\"doc\":\"Account, a pseudonymous id.\"},{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"side\",\"type\":{\"type\":\"enum\",\"name\":\"Side\",\"symbols\":[\"BUY\",\"SELL\"],\"doc\":\"FIX Side: BUY (1) or SELL (2).\"},\"doc\":\"Buy or sell.\"},{\"name\":\"order_type\",\"type\":{\"type\":\"enum\",\"name\":\"OrderType\",\"symbols\":[\"MARKET\",\"LIMIT\"],\"doc\":\"FIX OrdType.\"},\"doc\":\"Order type.\"},{\"name\":\"time_in_force\",\"type\":{\"type\":\"enum\",\"name\":\"TimeInForce\",\"symbols\":[\"GTC\",\"IOC\",\"FOK\",\"DAY\"],\"doc\":\"FIX TimeInForce.\"},\"doc\":\"Time in force.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity, in qty_scale.\"},{\"name\":\"limit_px\",\"type\":[\"null\",\"long\"],\"doc\":\"Limit, in price_scale; null for MARKET.\",\"default\":null},{\"name\":\"decision_id\",\"type\":\"string\",\"doc\":\"The decision it carries out.\"},{\"name\":\"limits_version\",\"type\":\"string\",\"doc\":\"Version of the limits it was checked against.\"},{\"name\":\"verdicts\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Verdict\",\"doc\":\"What one pre-trade control said.\",\"fields\":[{\"name\":\"control\",\"type\":\"string\",\"doc\":\"Control id, P01 to P22.\"},{\"name\":\"code\",\"type\":\"string\",\"doc\":\"`PASS`, or the reason code of the denial.\"},{\"name\":\"measured\",\"type\":\"string\",\"doc\":\"Measured value, as decimal text.\"},{\"name\":\"limit\",\"type\":\"string\",\"doc\":\"Limit it was held against, as decimal text.\"}]}},\"doc\":\"Every control that was asked, in order.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"Venue clock of the triggering event, microseconds since the epoch; 0 if none. The order cannot arrive before it plus latency.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when the triggering frame arrived, microseconds since the epoch.\"}]}",
  fingerprint: '8ff03dfc52d7f29ab0b3376801b2a823bd3c1df7ab40a117df747cb276992a69',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundOrderCommand(value))
      arena.pos = writeOrderCommand(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(OrderCommand, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readOrderCommand()
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

function boundOrderCommand(value: OrderCommand): number {
  let size = 48
  size += w.stringBound(value.cl_ord_id)
  if (value.orig_cl_ord_id !== null) {
    size += w.stringBound(value.orig_cl_ord_id)
  }
  size += w.stringBound(value.account)
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  size += w.stringBound(value.decision_id)
  size += w.stringBound(value.limits_version)
  w.itemsOf(value.verdicts)
  for (const item of value.verdicts) {
    size += boundVerdict(item)
  }
  return size
}
function writeOrderCommand(buf: Buffer, pos: number, value: OrderCommand): number {
  let at = pos
  at = writeOrderCommandKind(buf, at, value.command)
  at = w.putString(buf, at, value.cl_ord_id)
  if (value.orig_cl_ord_id === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putString(buf, at, value.orig_cl_ord_id)
  }
  at = w.putString(buf, at, value.account)
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = writeSide(buf, at, value.side)
  at = writeOrderType(buf, at, value.order_type)
  at = writeTimeInForce(buf, at, value.time_in_force)
  at = w.putLong(buf, at, value.qty)
  if (value.limit_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.limit_px)
  }
  at = w.putString(buf, at, value.decision_id)
  at = w.putString(buf, at, value.limits_version)
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
  at = w.putLong(buf, at, value.event_time_us)
  at = w.putLong(buf, at, value.receive_time_us)
  return at
}
function readOrderCommand(): OrderCommand {
  return {
    command: r.readEnum(OrderCommandKindValues),
    cl_ord_id: r.readString(),
    orig_cl_ord_id: r.readPresent() ? r.readString() : null,
    account: r.readString(),
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    side: r.readEnum(SideValues),
    order_type: r.readEnum(OrderTypeValues),
    time_in_force: r.readEnum(TimeInForceValues),
    qty: r.readLong(),
    limit_px: r.readPresent() ? r.readLong() : null,
    decision_id: r.readString(),
    limits_version: r.readString(),
    verdicts: readVerdictArray(),
    event_time_us: r.readLong(),
    receive_time_us: r.readLong(),
  }
}
