/** A double of Kraken's WebSocket v2: books of ten levels with checksums, trades, tickers, heartbeats. */
import type { DoubleOptions } from './binance-double.ts'
import type { MarketMessage, TrueBook } from './market-books.ts'
import { type Client, SubscribedDouble } from './subscribed-double.ts'

type Levels = readonly (readonly [px: string, qty: string])[]
type Sides = { readonly bids: Levels; readonly asks: Levels }

const LEVELS = 10

export class KrakenDouble extends SubscribedDouble {
  protected readonly path = '/v2'
  readonly #views = new Map<string, Sides>()
  #stopped = false

  constructor(options: DoubleOptions) {
    super(options)
    this.#beat()
  }

  override stop(): void {
    this.#stopped = true
    super.stop()
  }

  /** What a subscriber of ten levels has. */
  override get books(): ReadonlyMap<string, TrueBook> {
    return new Map(
      [...super.books].map(([name, book]) => {
        const { bids, asks } = view(book)
        return [name, { last_id: book.last_id, bids: new Map(bids), asks: new Map(asks) }]
      }),
    )
  }

  protected nameOf(symbol: string): string {
    return `${symbol.slice(0, -4)}/${symbol.slice(-4)}`
  }

  protected asked(client: Client, text: string): void {
    const { method, params } = JSON.parse(text) as { method: string; params: { channel: string; symbol: string[] } }
    const { channel } = params
    for (const symbol of params.symbol) {
      const key = `${channel} ${symbol}`
      const book = this.bookOf(symbol)
      if (book === undefined) {
        const error = 'Currency pair not supported'
        this.say(key, { error, method, success: false, symbol }, client)
        continue
      }
      if (method === 'unsubscribe') client.heard.delete(key)
      else client.heard.add(key)
      const result = channel === 'book' ? { channel, depth: LEVELS, snapshot: true, symbol } : { channel, symbol }
      this.say(key, { method, result, success: true }, client)
      if (method !== 'subscribe' || channel !== 'book') continue
      const sides = view(book)
      this.#views.set(symbol, sides)
      this.say(key, this.#book(symbol, 'snapshot', sides, sides), client)
    }
  }

  protected happened({ symbol: inner, channel, data }: MarketMessage): void {
    const symbol = this.nameOf(inner)
    const timestamp = this.#time()
    if (channel === 'depth@100ms') {
      const before = this.#views.get(symbol)
      const after = view(this.bookOf(symbol)!)
      this.#views.set(symbol, after)
      if (before === undefined) return
      const changes = { bids: changed(before.bids, after.bids, 1), asks: changed(before.asks, after.asks, -1) }
      if (changes.bids.length + changes.asks.length > 0) {
        this.say(`book ${symbol}`, this.#book(symbol, 'update', changes, after))
      }
    } else if (channel === 'trade') {
      const { t, p, q, m } = data as { t: number; p: string; q: string; m: boolean }
      const rest = `"side":"${m ? 'sell' : 'buy'}","ord_type":"market","trade_id":${t},"timestamp":"${timestamp}"`
      const trade = `{"symbol":"${symbol}","price":${p},"qty":${q},${rest}}`
      this.say(`trade ${symbol}`, `{"channel":"trade","type":"update","data":[${trade}]}`)
    } else {
      const { b, B, a, A } = data
      const ticker = `{"symbol":"${symbol}","bid":${b},"bid_qty":${B},"ask":${a},"ask_qty":${A}}`
      this.say(`ticker ${symbol}`, `{"channel":"ticker","type":"update","data":[${ticker}]}`)
    }
  }

  #beat(): void {
    this.clock.after(1_000, () => {
      if (this.#stopped) return
      for (const client of this.clients) {
        if (client.heard.size > 0) this.say('heartbeat', { channel: 'heartbeat' }, client)
      }
      this.#beat()
    })
  }

  /** Numbers as written: their zeros count. */
  #book(symbol: string, type: string, { bids, asks }: Sides, whole: Sides): string {
    const side = (levels: Levels) => `[${levels.map(([px, qty]) => `{"price":${px},"qty":${qty}}`).join()}]`
    const time = `"timestamp":"${this.#time()}"`
    const sides = `"bids":${side(bids)},"asks":${side(asks)},"checksum":${checksum(whole)},${time}`
    return `{"channel":"book","type":"${type}","data":[{"symbol":"${symbol}",${sides}}]}`
  }

  #time(): string {
    return new Date(this.clock.now_us() / 1_000).toISOString()
  }
}

function view({ bids, asks }: TrueBook): Sides {
  const best = (side: Map<string, string>, sign: number): Levels =>
    [...side].sort((a, b) => sign * (Number(b[0]) - Number(a[0]))).slice(0, LEVELS)
  return { bids: best(bids, 1), asks: best(asks, -1) }
}

/** What a subscriber must be told: new and other levels, and those gone that better ones did not push out. */
function changed(before: Levels, after: Levels, sign: number): Levels {
  const old = new Map(before)
  const now = new Map(after)
  const worst = Number(after.at(-1)?.[0] ?? 0)
  const gone = before.filter(([px]) => !now.has(px) && (after.length < LEVELS || sign * (Number(px) - worst) > 0))
  const fresh = after.filter(([px, qty]) => old.get(px) !== qty)
  return [...gone.map(([px]) => [px, '0.00000000'] as const), ...fresh]
}

/** By the venue's description, bit by bit: another implementation than the product's. */
function checksum({ bids, asks }: Sides): number {
  return crc([...asks, ...bids])
}

export function crc(levels: Levels): number {
  const text = levels.map(([px, qty]) => `${BigInt(px.replace('.', ''))}${BigInt(qty.replace('.', ''))}`).join('')
  let crc = 0xffff_ffff
  for (const char of text) {
    crc ^= char.charCodeAt(0)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1
  }
  return (crc ^ 0xffff_ffff) >>> 0
}
