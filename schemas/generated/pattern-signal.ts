// Made by `aitrader generate` from schemas/pattern-signal.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type BookQuality, writeBookQuality, BookQualityValues, type Pattern, writePattern, PatternValues, type Feature, boundFeature, readFeature, writeFeature } from './named-types.ts'

/** A pattern seen in one instrument's stream. */
export interface PatternSignal {
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Which pattern. */
  readonly pattern: Pattern
  /** Where it points: 1 up, -1 down, 0 neither. */
  readonly direction: number
  /** How strong, 0 to 1; apart from the direction. */
  readonly strength: number
  /** The numbers it was computed from, in the formula's order. */
  readonly features: readonly Feature[]
  /** Events the window held. */
  readonly window_events: number
  /** Stream time of the first event in the window, microseconds since the epoch. */
  readonly window_start_us: number
  /** Stream time of the last, microseconds since the epoch. */
  readonly window_end_us: number
  /** Mid price at the signal, in price_scale. */
  readonly reference_px: number
  /** Quality of the book at the signal. */
  readonly book_quality: BookQuality
  /** Venue update id of that book; 0 before the first. */
  readonly book_sequence: number
  /** Venue clock of the event that triggered it, microseconds since the epoch; 0 if it carried none. */
  readonly event_time_us: number
  /** Our clock when that event's frame arrived, microseconds since the epoch. */
  readonly receive_time_us: number
}

export const PatternSignal: RecordType<PatternSignal> = {
  name: 'PatternSignal',
  schema: "{\"type\":\"record\",\"name\":\"PatternSignal\",\"namespace\":\"aitrader\",\"doc\":\"A pattern seen in one instrument's stream.\",\"fields\":[{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"pattern\",\"type\":{\"type\":\"enum\",\"name\":\"Pattern\",\"symbols\":[\"BREAKOUT\",\"MOMENTUM\",\"MEAN_REVERSION\",\"BOOK_PRESSURE\",\"VOLUME_SURGE\",\"VOLATILITY_REGIME\"],\"doc\":\"See docs of the pattern scorer for each formula.\"},\"doc\":\"Which pattern.\"},{\"name\":\"direction\",\"type\":\"int\",\"doc\":\"Where it points: 1 up, -1 down, 0 neither.\"},{\"name\":\"strength\",\"type\":\"double\",\"doc\":\"How strong, 0 to 1; apart from the direction.\"},{\"name\":\"features\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Feature\",\"doc\":\"A named number.\",\"fields\":[{\"name\":\"name\",\"type\":\"string\",\"doc\":\"Feature name.\"},{\"name\":\"value\",\"type\":\"double\",\"doc\":\"Its value.\"}]}},\"doc\":\"The numbers it was computed from, in the formula's order.\"},{\"name\":\"window_events\",\"type\":\"int\",\"doc\":\"Events the window held.\"},{\"name\":\"window_start_us\",\"type\":\"long\",\"doc\":\"Stream time of the first event in the window, microseconds since the epoch.\"},{\"name\":\"window_end_us\",\"type\":\"long\",\"doc\":\"Stream time of the last, microseconds since the epoch.\"},{\"name\":\"reference_px\",\"type\":\"double\",\"doc\":\"Mid price at the signal, in price_scale.\"},{\"name\":\"book_quality\",\"type\":{\"type\":\"enum\",\"name\":\"BookQuality\",\"symbols\":[\"LIVE\",\"SNAPSHOT\",\"GAP\",\"STALE\",\"CROSSED\",\"CHECKSUM_BAD\",\"CONFLATED\"],\"doc\":\"LIVE: continuous and intact. SNAPSHOT: waiting for or just rebuilt from a snapshot, not yet continuous. GAP: an update is missing. STALE: silent for too long. CROSSED: bid at or above ask. CHECKSUM_BAD: the venue's checksum differs. CONFLATED: right when it was sent, but the venue leaves states out between two of them.\"},\"doc\":\"Quality of the book at the signal.\"},{\"name\":\"book_sequence\",\"type\":\"long\",\"doc\":\"Venue update id of that book; 0 before the first.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"Venue clock of the event that triggered it, microseconds since the epoch; 0 if it carried none.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when that event's frame arrived, microseconds since the epoch.\"}]}",
  fingerprint: 'b3431c3770e0b92fdcdaddee8252f1d05298c85636c828cbf8aa62c4fdcfd5bb',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundPatternSignal(value))
      arena.pos = writePatternSignal(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(PatternSignal, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readPatternSignal()
    r.closeBody()
    return value
  },
}

function readFeatureArray(): Feature[] {
  const items: Feature[] = []
  for (let left = r.readBlock(9); left > 0; left = r.readBlock(9)) {
    for (let i = 0; i < left; i++) items.push(readFeature())
  }
  return items
}

function boundPatternSignal(value: PatternSignal): number {
  let size = 78
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  w.itemsOf(value.features)
  for (const item of value.features) {
    size += boundFeature(item)
  }
  return size
}
function writePatternSignal(buf: Buffer, pos: number, value: PatternSignal): number {
  let at = pos
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = writePattern(buf, at, value.pattern)
  at = w.putInt(buf, at, value.direction)
  at = w.putDouble(buf, at, value.strength)
  {
    const items = value.features
    const count = items.length
    if (count > 0) {
      at = w.putLong(buf, at, count)
      for (let i = 0; i < count; i++) {
        at = writeFeature(buf, at, items[i]!)
      }
    }
    buf[at++] = 0
  }
  at = w.putInt(buf, at, value.window_events)
  at = w.putLong(buf, at, value.window_start_us)
  at = w.putLong(buf, at, value.window_end_us)
  at = w.putDouble(buf, at, value.reference_px)
  at = writeBookQuality(buf, at, value.book_quality)
  at = w.putLong(buf, at, value.book_sequence)
  at = w.putLong(buf, at, value.event_time_us)
  at = w.putLong(buf, at, value.receive_time_us)
  return at
}
function readPatternSignal(): PatternSignal {
  return {
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    pattern: r.readEnum(PatternValues),
    direction: r.readInt(),
    strength: r.readDouble(),
    features: readFeatureArray(),
    window_events: r.readInt(),
    window_start_us: r.readLong(),
    window_end_us: r.readLong(),
    reference_px: r.readDouble(),
    book_quality: r.readEnum(BookQualityValues),
    book_sequence: r.readLong(),
    event_time_us: r.readLong(),
    receive_time_us: r.readLong(),
  }
}
