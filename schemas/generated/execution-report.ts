// Made by `aitrader generate` from schemas/execution-report.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type Side, writeSide, SideValues, type ExecType, writeExecType, ExecTypeValues, type OrdStatus, writeOrdStatus, OrdStatusValues, type Liquidity, writeLiquidity, LiquidityValues } from './named-types.ts'

/** A venue's report on one order (FIX 35=8, or 35=9 as CANCEL_REJECT). */
export interface ExecutionReport {
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
  /** FIX OrigClOrdID, for replaced and canceled orders. */
  readonly orig_cl_ord_id: string | null
  /** Venue order id; empty if it never got one. */
  readonly order_id: string
  /** Unique per report of a venue (FIX ExecID). */
  readonly exec_id: string
  /** FIX ExecRefID: the report a correction or bust refers to. */
  readonly exec_ref_id: string | null
  /** What happened. */
  readonly exec_type: ExecType
  /** The venue's view of the order. */
  readonly ord_status: OrdStatus
  /** Buy or sell. */
  readonly side: Side
  /** OrderQty, in qty_scale. */
  readonly qty: number
  /** Limit, in price_scale. */
  readonly limit_px: number | null
  /** Quantity of this fill, 0 unless exec_type is a trade. */
  readonly last_qty: number
  /** Price of this fill, 0 unless a trade. */
  readonly last_px: number
  /** Filled so far. */
  readonly cum_qty: number
  /** Still open. */
  readonly leaves_qty: number
  /** Fee of this fill in the quote currency, scaled by price_scale + qty_scale; negative is a rebate. */
  readonly fee: bigint
  /** Whether the fill added or took liquidity. */
  readonly liquidity: Liquidity
  /** Reason code of a rejection; else empty. */
  readonly text: string
  /** Venue sequence of the market data a fill rests on; 0 otherwise. */
  readonly market_sequence: number
  /** Venue clock, microseconds since the epoch (FIX TransactTime). */
  readonly transact_time_us: number
}

export const ExecutionReport: RecordType<ExecutionReport> = {
  name: 'ExecutionReport',
  schema: "{\"type\":\"record\",\"name\":\"ExecutionReport\",\"namespace\":\"aitrader\",\"doc\":\"A venue's report on one order (FIX 35=8, or 35=9 as CANCEL_REJECT).\",\"fields\":[{\"name\":\"account\",\"type\":\"string\",\"doc\":\"Account, a pseudonymous id.\"},{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"cl_ord_id\",\"type\":\"string\",\"doc\":\"FIX ClOrdID.\"},{\"name\":\"orig_cl_ord_id\",\"type\":[\"null\",\"string\"],\"doc\":\"FIX OrigClOrdID, for replaced and canceled orders.\",\"default\":null},{\"name\":\"order_id\",\"type\":\"string\",\"doc\":\"Venue order id; empty if it never got one.\"},{\"name\":\"exec_id\",\"type\":\"string\",\"doc\":\"Unique per report of a venue (FIX ExecID).\"},{\"name\":\"exec_ref_id\",\"type\":[\"null\",\"string\"],\"doc\":\"FIX ExecRefID: the report a correction or bust refers to.\",\"default\":null},{\"name\":\"exec_type\",\"type\":{\"type\":\"enum\",\"name\":\"ExecType\",\"symbols\":[\"NEW\",\"REJECTED\",\"PENDING_NEW\",\"TRIGGERED\",\"TRADE\",\"PENDING_CANCEL\",\"PENDING_REPLACE\",\"CANCELED\",\"REPLACED\",\"CANCEL_REJECT\",\"EXPIRED\",\"DONE_FOR_DAY\",\"RESTATED\",\"TRADE_CORRECT\",\"TRADE_CANCEL\",\"ORDER_STATUS\"],\"doc\":\"FIX ExecType (150) by name; CANCEL_REJECT is 35=9.\"},\"doc\":\"What happened.\"},{\"name\":\"ord_status\",\"type\":{\"type\":\"enum\",\"name\":\"OrdStatus\",\"symbols\":[\"CREATED\",\"DENIED\",\"HELD\",\"PENDING_NEW\",\"NEW\",\"SUSPENDED\",\"PARTIALLY_FILLED\",\"FILLED\",\"CANCELED\",\"REJECTED\",\"EXPIRED\",\"DONE_FOR_DAY\",\"UNKNOWN\",\"PENDING_CANCEL\",\"PENDING_REPLACE\"],\"doc\":\"FIX OrdStatus (39) by name, and our own CREATED, DENIED, HELD, UNKNOWN.\"},\"doc\":\"The venue's view of the order.\"},{\"name\":\"side\",\"type\":{\"type\":\"enum\",\"name\":\"Side\",\"symbols\":[\"BUY\",\"SELL\"],\"doc\":\"FIX Side: BUY (1) or SELL (2).\"},\"doc\":\"Buy or sell.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"OrderQty, in qty_scale.\"},{\"name\":\"limit_px\",\"type\":[\"null\",\"long\"],\"doc\":\"Limit, in price_scale.\",\"default\":null},{\"name\":\"last_qty\",\"type\":\"long\",\"doc\":\"Quantity of this fill, 0 unless exec_type is a trade.\"},{\"name\":\"last_px\",\"type\":\"long\",\"doc\":\"Price of this fill, 0 unless a trade.\"},{\"name\":\"cum_qty\",\"type\":\"long\",\"doc\":\"Filled so far.\"},{\"name\":\"leaves_qty\",\"type\":\"long\",\"doc\":\"Still open.\"},{\"name\":\"fee\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":0},\"doc\":\"Fee of this fill in the quote currency, scaled by price_scale + qty_scale; negative is a rebate.\"},{\"name\":\"liquidity\",\"type\":{\"type\":\"enum\",\"name\":\"Liquidity\",\"symbols\":[\"NONE\",\"MAKER\",\"TAKER\"],\"doc\":\"FIX LastLiquidityInd.\"},\"doc\":\"Whether the fill added or took liquidity.\"},{\"name\":\"text\",\"type\":\"string\",\"doc\":\"Reason code of a rejection; else empty.\"},{\"name\":\"market_sequence\",\"type\":\"long\",\"doc\":\"Venue sequence of the market data a fill rests on; 0 otherwise.\"},{\"name\":\"transact_time_us\",\"type\":\"long\",\"doc\":\"Venue clock, microseconds since the epoch (FIX TransactTime).\"}]}",
  fingerprint: '98dd37af22dde13b9c6810fbeb46ea0b914c73af1e66a66f2a8d660e94db96ff',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundExecutionReport(value))
      arena.pos = writeExecutionReport(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(ExecutionReport, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readExecutionReport()
    r.closeBody()
    return value
  },
}

