import { crc32 } from 'node:zlib'
import type { InstrumentProfile } from '../instruments.ts'
import type { BookSide } from '../limit-order-book.ts'

/**
 * Writes OKX v5 messages of the channels `books` and `trades`, in the venue's field order. Source: OKX API v5, WebSocket
 * order book and trades channels. Decimals are written without trailing zeros, as the venue does, and the checksum covers
 * them as they are written.
 */
const CHECKSUM_LEVELS = 25

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

export class OkxWriter {
  readonly #profile: InstrumentProfile

  constructor(profile: InstrumentProfile) {
    this.#profile = profile
  }

  /** The levels that changed, best first, and the checksum of the whole book. */
  update(time_ms: number, previous_id: number, id: number, bids: BookSide, asks: BookSide): Uint8Array {
    return this.#books('update', time_ms, previous_id, id, changes(bids), changes(asks), [bids, asks])
  }

  snapshot(time_ms: number, id: number, bids: BookSide, asks: BookSide): Uint8Array {
    return this.#books('snapshot', time_ms, -1, id, levels(bids), levels(asks), [bids, asks])
  }

  /** `buyer_makes`: the resting order was a bid, so the taker sold. */
  trade(time_ms: number, trade_id: number, px: number, qty: number, buyer_makes: boolean): Uint8Array {
    const { symbol, price_scale, qty_scale } = this.#profile
    const side = buyer_makes ? 'sell' : 'buy'
    return bytes(
      `{"arg":{"channel":"trades","instId":"${symbol}"},"data":[{"instId":"${symbol}","tradeId":"${trade_id}",` +
        `"px":"${decimal(px, price_scale)}","sz":"${decimal(qty, qty_scale)}","side":"${side}","ts":"${time_ms}","count":"1"}]}`,
    )
  }

  #books(
    action: 'snapshot' | 'update',
    time_ms: number,
    previous_id: number,
    id: number,
    bids: readonly Level[],
    asks: readonly Level[],
    book: readonly [BookSide, BookSide],
  ): Uint8Array {
    return bytes(
      `{"arg":{"channel":"books","instId":"${this.#profile.symbol}"},"action":"${action}","data":[{` +
        `"asks":[${this.#texts(asks)}],"bids":[${this.#texts(bids)}],"ts":"${time_ms}",` +
        `"checksum":${this.#checksum(...book)},"seqId":${id},"prevSeqId":${previous_id}}]}`,
    )
  }

  #texts(of: readonly Level[]): string {
    const { price_scale, qty_scale } = this.#profile
    return of
      .map(([px, qty]) => `["${decimal(px, price_scale)}","${decimal(qty, qty_scale)}","0","${qty === 0 ? 0 : 1}"]`)
      .join()
  }

  /** CRC-32 of the best levels, bid and ask by turns, as a signed number. */
  #checksum(bids: BookSide, asks: BookSide): number {
    const { price_scale, qty_scale } = this.#profile
    const parts: string[] = []
    for (let rank = 0; rank < CHECKSUM_LEVELS; rank += 1)
      for (const side of [bids, asks])
        if (rank < side.count)
          parts.push(`${decimal(side.px(rank), price_scale)}:${decimal(side.qty(rank), qty_scale)}`)
    return crc32(parts.join(':')) | 0
  }
}

type Level = readonly [px: number, qty: number]

function changes(side: BookSide): Level[] {
  const sorted = [...side.changed].sort((a, b) => side.sign * (b - a))
  return sorted.map((px) => [px, side.totalAt(px)])
}

function levels(side: BookSide): Level[] {
  return Array.from({ length: side.count }, (_, rank) => [side.px(rank), side.qty(rank)])
}

function decimal(value: number, scale: number): string {
  const digits = String(value).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const rest = digits.slice(digits.length - scale).replace(/0+$/, '')
  return rest === '' ? whole : `${whole}.${rest}`
}
