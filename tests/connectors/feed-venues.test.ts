/** Venues whose books begin with a subscription: followed, repaired, and right in the end whatever they do. */
import { describe, expect, it } from 'vitest'
import { coinbaseLive } from '../../connectors/coinbase/live.ts'
import { type FeedVenue, LiveFeed } from '../../connectors/feed/index.ts'
import { krakenLive } from '../../connectors/kraken/live.ts'
import { okxLive } from '../../connectors/okx/live.ts'
import type { DoubleOptions } from '../doubles/binance-double.ts'
import { CoinbaseDouble } from '../doubles/coinbase-double.ts'
import { KrakenDouble } from '../doubles/kraken-double.ts'
import { WIRE_FAULTS } from '../doubles/mischief.ts'
import { OkxDouble } from '../doubles/okx-double.ts'
import { Reader } from '../doubles/reader.ts'
import type { SubscribedDouble } from '../doubles/subscribed-double.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'

interface Kind {
  readonly symbols: readonly string[]
  readonly double: (options: DoubleOptions) => SubscribedDouble
  readonly open: (symbols: readonly string[]) => FeedVenue
  /** How long a book that went wrong unnoticed may be wrong. */
  readonly renew_ms: number
}

const KINDS: Readonly<Record<string, Kind>> = {
  OKX: {
    symbols: ['BTC-USDT', 'ETH-USDT', 'SOL-USDT'],
    double: (options) => new OkxDouble(options),
    open: (symbols) => okxLive({ symbols, url: 'ws://double' }),
    renew_ms: 900_000,
  },
  COINBASE: {
    symbols: ['BTC-USDT', 'ETH-USDT', 'SOL-USDT'],
    double: (options) => new CoinbaseDouble(options),
    open: (symbols) => coinbaseLive({ symbols, url: 'ws://double' }),
    renew_ms: 900_000,
  },
  KRAKEN: {
    symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
    double: (options) => new KrakenDouble(options),
    open: (symbols) => krakenLive({ symbols, url: 'ws://double' }),
    renew_ms: 900_000,
  },
}

async function world(kind: Kind, options: Partial<DoubleOptions> = {}) {
  const { symbols } = kind
  const clock = new VirtualClock(1_767_571_200_000_000)
  const seed = options.seed ?? 1
  const double = kind.double({ seed, clock, ...options })
  const venue = kind.open(symbols)
  const told: string[] = []
  const queue = { frames: 300, bytes: 300_000 }
  const feed = new LiveFeed({
    venue,
    ports: virtualPorts(clock, double, seed),
    queue,
    max_frame_bytes: 1_000_000,
    tell: (event, detail) => told.push(`${event} ${JSON.stringify(detail)}`),
  })
  await feed.open(undefined)
  const listed = symbols.map((symbol) => ({
    instrument_id: `${symbol}.${venue.venue}`,
    venue: venue.venue,
    symbol,
    price_scale: 2,
    qty_scale: 8,
  }))
  const reader = new Reader(feed, listed)
  const run = (ms: number, step_ms = 50): void => {
    for (let passed = 0; passed < ms; passed += step_ms) {
      clock.advance(step_ms)
      reader.drain()
    }
  }
  const differing = () => {
    double.stop()
    run(100)
    return symbols.filter((symbol) => reader.text(symbol) !== reader.truth(symbol, double.books.get(symbol)!))
  }
  return { clock, double, feed, reader, run, differing, told, queue }
}

describe.each(Object.entries(KINDS))('%s', (_, kind) => {
  it('is followed from its first snapshot', async () => {
    const { feed, reader, run, differing } = await world(kind)
    run(20_000)
    expect(differing()).toEqual([])
    expect(feed.counts).toMatchObject({ breaks: 0, connections: feed.lines })
    expect(reader.faults).toBe(0)
  })

  it('is followed again after it ended its connections', async () => {
    const { double, feed, run, differing } = await world(kind)
    run(5_000)
    double.disconnect()
    run(20_000)
    expect(differing()).toEqual([])
    expect(feed.counts).toMatchObject({ connections: 2 * feed.lines, breaks: 0 })
  })

  it.each(['drop', 'half', 'wrong-json', 'swap', 'gap'] as const)('is repaired after a fault: %s', async (fault) => {
    const { double, feed, run, differing } = await world(kind, { wire_chance: 0.02, kinds: [fault] })
    run(60_000)
    double.mischief.end()
    run(30_000)
    expect(double.mischief.counts[fault]).toBeGreaterThan(3)
    expect(feed.counts.breaks).toBeGreaterThan(0)
    expect(differing()).toEqual([])
  })

  it('has right books in the end, whatever it did', { timeout: 60_000 }, async () => {
    const { clock, double, feed, reader, run, differing, queue } = await world(kind, {
      seed: 2,
      wire_chance: 0.03,
      frames_per_s: 90,
    })
    for (let minute = 0; minute < 5; minute++) {
      run(50_000)
      clock.advance(10_000 * minute)
      reader.drain()
    }
    expect(Object.keys(double.mischief.counts).sort()).toEqual([...WIRE_FAULTS].sort())
    double.mischief.end()
    run(kind.renew_ms + 30_000, 500)
    expect(differing()).toEqual([])
    expect(feed.most_bytes).toBeLessThan(1.3 * queue.bytes)
  })
})

it('OKX is sent a ping where nothing comes, and its pong is no frame', async () => {
  const { double, feed, run } = await world(KINDS.OKX!)
  run(1_000)
  double.stop()
  run(1_000)
  const { frames } = feed.counts
  run(120_000)
  expect(feed.counts).toMatchObject({ frames, connections: 1 })
})

it('OKX is tried again, slower and slower, where it refuses a symbol', async () => {
  const { feed, run, told } = await world({ ...KINDS.OKX!, symbols: ['NO-SUCH'] })
  run(60_000)
  expect(feed.counts.ended.broken).toBeGreaterThan(3)
  expect(feed.counts.connections).toBeLessThan(12)
  expect(told.find((line) => line.startsWith('break'))).toContain("doesn't exist")
})
