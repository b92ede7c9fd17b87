/**
 * Live streams of OKX v5: `books`, `trades` and `tickers` of the declared symbols on one public connection.
 *
 * Limits are the venue's: 3 connections per second, 480 requests of 64 KB per hour and connection, and it ends a
 * connection on which nothing was sent for 30 s: we send `ping` before, and its `pong` is no frame. It may end a
 * connection for an upgrade at any time; that is a reconnect like any other.
 */
import { captureAddress } from '../feed/address.ts'
import type { FeedAddress, FeedVenue } from '../feed/venue.ts'
import { okxCapture } from './capture.ts'
import { watchBooks } from './live-books.ts'

const CHANNELS = ['books', 'trades', 'tickers']
/** The venue takes 64 KB in a request; one of these is less than a tenth of a KB. */
const ARGS_MAX = 300
const PONG = Buffer.from('pong')

export function okxLive({ symbols, url = 'wss://ws.okx.com:8443' }: FeedAddress): FeedVenue {
  const args = symbols.flatMap((instId) => CHANNELS.map((channel) => ({ channel, instId })))
  const parts = Array.from({ length: Math.ceil(args.length / ARGS_MAX) }, (_, at) =>
    args.slice(at * ARGS_MAX, (at + 1) * ARGS_MAX),
  )
  return {
    name: 'okx',
    format: 'okx',
    venue: 'OKX',
    symbols,
    connections: { count: 3, per_ms: 1_000 },
    messages: { count: 400, per_ms: 3_600_000 },
    lifetime_ms: undefined,
    silence_ms: 60_000,
    keepalive: { every_ms: 25_000, text: 'ping' },
    isKeepalive: (payload) => PONG.equals(payload),
    lines: [
      {
        url: `${url}/ws/v5/public`,
        subscriptions: parts.map((part) => JSON.stringify({ op: 'subscribe', args: part })),
        address: captureAddress(okxCapture),
        watch: (actions) => watchBooks(symbols, actions),
      },
    ],
  }
}
