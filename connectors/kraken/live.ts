/**
 * Live streams of Kraken's WebSocket v2: `book`, `trade` and `ticker` (at every change of the best prices) of the
 * declared symbols on one connection.
 *
 * Books have ten levels a side: that is what the venue's checksum covers, so that every level of a book is verified at
 * every message; deeper ones could be wrong without anybody knowing. Heartbeats come every second where nothing else
 * does. The venue blocks an address after some 150 connections in ten minutes.
 */
import { captureAddress } from '../feed/address.ts'
import type { FeedAddress, FeedVenue } from '../feed/venue.ts'
import { krakenCapture } from './capture.ts'
import { watchChecksums } from './live-checksums.ts'
import { levelsChannel } from './live-levels.ts'

const BOOK_LEVELS = 10
export const KRAKEN_CONNECTIONS = { count: 100, per_ms: 600_000 } as const
export const KRAKEN_SILENCE_MS = 15_000

export function krakenLive({ symbols, url = 'wss://ws.kraken.com' }: FeedAddress): FeedVenue {
  const book = (method: string, symbol: readonly string[]) =>
    message(method, { channel: 'book', symbol, depth: BOOK_LEVELS })
  return {
    name: 'kraken',
    format: 'kraken',
    venue: 'KRAKEN',
    symbols,
    connections: KRAKEN_CONNECTIONS,
    messages: { count: 10, per_ms: 1_000 },
    lifetime_ms: undefined,
    silence_ms: KRAKEN_SILENCE_MS,
    lines: [
      {
        url: `${url}/v2`,
        subscriptions: [book('subscribe', symbols), ...quotesAndTrades(symbols)],
        address: captureAddress(krakenCapture),
        watch: (actions) =>
          watchChecksums(symbols, levelsChannel(BOOK_LEVELS), actions, (symbol) =>
            ['unsubscribe', 'subscribe'].map((method) => book(method, [symbol])),
          ),
      },
    ],
  }
}

export function message(method: string, params: object): string {
  return JSON.stringify({ method, params })
}

export function quotesAndTrades(symbol: readonly string[]): string[] {
  return [
    message('subscribe', { channel: 'trade', symbol, snapshot: false }),
    message('subscribe', { channel: 'ticker', symbol, event_trigger: 'bbo' }),
  ]
}
