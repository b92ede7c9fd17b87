/** What a live feed tells operators. */
import { expect, it } from 'vitest'
import { expose } from '../../cli/exposition.ts'
import { feedSamples } from '../../cli/feed-metrics.ts'
import { METRICS, type MetricSpec } from '../../cli/metric-list.ts'
import { LaneMeter } from '../../cli/run/metrics-meter.ts'
import { LiveFeed } from '../../connectors/feed/index.ts'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { Engine } from '../../runtime/engine/engine.ts'
import { VENUE_KINDS } from '../doubles/venue-kinds.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'

it('is counted, and says how it stands', async () => {
  const kind = VENUE_KINDS.OKX
  const clock = new VirtualClock(1_767_571_200_000_000)
  const double = kind.double({ seed: 1, clock })
  const feed = new LiveFeed({
    venue: kind.open(kind.symbols, { url: 'ws://double', rest_url: 'http://double' }),
    ports: virtualPorts(clock, double, 1),
  })
  await feed.open(undefined)
  const value = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(expose(feedSamples(feed)))?.[1])
  clock.advance(500)
  expect(value('aitrader_feed_lines{feed="okx",state="live"}')).toBe(1)
  double.disconnect()
  clock.advance(5)
  expect(value('aitrader_feed_lines{feed="okx",state="down"}')).toBe(1)
  clock.advance(5_000)
  double.stop()
  clock.advance(20_000)

  const { frames, bytes } = feed.counts
  expect(value('aitrader_feed_frames_total{feed="okx"}')).toBe(frames)
  expect(value('aitrader_feed_bytes_total{feed="okx"}')).toBe(bytes)
  expect(value('aitrader_feed_connects_total{feed="okx"}')).toBe(2)
  expect(value('aitrader_feed_reconnects_total{feed="okx"}')).toBe(1)
  expect(value('aitrader_feed_disconnects_total{feed="okx",reason="closed"}')).toBe(1)
  expect(value('aitrader_feed_queue_frames{feed="okx"}')).toBe(frames)
  expect(value('aitrader_feed_queue_bytes{feed="okx"}')).toBe(bytes + 256 * frames)
  const age_s = value('aitrader_feed_last_frame_age_seconds{feed="okx"}')
  expect(age_s).toBeGreaterThan(19.9)
  expect(age_s).toBeLessThan(20.1)
  while (feed.take() !== undefined);
  expect(value('aitrader_feed_queue_bytes{feed="okx"}')).toBe(0)
  // All of what is listed of feeds is said, and with the labels that are listed.
  const samples = feedSamples(feed)
  const listed = Object.entries<MetricSpec>(METRICS).filter(([name]) => name.startsWith('aitrader_feed_'))
  expect(new Set(samples.map(({ name }) => name))).toEqual(new Set(listed.map(([name]) => name)))
  for (const { name, labels } of samples) expect([name, Object.keys(labels)]).toEqual([name, METRICS[name].labels])
  await feed.close()
})

it('is told by the lane that has the feed, while it runs', async () => {
  const kind = VENUE_KINDS.OKX
  const clock = new VirtualClock(1_767_571_200_000_000)
  const venue = kind.open(kind.symbols, { url: 'ws://double', rest_url: 'http://double' })
  const feed = new LiveFeed({ venue, ports: virtualPorts(clock, kind.double({ seed: 1, clock }), 1) })
  await feed.open(undefined)
  clock.advance(1_000)
  const meter = new LaneMeter('market', [], () => undefined)
  const told = () => meter.sample().samples.find(({ name }) => name === 'aitrader_feed_frames_total')?.value
  meter.observe({})
  expect(told()).toBeUndefined()
  meter.recovered({ now_us: 0, pending: 0, tasks: [] } as unknown as Engine, () => [], feed)
  expect(told()).toBe(feed.counts.frames)
  meter.stopped(false)
  expect(told()).toBeUndefined()
  await feed.close()
})

it('is nothing of a source that is no live feed', () => {
  expect(feedSamples(simulatedMarket({ seed: 1 }))).toEqual([])
})
