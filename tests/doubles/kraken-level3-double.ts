/**
 * A double of Kraken's `level3`: the market's levels as queues of orders, of which a subscriber with a good token hears
 * those of the ten best prices. It gives tokens for requests of a known key, and repeats one where it is asked to.
 */
import { crc, KrakenDouble } from './kraken-double.ts'
import type { MarketMessage, TrueBook, TrueOrder } from './market-books.ts'
import type { Client } from './subscribed-double.ts'
import type { DoubleAnswer } from './virtual-world.ts'

const LEVELS = 10
const UNITS = 100_000_000n
const SIDES = ['bids', 'asks'] as const
type Side = (typeof SIDES)[number]
type Queues = Readonly<Record<Side, readonly TrueOrder[]>>

const units = (qty: string): bigint => BigInt(qty.replace('.', ''))
const textOf = (amount: bigint): string => `${amount / UNITS}.${String(amount % UNITS).padStart(8, '0')}`
const enc = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

export class KrakenLevel3Double extends KrakenDouble {
  /** Orders by symbol, side and price, in the order of the queue. */
  readonly #queues = new Map<string, Record<Side, Map<string, TrueOrder[]>>>()
  readonly #told = new Map<string, Queues>()
  readonly #tokens: string[] = []
  #orders = 0
  /** Requests for tokens: their nonces. */
  readonly nonces: string[] = []
  /** The next confirmation repeats the token that it is for. */
  repeats = false

  /** The true books, with all orders of what a subscriber has. */
  override get books(): ReadonlyMap<string, TrueBook> {
    return new Map(
      [...super.books].map(([name, book]) => {
        this.#follow(name)
        return [name, { ...book, orders: this.#best(name) }]
      }),
    )
  }

  post(path: string, headers: Readonly<Record<string, string>>, body: string): DoubleAnswer | undefined {
    const known = path === '/0/private/GetWebSocketsToken' && headers['api-key'] === 'key'
    if (!known) return { status: 200, body: enc({ error: ['EAPI:Invalid key'] }) }
    this.nonces.push(body)
    const token = `token/${this.nonces.length}/${'x'.repeat(20)}`
    const answer = (result: string) => ({
      status: 200,
      body: enc({ error: [], result: { token: result, expires: 900 } }),
    })
    const said = this.mischief.answer(answer(token), () => answer('token/of/another/day'))
    this.#tokens.push(token)
    return said
  }

  protected override asked(client: Client, text: string): void {
    const { method, params } = JSON.parse(text) as {
      method: string
      params: { channel: string; symbol: string[]; depth: number; token: string }
    }
    const { channel, depth, token } = params
    if (channel !== 'level3') return super.asked(client, text)
    for (const symbol of params.symbol) {
      const key = `level3 ${symbol}`
      if (!this.#tokens.includes(token)) {
        this.say(key, { error: 'EGeneral:Invalid arguments', method, success: false, symbol }, client)
        continue
      }
      if (this.bookOf(symbol) === undefined) {
        this.say(key, { error: 'Currency pair not supported', method, success: false, symbol }, client)
        continue
      }
      if (method === 'unsubscribe') client.heard.delete(key)
      else client.heard.add(key)
      const repeated = this.repeats ? { token } : {}
      this.repeats = false
      this.say(key, { method, result: { channel, symbol, depth, snapshot: true, ...repeated }, success: true }, client)
      if (method !== 'subscribe') continue
      this.#follow(symbol)
      const now = this.#best(symbol)
      this.#told.set(symbol, now)
      const side = (name: Side) => now[name].map((order) => orderText(order)).join()
      this.say(key, this.#message(symbol, 'snapshot', side('bids'), side('asks'), now), client)
    }
  }

  protected override happened(message: MarketMessage): void {
    super.happened(message)
    if (message.channel !== 'depth@100ms') return
    const symbol = this.nameOf(message.symbol)
    this.#follow(symbol)
    const before = this.#told.get(symbol)
    const now = this.#best(symbol)
    this.#told.set(symbol, now)
    if (before === undefined) return
    const [bids, asks] = SIDES.map((side) => changes(before[side], now[side], side === 'bids' ? 1 : -1))
    if (bids !== '' || asks !== '') this.say(`level3 ${symbol}`, this.#message(symbol, 'update', bids!, asks!, now))
  }

  /** Makes the queues what the levels are: what is less is taken from the front, what is more is a new order. */
  #follow(symbol: string): void {
    const book = this.bookOf(symbol)!
    const queues = this.#queues.get(symbol) ?? { bids: new Map(), asks: new Map() }
    this.#queues.set(symbol, queues)
    for (const side of SIDES) {
      for (const px of queues[side].keys()) if (!book[side].has(px)) queues[side].delete(px)
      for (const [px, qty] of book[side]) {
        const queue: TrueOrder[] = queues[side].get(px) ?? []
        queues[side].set(px, queue)
        let more = units(qty) - queue.reduce((sum, order) => sum + units(order.qty), 0n)
        if (more > 0n) queue.push({ id: `O${++this.#orders}`, px, qty: textOf(more) })
        while (more < 0n) {
          const first = queue.shift()!
          more += units(first.qty)
          if (more > 0n) queue.unshift({ ...first, qty: textOf(more) })
        }
      }
    }
  }

  #best(symbol: string): Queues {
    const queues = this.#queues.get(symbol)!
    const best = (side: Side, sign: number) =>
      [...queues[side]]
        .sort((a, b) => sign * (Number(b[0]) - Number(a[0])))
        .slice(0, LEVELS)
        .flatMap(([, queue]) => queue)
    return { bids: best('bids', 1), asks: best('asks', -1) }
  }

  #message(symbol: string, type: string, bids: string, asks: string, { asks: a, bids: b }: Queues): string {
    const checksum = crc([...a, ...b].map(({ px, qty }) => [px, qty]))
    const data = `"symbol":"${symbol}","checksum":${checksum},"bids":[${bids}],"asks":[${asks}]`
    return `{"channel":"level3","type":"${type}","data":[{${data}}]}`
  }
}

function orderText({ id, px, qty }: TrueOrder, event?: string): string {
  const said = event === undefined ? '' : `"event":"${event}",`
  return `{${said}"order_id":"${id}","limit_price":${px},"order_qty":${qty}}`
}

/** What a subscriber must be told: not of orders that better prices pushed out. */
function changes(before: readonly TrueOrder[], now: readonly TrueOrder[], sign: number): string {
  const old = new Map(before.map((order) => [order.id, order]))
  const kept = new Set(now.map(({ id }) => id))
  const full = new Set(now.map(({ px }) => px)).size >= LEVELS
  const worst = Number(now.at(-1)?.px ?? 0)
  const gone = before.filter(({ id, px }) => !kept.has(id) && (!full || sign * (Number(px) - worst) >= 0))
  const told = now.flatMap((order) => {
    const known = old.get(order.id)
    if (known === undefined) return [orderText(order, 'add')]
    return known.qty === order.qty ? [] : [orderText(order, 'modify')]
  })
  return [...gone.map((order) => orderText(order, 'delete')), ...told].join()
}
