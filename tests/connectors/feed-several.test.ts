/** Several live feeds as one source. */
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { sourceOptions } from '../../cli/source.ts'
import { LiveFeed, LiveFeeds, type MergedFeed, Numbering } from '../../connectors/feed/index.ts'
import type { Source } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { Reader } from '../doubles/reader.ts'
import { listedOf, VENUE_KINDS } from '../doubles/venue-kinds.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'

const VENUES = ['BINANCE', 'OKX', 'KRAKEN'] as const
const START_US = 1_767_571_200_000_000

function world() {
  const clock = new VirtualClock(START_US)
  const numbering = new Numbering()
  const kinds = VENUES.map((name) => VENUE_KINDS[name]!)
  const doubles = kinds.map((kind, i) => kind.double({ seed: i + 1, clock }))
  const feeds = kinds.map((kind, i) => {
    const venue = kind.open(kind.symbols, { url: 'ws://double', rest_url: 'http://double' })
    return new LiveFeed({ venue, ports: virtualPorts(clock, doubles[i]!, i + 1), numbering })
  })
  return { clock, kinds, doubles, feeds, source: new LiveFeeds(feeds, numbering, clock) }
}

it('gives frames in the order of their arrival, numbered as those of one, and no book is the worse for it', async () => {
  const { clock, kinds, doubles, feeds, source } = world()
  await source.open(undefined)
  expect(source.identity).toEqual({ kind: 'live', feeds: feeds.map(({ identity }) => identity) })
  const venues = new Set<string>()
  let last_us = -1
  let frames = 0
  const looked_at = {
    take() {
      const item = source.take()
      if (item === undefined) return undefined
      const { frame_seq, venue } = item.value as RawFrame
      expect(frame_seq).toBe(frames++)
      expect(item.position).toEqual({ frame_seq, stream_time_us: item.stream_time_us })
      expect(item.stream_time_us).toBeGreaterThan(last_us)
      last_us = item.stream_time_us
      venues.add(venue)
      return item
    },
  }
  const listed = kinds.flatMap(({ symbols }, i) => listedOf(VENUES[i]!, symbols))
  const reader = new Reader(looked_at as unknown as Source, listed)
  for (let ms = 0; ms < 20_000; ms += 50) {
    clock.advance(50)
    if (source.head_us !== undefined) expect(source.passed_us()).toBeLessThan(source.head_us)
    reader.drain()
    expect(source.passed_us()).toBeGreaterThanOrEqual(clock.now_us())
    last_us = source.passed_us()
  }
  expect([...venues].sort()).toEqual([...VENUES].sort())
  for (const double of doubles) double.stop()
  clock.advance(100)
  reader.drain()
  for (const [i, kind] of kinds.entries()) {
    for (const symbol of kind.symbols)
      expect(reader.text(symbol)).toBe(reader.truth(symbol, doubles[i]!.books.get(symbol)!))
  }
  expect(source.standing().map(({ feed }) => feed)).toEqual(feeds.map((feed) => feed.standing()[0].feed))
  await source.close()
  expect(source.done).toBe(true)
})

it('goes on behind a stored position', async () => {
  const { clock, source } = world()
  await source.open({ frame_seq: 41, stream_time_us: START_US + 5_000_000 })
  clock.advance(2_000)
  const first = source.take()!
  expect((first.value as RawFrame).frame_seq).toBe(42)
  expect(first.stream_time_us).toBe(START_US + 5_000_001)
  await source.close()
})

it('waits for the feed whose frame is next, however much the others have', async () => {
  const held = { head_us: 1, take: () => undefined, ready: () => blocked }
  let release = () => {}
  const blocked = new Promise<void>((resolve) => {
    release = resolve
  })
  const other = { head_us: 2, take: () => ({ value: 'later' }), ready: () => Promise.resolve() }
  const source = new LiveFeeds([other, held] as unknown as MergedFeed[], new Numbering(), { now_us: () => 0 } as never)
  expect(source.take()).toBeUndefined()
  let ready = false
  const waited = source.ready().then(() => {
    ready = true
  })
  await new Promise(setImmediate)
  expect(ready).toBe(false)
  release()
  await waited
})

it('what stands behind a feed on the command line is of that feed', () => {
  const command = sourceOptions(new Command()).exitOverride()
  const line = '--feed okx --feed-url ws://a --feed binance --feed-url ws://b --rest-url http://b --capture x.gz'
  command.parse(line.split(' '), { from: 'user' })
  expect(command.opts().feed).toEqual([
    { name: 'okx', feedUrl: 'ws://a' },
    { name: 'binance', feedUrl: 'ws://b', restUrl: 'http://b', capture: 'x.gz' },
  ])
  const alone = sourceOptions(new Command()).exitOverride()
  expect(() => alone.parse(['--capture', 'x.gz', '--feed', 'okx'], { from: 'user' })).toThrow('behind the feed')
})
