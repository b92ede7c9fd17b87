import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import type { Draws } from './draws.ts'

/** One symbol of the simulated market, with the book that its frames make, by the plainest of means. */

export type Level = readonly [px: string, qty: string]

export interface Book {
  readonly sequence: number
  /** Best first. */
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

export type Channel = 'depth' | 'quote' | 'trade'

export interface MarketFrame {
  readonly channel: Channel
  readonly receive_time_us: number
  readonly payload: Buffer
}

interface Message {
  readonly data?: Message
  readonly e?: unknown
  readonly u?: unknown
  readonly t?: unknown
  readonly b?: unknown
  readonly a?: unknown
  readonly lastUpdateId?: unknown
  readonly bids?: unknown
  readonly asks?: unknown
}

const SYMBOL = 'BINANCE:BTCUSDT'

export class FuzzMarket {
  /** The snapshot has come. */
  whole = false
  /** Last id of every channel. */
  readonly newest: Record<Channel, number> = { depth: -1, quote: -1, trade: -1 }
  private readonly source = simulatedMarket({ seed: 1 })
  private readonly bids = new Map<string, string>()
  private readonly asks = new Map<string, string>()
  /** Changes that came before the snapshot. */
  private readonly waiting: Message[] = []
  private opening: Buffer = Buffer.alloc(0)
  private readonly recent: Buffer[] = []

  static async open(): Promise<FuzzMarket> {
    const market = new FuzzMarket()
    await market.source.open(undefined)
    return market
  }

  next(): MarketFrame {
    for (;;) {
      const item = this.source.take() as SourceItem
      const { venue_symbol, channel, receive_time_us, payload } = item.value as RawFrame
      if (venue_symbol !== SYMBOL) continue
      const frame = Buffer.from(payload)
      if (channel === 'snapshot') this.opening = frame
      if (this.recent.push(frame) > 100) this.recent.shift()
      this.apply(JSON.parse(frame.toString()) as Message)
      return { channel: channelOf(channel), receive_time_us, payload: frame }
    }
  }

  /** A frame of late, now and then the snapshot. */
  anyFrame(draws: Draws): Buffer {
    return draws.below(20) === 0 ? this.opening : draws.of(this.recent)
  }

  /** The whole book as the venue's REST answer. */
  snapshot(): Buffer {
    const { sequence: lastUpdateId, bids, asks } = this.top(Number.POSITIVE_INFINITY)
    return Buffer.from(JSON.stringify({ lastUpdateId, bids, asks }))
  }

  top(levels: number): Book {
    const bids = [...this.bids].sort(([a], [b]) => Number(b) - Number(a)).slice(0, levels)
    const asks = [...this.asks].sort(([a], [b]) => Number(a) - Number(b)).slice(0, levels)
    return { sequence: this.newest.depth, bids, asks }
  }

  private apply(message: Message): void {
    const { channel, id } = idOf(message) as { channel: Channel; id: number }
    if (channel !== 'depth') this.newest[channel] = id
    else if (message.lastUpdateId !== undefined) {
      this.set(message.bids, message.asks, id)
      this.whole = true
      for (const change of this.waiting.splice(0)) this.apply(change)
    } else if (!this.whole) this.waiting.push(message)
    else if (id > this.newest.depth) this.set(message.data?.b, message.data?.a, id)
  }

  private set(bids: unknown, asks: unknown, sequence: number): void {
    this.newest.depth = sequence
    change(this.bids, bids as readonly Level[])
    change(this.asks, asks as readonly Level[])
  }
}

/** What id a message claims, and in which channel; undefined where it says none. */
export function idOf(message: Message | undefined): { channel: Channel; id: number } | undefined {
  const data = message?.data ?? message
  const { e, u, t, lastUpdateId } = data ?? {}
  if (typeof lastUpdateId === 'number') return { channel: 'depth', id: lastUpdateId }
  if (e === 'trade' && typeof t === 'number') return { channel: 'trade', id: t }
  if (typeof u === 'number') return { channel: e === 'depthUpdate' ? 'depth' : 'quote', id: u }
  return undefined
}

function channelOf(channel: string): Channel {
  return channel === 'bookTicker' ? 'quote' : channel === 'trade' ? 'trade' : 'depth'
}

function change(side: Map<string, string>, levels: readonly Level[]): void {
  for (const [px, qty] of levels) {
    if (Number(qty) === 0) side.delete(px)
    else side.set(px, qty)
  }
}
