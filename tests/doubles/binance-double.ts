/** A double of Binance spot: combined streams and the REST snapshot, in the venue's wire format. */
import type { FeedClock } from '../../connectors/feed/index.ts'
import { MarketBooks, type MarketMessage, type TrueBook } from './market-books.ts'
import { Mischief, type WireFault } from './mischief.ts'
import type { DoubleAnswer, Peer, VenueDouble } from './virtual-world.ts'

export interface DoubleOptions {
  readonly seed: number
  readonly clock: FeedClock
  readonly frames_per_s?: number
  /** Chance of a fault per message, and per question. */
  readonly wire_chance?: number
  readonly rest_chance?: number
  /** Which kinds of fault; all unless named. */
  readonly kinds?: readonly WireFault[]
}

interface Client {
  readonly peer: Peer
  readonly streams: ReadonlySet<string>
}

/** The venue's cache of snapshots lags behind its streams. */
const CACHE_MS = 40

export class BinanceDouble implements VenueDouble {
  readonly mischief: Mischief
  protected readonly streams: RegExp = /^\/stream\?streams=([a-z0-9@/]+)$/i
  protected readonly snapshots: RegExp = /^\/api\/v3\/depth\?symbol=([A-Z0-9]+)&limit=1000$/
  readonly #market: MarketBooks
  readonly #clock: FeedClock
  readonly #clients = new Set<Client>()
  readonly #snapshots = new Map<string, DoubleAnswer[]>()
  /** Connections accepted, and the most at a time. */
  accepted = 0
  most = 0

  constructor({ seed, clock, frames_per_s = 60, wire_chance = 0, rest_chance = 0, kinds }: DoubleOptions) {
    this.#clock = clock
    this.mischief = new Mischief(seed, clock, wire_chance, rest_chance, kinds)
    this.#market = new MarketBooks(seed, frames_per_s, clock, (message) => {
      const { stream, payload } = this.wire(message)
      if (message.channel === 'depth@100ms') this.#cache(message.symbol)
      const peers = [...this.#clients].filter(({ streams }) => streams.has(stream)).map(({ peer }) => peer)
      if (peers.length > 0) this.mischief.say(peers, stream, payload)
    })
    for (const symbol of this.#market.books.keys()) this.#cache(symbol, 0)
  }

  get books(): ReadonlyMap<string, TrueBook> {
    return this.#market.books
  }

  stop(): void {
    this.#market.stop()
  }

  hold(): void {
    this.#market.hold()
  }

  resume(): void {
    this.#market.resume()
  }

  /** Says that all connections are going to be ended. */
  announceEnd(wrapped = false): void {
    const data = { e: 'serverShutdown', E: Math.floor(this.#clock.now_us() / 1_000) }
    const text = JSON.stringify(wrapped ? { stream: 'serverShutdown', data } : data)
    for (const { peer } of this.#clients) peer.send(new TextEncoder().encode(text))
  }

  /** Ends all connections, as the venue does after 24 hours. */
  disconnect(): void {
    for (const { peer } of this.#clients) peer.cut()
  }

  accept(path: string, peer: Peer): { message(text: string): void; gone(): void } | undefined {
    const streams = this.streams
      .exec(decodeURIComponent(path))
      ?.slice(1)
      .find((all) => all !== undefined)
      ?.split('/')
    if (streams === undefined) return undefined
    const client = { peer, streams: new Set(streams) }
    this.#clients.add(client)
    this.accepted++
    this.most = Math.max(this.most, this.#clients.size)
    return { message: () => undefined, gone: () => this.#clients.delete(client) }
  }

  refuses(): boolean {
    return this.mischief.refuses()
  }

  get(path: string): DoubleAnswer | undefined {
    const symbol = this.snapshots.exec(path)?.[1]
    const cached = this.#snapshots.get(symbol ?? '')
    if (cached === undefined) {
      return { status: 400, body: new TextEncoder().encode('{"code":-1121,"msg":"Invalid symbol."}') }
    }
    return this.mischief.answer(cached.at(-1)!, () => cached[0]!)
  }

  /** What a message is as this venue says it, and on which stream. */
  protected wire({ symbol, channel, payload }: MarketMessage): { stream: string; payload: Uint8Array } {
    return { stream: `${symbol.toLowerCase()}@${channel}`, payload }
  }

  /** What a snapshot says beside its levels. */
  protected snapshotHead(last_id: number): object {
    return { lastUpdateId: last_id }
  }

  /** Keeps the last minute's snapshots: an old one is what a lagging cache would say. */
  #cache(symbol: string, delay_ms = CACHE_MS): void {
    const { last_id, bids, asks } = this.#market.books.get(symbol)!
    // Written when it is asked for: few of them are.
    let body: Uint8Array | undefined
    const [b, a] = [[...bids], [...asks]]
    const head = this.snapshotHead(last_id)
    const answer = {
      status: 200,
      headers: { 'x-mbx-used-weight-1m': '50' },
      get body() {
        body ??= new TextEncoder().encode(JSON.stringify({ ...head, bids: b, asks: a }))
        return body
      },
    }
    this.#clock.after(delay_ms, () => {
      const cached = this.#snapshots.get(symbol) ?? []
      cached.push(answer)
      if (cached.length > 50) cached.shift()
      this.#snapshots.set(symbol, cached)
    })
  }
}
