/** Frames of Kraken as its documentation shows them, and a way from them to books. */
import { crc32 } from 'node:zlib'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { BookUpdate, MarketEvent } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'

export type Texts = readonly (readonly [price: string, qty: string])[]

export const listing = {
  instrument_id: 'BTC/USD.KRAKEN',
  venue: 'KRAKEN',
  symbol: 'BTC/USD',
  price_scale: 1,
  qty_scale: 8,
} as const
const params = { instruments: [listing], unknown_symbol: 'declare', buffer_max: 16, restart_after: 3 }

export class Way {
  readonly normal = new Hand(normalizer, 'KRAKEN:BTC/USD', params)
  readonly builder = new Hand(bookBuilder, listing.instrument_id, {
    levels: 30,
    max_levels: 100,
    stale_after_ms: 2_000,
  })

  answer(payload: string): Answer {
    return this.normal.on('frames', rawFrame(payload, { venue: 'KRAKEN', venue_symbol: 'KRAKEN:BTC/USD' }))
  }
  events(payload: string): MarketEvent[] {
    const answer = this.answer(payload)
    if ('fault' in answer) throw new Error(`${answer.fault} ${JSON.stringify(answer.detail)}`)
    return port<MarketEvent>(answer, 'events')
  }
  books(payload: string): BookUpdate[] {
    return this.events(payload).flatMap((event) => port<BookUpdate>(this.builder.on('events', event), 'books'))
  }
  state() {
    return JSON.parse(this.normal.text())
  }
}

const numbers = (text: string) => text.replace('.', '').replace(/^0+/, '')
const concat = (levels: Texts) => levels.slice(0, 10).flat().map(numbers).join('')
export const checksum = (bids: Texts, asks: Texts) => crc32(concat(asks) + concat(bids))

const levels = (side: Texts) => side.map(([price, qty]) => `{"price":${price},"qty":${qty}}`).join(',')
export const book = (type: string, bids: Texts, asks: Texts, sum: number, symbol = 'BTC/USD') =>
  `{"channel":"book","type":"${type}","data":[{"symbol":"${symbol}","bids":[${levels(bids)}],"asks":[${levels(asks)}],"checksum":${sum},"timestamp":"2023-10-06T17:35:55.440295Z"}]}`

/** The example of the venue's guide to the checksum. */
export const bids = [
  ['45283.5', '0.10000000'],
  ['45283.4', '1.54582015'],
  ['45282.1', '0.10000000'],
  ['45281.0', '0.10000000'],
  ['45280.3', '1.54592586'],
  ['45279.0', '0.07990000'],
  ['45277.6', '0.03310103'],
  ['45277.5', '0.30000000'],
  ['45277.3', '1.54602737'],
  ['45276.6', '0.15445238'],
] as const
export const asks = [
  ['45285.2', '0.00100000'],
  ['45286.4', '1.54571953'],
  ['45286.6', '1.54571109'],
  ['45289.6', '1.54560911'],
  ['45290.2', '0.15890660'],
  ['45291.8', '1.54553491'],
  ['45294.7', '0.04454749'],
  ['45296.1', '0.35380000'],
  ['45297.5', '0.09945542'],
  ['45299.5', '0.18772827'],
] as const
export const GUIDE = 3_310_070_434
export const quality = (made: readonly BookUpdate[]) => made.map((one) => one.quality)

export type Order = readonly [id: string, price: string, qty: string, event?: string]
const list = (orders: readonly Order[]) =>
  orders
    .map(
      ([id, price, qty, event]) =>
        `{${event === undefined ? '' : `"event":"${event}",`}"order_id":"${id}","limit_price":${price},"order_qty":${qty},"timestamp":"2024-01-08T12:26:39.526146327Z"}`,
    )
    .join(',')
export const level3 = (type: string, buys: readonly Order[], sells: readonly Order[], sum: number) =>
  `{"channel":"level3","type":"${type}","data":[{"symbol":"BTC/USD","checksum":${sum},"bids":[${list(buys)}],"asks":[${list(sells)}]}]}`
export const sumOf = (buys: readonly Order[], sells: readonly Order[]) =>
  crc32([...sells, ...buys].map(([, price, qty]) => numbers(price) + numbers(qty)).join(''))
