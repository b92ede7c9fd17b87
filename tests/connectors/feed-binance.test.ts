import { describe, expect, it } from 'vitest'
import { binanceLive } from '../../connectors/binance/live.ts'
import { LiveFeed, type LiveFeedOptions } from '../../connectors/feed/index.ts'
import { BinanceDouble, type DoubleOptions } from '../doubles/binance-double.ts'
import { REST_FAULTS, WIRE_FAULTS } from '../doubles/mischief.ts'
import { Reader } from '../doubles/reader.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'

const START_US = 1_767_571_200_000_000
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const LISTED = SYMBOLS.map((symbol) => ({
  instrument_id: `${symbol}.BINANCE`,
  venue: 'BINANCE',
  symbol,
  price_scale: 2,
  qty_scale: 8,
}))

interface Setup extends Partial<Omit<DoubleOptions, 'clock'>> {
  readonly feed?: Partial<LiveFeedOptions>
  readonly lifetime_ms?: number
}

async function world({ seed = 1, feed: more = {}, lifetime_ms, ...double_options }: Setup = {}) {
  const clock = new VirtualClock(START_US)
  const double = new BinanceDouble({ seed, clock, ...double_options })
  const venue = binanceLive({ symbols: SYMBOLS, url: 'ws://double', rest_url: 'http://double' })
  const told: string[] = []
  const feed = new LiveFeed({
    venue: lifetime_ms === undefined ? venue : { ...venue, lifetime_ms },
    ports: virtualPorts(clock, double, seed),
    tell: (event, detail) => told.push(`${event} ${JSON.stringify(detail)}`),
    ...more,
  })
  await feed.open(undefined)
  const reader = new Reader(feed, LISTED)
  /** Lets time pass and takes what came, every 50 ms. */
  const run = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50)
      reader.drain()
    }
  }
  /** Symbols whose book is wrong once everything said has arrived; the venue says nothing more. */
  const differing = () => {
    double.stop()
    run(100)
    return SYMBOLS.filter((symbol) => reader.text(symbol) !== reader.truth(symbol, double.books.get(symbol)!))
  }
  return { clock, double, feed, reader, run, told, differing }
}

describe('a venue that behaves', () => {
  it('is followed from its first snapshot', async () => {
    const { feed, reader, run, differing, double } = await world()
    run(10_000)
    expect(differing()).toEqual([])
    expect(feed.counts).toMatchObject({ connections: 1, breaks: 0, snapshots: 3, rest_refusals: 0, pauses: 0 })
    expect(reader.faults).toBe(0)
    expect(reader.frames).toBe(feed.counts.frames)
    expect(double.most).toBe(1)
  })

  it('is asked again when it ends the connection', async () => {
    const { clock, double, feed, run, differing } = await world()
    run(5_000)
    double.disconnect()
    clock.advance(100)
    expect(feed.connected).toBe(false)
    run(10_000)
    expect(differing()).toEqual([])
    expect(feed.counts).toMatchObject({ connections: 2, breaks: 3, snapshots: 6 })
    expect(feed.counts.ended.closed).toBe(1)
  })

  it('gets a new connection before the old one is too old, and nothing is missed', async () => {
    const { double, feed, run, differing } = await world({ lifetime_ms: 60_000 })
    run(200_000)
    expect(differing()).toEqual([])
    expect(feed.counts).toMatchObject({ connections: 4, breaks: 0, snapshots: 3 })
    expect(feed.counts.ended).toMatchObject({ replaced: 3, closed: 0 })
    expect(double.most).toBe(2)
  })

  it.each([false, true])(
    'gets a new connection when it says that it is about to end them (wrapped: %s)',
    async (wrapped) => {
      const { double, feed, reader, run, differing } = await world()
      run(5_000)
      double.announceEnd(wrapped)
      run(2_000)
      expect(feed.counts).toMatchObject({ connections: 2, breaks: 0, snapshots: 3 })
      expect(feed.counts.ended).toMatchObject({ replaced: 1, closed: 0 })
      expect(reader.faults).toBe(0)
      expect(differing()).toEqual([])
    },
  )

  it('has its books renewed now and then', async () => {
    const { feed, run } = await world()
    run(310_000)
    expect(feed.counts.snapshots).toBe(6)
  })

  it('goes on in time and number where an earlier run ended', async () => {
    const { clock, double, feed } = await world()
    clock.advance(2_000)
    let last = feed.take()!
    for (let item = feed.take(); item !== undefined; item = feed.take()) last = item
    await feed.close()
    expect(feed.done).toBe(true)
    const again = new LiveFeed({
      venue: binanceLive({ symbols: SYMBOLS, url: 'ws://double', rest_url: 'http://double' }),
      ports: virtualPorts(clock, double, 2),
    })
    // The machine's clock was set back between the two.
    clock.step(-5_000)
    await again.open(last.position)
    clock.advance(300)
    const first = again.take()!
    expect(first.stream_time_us).toBe(last.stream_time_us + 1)
    expect(first.position).toEqual({
      frame_seq: (last.position as { frame_seq: number }).frame_seq + 1,
      stream_time_us: first.stream_time_us,
    })
  })
})

