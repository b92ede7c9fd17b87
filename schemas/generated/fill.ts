// Made by `aitrader generate` from schemas/fill.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type Side, writeSide, SideValues, type Liquidity, writeLiquidity, LiquidityValues } from './named-types.ts'

/** One execution of ours. */
export interface Fill {
  /** Account, a pseudonymous id. */
  readonly account: string
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Our order. */
  readonly cl_ord_id: string
  /** The decision behind it. */
  readonly decision_id: string
  /** The venue's execution id. */
  readonly exec_id: string
  /** Buy or sell. */
  readonly side: Side
  /** Quantity, in qty_scale. */
  readonly qty: number
  /** Price, in price_scale. */
  readonly px: number
  /** Fee in the quote currency, scaled by price_scale + qty_scale. */
  readonly fee: bigint
  /** Maker or taker. */
  readonly liquidity: Liquidity
  /** Scale of px. */
  readonly price_scale: number
  /** Scale of qty. */
  readonly qty_scale: number
  /** Venue sequence of the market data it rests on. */
  readonly market_sequence: number
  /** Venue clock, microseconds since the epoch. */
  readonly transact_time_us: number
}

export const Fill: RecordType<Fill> = {
  name: 'Fill',
  schema: "{\"type\":\"record\",\"name\":\"Fill\",\"namespace\":\"aitrader\",\"doc\":\"One execution of ours.\",\"fields\":[{\"name\":\"account\",\"type\":\"string\",\"doc\":\"Account, a pseudonymous id.\"},{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"cl_ord_id\",\"type\":\"string\",\"doc\":\"Our order.\"},{\"name\":\"decision_id\",\"type\":\"string\",\"doc\":\"The decision behind it.\"},{\"name\":\"exec_id\",\"type\":\"string\",\"doc\":\"The venue's execution id.\"},{\"name\":\"side\",\"type\":{\"type\":\"enum\",\"name\":\"Side\",\"symbols\":[\"BUY\",\"SELL\"],\"doc\":\"FIX Side: BUY (1) or SELL (2).\"},\"doc\":\"Buy or sell.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity, in qty_scale.\"},{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Price, in price_scale.\"},{\"name\":\"fee\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":0},\"doc\":\"Fee in the quote currency, scaled by price_scale + qty_scale.\"},{\"name\":\"liquidity\",\"type\":{\"type\":\"enum\",\"name\":\"Liquidity\",\"symbols\":[\"NONE\",\"MAKER\",\"TAKER\"],\"doc\":\"FIX LastLiquidityInd.\"},\"doc\":\"Maker or taker.\"},{\"name\":\"price_scale\",\"type\":\"int\",\"doc\":\"Scale of px.\"},{\"name\":\"qty_scale\",\"type\":\"int\",\"doc\":\"Scale of qty.\"},{\"name\":\"market_sequence\",\"type\":\"long\",\"doc\":\"Venue sequence of the market data it rests on.\"},{\"name\":\"transact_time_us\",\"type\":\"long\",\"doc\":\"Venue clock, microseconds since the epoch.\"}]}",
  fingerprint: '928b16828eb63f777aa90b33ce3f6534df1acb4889e079ef71e5052a2dea3443',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundFill(value))
      arena.pos = writeFill(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Fill, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readFill()
    r.closeBody()
    return value
  },
}

function boundFill(value: Fill): number {
  let size = 61
  size += w.stringBound(value.account)
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  size += w.stringBound(value.cl_ord_id)
  size += w.stringBound(value.decision_id)
  size += w.stringBound(value.exec_id)
  return size
}
function writeFill(buf: Buffer, pos: number, value: Fill): number {
  let at = pos
  at = w.putString(buf, at, value.account)
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = w.putString(buf, at, value.cl_ord_id)
  at = w.putString(buf, at, value.decision_id)
  at = w.putString(buf, at, value.exec_id)
  at = writeSide(buf, at, value.side)
  at = w.putLong(buf, at, value.qty)
  at = w.putLong(buf, at, value.px)
  at = w.putDecimal(buf, at, value.fee, 100000000000000000000000000000000000000n)
  at = writeLiquidity(buf, at, value.liquidity)
  at = w.putInt(buf, at, value.price_scale)
  at = w.putInt(buf, at, value.qty_scale)
  at = w.putLong(buf, at, value.market_sequence)
  at = w.putLong(buf, at, value.transact_time_us)
  return at
}
function readFill(): Fill {
  return {
    account: r.readString(),
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    cl_ord_id: r.readString(),
    decision_id: r.readString(),
    exec_id: r.readString(),
    side: r.readEnum(SideValues),
    qty: r.readLong(),
    px: r.readLong(),
    fee: r.readDecimal(100000000000000000000000000000000000000n),
    liquidity: r.readEnum(LiquidityValues),
    price_scale: r.readInt(),
    qty_scale: r.readInt(),
    market_sequence: r.readLong(),
    transact_time_us: r.readLong(),
  }
}
