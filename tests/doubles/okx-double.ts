/** A double of OKX v5's public stream: `books`, `trades`, `tickers`. */
import type { MarketMessage } from './market-books.ts'
import { type Client, SubscribedDouble } from './subscribed-double.ts'

type Texts = readonly (readonly [string, string])[]

const four = (levels: Iterable<readonly [string, string]>) => [...levels].map(([px, qty]) => [px, qty, '0', '1'])

export class OkxDouble extends SubscribedDouble {
  protected readonly path = '/ws/v5/public'
  readonly #previous = new Map<string, number>()

  protected nameOf(symbol: string): string {
    return `${symbol.slice(0, -4)}-${symbol.slice(-4)}`
  }

  protected asked(client: Client, text: string): void {
    if (text === 'ping') return this.say('pong', 'pong', client)
    const { op, args } = JSON.parse(text) as { op: string; args: { channel: string; instId: string }[] }
    for (const arg of args) {
      const { channel, instId } = arg
      const book = this.bookOf(instId)
      if (book === undefined) {
        this.say('error', { event: 'error', code: '60018', msg: `${instId} doesn't exist`, connId: 'a4d3ae55' }, client)
        continue
      }
      const key = `${channel} ${instId}`
      if (op === 'unsubscribe') client.heard.delete(key)
      else client.heard.add(key)
      this.say(key, { event: op, arg, connId: 'a4d3ae55' }, client)
      if (op !== 'subscribe' || channel !== 'books') continue
      const ids = { prevSeqId: -1, seqId: book.last_id }
      this.say(key, this.#book(instId, 'snapshot', book.bids, book.asks, ids), client)
    }
  }

  protected happened({ symbol, channel, data }: MarketMessage): void {
    const instId = this.nameOf(symbol)
    const ts = String(Math.floor(this.clock.now_us() / 1_000))
    if (channel === 'depth@100ms') {
      const { u: seqId, U, b, a } = data as { u: number; U: number; b: Texts; a: Texts }
      const prevSeqId = this.#previous.get(instId) ?? U - 1
      this.#previous.set(instId, seqId)
      this.say(`books ${instId}`, this.#book(instId, 'update', b, a, { prevSeqId, seqId }))
    } else if (channel === 'trade') {
      const { t, p: px, q: sz, m } = data as { t: number; p: string; q: string; m: boolean }
      const trade = { instId, tradeId: String(t), px, sz, side: m ? 'sell' : 'buy', ts, count: '1' }
      this.say(`trades ${instId}`, { arg: { channel: 'trades', instId }, data: [trade] })
    } else {
      const { b: bidPx, B: bidSz, a: askPx, A: askSz } = data
      const ticker = { instType: 'SPOT', instId, askPx, askSz, bidPx, bidSz, ts }
      this.say(`tickers ${instId}`, { arg: { channel: 'tickers', instId }, data: [ticker] })
    }
  }

  #book(
    instId: string,
    action: string,
    bids: Iterable<readonly [string, string]>,
    asks: Iterable<readonly [string, string]>,
    ids: { prevSeqId: number; seqId: number },
  ) {
    const ts = String(Math.floor(this.clock.now_us() / 1_000))
    const data = [{ asks: four(asks), bids: four(bids), ts, checksum: 0, ...ids }]
    return { arg: { channel: 'books', instId }, action, data }
  }
}
