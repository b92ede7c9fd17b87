import type { InstrumentProfile } from './instruments.ts'
import type { BookSide } from './limit-order-book.ts'

/**
 * Writes Binance spot messages byte for byte as the venue spells them: combined-stream envelope, field order, decimal
 * strings of eight decimals. Source: binance-spot-api-docs, `web-socket-streams.md` and `rest-api.md`.
 *
 * Messages are cut from chunks that are never written twice, so a frame stays valid as long as someone holds it.
 */
const CHUNK_BYTES = 262_144
/** More than the longest message without levels, and than one `["price","qty"],`. */
const MESSAGE_BYTES_MAX = 320
const LEVEL_BYTES_MAX = 64
const DECIMALS = 8
const ZERO = 48
const COMMA = 44

const POWERS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The constant parts of one instrument's messages. */
interface Phrases {
  readonly depth: Uint8Array
  readonly depth_symbol: Uint8Array
  readonly ticker: Uint8Array
  readonly ticker_symbol: Uint8Array
  readonly trade: Uint8Array
  readonly trade_symbol: Uint8Array
}

const FIRST_ID = ascii(',"U":')
const LAST_ID = ascii(',"u":')
const BIDS = ascii(',"b":[')
const ASKS = ascii('],"a":[')
const END = ascii(']}}')
const SNAPSHOT = ascii('{"lastUpdateId":')
const SNAPSHOT_BIDS = ascii(',"bids":[')
const SNAPSHOT_ASKS = ascii('],"asks":[')
const SNAPSHOT_END = ascii(']}')
const BID_PX = ascii(',"b":"')
const BID_QTY = ascii('","B":"')
const ASK_PX = ascii('","a":"')
const ASK_QTY = ascii('","A":"')
const TEXT_END = ascii('"}}')
const TRADE_ID = ascii(',"t":')
const TRADE_PX = ascii(',"p":"')
const TRADE_QTY = ascii('","q":"')
const TRADE_TIME = ascii('","T":')
const BUYER_MAKES = ascii(',"m":true,"M":true}}')
const SELLER_MAKES = ascii(',"m":false,"M":true}}')
const LEVEL_OPEN = ascii('["')
const LEVEL_MIDDLE = ascii('","')
const LEVEL_END = ascii('"]')

export class WireWriter {
  readonly #profile: InstrumentProfile
  readonly #phrases: Phrases
  #chunk = new Uint8Array(CHUNK_BYTES)
  #start = 0
  #pos = 0

