/**
 * Live streams of Binance spot: depth every 100 ms, book tickers and trades of the declared symbols on combined
 * streams, and a REST snapshot per symbol whenever its depth has no beginning.
 *
 * Limits are the venue's (web-socket-streams.md, rest-api.md): 1,024 streams and 24 h per connection, 300 connections
 * in 5 minutes, 5 messages of ours per second, 6,000 weights per minute, of which a snapshot of 1,000 levels costs 50.
 * We use half of the weights: others of the same address ask too. The venue pings every 20 s; the socket answers.
 */
import { captureAddress } from '../feed/address.ts'
import type { FeedAddress, FeedVenue } from '../feed/venue.ts'
import { spotIds, watchDepth } from './live-depth.ts'
import { binanceSpotCapture } from './spot-capture.ts'
import { streamAddresses } from './stream-addresses.ts'

const STREAMS_PER_SYMBOL = ['depth@100ms', 'bookTicker', 'trade']
/** Half an hour before the venue ends a connection. */
export const LIFETIME_MS = 23 * 3_600_000 + 30 * 60_000
const SNAPSHOT_LEVELS = 1_000
const SNAPSHOT_WEIGHT = 50

export function binanceLive({
  symbols,
  url = 'wss://stream.binance.com:9443',
  rest_url = 'https://api.binance.com',
}: FeedAddress): FeedVenue {
  return {
    name: 'binance',
    format: 'binance-spot',
    venue: 'BINANCE',
    symbols,
    connections: { count: 300, per_ms: 300_000 },
    messages: { count: 5, per_ms: 1_000 },
    lifetime_ms: LIFETIME_MS,
    silence_ms: 30_000,
    rest: { weights: { count: 3_000, per_ms: 60_000 }, used_header: 'x-mbx-used-weight-1m' },
    lines: streamAddresses(`${url}/stream?streams=`, symbols, STREAMS_PER_SYMBOL).map((line) => ({
      url: line.url,
      subscriptions: [],
      address,
      watch: (actions) =>
        watchDepth(line.symbols, actions, spotIds, (symbol) => ({
          symbol,
          channel: 'snapshot',
          url: `${rest_url}/api/v3/depth?symbol=${symbol}&limit=${SNAPSHOT_LEVELS}`,
          weight: SNAPSHOT_WEIGHT,
        })),
    })),
  }
}

const address = captureAddress(binanceSpotCapture)
