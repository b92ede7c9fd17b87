// Made by `aitrader generate` from schemas/nbbo.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type BookQuality, writeBookQuality, BookQualityValues, type NbboBasis, writeNbboBasis, NbboBasisValues } from './named-types.ts'

/** Best bid and offer of one symbol over its venues: the freshest of depth books and the venues' own quotes. */
export interface Nbbo {
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Decimal places of the prices here. */
  readonly price_scale: number
  /** Decimal places of the quantities here. */
  readonly qty_scale: number
  /** Worst quality of the venues that make the best prices; STALE if no venue is fresh. */
  readonly quality: BookQuality
  /** Best bid, in price_scale; null if there is none. */
  readonly bid_px: number | null
  /** Quantity at it, in qty_scale. */
  readonly bid_qty: number | null
  /** Instrument that makes the bid. */
  readonly bid_instrument_id: string | null
  /** Best ask, in price_scale; null if there is none. */
  readonly ask_px: number | null
  /** Quantity at it, in qty_scale. */
  readonly ask_qty: number | null
  /** Instrument that makes the ask. */
  readonly ask_instrument_id: string | null
  /** Venue sequence of the freshest input. */
  readonly sequence: number
  /** What made this update. */
  readonly basis: NbboBasis
  /** Venues that are fresh. */
  readonly venues: number
  /** Venue clock of the freshest input that has one, microseconds since the epoch; 0 if none has. */
  readonly event_time_us: number
  /** Our clock when the frame of the freshest input arrived, microseconds since the epoch. */
  readonly receive_time_us: number
}

export const Nbbo: RecordType<Nbbo> = {
  name: 'Nbbo',
  schema: "{\"type\":\"record\",\"name\":\"Nbbo\",\"namespace\":\"aitrader\",\"doc\":\"Best bid and offer of one symbol over its venues: the freshest of depth books and the venues' own quotes.\",\"fields\":[{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"price_scale\",\"type\":\"int\",\"doc\":\"Decimal places of the prices here.\"},{\"name\":\"qty_scale\",\"type\":\"int\",\"doc\":\"Decimal places of the quantities here.\"},{\"name\":\"quality\",\"type\":{\"type\":\"enum\",\"name\":\"BookQuality\",\"symbols\":[\"LIVE\",\"SNAPSHOT\",\"GAP\",\"STALE\",\"CROSSED\",\"CHECKSUM_BAD\",\"CONFLATED\"],\"doc\":\"LIVE: continuous and intact. SNAPSHOT: waiting for or just rebuilt from a snapshot, not yet continuous. GAP: an update is missing. STALE: silent for too long. CROSSED: bid at or above ask. CHECKSUM_BAD: the venue's checksum differs. CONFLATED: right when it was sent, but the venue leaves states out between two of them.\"},\"doc\":\"Worst quality of the venues that make the best prices; STALE if no venue is fresh.\"},{\"name\":\"bid_px\",\"type\":[\"null\",\"long\"],\"doc\":\"Best bid, in price_scale; null if there is none.\",\"default\":null},{\"name\":\"bid_qty\",\"type\":[\"null\",\"long\"],\"doc\":\"Quantity at it, in qty_scale.\",\"default\":null},{\"name\":\"bid_instrument_id\",\"type\":[\"null\",\"string\"],\"doc\":\"Instrument that makes the bid.\",\"default\":null},{\"name\":\"ask_px\",\"type\":[\"null\",\"long\"],\"doc\":\"Best ask, in price_scale; null if there is none.\",\"default\":null},{\"name\":\"ask_qty\",\"type\":[\"null\",\"long\"],\"doc\":\"Quantity at it, in qty_scale.\",\"default\":null},{\"name\":\"ask_instrument_id\",\"type\":[\"null\",\"string\"],\"doc\":\"Instrument that makes the ask.\",\"default\":null},{\"name\":\"sequence\",\"type\":\"long\",\"doc\":\"Venue sequence of the freshest input.\"},{\"name\":\"basis\",\"type\":{\"type\":\"enum\",\"name\":\"NbboBasis\",\"symbols\":[\"DEPTH\",\"QUOTE\",\"TIMER\"],\"doc\":\"DEPTH: a book update. QUOTE: a venue quote. TIMER: a venue fell silent.\"},\"doc\":\"What made this update.\"},{\"name\":\"venues\",\"type\":\"int\",\"doc\":\"Venues that are fresh.\"},{\"name\":\"event_time_us\",\"type\":\"long\",\"doc\":\"Venue clock of the freshest input that has one, microseconds since the epoch; 0 if none has.\"},{\"name\":\"receive_time_us\",\"type\":\"long\",\"doc\":\"Our clock when the frame of the freshest input arrived, microseconds since the epoch.\"}]}",
  fingerprint: '0e2137c612f97f52fa056d698ec22f5d5dc9308226f12fb47ee5d47121fbc628',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundNbbo(value))
      arena.pos = writeNbbo(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Nbbo, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readNbbo()
    r.closeBody()
    return value
  },
}

function boundNbbo(value: Nbbo): number {
  let size = 79
  size += w.stringBound(value.symbol)
  if (value.bid_instrument_id !== null) {
    size += w.stringBound(value.bid_instrument_id)
  }
  if (value.ask_instrument_id !== null) {
    size += w.stringBound(value.ask_instrument_id)
  }
  return size
}
function writeNbbo(buf: Buffer, pos: number, value: Nbbo): number {
  let at = pos
  at = w.putString(buf, at, value.symbol)
  at = w.putInt(buf, at, value.price_scale)
  at = w.putInt(buf, at, value.qty_scale)
  at = writeBookQuality(buf, at, value.quality)
  if (value.bid_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.bid_px)
  }
  if (value.bid_qty === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.bid_qty)
  }
  if (value.bid_instrument_id === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putString(buf, at, value.bid_instrument_id)
  }
  if (value.ask_px === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.ask_px)
  }
  if (value.ask_qty === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putLong(buf, at, value.ask_qty)
  }
  if (value.ask_instrument_id === null) buf[at++] = 0
  else {
    buf[at++] = 2
    at = w.putString(buf, at, value.ask_instrument_id)
  }
  at = w.putLong(buf, at, value.sequence)
  at = writeNbboBasis(buf, at, value.basis)
  at = w.putInt(buf, at, value.venues)
  at = w.putLong(buf, at, value.event_time_us)
  at = w.putLong(buf, at, value.receive_time_us)
  return at
}
function readNbbo(): Nbbo {
  return {
    symbol: r.readString(),
    price_scale: r.readInt(),
    qty_scale: r.readInt(),
    quality: r.readEnum(BookQualityValues),
    bid_px: r.readPresent() ? r.readLong() : null,
    bid_qty: r.readPresent() ? r.readLong() : null,
    bid_instrument_id: r.readPresent() ? r.readString() : null,
    ask_px: r.readPresent() ? r.readLong() : null,
    ask_qty: r.readPresent() ? r.readLong() : null,
    ask_instrument_id: r.readPresent() ? r.readString() : null,
    sequence: r.readLong(),
    basis: r.readEnum(NbboBasisValues),
    venues: r.readInt(),
    event_time_us: r.readLong(),
    receive_time_us: r.readLong(),
  }
}
