/**
 * A double of Binance USD-M futures: books and tickers on one path, trades on another. Its ids have holes, as if other
 * contracts had them, and a snapshot's last id is that of a change, or in such a hole.
 */
import { BinanceDouble } from './binance-double.ts'
import type { MarketMessage } from './market-books.ts'

const FUTURES_IDS = 3

export class BinanceUsdmDouble extends BinanceDouble {
  protected override readonly streams =
    /^\/(?:public\/stream\?streams=((?:[a-z0-9]+@(?:depth@100ms|bookTicker)\/?)+)|market\/stream\?streams=((?:[a-z0-9]+@aggTrade\/?)+))$/
  protected override readonly snapshots = /^\/fapi\/v1\/depth\?symbol=([A-Z0-9]+)&limit=1000$/

  protected override wire({ symbol, channel, data }: MarketMessage): { stream: string; payload: Uint8Array } {
    const said = { ...data }
    const name = channel === 'trade' ? 'aggTrade' : channel
    if (channel === 'depth@100ms') {
      const { U, u } = data as { U: number; u: number }
      Object.assign(said, { U: FUTURES_IDS * U - 2, u: FUTURES_IDS * u, pu: FUTURES_IDS * (U - 1) })
    } else if (channel === 'trade') {
      Object.assign(said, { e: name, a: data.t, f: data.t, l: data.t })
      delete said.t
    } else Object.assign(said, { e: name })
    const stream = `${symbol.toLowerCase()}@${name}`
    return { stream, payload: new TextEncoder().encode(JSON.stringify({ stream, data: said })) }
  }

  protected override snapshotHead(last_id: number): object {
    return { lastUpdateId: FUTURES_IDS * last_id + (last_id % 2), E: 1_767_571_200_000, T: 1_767_571_200_000 }
  }
}
