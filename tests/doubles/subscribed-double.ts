/** What the doubles of venues share whose clients subscribe by messages: who hears what. */

import type { DoubleOptions } from './binance-double.ts'
import { MarketBooks, type MarketMessage, type TrueBook } from './market-books.ts'
import { Mischief } from './mischief.ts'
import type { DoubleAnswer, Peer, VenueDouble } from './virtual-world.ts'

export interface Client {
  readonly peer: Peer
  /** What it subscribed: `channel symbol`. */
  readonly heard: Set<string>
}

export abstract class SubscribedDouble implements VenueDouble {
  readonly mischief: Mischief
  protected readonly market: MarketBooks
  protected readonly clients = new Set<Client>()
  protected readonly clock: DoubleOptions['clock']
  accepted = 0

  constructor({ seed, clock, frames_per_s = 60, wire_chance = 0, rest_chance = 0, kinds }: DoubleOptions) {
    this.clock = clock
    this.mischief = new Mischief(seed, clock, wire_chance, rest_chance, kinds)
    this.market = new MarketBooks(seed, frames_per_s, clock, (message) => this.happened(message))
  }

  /** True books, by the venue's own names of symbols. */
  get books(): ReadonlyMap<string, TrueBook> {
    return new Map([...this.market.books].map(([symbol, book]) => [this.nameOf(symbol), book]))
  }

  stop(): void {
    this.market.stop()
  }

  hold(): void {
    this.market.hold()
  }

  resume(): void {
    this.market.resume()
  }

  disconnect(): void {
    for (const { peer } of this.clients) peer.cut()
  }

  refuses(): boolean {
    return this.mischief.refuses()
  }

  get(): DoubleAnswer | undefined {
    return { status: 404, body: new Uint8Array(0) }
  }

  accept(path: string, peer: Peer): { message(text: string): void; gone(): void } | undefined {
    if (path !== this.path) return undefined
    const client = { peer, heard: new Set<string>() }
    this.clients.add(client)
    this.accepted++
    return { message: (text) => this.asked(client, text), gone: () => this.clients.delete(client) }
  }

  /** Says it to one client, or to all that hear it. */
  protected say(key: string, value: unknown, to?: Client): void {
    const peers = to === undefined ? [...this.clients].filter(({ heard }) => heard.has(key)) : [to]
    const payload = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
    const all = peers.map(({ peer }) => peer)
    if (all.length > 0) this.mischief.say(all, key, payload)
  }

  protected bookOf(name: string): TrueBook | undefined {
    for (const [symbol, book] of this.market.books) if (this.nameOf(symbol) === name) return book
    return undefined
  }

  protected abstract readonly path: string
  /** `BTCUSDT` as the venue spells it. */
  protected abstract nameOf(symbol: string): string
  protected abstract asked(client: Client, text: string): void
  protected abstract happened(message: MarketMessage): void
}
