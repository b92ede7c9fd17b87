/** Venues whose books begin with a subscription: followed, repaired, and right in the end whatever they do. */
import { describe, expect, it } from 'vitest'
import { LiveFeed } from '../../connectors/feed/index.ts'
import type { DoubleOptions } from '../doubles/binance-double.ts'
import { WIRE_FAULTS } from '../doubles/mischief.ts'
import { Reader } from '../doubles/reader.ts'
import { listedOf, VENUE_KINDS, type VenueKind } from '../doubles/venue-kinds.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'

/** Of Binance spot there is a test of its own. */
const { BINANCE: _, ...KINDS } = VENUE_KINDS
/** What Kraken says to a symbol that it does not have. */
const NOT_SUPPORTED = 'Currency pair not supported'

async function world(kind: VenueKind, options: Partial<DoubleOptions> = {}) {
  const { symbols } = kind
  const clock = new VirtualClock(1_767_571_200_000_000)
  const seed = options.seed ?? 1
  const double = kind.double({ seed, clock, ...options })
  const venue = kind.open(symbols, { url: 'ws://double', rest_url: 'http://double' })
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
  const reader = new Reader(feed, listedOf(venue.venue, symbols))
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

describe.each(Object.entries<VenueKind>(KINDS))('%s', (_name, kind) => {
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
    const breaks = kind.numbers_go_on ? kind.symbols.length : 0
    expect(feed.counts).toMatchObject({ connections: 2 * feed.lines, breaks })
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
      rest_chance: 0.3,
      frames_per_s: 90,
    })
    for (let minute = 0; minute < 5; minute++) {
      run(50_000)
      clock.advance(10_000 * minute)
      reader.drain()
    }
    expect(Object.keys(double.mischief.counts)).toEqual(expect.arrayContaining([...WIRE_FAULTS]))
    double.mischief.end()
    // Every book is renewed; that nothing else is said meanwhile makes no difference to it, and saves time.
    double.hold()
    run(kind.renew_ms + 30_000, 500)
    double.resume()
    run(30_000)
    expect(differing()).toEqual([])
    expect(feed.most_bytes).toBeLessThan(1.3 * queue.bytes)
  })
})

it('OKX is sent a ping where nothing comes, and its pong is no frame', async () => {
  const { double, feed, run } = await world(KINDS.OKX)
  run(1_000)
  double.stop()
  run(1_000)
  const { frames } = feed.counts
  run(120_000)
  expect(feed.counts).toMatchObject({ frames, connections: 1 })
})

it.each([
  ['OKX', "doesn't exist"],
  ['COINBASE', 'is not a valid product'],
] as const)('%s is tried again, slower and slower, where it refuses a symbol', async (name, words) => {
  const { feed, run, told } = await world({ ...KINDS[name], symbols: ['NO-SUCH'] })
  run(60_000)
  expect(feed.counts.ended.broken).toBeGreaterThan(3)
  expect(feed.counts.connections).toBeLessThan(12)
  expect(told.find((line) => line.startsWith('break'))).toContain(words)
})

it.each([
  // Books, trades and tickers are refused; with orders, the others are on a connection of their own.
  ['KRAKEN', 3],
  ['KRAKEN_LEVEL3', 1],
] as const)('%s is tried again, slower and slower, where it refuses a subscription', async (name, refusals) => {
  const { feed, reader, run, told } = await world({ ...KINDS[name], symbols: ['NO/SUCH'] })
  run(60_000)
  const { breaks, ended } = feed.counts
  expect(ended.broken).toBeGreaterThan(3)
  expect(ended.broken).toBeLessThan(12)
  expect(breaks).toBe(refusals * ended.broken)
  const detail = JSON.stringify({ error: NOT_SUPPORTED, method: 'subscribe', success: false, symbol: 'NO/SUCH' })
  const said = JSON.stringify({ symbol: 'NO/SUCH', channel: '', detail })
  expect(new Set(told.filter((line) => line.startsWith('break')))).toEqual(new Set([`break ${said}`]))
  // It is no data, and so none that is bad.
  expect(reader.faults).toBe(0)
})
