/** However many symbols there are: no address of a connection is longer than servers take, and every stream is in one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binanceLive } from '../../connectors/binance/live.ts'
import { ADDRESS_MAX, streamAddresses } from '../../connectors/binance/stream-addresses.ts'
import { binanceUsdmLive } from '../../connectors/binance/usdm-live.ts'
import { LiveFeed } from '../../connectors/feed/index.ts'
import { BinanceDouble } from '../doubles/binance-double.ts'
import { Reader } from '../doubles/reader.ts'
import { listedOf } from '../doubles/venue-kinds.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'

/** So many pairs with names as long as the venue's longest. */
const pairs = (count: number) => Array.from({ length: count }, (_, at) => `1000COIN${String(at).padStart(4, '0')}USDT`)
const streamsIn = (url: string) => new URL(url).searchParams.get('streams')!.split('/')

it('few symbols are on one connection', () => {
  const { lines } = binanceLive({ symbols: ['BTCUSDT', 'ETHUSDT'] })
  const two = ['btcusdt', 'ethusdt'].flatMap((one) => [`${one}@depth@100ms`, `${one}@bookTicker`, `${one}@trade`])
  expect(lines.map(({ url }) => url)).toEqual([`wss://stream.binance.com:9443/stream?streams=${two.join('/')}`])
})

describe('many symbols are on several', () => {
  it.each([
    ['spot', binanceLive, 3],
    ['futures', binanceUsdmLive, 3],
  ] as const)('%s: every stream once, in addresses below the bound', (_name, open, streams) => {
    const symbols = pairs(600)
    const { lines, connections } = open({ symbols })
    expect(lines.length).toBeGreaterThan(10)
    // All of them can begin at once.
    expect(lines.length).toBeLessThan(connections.count / 2)
    expect(lines.filter(({ url }) => url.length > 4_096)).toEqual([])
    const all = lines.flatMap(({ url }) => streamsIn(url))
    expect(all.length).toBe(streams * symbols.length)
    expect(new Set(all).size).toBe(all.length)
    expect(Math.max(...lines.map(({ url }) => streamsIn(url).length))).toBeLessThan(1_024)
  })

  it('in order, as many on each, and on no more than need be', () => {
    const symbol = fc.stringMatching(/^[A-Z0-9]{3,18}$|^[\u4e00-\u9fff]{1,6}USDT$/)
    fc.assert(
      fc.property(fc.array(symbol, { minLength: 1, maxLength: 400 }), (symbols) => {
        const addresses = streamAddresses('wss://x/stream?streams=', symbols, ['depth@100ms', 'trade'])
        expect(addresses.flatMap((one) => one.symbols)).toEqual(symbols)
        const named = symbols.flatMap((one) => [`${one.toLowerCase()}@depth@100ms`, `${one.toLowerCase()}@trade`])
        expect(addresses.flatMap(({ url }) => streamsIn(url))).toEqual(named)
        const lengths = addresses.map(({ url }) => new URL(url).href.length)
        expect(Math.max(...lengths)).toBeLessThanOrEqual(ADDRESS_MAX)
        const sizes = addresses.map((one) => one.symbols.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        // What is on all of them would not have had room on half as many.
        const text = lengths.reduce((sum, length) => sum + length, 0)
        if (addresses.length > 1) expect(text / addresses.length).toBeGreaterThan(ADDRESS_MAX / 4)
      }),
      { numRuns: 60 },
    )
  })

  it('and a name that is too long for any address is alone in one', () => {
    const long = 'X'.repeat(5_000)
    const addresses = streamAddresses('wss://x/stream?streams=', ['A', long, 'B'], ['trade'])
    expect(addresses.map(({ symbols }) => symbols)).toEqual([['A'], [long], ['B']])
  })
})

it('books are followed on whichever connection they are', async () => {
  const true_ones = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
  const other = pairs(200)
  const symbols = ['BTCUSDT', ...other.slice(0, 100), 'ETHUSDT', ...other.slice(100), 'SOLUSDT']
  const clock = new VirtualClock(1_767_571_200_000_000)
  const double = new BinanceDouble({ seed: 1, clock })
  const venue = binanceLive({ symbols, url: 'ws://double', rest_url: 'http://double' })
  const feed = new LiveFeed({ venue, ports: virtualPorts(clock, double, 1) })
  await feed.open(undefined)
  const reader = new Reader(feed, listedOf('BINANCE', true_ones))
  const run = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50)
      reader.drain()
    }
  }
  run(5_000)
  expect(feed.lines).toBeGreaterThan(2)
  expect(double.most).toBe(feed.lines)
  // A server that goes down says so on each of them.
  double.announceEnd()
  run(12_000)
  double.stop()
  run(100)
  expect(feed.counts).toMatchObject({ connections: 2 * feed.lines, breaks: 0, snapshots: 3 })
  expect(true_ones.filter((one) => reader.text(one) !== reader.truth(one, double.books.get(one)!))).toEqual([])
  expect(reader.faults).toBe(0)
})
