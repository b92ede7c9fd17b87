// Made by `node bench/kafka-records.ts` from schemas/tick.avsc; changes here are overwritten.
import type { RecordType } from '../../../../../runtime/api/record.ts'
import { misfit } from '../../../../../schemas/misfit.ts'
import * as r from '../../../../../schemas/wire-read.ts'
import * as w from '../../../../../schemas/wire-write.ts'

/** One tick of the benches' load. */
export interface Tick {
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
  /** The frame it was read from: fills the framed value up to 1,024 bytes. */
  readonly payload: Uint8Array
}

export const Tick: RecordType<Tick> = {
  name: 'Tick',
  schema: "{\"type\":\"record\",\"name\":\"Tick\",\"namespace\":\"aitrader.bench\",\"doc\":\"One tick of the benches' load.\",\"fields\":[{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument; the record key.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"source\",\"type\":\"string\",\"doc\":\"The feed it came from.\"},{\"name\":\"sequence\",\"type\":\"long\",\"doc\":\"Dense number of the tick in the whole load, from 0.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"The venue's clock, microseconds since the epoch.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock, microseconds since the epoch.\"},{\"name\":\"px\",\"type\":\"long\",\"doc\":\"Price in the instrument's scale.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Quantity in the instrument's scale.\"},{\"name\":\"aggressor_buy\",\"type\":\"boolean\",\"doc\":\"Whether the buyer took.\"},{\"name\":\"payload\",\"type\":\"bytes\",\"doc\":\"The frame it was read from: fills the framed value up to 1,024 bytes.\"}]}",
  fingerprint: '0590318add1e6d3b3309a47eadbcb5f38ebe21f2c998f221afabf55c40bbb136',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundTick(value))
      arena.pos = writeTick(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Tick, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readTick()
    r.closeBody()
    return value
  },
}

function boundTick(value: Tick): number {
  let size = 41
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.source)
  size += w.bytesBound(value.payload)
  return size
}
function writeTick(buf: Buffer, pos: number, value: Tick): number {
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
  at = w.putBytes(buf, at, value.payload)
  return at
}
function readTick(): Tick {
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
    payload: r.readBytes(),
  }
}