function boundExecutionReport(value: ExecutionReport): number {
  let size = 88
  size += w.stringBound(value.account)
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  size += w.stringBound(value.cl_ord_id)
  if (value.orig_cl_ord_id !== null) {
    size += w.stringBound(value.orig_cl_ord_id)
  }
  size += w.stringBound(value.order_id)
  size += w.stringBound(value.exec_id)
  if (value.exec_ref_id !== null) {
    size += w.stringBound(value.exec_ref_id)
  }
  size += w.stringBound(value.text)
  return size
}
function writeExecutionReport(buf: Buffer, pos: number, value: ExecutionReport): number {
  let at = pos
  at = w.putString(buf, at, value.account)
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = w.putString(buf, at, value.cl_ord_id)
  if (value.orig_cl_ord_id === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putString(buf, at, value.orig_cl_ord_id)
  }
  at = w.putString(buf, at, value.order_id)
  at = w.putString(buf, at, value.exec_id)
  if (value.exec_ref_id === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putString(buf, at, value.exec_ref_id)
  }
  at = writeExecType(buf, at, value.exec_type)
  at = writeOrdStatus(buf, at, value.ord_status)
  at = writeSide(buf, at, value.side)
  at = w.putLong(buf, at, value.qty)
  if (value.limit_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.limit_px)
  }
  at = w.putLong(buf, at, value.last_qty)
  at = w.putLong(buf, at, value.last_px)
  at = w.putLong(buf, at, value.cum_qty)
  at = w.putLong(buf, at, value.leaves_qty)
  at = w.putDecimal(buf, at, value.fee, 100000000000000000000000000000000000000n)
  at = writeLiquidity(buf, at, value.liquidity)
  at = w.putString(buf, at, value.text)
  at = w.putLong(buf, at, value.market_sequence)
  at = w.putLong(buf, at, value.transact_time_us)
  return at
}
function readExecutionReport(): ExecutionReport {
  return {
    account: r.readString(),
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    cl_ord_id: r.readString(),
    orig_cl_ord_id: r.readPresent() ? r.readString() : null,
    order_id: r.readString(),
    exec_id: r.readString(),
    exec_ref_id: r.readPresent() ? r.readString() : null,
    exec_type: r.readEnum(ExecTypeValues),
    ord_status: r.readEnum(OrdStatusValues),
    side: r.readEnum(SideValues),
    qty: r.readLong(),
    limit_px: r.readPresent() ? r.readLong() : null,
    last_qty: r.readLong(),
    last_px: r.readLong(),
    cum_qty: r.readLong(),
    leaves_qty: r.readLong(),
    fee: r.readDecimal(100000000000000000000000000000000000000n),
    liquidity: r.readEnum(LiquidityValues),
    text: r.readString(),
    market_sequence: r.readLong(),
    transact_time_us: r.readLong(),
  }
}