  constructor(profile: InstrumentProfile) {
    this.#profile = profile
    const { symbol } = profile
    const stream = symbol.toLowerCase()
    this.#phrases = {
      depth: ascii(`{"stream":"${stream}@depth@100ms","data":{"e":"depthUpdate","E":`),
      depth_symbol: ascii(`,"s":"${symbol}"`),
      ticker: ascii(`{"stream":"${stream}@bookTicker","data":{"u":`),
      ticker_symbol: ascii(`,"s":"${symbol}"`),
      trade: ascii(`{"stream":"${stream}@trade","data":{"e":"trade","E":`),
      trade_symbol: ascii(`,"s":"${symbol}"`),
    }
  }

  /** The levels of both sides that changed, best first, absolute totals, 0 for a level that is gone. */
  depthUpdate(time_ms: number, first_id: number, last_id: number, bids: BookSide, asks: BookSide): Uint8Array {
    this.#begin(MESSAGE_BYTES_MAX + LEVEL_BYTES_MAX * (bids.changed.size + asks.changed.size))
    this.#text(this.#phrases.depth)
    this.#integer(time_ms)
    this.#text(this.#phrases.depth_symbol)
    this.#text(FIRST_ID)
    this.#integer(first_id)
    this.#text(LAST_ID)
    this.#integer(last_id)
    this.#text(BIDS)
    this.#changes(bids)
    this.#text(ASKS)
    this.#changes(asks)
    this.#text(END)
    return this.#end()
  }

  /** The REST answer, which names neither symbol nor time: whoever asked must remember what for. */
  depthSnapshot(last_id: number, bids: BookSide, asks: BookSide): Uint8Array {
    this.#begin(MESSAGE_BYTES_MAX + LEVEL_BYTES_MAX * (bids.count + asks.count))
    this.#text(SNAPSHOT)
    this.#integer(last_id)
    this.#text(SNAPSHOT_BIDS)
    this.#levels(bids)
    this.#text(SNAPSHOT_ASKS)
    this.#levels(asks)
    this.#text(SNAPSHOT_END)
    return this.#end()
  }

  bookTicker(update_id: number, bids: BookSide, asks: BookSide): Uint8Array {
    const { price_scale, qty_scale } = this.#profile
    this.#begin(MESSAGE_BYTES_MAX)
    this.#text(this.#phrases.ticker)
    this.#integer(update_id)
    this.#text(this.#phrases.ticker_symbol)
    this.#text(BID_PX)
    this.#decimal(bids.best_px, price_scale)
    this.#text(BID_QTY)
    this.#decimal(bids.best_qty, qty_scale)
    this.#text(ASK_PX)
    this.#decimal(asks.best_px, price_scale)
    this.#text(ASK_QTY)
    this.#decimal(asks.best_qty, qty_scale)
    this.#text(TEXT_END)
    return this.#end()
  }

  /** `buyer_makes`: the resting order was a bid, so the taker sold. */
  trade(time_ms: number, trade_id: number, px: number, qty: number, buyer_makes: boolean): Uint8Array {
    this.#begin(MESSAGE_BYTES_MAX)
    this.#text(this.#phrases.trade)
    this.#integer(time_ms)
    this.#text(this.#phrases.trade_symbol)
    this.#text(TRADE_ID)
    this.#integer(trade_id)
    this.#text(TRADE_PX)
    this.#decimal(px, this.#profile.price_scale)
    this.#text(TRADE_QTY)
    this.#decimal(qty, this.#profile.qty_scale)
    this.#text(TRADE_TIME)
    this.#integer(time_ms)
    this.#text(buyer_makes ? BUYER_MAKES : SELLER_MAKES)
    return this.#end()
  }

  #begin(size_bytes: number): void {
    if (this.#pos + size_bytes > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, size_bytes))
      this.#pos = 0
    }
    this.#start = this.#pos
  }

  #end(): Uint8Array {
    return this.#chunk.subarray(this.#start, this.#pos)
  }

  #changes(side: BookSide): void {
    const sorted = Float64Array.from(side.changed).sort()
    const last = sorted.length - 1
    for (let index = 0; index <= last; index += 1) {
      const px = sorted[side.sign === 1 ? last - index : index]!
      if (index > 0) this.#byte(COMMA)
      this.#level(px, side.totalAt(px))
    }
  }

  #levels(side: BookSide): void {
    for (let rank = 0; rank < side.count; rank += 1) {
      if (rank > 0) this.#byte(COMMA)
      this.#level(side.px(rank), side.qty(rank))
    }
  }

  #level(px: number, qty: number): void {
    this.#text(LEVEL_OPEN)
    this.#decimal(px, this.#profile.price_scale)
    this.#text(LEVEL_MIDDLE)
    this.#decimal(qty, this.#profile.qty_scale)
    this.#text(LEVEL_END)
  }

  #byte(value: number): void {
    this.#chunk[this.#pos] = value
    this.#pos += 1
  }

  #text(bytes: Uint8Array): void {
    const chunk = this.#chunk
    let pos = this.#pos
    for (let index = 0; index < bytes.length; index += 1) {
      chunk[pos] = bytes[index]!
      pos += 1
    }
    this.#pos = pos
  }

  /** A non-negative safe integer. Nine digits at a time, so that the digits are cut off in 32-bit arithmetic. */
  #integer(value: number): void {
    const high = Math.floor(value / 1_000_000_000)
    if (high > 0) {
      this.#integer(high)
      this.#digits(value - high * 1_000_000_000, 9)
      return
    }
    let width = 1
    while (width < 9 && value >= POWERS[width]!) width += 1
    this.#digits(value, width)
  }

  #digits(value: number, width: number): void {
    let rest = value | 0
    for (let at = this.#pos + width - 1; at >= this.#pos; at -= 1) {
      const tenth = (rest / 10) | 0
      this.#chunk[at] = ZERO + rest - tenth * 10
      rest = tenth
    }
    this.#pos += width
  }

  #decimal(value: number, scale: number): void {
    const whole = Math.floor(value / POWERS[scale]!)
    this.#integer(whole)
    this.#byte(46)
    this.#digits(value - whole * POWERS[scale]!, scale)
    for (let place = scale; place < DECIMALS; place += 1) this.#byte(ZERO)
  }
}
