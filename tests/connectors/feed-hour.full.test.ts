/** An hour of a venue that misbehaves, at 100 times its speed, over real sockets. */
import { afterAll, expect, it } from 'vitest'
import { binanceLive } from '../../connectors/binance/live.ts'
import { LiveFeed, nodePorts } from '../../connectors/feed/index.ts'
import { BinanceDouble } from '../doubles/binance-double.ts'
import { REST_FAULTS, WIRE_FAULTS } from '../doubles/mischief.ts'
import { Reader } from '../doubles/reader.ts'
import { fastClock, serve } from '../doubles/real-server.ts'

const SPEED = 100
const HOUR_MS = 3_600_000 / SPEED
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const QUEUE = { frames: 20_000, bytes: 20_000_000 }

const ends: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

it('is survived with right books and bounded memory', { timeout: 300_000 }, async () => {
  const clock = fastClock(SPEED)
  const double = new BinanceDouble({ seed: 11, clock, frames_per_s: 200, wire_chance: 0.006, rest_chance: 0.2 })
  const server = await serve(double)
  ends.push(() => server.close())
  const address = `127.0.0.1:${server.port}`
  const venue = binanceLive({ symbols: SYMBOLS, url: `ws://${address}`, rest_url: `http://${address}` })
  const feed = new LiveFeed({
    // Replaced every quarter of an hour, so that this too happens among all the rest.
    venue: { ...venue, lifetime_ms: 900_000 },
    ports: { ...nodePorts, clock },
    queue: QUEUE,
    max_frame_bytes: 1_000_000,
  })
  await feed.open(undefined)
  ends.push(() => feed.close())
  const reader = new Reader(
    feed,
    SYMBOLS.map((symbol) => ({
      instrument_id: `${symbol}.BINANCE`,
      venue: 'BINANCE',
      symbol,
      price_scale: 2,
      qty_scale: 8,
    })),
  )
  const wrong = () =>
    SYMBOLS.filter((symbol) => reader.text(symbol) !== reader.truth(symbol, double.books.get(symbol)!))
  const until = async (wall_ms: number) => {
    const end_ms = performance.now() + wall_ms
    while (performance.now() < end_ms) {
      reader.drain()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  await until(HOUR_MS / 10)
  const early_bytes = heap()
  await until(HOUR_MS * 0.9)
  double.mischief.end()
  // A renewal of every book. On a busy machine a moment of its own is long for the venue: looked at until it is quiet.
  await until(400_000 / SPEED)
  for (let tries = 0; tries < 30; tries++) {
    double.hold()
    await until(200)
    if (wrong().length === 0) break
    double.resume()
    await until(1_000)
  }
  double.stop()
  expect(wrong()).toEqual([])
  const { counts } = feed
  expect(feed.most_bytes).toBeLessThan(1.3 * QUEUE.bytes)
  // What is kept does not grow with what has passed.
  expect(heap() - early_bytes).toBeLessThan(64_000_000)
  expect(Object.keys(double.mischief.counts).sort()).toEqual([...WIRE_FAULTS, ...REST_FAULTS].sort())
  expect(counts.frames).toBeGreaterThan(2_000)
  for (const end of ['closed', 'too_large', 'silent', 'refused'] as const) {
    expect([end, counts.ended[end]]).toEqual([end, expect.toSatisfy((times: number) => times > 0)])
  }
  expect(counts.breaks).toBeGreaterThan(20)
})

function heap(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
