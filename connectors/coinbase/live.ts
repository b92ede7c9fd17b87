/**
 * Live streams of Coinbase Advanced Trade: `level2`, `market_trades`, `ticker` and `heartbeats`, one connection per
 * product.
 *
 * The venue numbers the messages of a connection, not of a product: with several on one, each would see the others'
 * messages as holes. Messages that name no product (heartbeats, confirmations) belong to the connection's. Market data
 * needs no login. The venue allows an address 8 connections and 8 messages a second, whatever the connection; it ends a
 * connection on which nothing is subscribed in 5 s. So there is one new connection a second, which has room for its
 * subscriptions, and for one book's repair.
 */
import { captureAddress } from '../feed/address.ts'
import type { FeedAddress, FeedLine, FeedVenue } from '../feed/venue.ts'
import { coinbaseCapture } from './capture.ts'
import { watchNumbers } from './live-numbers.ts'

const CHANNELS = ['heartbeats', 'level2', 'market_trades', 'ticker']

export function coinbaseLive({ symbols, url = 'wss://advanced-trade-ws.coinbase.com' }: FeedAddress): FeedVenue {
  const address = captureAddress(coinbaseCapture)
  const line = (symbol: string): FeedLine => ({
    url,
    subscriptions: CHANNELS.map((channel) => message('subscribe', channel, symbol)),
    address(payload) {
      const { symbol: said, channel } = address(payload)
      return { symbol: said === '' ? symbol : said, channel }
    },
    watch: (actions) =>
      watchNumbers(symbol, actions, () => ['unsubscribe', 'subscribe'].map((type) => message(type, 'level2', symbol))),
  })
  return {
    name: 'coinbase',
    format: 'coinbase',
    venue: 'COINBASE',
    symbols,
    connections: { count: 1, per_ms: 1_000 },
    messages: { count: 6, per_ms: 1_000 },
    messages_of: 'all',
    lifetime_ms: undefined,
    silence_ms: 15_000,
    lines: symbols.map(line),
  }
}

function message(type: string, channel: string, symbol: string): string {
  return JSON.stringify({ type, product_ids: [symbol], channel })
}
