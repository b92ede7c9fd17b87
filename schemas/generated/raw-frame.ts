// Made by `aitrader generate` from schemas/raw-frame.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'

/** Bytes of one venue message as received. */
export interface RawFrame {
  /** Venue and venue symbol the frame belongs to, `BINANCE:BTCUSDT`; the record key. */
  readonly venue_symbol: string
  /** Venue, upper case. */
  readonly venue: string
  /** The source that received it, by its name in the topology. */
  readonly source: string
  /** Venue channel, as far as it can be told without decoding; empty if unknown. */
  readonly channel: string
  /** Dense sequence number of the frame in its source, from 0. */
  readonly frame_seq: number
  /** Our clock when the frame arrived, microseconds since the epoch. */
  readonly receive_time_us: number
  /** Nanoseconds beyond receive_time_us, 0 to 999. */
  readonly receive_time_ns_rest: number
  /** Known bound of our clock's error, microseconds; null if unknown. */
  readonly receive_error_us: number | null
  /** The frame, byte for byte. */
  readonly payload: Uint8Array
}

export const RawFrame: RecordType<RawFrame> = {
  name: 'RawFrame',
  schema: "{\"type\":\"record\",\"name\":\"RawFrame\",\"namespace\":\"aitrader\",\"doc\":\"Bytes of one venue message as received.\",\"fields\":[{\"name\":\"venue_symbol\",\"type\":\"string\",\"doc\":\"Venue and venue symbol the frame belongs to, `BINANCE:BTCUSDT`; the record key.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"source\",\"type\":\"string\",\"doc\":\"The source that received it, by its name in the topology.\"},{\"name\":\"channel\",\"type\":\"string\",\"doc\":\"Venue channel, as far as it can be told without decoding; empty if unknown.\"},{\"name\":\"frame_seq\",\"type\":\"long\",\"doc\":\"Dense sequence number of the frame in its source, from 0.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when the frame arrived, microseconds since the epoch.\"},{\"name\":\"receive_time_ns_rest\",\"type\":\"int\",\"doc\":\"Nanoseconds beyond receive_time_us, 0 to 999.\"},{\"name\":\"receive_error_us\",\"type\":[\"null\",\"long\"],\"doc\":\"Known bound of our clock's error, microseconds; null if unknown.\",\"default\":null},{\"name\":\"payload\",\"type\":\"bytes\",\"doc\":\"The frame, byte for byte.\"}]}",
  fingerprint: 'df6e24ac1e7ee971031067fb8b9ffc1f6c43bff3054a1bdbe9fb47253e14a713',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundRawFrame(value))
      arena.pos = writeRawFrame(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(RawFrame, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readRawFrame()
    r.closeBody()
    return value
  },
}

function boundRawFrame(value: RawFrame): number {
  let size = 30
  size += w.stringBound(value.venue_symbol)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.source)
  size += w.stringBound(value.channel)
  size += w.bytesBound(value.payload)
  return size
}
function writeRawFrame(buf: Buffer, pos: number, value: RawFrame): number {
  let at = pos
  at = w.putString(buf, at, value.venue_symbol)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.source)
  at = w.putString(buf, at, value.channel)
  at = w.putLong(buf, at, value.frame_seq)
  at = w.putLong(buf, at, value.receive_time_us)
  at = w.putInt(buf, at, value.receive_time_ns_rest)
  if (value.receive_error_us === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.receive_error_us)
  }
  at = w.putBytes(buf, at, value.payload)
  return at
}
function readRawFrame(): RawFrame {
  return {
    venue_symbol: r.readString(),
    venue: r.readString(),
    source: r.readString(),
    channel: r.readString(),
    frame_seq: r.readLong(),
    receive_time_us: r.readLong(),
    receive_time_ns_rest: r.readInt(),
    receive_error_us: r.readPresent() ? r.readLong() : null,
    payload: r.readBytes(),
  }
}
