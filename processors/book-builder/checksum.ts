/**
 * A venue's checksum of the best levels, computed again from the book.
 *
 * It covers prices and quantities as the venue wrote them (`0.10` is not `0.1`), so the texts of all levels are kept
 * beside the integers, for instruments whose depth carries a checksum only. Sources: OKX API v5, WebSocket order book
 * channel, and Kraken's guide to the book checksum of WebSocket v2.
 */
import type { Checksum, ChecksumRule, Level } from '../../schemas/generated/index.ts'
import { crc32 } from './crc32.ts'
import type { BookSide } from './side.ts'

/** Levels of a side that a checksum covers. */
const OKX_LEVELS = 25
const KRAKEN_LEVELS = 10
/** Texts beyond twice the levels of the side are of levels that it dropped. */
const SPARE_TEXTS = 64

/** As a snapshot of the state holds them: price, text, price, text... */
export interface FlatTexts {
  readonly rule: ChecksumRule
  readonly bids: readonly (number | string)[]
  readonly asks: readonly (number | string)[]
}

export class BookTexts {
  readonly rule: ChecksumRule
  /** `px:qty` as written, by price. */
  readonly bids: Map<number, string>
  readonly asks: Map<number, string>

  constructor(rule: ChecksumRule, bids = new Map<number, string>(), asks = new Map<number, string>()) {
    this.rule = rule
    this.bids = bids
    this.asks = asks
  }

  /** Notes the texts of a message whose levels are in the book already. */
  apply(bids: readonly Level[], asks: readonly Level[], checksum: Checksum, book: { bids: BookSide; asks: BookSide }) {
    setTexts(this.bids, bids, checksum.bid_texts, book.bids)
    setTexts(this.asks, asks, checksum.ask_texts, book.asks)
  }

  /** The checksum by the rule, unsigned. */
  of(bids: BookSide, asks: BookSide): number {
    return this.rule === 'OKX' ? this.#okx(bids, asks) : this.#kraken(bids, asks)
  }

  flat(): FlatTexts {
    return { rule: this.rule, bids: [...this.bids].flat(), asks: [...this.asks].flat() }
  }

  static restore({ rule, bids, asks }: FlatTexts): BookTexts {
    return new BookTexts(rule, mapOf(bids), mapOf(asks))
  }

  /** Bid and ask by turns, `px:qty:px:qty...`; where one side is shorter the other goes on alone. */
  #okx(bids: BookSide, asks: BookSide): number {
    const bid = bids.top(OKX_LEVELS)
    const ask = asks.top(OKX_LEVELS)
    const parts: string[] = []
    for (let i = 0; i < OKX_LEVELS; i++) {
      const bid_px = bid[i]?.px
      const ask_px = ask[i]?.px
      if (bid_px !== undefined) parts.push(this.bids.get(bid_px) ?? '')
      if (ask_px !== undefined) parts.push(this.asks.get(ask_px) ?? '')
    }
    return crc32(parts.join(':'))
  }

  /** Asks from the lowest, then bids from the highest; price and quantity without point and leading zeros. */
  #kraken(bids: BookSide, asks: BookSide): number {
    let text = ''
    for (const { px } of asks.top(KRAKEN_LEVELS)) text += krakenText(this.asks.get(px) ?? '')
    for (const { px } of bids.top(KRAKEN_LEVELS)) text += krakenText(this.bids.get(px) ?? '')
    return crc32(text)
  }
}

function krakenText(text: string): string {
  return text
    .split(':')
    .map((number) => number.replace('.', '').replace(/^0+/, ''))
    .join('')
}

function setTexts(
  texts: Map<number, string>,
  levels: readonly Level[],
  written: readonly string[],
  side: BookSide,
): void {
  levels.forEach(({ px, qty }, i) => {
    if (qty === 0) texts.delete(px)
    else texts.set(px, written[i] ?? '')
  })
  if (texts.size <= side.length * 2 + SPARE_TEXTS) return
  const held = new Set(side.top(side.length).map(({ px }) => px))
  for (const px of texts.keys()) if (!held.has(px)) texts.delete(px)
}

function mapOf(flat: readonly (number | string)[]): Map<number, string> {
  const texts = new Map<number, string>()
  for (let at = 0; at < flat.length; at += 2) texts.set(flat[at] as number, flat[at + 1] as string)
  return texts
}