describe('silence', () => {
  it('ends a connection after half a minute, and time goes on meanwhile', async () => {
    const { clock, double, feed, reader, run, told } = await world()
    run(1_000)
    double.stop()
    clock.advance(1_000)
    reader.drain()
    const passed_us = feed.passed_us()
    expect(passed_us).toBe(clock.now_us())
    clock.advance(28_900)
    expect(feed.counts.ended.silent).toBe(0)
    clock.advance(200)
    expect(feed.counts.ended.silent).toBe(1)
    expect(told.at(-1)).toMatch(/"end":"silent","detail":"nothing for 30000 ms"/)
  })
})

describe('a dataflow that does not keep up', () => {
  const queue = { frames: 200, bytes: 200_000 }

  it('stops the reading, and goes on when there is room', async () => {
    const { clock, feed, reader, run, differing } = await world({ feed: { queue } })
    run(3_000)
    clock.advance(6_000)
    expect(feed.counts).toMatchObject({ pauses: 1, connections: 1 })
    expect(feed.most_bytes).toBeLessThan(queue.bytes)
    for (let i = 0; i < 100; i++) {
      clock.advance(100)
      reader.drain(50)
    }
    expect(differing()).toEqual([])
    expect(feed.counts).toMatchObject({ connections: 1, breaks: 0 })
  })

  it('is sent no snapshots meanwhile that nobody takes', async () => {
    const { clock, double, feed, run } = await world({ feed: { queue } })
    run(3_000)
    clock.advance(20_000)
    double.stop()
    // Every five minutes each book would be renewed.
    clock.advance(3_600_000)
    expect(feed.counts.snapshots).toBe(3)
    expect(feed.most_bytes).toBeLessThan(1.3 * queue.bytes)
    run(10_000)
    expect(feed.counts.snapshots).toBe(6)
  })

  it('loses the connection when it takes too long, and comes back with new books', async () => {
    const { clock, feed, run, differing } = await world({ feed: { queue } })
    run(3_000)
    clock.advance(60_000)
    expect(feed.counts.ended.slow).toBe(1)
    expect(feed.counts.connections).toBe(1)
    expect(feed.most_bytes).toBeLessThan(1.3 * queue.bytes)
    run(10_000)
    expect(differing()).toEqual([])
    expect(feed.counts).toMatchObject({ connections: 2, breaks: 3 })
  })
})

describe('a venue that misbehaves', () => {
  it.each([1, 2, 3])('has right books in the end, seed %i', { timeout: 60_000 }, async (seed) => {
    const queue = { frames: 400, bytes: 400_000 }
    const { clock, double, feed, reader, run, differing } = await world({
      seed,
      wire_chance: 0.012,
      rest_chance: 0.3,
      frames_per_s: 80,
      feed: { queue, max_frame_bytes: 1_000_000, paused_ms: 3_000 },
    })
    for (let minute = 0; minute < 8; minute++) {
      run(50_000)
      // Now and then we are the slow one.
      clock.advance(6_000 * minute)
      reader.drain()
    }
    expect(Object.keys(double.mischief.counts).sort()).toEqual([...WIRE_FAULTS, ...REST_FAULTS].sort())
    double.mischief.end()
    run(60_000)
    clock.advance(60_000)
    // The longest that a venue's ban of this double lasts, and the next renewal of every book, while nothing else is said.
    double.hold()
    run(330_000)
    double.resume()
    run(30_000)
    expect(differing()).toEqual([])
    expect(feed.most_bytes).toBeLessThan(1.3 * queue.bytes)
    const { counts } = feed
    expect(counts.breaks).toBeGreaterThan(10)
    expect(counts.ended.too_large).toBeGreaterThan(0)
    expect(counts.ended.silent).toBeGreaterThan(0)
    expect(counts.ended.slow).toBeGreaterThan(0)
    expect(counts.ended.refused).toBeGreaterThan(0)
    expect(reader.faults).toBeGreaterThan(0)
  })

  it('says the same in the same order each time', async () => {
    const digest = async () => {
      const { reader, run, told } = await world({ seed: 5, wire_chance: 0.01, rest_chance: 0.3 })
      run(60_000)
      return { told, frames: reader.frames, faults: reader.faults }
    }
    expect(await digest()).toEqual(await digest())
  })
})
