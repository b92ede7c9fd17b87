// Made by `node bench/kafka-records.ts` from schemas/tick-total.avsc; changes here are overwritten.
import type { RecordType } from '../../../../../runtime/api/record.ts'
import { misfit } from '../../../../../schemas/misfit.ts'
import * as r from '../../../../../schemas/wire-read.ts'
import * as w from '../../../../../schemas/wire-write.ts'

/** A tick and the running figures of its instrument. */
export interface TickTotal {
  /** Instrument; the record key. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** The feed it came from. */
  readonly source: string
  /** Dense number of the tick in the whole load, from 0. */
  readonly sequence: number
  /** The venue's clock, microseconds since the epoch. */
  readonly event_time_us: number
  /** Our clock, microseconds since the epoch. */
  readonly receive_time_us: number
  /** Price in the instrument's scale. */
  readonly px: number
  /** Quantity in the instrument's scale. */
  readonly qty: number
  /** Whether the buyer took. */
  readonly aggressor_buy: boolean
  /** Ticks of the instrument up to this one. */
  readonly count: number
  /** Their quantities, summed. */
  readonly qty_sum: number
  /** Price of the tick before this one; 0 for the first. */
  readonly last_px: number
  /** Least price so far. */
  readonly min_px: number
  /** Greatest price so far. */
  readonly max_px: number
  /** The tick's payload, carried through. */
  readonly payload: Uint8Array
}

export const TickTotal: RecordType<TickTotal> = {
  name: 'TickTotal',
  schema: "{\"type\":\"record\",\"name\":\"TickTotal\",\"namespace\":\"aitrader.bench\",\"doc\":\"A tick and the running figures of its instrument.\",\"fields\":[{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument; the record key.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"source\",\"type\":\"string\",\"doc\":\"The feed it came from.\"},{\"name\":\"sequence\",\"type\":\"long\",\"doc\":\"Dense number of the tick in the whole load, from 0.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"The venue's clock, microseconds since the epoch.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock, microseconds since the epoch.\"},{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Price in the instrument's scale.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity in the instrument's scale.\"},{\"name\":\"aggressor_buy\",\"type\":\"boolean\",\"doc\":\"Whether the buyer took.\"},{\"name\":\"count\",\"type\":\"long\",\"doc\":\"Ticks of the instrument up to this one.\"},{\"name\":\"qty_sum\",\"type\":\"long\",\"doc\":\"Their quantities, summed.\"},{\"name\":\"last_px\",\"type\":\"long\",\"doc\":\"Price of the tick before this one; 0 for the first.\"},{\"name\":\"min_px\",\"type\":\"long\",\"doc\":\"Least price so far.\"},{\"name\":\"max_px\",\"type\":\"long\",\"doc\":\"Greatest price so far.\"},{\"name\":\"payload\",\"type\":\"bytes\",\"doc\":\"The tick's payload, carried through.\"}]}",
  fingerprint: 'b837247b74dc84be27ebadeb6fdf35971a24c01b7fa956e430b07eda9f418664',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundTickTotal(value))
      arena.pos = writeTickTotal(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(TickTotal, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readTickTotal()
    r.closeBody()
    return value
  },
}

function boundTickTotal(value: TickTotal): number {
  let size = 81
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.source)
  size += w.bytesBound(value.payload)
  return size
}
function writeTickTotal(buf: Buffer, pos: number, value: TickTotal): number {
  let at = pos
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.source)
  at = w.putLong(buf, at, value.sequence)
  at = w.putLong(buf, at, value.event_time_us)
  at = w.putLong(buf, at, value.receive_time_us)
  at = w.putLong(buf, at, value.px)
  at = w.putLong(buf, at, value.qty)
  at = w.putBoolean(buf, at, value.aggressor_buy)
  at = w.putLong(buf, at, value.count)
  at = w.putLong(buf, at, value.qty_sum)
  at = w.putLong(buf, at, value.last_px)
  at = w.putLong(buf, at, value.min_px)
  at = w.putLong(buf, at, value.max_px)
  at = w.putBytes(buf, at, value.payload)
  return at
}
function readTickTotal(): TickTotal {
  return {
    instrument_id: r.readString(),
    venue: r.readString(),
    source: r.readString(),
    sequence: r.readLong(),
    event_time_us: r.readLong(),
    receive_time_us: r.readLong(),
    px: r.readLong(),
    qty: r.readLong(),
    aggressor_buy: r.readBoolean(),
    count: r.readLong(),
    qty_sum: r.readLong(),
    last_px: r.readLong(),
    min_px: r.readLong(),
    max_px: r.readLong(),
    payload: r.readBytes(),
  }
}
