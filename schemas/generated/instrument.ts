// Made by `aitrader generate` from schemas/instrument.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'
import { type InstrumentKind, writeInstrumentKind, InstrumentKindValues, type InstrumentOrigin, writeInstrumentOrigin, InstrumentOriginValues } from './named-types.ts'

/** What is traded, and the scales of its integers. */
export interface Instrument {
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** What kind of instrument. */
  readonly kind: InstrumentKind
  /** Decimal places of every _px. */
  readonly price_scale: number
  /** Decimal places of every _qty. */
  readonly qty_scale: number
  /** Least price step, in price_scale. */
  readonly tick_size_px: number
  /** Least quantity step, in qty_scale. */
  readonly lot_size_qty: number
  /** Least order quantity, in qty_scale. */
  readonly min_qty: number
  /** Greatest order quantity, in qty_scale. */
  readonly max_qty: number
  /** Contract multiplier; 1 for spot and equity. */
  readonly multiplier: number
  /** What is bought; empty if unknown. */
  readonly base_currency: string
  /** What prices are in; empty if unknown. */
  readonly quote_currency: string
  /** Session calendar by name, `24x7`. */
  readonly calendar: string
  /** Orders may be sent for it, by the topology or, for a symbol declared from data, by the normalizer's policy. */
  readonly tradable: boolean
  /** Who declared it. */
  readonly origin: InstrumentOrigin
}

export const Instrument: RecordType<Instrument> = {
  name: 'Instrument',
  schema: "{\"type\":\"record\",\"name\":\"Instrument\",\"namespace\":\"aitrader\",\"doc\":\"What is traded, and the scales of its integers.\",\"fields\":[{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"InstrumentKind\",\"symbols\":[\"SPOT\",\"EQUITY\",\"LINEAR\",\"INVERSE\"],\"doc\":\"SPOT and EQUITY settle in full; LINEAR and INVERSE are derivatives.\"},\"doc\":\"What kind of instrument.\"},{\"name\":\"price_scale\",\"type\":\"int\",\"doc\":\"Decimal places of every _px.\"},{\"name\":\"qty_scale\",\"type\":\"int\",\"doc\":\"Decimal places of every _qty.\"},{\"name\":\"tick_size_px\",\"type\":\"long\",\"doc\":\"Least price step, in price_scale.\"},{\"name\":\"lot_size_qty\",\"type\":\"long\",\"doc\":\"Least quantity step, in qty_scale.\"},{\"name\":\"min_qty\",\"type\":\"long\",\"doc\":\"Least order quantity, in qty_scale.\"},{\"name\":\"max_qty\",\"type\":\"long\",\"doc\":\"Greatest order quantity, in qty_scale.\"},{\"name\":\"multiplier\",\"type\":\"long\",\"doc\":\"Contract multiplier; 1 for spot and equity.\"},{\"name\":\"base_currency\",\"type\":\"string\",\"doc\":\"What is bought; empty if unknown.\"},{\"name\":\"quote_currency\",\"type\":\"string\",\"doc\":\"What prices are in; empty if unknown.\"},{\"name\":\"calendar\",\"type\":\"string\",\"doc\":\"Session calendar by name, `24x7`.\"},{\"name\":\"tradable\",\"type\":\"boolean\",\"doc\":\"Orders may be sent for it, by the topology or, for a symbol declared from data, by the normalizer's policy.\"},{\"name\":\"origin\",\"type\":{\"type\":\"enum\",\"name\":\"InstrumentOrigin\",\"symbols\":[\"TOPOLOGY\",\"DATA\"],\"doc\":\"TOPOLOGY: declared in the topology. DATA: declared from the venue's own decimals.\"},\"doc\":\"Who declared it.\"}]}",
  fingerprint: 'a110be79337741c2bba3a0ccad9bf181615a76f2624cce4a5f7a61b16c281d20',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundInstrument(value))
      arena.pos = writeInstrument(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Instrument, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readInstrument()
    r.closeBody()
    return value
  },
}

function boundInstrument(value: Instrument): number {
  let size = 53
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  size += w.stringBound(value.base_currency)
  size += w.stringBound(value.quote_currency)
  size += w.stringBound(value.calendar)
  return size
}
function writeInstrument(buf: Buffer, pos: number, value: Instrument): number {
  let at = pos
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = writeInstrumentKind(buf, at, value.kind)
  at = w.putInt(buf, at, value.price_scale)
  at = w.putInt(buf, at, value.qty_scale)
  at = w.putLong(buf, at, value.tick_size_px)
  at = w.putLong(buf, at, value.lot_size_qty)
  at = w.putLong(buf, at, value.min_qty)
  at = w.putLong(buf, at, value.max_qty)
  at = w.putLong(buf, at, value.multiplier)
  at = w.putString(buf, at, value.base_currency)
  at = w.putString(buf, at, value.quote_currency)
  at = w.putString(buf, at, value.calendar)
  at = w.putBoolean(buf, at, value.tradable)
  at = writeInstrumentOrigin(buf, at, value.origin)
  return at
}
function readInstrument(): Instrument {
  return {
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    kind: r.readEnum(InstrumentKindValues),
    price_scale: r.readInt(),
    qty_scale: r.readInt(),
    tick_size_px: r.readLong(),
    lot_size_qty: r.readLong(),
    min_qty: r.readLong(),
    max_qty: r.readLong(),
    multiplier: r.readLong(),
    base_currency: r.readString(),
    quote_currency: r.readString(),
    calendar: r.readString(),
    tradable: r.readBoolean(),
    origin: r.readEnum(InstrumentOriginValues),
  }
}
