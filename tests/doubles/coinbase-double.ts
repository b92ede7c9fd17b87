/** A double of Coinbase Advanced Trade: every connection counts its own messages, and hears a heartbeat each second. */
import type { DoubleOptions } from './binance-double.ts'
import type { MarketMessage } from './market-books.ts'
import { type Client, SubscribedDouble } from './subscribed-double.ts'

type Texts = Iterable<readonly [string, string]>

export class CoinbaseDouble extends SubscribedDouble {
  protected readonly path = '/'
  readonly #numbers = new WeakMap<Client, number>()
  #beats = 0
  #stopped = false

  constructor(options: DoubleOptions) {
    super(options)
    this.#beat()
  }

  override stop(): void {
    this.#stopped = true
    super.stop()
  }

  protected nameOf(symbol: string): string {
    return `${symbol.slice(0, -4)}-${symbol.slice(-4)}`
  }

  protected asked(client: Client, text: string): void {
    const { type, product_ids, channel } = JSON.parse(text) as { type: string; product_ids: string[]; channel: string }
    for (const product of product_ids) {
      const book = this.bookOf(product)
      if (book === undefined) {
        this.say('error', { type: 'error', message: `${product} is not a valid product` }, client)
        continue
      }
      const key = channel === 'heartbeats' ? channel : `${channel === 'level2' ? 'l2_data' : channel} ${product}`
      if (type === 'unsubscribe') client.heard.delete(key)
      else client.heard.add(key)
      this.#number(key, 'subscriptions', [{ subscriptions: { [channel]: [product] } }], client)
      if (type === 'subscribe' && channel === 'level2') {
        this.#number(key, 'l2_data', [this.#level2(product, 'snapshot', book.bids, book.asks)], client)
      }
    }
  }

  protected happened({ symbol, channel, data }: MarketMessage): void {
    const product_id = this.nameOf(symbol)
    if (channel === 'depth@100ms') {
      const { b, a } = data as { b: Texts; a: Texts }
      this.#all(product_id, 'l2_data', [this.#level2(product_id, 'update', b, a)])
    } else if (channel === 'trade') {
      const { t, p: price, q: size, m } = data as { t: number; p: string; q: string; m: boolean }
      // The side of the order that rested.
      const trade = { trade_id: String(t), product_id, price, size, side: m ? 'BUY' : 'SELL', time: this.#time() }
      this.#all(product_id, 'market_trades', [{ type: 'update', trades: [trade] }])
    } else {
      const { b: best_bid, B: best_bid_quantity, a: best_ask, A: best_ask_quantity } = data
      const prices = { price: best_bid, best_bid, best_bid_quantity, best_ask, best_ask_quantity }
      this.#all(product_id, 'ticker', [{ type: 'update', tickers: [{ type: 'ticker', product_id, ...prices }] }])
    }
  }

  #beat(): void {
    this.clock.after(1_000, () => {
      if (this.#stopped) return
      const event = { current_time: this.#time(), heartbeat_counter: String(++this.#beats) }
      for (const client of this.clients) {
        if (client.heard.has('heartbeats')) this.#number('heartbeats', 'heartbeats', [event], client)
      }
      this.#beat()
    })
  }

  #all(product: string, channel: string, events: object[]): void {
    const key = `${channel} ${product}`
    for (const client of this.clients) if (client.heard.has(key)) this.#number(key, channel, events, client)
  }

  #number(key: string, channel: string, events: object[], client: Client): void {
    const sequence_num = this.#numbers.get(client) ?? 0
    this.#numbers.set(client, sequence_num + 1)
    this.say(key, { channel, client_id: '', timestamp: this.#time(), sequence_num, events }, client)
  }

  #level2(product_id: string, type: string, bids: Texts, asks: Texts): object {
    const event_time = this.#time()
    const side = (name: string, levels: Texts) =>
      [...levels].map(([price_level, new_quantity]) => ({ side: name, event_time, price_level, new_quantity }))
    return { type, product_id, updates: [...side('bid', bids), ...side('offer', asks)] }
  }

  #time(): string {
    return new Date(this.clock.now_us() / 1_000).toISOString()
  }
}
