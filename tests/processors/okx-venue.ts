/** OKX frames as the venue writes them, and the stages that read them. */
import { crc32 } from 'node:zlib'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { BookUpdate, MarketEvent } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'

export type Texts = readonly (readonly [px: string, qty: string])[]

const listing = {
  instrument_id: 'BTC-USDT.OKX',
  venue: 'OKX',
  symbol: 'BTC-USDT',
  price_scale: 2,
  qty_scale: 4,
} as const
export const params = { instruments: [listing], unknown_symbol: 'declare', buffer_max: 16, restart_after: 3 }

export const frame = (payload: unknown, symbol = 'BTC-USDT') =>
  rawFrame(typeof payload === 'string' ? payload : JSON.stringify(payload), {
    venue: 'OKX',
    venue_symbol: `OKX:${symbol}`,
  })

/** By the venue's description, with another implementation of the checksum than the product's. */
export function checksum(bids: Texts, asks: Texts): number {
  const parts: string[] = []
  for (let i = 0; i < 25; i++) for (const level of [bids[i], asks[i]]) if (level !== undefined) parts.push(...level)
  return crc32(parts.join(':')) | 0
}

const side = (levels: Texts) => levels.map(([px, qty]) => [px, qty, '0', '1'])

export function books(
  action: 'snapshot' | 'update',
  bids: Texts,
  asks: Texts,
  more: object = {},
  arg: object = { channel: 'books', instId: 'BTC-USDT' },
) {
  return { arg, action, data: [{ asks: side(asks), bids: side(bids), ts: '1652459225464', ...more }] }
}

/** A symbol's way from frames to books. */
export class Way {
  readonly normal: Hand
  readonly builder = new Hand(bookBuilder, listing.instrument_id, { levels: 3, max_levels: 100, stale_after_ms: 2_000 })

  constructor(more: object = {}) {
    this.normal = new Hand(normalizer, 'OKX:BTC-USDT', { ...params, ...more })
  }
  answer(payload: unknown): Answer {
    return this.normal.on('frames', frame(payload))
  }
  events(payload: unknown): MarketEvent[] {
    const answer = this.answer(payload)
    if ('fault' in answer) throw new Error(answer.fault)
    return port<MarketEvent>(answer, 'events')
  }
  /** Qualities of the books that the frame makes. */
  qualities(payload: unknown): string[] {
    return this.events(payload).flatMap((event) =>
      port<BookUpdate>(this.builder.on('events', event), 'books').map(({ quality }) => quality),
    )
  }
}
