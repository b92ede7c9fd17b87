// Made by `aitrader generate` from schemas/position.avsc; changes here are overwritten.
import type { RecordType } from '../../runtime/api/record.ts'
import { misfit } from '../misfit.ts'
import * as r from '../wire-read.ts'
import * as w from '../wire-write.ts'

/** What an account holds of one instrument after a fill. */
export interface Position {
  /** Account, a pseudonymous id. */
  readonly account: string
  /** Instrument: venue symbol and venue, `BTCUSDT.BINANCE`. */
  readonly instrument_id: string
  /** Venue, upper case. */
  readonly venue: string
  /** Symbol as the venue spells it. */
  readonly symbol: string
  /** Signed quantity, in qty_scale. */
  readonly qty: number
  /** Cost of the open quantity, signed, scaled by price_scale + qty_scale. */
  readonly cost: bigint
  /** Realised profit before fees, scaled by price_scale + qty_scale. */
  readonly realized_pnl: bigint
  /** Fees so far, same scale. */
  readonly fees: bigint
  /** Fills so far. */
  readonly fills: number
  /** Scale of prices. */
  readonly price_scale: number
  /** Scale of quantities. */
  readonly qty_scale: number
  /** Price of the last fill, in price_scale. */
  readonly last_px: number
}

export const Position: RecordType<Position> = {
  name: 'Position',
  schema: "{\"type\":\"record\",\"name\":\"Position\",\"namespace\":\"aitrader\",\"doc\":\"What an account holds of one instrument after a fill.\",\"fields\":[{\"name\":\"account\",\"type\":\"string\",\"doc\":\"Account, a pseudonymous id.\"},{\"name\":\"instrument_id\",\"type\":\"string\",\"doc\":\"Instrument: venue symbol and venue, `BTCUSDT.BINANCE`.\"},{\"name\":\"venue\",\"type\":\"string\",\"doc\":\"Venue, upper case.\"},{\"name\":\"symbol\",\"type\":\"string\",\"doc\":\"Symbol as the venue spells it.\"},{\"name\":\"qty\",\"type\":\"long\",\"doc\":\"Signed quantity, in qty_scale.\"},{\"name\":\"cost\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":0},\"doc\":\"Cost of the open quantity, signed, scaled by price_scale + qty_scale.\"},{\"name\":\"realized_pnl\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":0},\"doc\":\"Realised profit before fees, scaled by price_scale + qty_scale.\"},{\"name\":\"fees\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":0},\"doc\":\"Fees so far, same scale.\"},{\"name\":\"fills\",\"type\":\"long\",\"doc\":\"Fills so far.\"},{\"name\":\"price_scale\",\"type\":\"int\",\"doc\":\"Scale of prices.\"},{\"name\":\"qty_scale\",\"type\":\"int\",\"doc\":\"Scale of quantities.\"},{\"name\":\"last_px\",\"type\":\"long\",\"doc\":\"Price of the last fill, in price_scale.\"}]}",
  fingerprint: '8a5e7a15be418937a0e882fc20f5d5cc2bf51e7641e9c4902affff69dccd6fbc',
  encode(value, arena) {
    const start = arena.pos
    try {
      arena.ensure(boundPosition(value))
      arena.pos = writePosition(arena.buf, start, value)
    } catch (cause) {
      arena.pos = start
      throw misfit(Position, value, cause)
    }
  },
  decode(buf, pos, end) {
    r.openBody(buf, pos, end)
    const value = readPosition()
    r.closeBody()
    return value
  },
}

function boundPosition(value: Position): number {
  let size = 85
  size += w.stringBound(value.account)
  size += w.stringBound(value.instrument_id)
  size += w.stringBound(value.venue)
  size += w.stringBound(value.symbol)
  return size
}
function writePosition(buf: Buffer, pos: number, value: Position): number {
  let at = pos
  at = w.putString(buf, at, value.account)
  at = w.putString(buf, at, value.instrument_id)
  at = w.putString(buf, at, value.venue)
  at = w.putString(buf, at, value.symbol)
  at = w.putLong(buf, at, value.qty)
  at = w.putDecimal(buf, at, value.cost, 100000000000000000000000000000000000000n)
  at = w.putDecimal(buf, at, value.realized_pnl, 100000000000000000000000000000000000000n)
  at = w.putDecimal(buf, at, value.fees, 100000000000000000000000000000000000000n)
  at = w.putLong(buf, at, value.fills)
  at = w.putInt(buf, at, value.price_scale)
  at = w.putInt(buf, at, value.qty_scale)
  at = w.putLong(buf, at, value.last_px)
  return at
}
function readPosition(): Position {
  return {
    account: r.readString(),
    instrument_id: r.readString(),
    venue: r.readString(),
    symbol: r.readString(),
    qty: r.readLong(),
    cost: r.readDecimal(100000000000000000000000000000000000000n),
    realized_pnl: r.readDecimal(100000000000000000000000000000000000000n),
    fees: r.readDecimal(100000000000000000000000000000000000000n),
    fills: r.readLong(),
    price_scale: r.readInt(),
    qty_scale: r.readInt(),
    last_px: r.readLong(),
  }
}
