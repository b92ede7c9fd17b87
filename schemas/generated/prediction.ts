// Made by `aitrader generate` from schemas/prediction.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type BookQuality, writeBookQuality, BookQualityValues } from './named-types.ts'

/** A model's answer to one signal. */
export interface Prediction {
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Model. */
  readonly model_name: string
  /** Its version. */
  readonly model_version: string
  /** SHA-256 (hex) of its weights file. */
  readonly model_sha256: string
  /** What computed it, `linear-js`; `fallback` if the declared fallback answered. */
  readonly backend: string
  /** How far ahead it looks, microseconds. */
  readonly horizon_us: number
  /** Forecast of the mid price's return over the horizon, basis points. */
  readonly expected_return_bps: number
  /** Probability of a positive return, 0 to 1. */
  readonly probability_up: number
  /** Greatest difference between raced backends; null if only one ran. */
  readonly divergence: number | null
  /** Mid price the forecast starts from, in price_scale. */
  readonly reference_px: number
  /** Quality of the book at the signal. */
  readonly book_quality: BookQuality
  /** Stream time from which the prediction no longer counts, microseconds since the epoch. */
  readonly expires_at_us: number
  /** Id of the signal it answers. */
  readonly signal_id: string
  /** Venue clock of the triggering event, microseconds since the epoch; 0 if none. */
  readonly event_time_us: number
  /** Our clock when that event's frame arrived, microseconds since the epoch. */
  readonly receive_time_us: number
}

export const Prediction: RecordType<Prediction> = {
  name: 'Prediction',
  schema: "{\"type\":\"record\",\"name\":\"Prediction\",\"namespace\":\"aitrader\",\"doc\":\"A model's answer to one signal.\",\"fields\":[{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"model_name\",\"type\":\"string\",\"doc\":\"Model.\"},{\"name\":\"model_version\",\"type\":\"string\",\"doc\":\"Its version.\"},{\"name\":\"model_sha256\",\"type\":\"string\",\"doc\":\"SHA-256 (hex) of its weights file.\"},{\"name\":\"backend\",\"type\":\"string\",\"doc\":\"What computed it, `linear-js`; `fallback` if the declared fallback answered.\"},{\"name\":\"horizon_us\",\"type\":\"long\",\"doc\":\"How far ahead it looks, microseconds.\"},{\"name\":\"expected_return_bps\",\"type\":\"double\",\"doc\":\"Forecast of the mid price's return over the horizon, basis points.\"},{\"name\":\"probability_up\",\"type\":\"double\",\"doc\":\"Probability of a positive return, 0 to 1.\"},{\"name\":\"divergence\",\"type\":[\"null\",\"double\"],\"doc\":\"Greatest difference between raced backends; null if only one ran.\",\"default\":null},{\"name\":\"reference_px\",\"type\":\"double\",\"doc\":\"Mid price the forecast starts from, in price_scale.\"},{\"name\":\"book_quality\",\"type\":{\"type\":\"enum\",\"name\":\"BookQuality\",\"symbols\":[\"LIVE\",\"SNAPSHOT\",\"GAP\",\"STALE\",\"CROSSED\",\"CHECKSUM_BAD\",\"CONFLATED\"],\"doc\":\"LIVE: continuous and intact. SNAPSHOT: waiting for or just rebuilt from a snapshot, not yet continuous. GAP: an update is missing. STALE: silent for too long. CROSSED: bid at or above ask. CHECKSUM_BAD: the venue's checksum differs. CONFLATED: right when it was sent, but the venue leaves states out between two of them.\"},\"doc\":\"Quality of the book at the signal.\"},{\"name\":\"expires_at_us\",\"type\":\"long\",\"doc\":\"Stream time from which the prediction no longer counts, microseconds since the epoch.\"},{\"name\":\"signal_id\",\"type\":\"string\",\"doc\":\"Id of the signal it answers.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"Venue clock of the triggering event, microseconds since the epoch; 0 if none.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when that event's frame arrived, microseconds since the epoch.\"}]}",
  fingerprint: 'f964cc75d5e8c53f3b5487ca9f51bb97052554c3bc6cefbc597120d93ebc97e1',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundPrediction(value))
      arena.pos = writePrediction(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Prediction, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readPrediction()
    r.closeBody()
    return value
  },
}

function boundPrediction(value: Prediction): number {
  let size = 66
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  size += w.stringBound(value.model_name)
  size += w.stringBound(value.model_version)
  size += w.stringBound(value.model_sha256)
  size += w.stringBound(value.backend)
  size += w.stringBound(value.signal_id)
  return size
}
function writePrediction(buf: Buffer, pos: number, value: Prediction): number {
  let at = pos
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = w.putString(buf, at, value.model_name)
  at = w.putString(buf, at, value.model_version)
  at = w.putString(buf, at, value.model_sha256)
  at = w.putString(buf, at, value.backend)
  at = w.putLong(buf, at, value.horizon_us)
  at = w.putDouble(buf, at, value.expected_return_bps)
  at = w.putDouble(buf, at, value.probability_up)
  if (value.divergence === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putDouble(buf, at, value.divergence)
  }
  at = w.putDouble(buf, at, value.reference_px)
  at = writeBookQuality(buf, at, value.book_quality)
  at = w.putLong(buf, at, value.expires_at_us)
  at = w.putString(buf, at, value.signal_id)
  at = w.putLong(buf, at, value.event_time_us)
  at = w.putLong(buf, at, value.receive_time_us)
  return at
}
function readPrediction(): Prediction {
  return {
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    model_name: r.readString(),
    model_version: r.readString(),
    model_sha256: r.readString(),
    backend: r.readString(),
    horizon_us: r.readLong(),
    expected_return_bps: r.readDouble(),
    probability_up: r.readDouble(),
    divergence: r.readPresent() ? r.readDouble() : null,
    reference_px: r.readDouble(),
    book_quality: r.readEnum(BookQualityValues),
    expires_at_us: r.readLong(),
    signal_id: r.readString(),
    event_time_us: r.readLong(),
    receive_time_us: r.readLong(),
  }
}
