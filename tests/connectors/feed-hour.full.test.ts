/** An hour of a venue that misbehaves, at 100 times its speed, over real sockets. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, it } from 'vitest'
import { LiveFeed, nodePorts } from '../../connectors/feed/index.ts'
import { REST_FAULTS, WIRE_FAULTS } from '../doubles/mischief.ts'
import { Reader } from '../doubles/reader.ts'
import { fastClock, serve } from '../doubles/real-server.ts'
import { listedOf, VENUE_KINDS, type VenueKind } from '../doubles/venue-kinds.ts'

const SPEED = 100
const HOUR_MS = 3_600_000
/** So small that the hour fills it: that we are the slow one is a part of it. */
const QUEUE = { frames: 1_000, bytes: 2_000_000 }
const MAX_FRAME_BYTES = 1_000_000
/** Every so often nothing is taken for so long, in the venue's time. */
const SLOW_EVERY_MS = 300_000
const SLOW_MS = 60_000
/** What may be kept of an hour beside what waits: counters, the books' own ups and downs. */
const KEPT_BYTES = 16_000_000

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

it.each(Object.entries<VenueKind>(VENUE_KINDS))('%s has right books', { timeout: 900_000 }, async (name, kind) => {
  const { symbols } = kind
  const clock = fastClock(SPEED)
  const double = kind.double({ seed: 11, clock, frames_per_s: 60, wire_chance: 0.003, rest_chance: 0.3 })
  const server = await serve(double)
  ends.push(() => server.close())
  const address = `127.0.0.1:${server.port}`
  const venue = kind.open(symbols, { url: `ws://${address}`, rest_url: `http://${address}` })
  const feed = new LiveFeed({
    // Replaced every minute where age matters, so that this too happens among all the rest.
    venue: { ...venue, lifetime_ms: venue.lifetime_ms === undefined ? undefined : 60_000 },
    ports: { ...nodePorts, clock },
    queue: QUEUE,
    max_frame_bytes: MAX_FRAME_BYTES,
  })
  await feed.open(undefined)
  ends.push(() => feed.close())
  const reader = new Reader(feed, listedOf(venue.venue, symbols))
  const wrong = () =>
    symbols.filter((symbol) => reader.text(symbol) !== reader.truth(symbol, double.books.get(symbol)!))
  const begun_us = clock.now_us()
  const isSlow = () => ((clock.now_us() - begun_us) / 1_000) % SLOW_EVERY_MS > SLOW_EVERY_MS - SLOW_MS
  const until = async (ms: number) => {
    const end_us = clock.now_us() + 1_000 * ms
    while (clock.now_us() < end_us) {
      if (!isSlow()) reader.drain()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  await until(HOUR_MS / 10)
  reader.drain()
  const early_bytes = kept()
  await until(HOUR_MS * 0.9)
  reader.drain()
  const late_bytes = kept()
  double.mischief.end()
  // A renewal of every book; and then until nothing is on its way.
  await until(1.2 * kind.renew_ms)
  for (let tries = 0; tries < 30; tries++) {
    double.hold()
    await until(20_000)
    reader.drain()
    if (wrong().length === 0) break
    double.resume()
    await until(100_000)
  }
  double.stop()
  const { counts } = feed
  const faults = double.mischief.counts
  console.info(
    JSON.stringify({
      name,
      ...counts,
      bad_frames: reader.faults,
      most: feed.most_bytes,
      early_bytes,
      late_bytes,
      faults,
    }),
  )
  expect(wrong()).toEqual([])
  // Every kind of misbehaviour happened, and was noticed for what it is.
  expect(Object.keys(faults).sort()).toEqual([...WIRE_FAULTS, ...(kind.rest ? REST_FAULTS : [])].sort())
  for (const end of ['closed', 'too_large', 'silent', 'refused', 'slow'] as const) {
    expect([end, counts.ended[end]]).toEqual([end, expect.toSatisfy((times: number) => times > 0)])
  }
  expect(counts.pauses).toBeGreaterThan(2)
  if (venue.lifetime_ms !== undefined) expect(counts.ended.replaced).toBeGreaterThan(0)
  expect(counts.breaks).toBeGreaterThan(10)
  expect(counts.frames).toBeGreaterThan(20_000)
  expect(reader.faults).toBeGreaterThan(10)
  // What waits is bounded, by the queue's own measure; and what is kept does not grow with what has passed.
  expect(feed.most_bytes).toBeLessThan(1.25 * QUEUE.bytes + MAX_FRAME_BYTES)
  expect(late_bytes - early_bytes).toBeLessThan(KEPT_BYTES)
})

/** Bytes that are reachable, after a collection of all that is not: growth of the process says nothing. */
function kept(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
