// Made by `aitrader generate` from schemas/bar.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type BarOrigin, writeBarOrigin, BarOriginValues } from './named-types.ts'

/** Prices and volume of one instrument over a stretch of time, trades or volume. */
export interface Bar {
  /** Instrument; the record key. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** What closes a bar: `1s`, `1m`, `5m`, `1d`, `tick:N`, `volume:N` (in qty_scale) or `value:N` (in units of the quote currency). */
  readonly interval: string
  /** Beginning, microseconds since the epoch, inclusive: of a time bar its edge, else the time of its first trade. */
  readonly start_time_us: number
  /** End, exclusive: of a time bar its edge, else the time of its last trade. */
  readonly end_time_us: number
  /** First price, in price_scale. */
  readonly open_px: number
  /** Highest price, in price_scale. */
  readonly high_px: number
  /** Lowest price, in price_scale. */
  readonly low_px: number
  /** Last price, in price_scale. */
  readonly close_px: number
  /** Quantity traded, in qty_scale. */
  readonly volume_qty: number
  /** Trades counted; 0 where the venue made the bar and does not say. */
  readonly trades: number
  /** Who made it. */
  readonly origin: BarOrigin
  /** Our clock when what closed the bar arrived, microseconds since the epoch. */
  readonly receive_time_us: number
}

export const Bar: RecordType<Bar> = {
  name: 'Bar',
  schema: "{\"type\":\"record\",\"name\":\"Bar\",\"namespace\":\"aitrader\",\"doc\":\"Prices and volume of one instrument over a stretch of time, trades or volume.\",\"fields\":[{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument; the record key.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"interval\",\"type\":\"string\",\"doc\":\"What closes a bar: `1s`, `1m`, `5m`, `1d`, `tick:N`, `volume:N` (in qty_scale) or `value:N` (in units of the quote currency).\"},{\"name\":\"start_time_us\",\"type\":\"long\",\"doc\":\"Beginning, microseconds since the epoch, inclusive: of a time bar its edge, else the time of its first trade.\"},{\"name\":\"end_time_us\",\"type\":\"long\",\"doc\":\"End, exclusive: of a time bar its edge, else the time of its last trade.\"},{\"name\":\"open_px\",\"type\":\"long\",\"doc\":\"First price, in price_scale.\"},{\"name\":\"high_px\",\"type\":\"long\",\"doc\":\"Highest price, in price_scale.\"},{\"name\":\"low_px\",\"type\":\"long\",\"doc\":\"Lowest price, in price_scale.\"},{\"name\":\"close_px\",\"type\":\"long\",\"doc\":\"Last price, in price_scale.\"},{\"name\":\"volume_qty\",\"type\":\"long\",\"doc\":\"Quantity traded, in qty_scale.\"},{\"name\":\"trades\",\"type\":\"long\",\"doc\":\"Trades counted; 0 where the venue made the bar and does not say.\"},{\"name\":\"origin\",\"type\":{\"type\":\"enum\",\"name\":\"BarOrigin\",\"symbols\":[\"TRADES\",\"VENUE\"],\"doc\":\"TRADES: made here from trades. VENUE: as the venue sent it.\"},\"doc\":\"Who made it.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when what closed the bar arrived, microseconds since the epoch.\"}]}",
  fingerprint: '4b13f47486d262cdbdfdacc930a21f4ce74f7dd086d4f3f76961564557d47c91',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundBar(value))
      arena.pos = writeBar(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Bar, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readBar()
    r.closeBody()
    return value
  },
}

function boundBar(value: Bar): number {
  let size = 73
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  size += w.stringBound(value.interval)
  return size
}
function writeBar(buf: Buffer, pos: number, value: Bar): number {
  let at = pos
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = w.putString(buf, at, value.interval)
  at = w.putLong(buf, at, value.start_time_us)
  at = w.putLong(buf, at, value.end_time_us)
  at = w.putLong(buf, at, value.open_px)
  at = w.putLong(buf, at, value.high_px)
  at = w.putLong(buf, at, value.low_px)
  at = w.putLong(buf, at, value.close_px)
  at = w.putLong(buf, at, value.volume_qty)
  at = w.putLong(buf, at, value.trades)
  at = writeBarOrigin(buf, at, value.origin)
  at = w.putLong(buf, at, value.receive_time_us)
  return at
}
function readBar(): Bar {
  return {
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    interval: r.readString(),
    start_time_us: r.readLong(),
    end_time_us: r.readLong(),
    open_px: r.readLong(),
    high_px: r.readLong(),
    low_px: r.readLong(),
    close_px: r.readLong(),
    volume_qty: r.readLong(),
    trades: r.readLong(),
    origin: r.readEnum(BarOriginValues),
    receive_time_us: r.readLong(),
  }
}
