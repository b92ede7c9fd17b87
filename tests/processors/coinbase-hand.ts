/** Frames of Coinbase as its documentation shows them, and a way from them to books. */
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { BookUpdate, MarketEvent } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'

const listing = {
  instrument_id: 'BTC-USD.COINBASE',
  venue: 'COINBASE',
  symbol: 'BTC-USD',
  price_scale: 2,
  qty_scale: 8,
} as const
const params = { instruments: [listing], unknown_symbol: 'declare', buffer_max: 16, restart_after: 3 }

export class Way {
  readonly normal = new Hand(normalizer, 'COINBASE:BTC-USD', params)
  readonly builder = new Hand(bookBuilder, listing.instrument_id, { levels: 3, max_levels: 100, stale_after_ms: 2_000 })

  answer(payload: unknown): Answer {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
    return this.normal.on('frames', rawFrame(text, { venue: 'COINBASE', venue_symbol: 'COINBASE:BTC-USD' }))
  }
  events(payload: unknown): MarketEvent[] {
    const answer = this.answer(payload)
    if ('fault' in answer) throw new Error(`${answer.fault} ${JSON.stringify(answer.detail)}`)
    return port<MarketEvent>(answer, 'events')
  }
  qualities(payload: unknown): string[] {
    return this.events(payload).flatMap((event) =>
      port<BookUpdate>(this.builder.on('events', event), 'books').map(({ quality }) => quality),
    )
  }
  state() {
    return JSON.parse(this.normal.text())
  }
}

type Update = readonly [side: string, price: string, size: string]
export const envelope = (channel: string, sequence_num: number, events: readonly object[]) => ({
  channel,
  client_id: '',
  timestamp: '2023-02-09T20:32:50.714964855Z',
  sequence_num,
  events,
})
export const level2 = (number: number, type: string, updates: readonly Update[], product_id = 'BTC-USD') =>
  envelope('l2_data', number, [
    {
      type,
      product_id,
      updates: updates.map(([side, price_level, new_quantity]) => ({
        side,
        event_time: '1970-01-01T00:00:00Z',
        price_level,
        new_quantity,
      })),
    },
  ])
export const snapshot = (number: number) =>
  level2(number, 'snapshot', [
    ['bid', '21921.73', '0.06317902'],
    ['bid', '21921.3', '0.02'],
    ['offer', '21922.00', '1'],
  ])
export const change = (number: number, size = '0.5') => level2(number, 'update', [['bid', '21921.73', size]])
export const heartbeat = (number: number, heartbeat_counter: number | string) =>
  envelope('heartbeats', number, [{ current_time: '2023-06-23 20:31:26.122969572 +0000 UTC', heartbeat_counter }])
export const trades = (number: number, type: string, ids: readonly number[], side = 'BUY') =>
  envelope('market_trades', number, [
    {
      type,
      trades: ids.map((id) => ({
        trade_id: `${id}`,
        product_id: 'BTC-USD',
        price: '21921.5',
        size: '0.3',
        side,
        time: '2019-08-14T20:42:27.265Z',
      })),
    },
  ])
