/**
 * Live streams of Binance USD-M futures: depth every 100 ms and book tickers of the declared contracts on the venue's
 * connections for books, trades (put together by the venue, `aggTrade`) on its connections for the rest, and a REST
 * snapshot per contract whenever its depth has no beginning.
 *
 * The venue serves the two kinds of streams by two paths since 2026, and neither has the other's. Its limits: 1,024
 * streams, 24 h and 10 messages of ours per second and connection, 2,400 weights per minute, of which a snapshot of 1,000
 * levels costs 20. We use half of the weights: others of the same address ask too.
 */
import { captureAddress } from '../feed/address.ts'
import type { FeedAddress, FeedLine, FeedVenue } from '../feed/venue.ts'
import { LIFETIME_MS } from './live.ts'
import { usdmIds, watchDepth } from './live-depth.ts'
import { streamAddresses } from './stream-addresses.ts'
import { binanceUsdmCapture } from './usdm-capture.ts'

const SNAPSHOT_LEVELS = 1_000
const SNAPSHOT_WEIGHT = 20
/** Books change all the time; of a contract that nobody trades there is no trade to be heard of. */
const TRADES_SILENCE_MS = 600_000

export function binanceUsdmLive({
  symbols,
  url = 'wss://fstream.binance.com',
  rest_url = 'https://fapi.binance.com',
}: FeedAddress): FeedVenue {
  return {
    name: 'binance-usdm',
    format: 'binance-usdm',
    venue: 'BINANCE_USDM',
    symbols,
    connections: { count: 300, per_ms: 300_000 },
    messages: { count: 10, per_ms: 1_000 },
    lifetime_ms: LIFETIME_MS,
    silence_ms: 30_000,
    rest: { weights: { count: 1_200, per_ms: 60_000 }, used_header: 'x-mbx-used-weight-1m' },
    lines: [
      ...streamAddresses(`${url}/public/stream?streams=`, symbols, ['depth@100ms', 'bookTicker']).map(
        (line): FeedLine => ({
          url: line.url,
          subscriptions: [],
          address,
          watch: (actions) =>
            watchDepth(line.symbols, actions, usdmIds, (symbol) => ({
              symbol,
              channel: 'snapshot',
              url: `${rest_url}/fapi/v1/depth?symbol=${symbol}&limit=${SNAPSHOT_LEVELS}`,
              weight: SNAPSHOT_WEIGHT,
            })),
        }),
      ),
      ...streamAddresses(`${url}/market/stream?streams=`, symbols, ['aggTrade']).map(
        (line): FeedLine => ({
          url: line.url,
          subscriptions: [],
          silence_ms: TRADES_SILENCE_MS,
          address,
          // A trade that is missing is missing for good; the normalizer says so.
          watch: () => ({ connected() {}, frame() {}, ended() {}, close() {} }),
        }),
      ),
    ],
  }
}

const address = captureAddress(binanceUsdmCapture)
