import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MoodMarketParams, moodMarket, type TrueBook } from '../../connectors/simulated-market/moods/index.ts'
import { Keyed, philox, streamOf } from '../../connectors/simulated-market/moods/keyed.ts'
import { MARKET_MOODS, type MarketMood } from '../../connectors/simulated-market/moods/table.ts'
import { crashAt } from '../../connectors/simulated-market/moods/timetable.ts'
import type { PathFault } from '../../connectors/simulated-market/moods/wire-path.ts'
import { AppError, type Json, type SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { follow, HURRIED } from './mood-follower.ts'

const BOTH = ['BINANCE', 'OKX'] as const
const moods = Object.keys(MARKET_MOODS) as MarketMood[]

interface Told {
  readonly items: SourceItem[]
  readonly faults: (PathFault | undefined)[]
  readonly books: TrueBook[]
}

async function tell(params: MoodMarketParams, from?: Json, count = Number.POSITIVE_INFINITY): Promise<Told> {
  const told: Told = { items: [], faults: [], books: [] }
  const observer = {
    frame: (_frame: RawFrame, fault: PathFault | undefined) => told.faults.push(fault),
    book: (book: TrueBook) => told.books.push(book),
  }
  const source = moodMarket({ ...params, observer })
  await source.open(from)
  for (let item = source.take(); item !== undefined && told.items.length < count; item = source.take())
    told.items.push(item)
  return told
}

const textOf = ({ payload }: RawFrame) => Buffer.from(payload).toString('latin1')
const lineOf = ({ value, stream_time_us, position }: SourceItem): string => {
  const { payload, ...rest } = value as RawFrame
  return JSON.stringify([stream_time_us, rest, Buffer.from(payload).toString('latin1'), position])
}
/** What each symbol's subscriber reads, in order. */
function payloads(items: readonly SourceItem[]): Map<string, string[]> {
  const bySymbol = new Map<string, string[]>()
  for (const { value } of items) {
    const frame = value as RawFrame
    const mine = bySymbol.get(frame.venue_symbol)
    if (mine === undefined) bySymbol.set(frame.venue_symbol, [textOf(frame)])
    else mine.push(textOf(frame))
  }
  return bySymbol
}
const middles = (books: readonly TrueBook[], id: string) =>
  books.filter(({ instrument_id }) => instrument_id === id).map(({ bids, asks }) => (bids[0]![0] + asks[0]![0]) / 2)

describe('chance by counter', () => {
  // The published vectors of Philox4x32-10 (Random123, kat_vectors).
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('is Philox4x32-10: %j', (counter, key, words) => {
    expect(philox(counter as never, key as never)).toEqual(words)
  })

  test('does not depend on what was drawn before', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string(), fc.maxSafeNat(), fc.nat({ max: 40 }), (seed, name, event, other) => {
        const fresh = new Keyed(seed).at(streamOf(name), event)
        const used = new Keyed(seed)
        for (let draw = 0; draw < other; draw++) used.at(draw, event).uniform()
        used.at(streamOf(name), event)
        const draws = (keyed: Keyed) => Array.from({ length: 9 }, () => keyed.uniform())
        expect(draws(used)).toEqual(draws(fresh))
      }),
    )
  })
})

describe('a market of a mood', () => {
  // Another digest is another market: count VERSION up, or runs on disk go on with a stream they did not begin.
  test.each([
    ['calm', '9fcd71a64746ab86376151c4796324142b2daa09f507e2d4be5fb610a5d01ebf'],
    ['volatile', 'af135f2be9aca34f22851744fb8b5236af886b66dff4676975b7e426c5dbe5d0'],
    ['crash', '354d76022d083ed9218f4a12cf8a3ffc8adf71f78545593e3e61663c9717eefa'],
    ['broken', '662b1bcd157a5edb1122152971256bb47817e7b2b5433a4217d76c3c4303e4b6'],
  ] as const)('%s says the same bytes in every release of a version', async (mood, sha256) => {
    const digest = createHash('sha256')
    for (const item of (await tell({ mood, seed: 3, venues: BOTH, duration_ms: 32_000 })).items)
      digest.update(`${lineOf(item)}\n`)
    expect(digest.digest('hex')).toBe(sha256)
  })

  test.each(moods)('%s goes on at any message as if never stopped', async (mood) => {
    const params = { mood, seed: 7, venues: BOTH, duration_ms: 24_000 }
    const { items } = await tell(params)
    const lines = items.map(lineOf)
    const epochs = items.map(({ position }) => (position as { epoch: { frames: number } }).epoch.frames)
    const seam = epochs.findIndex((frames) => frames > 0)
    expect(seam).toBeGreaterThan(1_000)
    const check = async (at: number) => {
      const from = JSON.parse(JSON.stringify(items[at]!.position)) as Json
      const resumed = await tell(params, from, 200)
      expect(resumed.items.map(lineOf)).toEqual(lines.slice(at + 1, at + 201))
    }
    for (let at = seam - 2; at <= seam + 1; at++) await check(at)
    await fc.assert(fc.asyncProperty(fc.nat({ max: items.length - 2 }), check), { numRuns: 5 })
  })

  test('is seen whole and at once where nothing is broken', async () => {
    for (const mood of ['calm', 'volatile', 'crash'] as const) {
      const followed = await follow({ mood, seed: 3, venues: BOTH, duration_ms: 20_000 })
      expect(followed.received.filter(({ refused, fault }) => refused !== undefined || fault !== undefined)).toEqual([])
      expect(followed.events.filter(({ gap }) => gap !== null)).toEqual([])
      expect(new Set(followed.books.map(({ quality }) => quality))).toEqual(new Set(['SNAPSHOT', 'LIVE']))
      for (const book of followed.books) {
        const truth = followed.trueBook(book)
        if (book.quality === 'LIVE') expect([book.bid_px, book.bid_qty]).toEqual(truth?.bids[0])
      }
    }
  })

  test('never goes back in time and numbers its frames', async () => {
    const { items } = await tell({ mood: 'broken', seed: 5, venues: BOTH, parameters: HURRIED, duration_ms: 45_000 })
    items.forEach(({ value, stream_time_us }, at) => {
      expect((value as RawFrame).frame_seq).toBe(at)
      if (at > 0 && stream_time_us <= items[at - 1]!.stream_time_us) expect.fail(`frame ${at} is not later`)
    })
  })

  test('refuses a position of another make', async () => {
    const foreign = { epoch: { frames: 0, flows: [] }, count: 3 }
    const refusal = await moodMarket({ mood: 'calm', seed: 1 })
      .open(foreign)
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(AppError)
    expect((refusal as AppError).code).toBe('BAD_POSITION')
  })

  test('is named by mood, seed, venues and changed parameters, not by how long it runs', () => {
    const identity = (params: Partial<MoodMarketParams>) => moodMarket({ mood: 'crash', seed: 4, ...params }).identity
    const plain = { kind: 'simulated-market', version: 1, mood: 'crash', seed: 4, venues: ['BINANCE'] }
    expect(identity({ duration_ms: 5 })).toEqual(plain)
    expect(identity({ venues: BOTH })).toEqual({ ...plain, venues: ['BINANCE', 'OKX'] })
    expect(identity({ parameters: { drop_ppm: 1 } })).toEqual({ ...plain, parameters: { drop_ppm: 1 } })
  })
})

describe('nobody’s draws shift another’s', () => {
  test.each(moods)('%s: a venue more leaves every message of the others as it is', async (mood) => {
    const alone = payloads((await tell({ mood, seed: 11, duration_ms: 22_000 })).items)
    const beside = payloads((await tell({ mood, seed: 11, venues: BOTH, duration_ms: 22_000 })).items)
    expect([...alone.keys()].sort()).toEqual(['BINANCE:BTCUSDT', 'BINANCE:ETHUSDT', 'BINANCE:SOLUSDT'])
    for (const [symbol, texts] of alone) {
      // The end of the run may cut one message more or less.
      const both = Math.min(texts.length, beside.get(symbol)!.length) - 3
      expect(both).toBeGreaterThan(500)
      expect(beside.get(symbol)!.slice(0, both)).toEqual(texts.slice(0, both))
    }
  })

  test('under every broken market lies its clean twin', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const params = { mood: 'broken', seed, venues: BOTH, duration_ms: 8_000 } as const
        const none = Object.fromEntries(
          Object.keys(HURRIED).flatMap((name) => (/_ppm$|^(silence|restart)_/.test(name) ? [[name, 0]] : [])),
        )
        const faulty = await tell({ ...params, parameters: HURRIED })
        const twin = await tell({ ...params, parameters: { ...HURRIED, ...none } })
        expect(faulty.books).toEqual(twin.books)
        expect(twin.faults.filter((fault) => fault !== undefined)).toEqual([])
        const clean = new Map([...payloads(twin.items)].map(([symbol, texts]) => [symbol, new Set(texts)]))
        faulty.items.forEach(({ value }, at) => {
          const frame = value as RawFrame
          const fault = faulty.faults[at]
          const whole = fault === undefined || fault === 'late' || fault === 'duplicate'
          if (whole && !clean.get(frame.venue_symbol)!.has(textOf(frame))) expect.fail(`frame ${at} is no clean one`)
        })
      }),
      { numRuns: 5 },
    )
  })

  test('another kind of fault leaves each kind as it is', async () => {
    const faultsOf = async (parameters: object) => {
      const lost: string[] = []
      const observer = {
        loss: (id: string, { venue_time_us }: { venue_time_us: number }) => lost.push(`${id} ${venue_time_us}`),
      }
      const source = moodMarket({ mood: 'calm', seed: 2, duration_ms: 20_000, parameters, observer })
      await source.open(undefined)
      while (source.take() !== undefined);
      return lost
    }
    const alone = await faultsOf({ drop_ppm: 5_000 })
    expect(alone.length).toBeGreaterThan(10)
    expect(await faultsOf({ drop_ppm: 5_000, corrupt_ppm: 50_000, late_ppm: 50_000 })).toEqual(alone)
  })
})

describe('what a mood is like', () => {
  /** Correlation of returns per second, of two instruments. */
  function correlation(books: readonly TrueBook[], left: string, right: string): number {
    const returns = (id: string) => {
      const prices = middles(books, id).filter((_px, step) => step % 10 === 0)
      return prices.slice(1).map((px, at) => px / prices[at]! - 1)
    }
    const [a, b] = [returns(left), returns(right)]
    const mean = (of: number[]) => of.reduce((sum, one) => sum + one, 0) / of.length
    const [mean_a, mean_b] = [mean(a), mean(b)]
    const product = mean(a.map((one, at) => (one - mean_a) * (b[at]! - mean_b)))
    const square = (of: number[], middle: number) => mean(of.map((one) => (one - middle) ** 2))
    return product / Math.sqrt(square(a, mean_a) * square(b, mean_b))
  }

  test('one asset at two venues moves as one, and two assets move together', async () => {
    for (const seed of [1, 2]) {
      const { books } = await tell({ mood: 'volatile', seed, venues: BOTH, duration_ms: 60_000 })
      expect(correlation(books, 'BTCUSDT.BINANCE', 'BTC-USDT.OKX')).toBeGreaterThan(0.9)
      expect(correlation(books, 'BTCUSDT.BINANCE', 'ETHUSDT.BINANCE')).toBeGreaterThan(0.5)
      expect(correlation(books, 'BTCUSDT.BINANCE', 'ETHUSDT.BINANCE')).toBeLessThan(0.98)
    }
  })

  test('a volatile market moves more than a calm one', async () => {
    const range = async (mood: MarketMood) => {
      const prices = middles((await tell({ mood, seed: 1, duration_ms: 60_000 })).books, 'BTCUSDT.BINANCE')
      return Math.max(...prices) / Math.min(...prices) - 1
    }
    expect(await range('volatile')).toBeGreaterThan(2 * (await range('calm')))
  })

  test('in a crash prices fall, makers leave, and both come back in part', async () => {
    for (const seed of [1, 2, 3]) {
      const { books } = await tell({ mood: 'crash', seed, duration_ms: 60_000 })
      const btc = books.filter(({ instrument_id }) => instrument_id === 'BTCUSDT.BINANCE')
      const prices = middles(btc, 'BTCUSDT.BINANCE')
      const bottom = prices.indexOf(Math.min(...prices))
      const before = Math.max(0, bottom - 20)
      const after = Math.min(prices.length - 1, bottom + 130)
      const fall = 1 - prices[bottom]! / prices[before]!
      expect(fall, `seed ${seed}`).toBeGreaterThan(0.025)
      expect(fall).toBeLessThan(0.035)
      expect(prices[after]! / prices[bottom]! - 1).toBeGreaterThan(fall / 4)
      const shown = (at: number) => btc[at]!.bids.reduce((sum, [, qty]) => sum + qty, 0)
      expect(shown(bottom)).toBeLessThan(shown(before) / 3)
      expect(shown(after)).toBeGreaterThan(shown(bottom) * 3)
    }
  })

  test('what a crash takes it gives back, and makers are all there again before the next one', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const keyed = new Keyed(seed)
        const steps = Array.from({ length: 600 }, (_, step) => crashAt(step, MARKET_MOODS.crash, keyed))
        const moves = steps.map(({ move_ppb }) => move_ppb)
        const fall_ppb = moves.filter((move) => move < 0).reduce((sum, move) => sum + move, 0)
        expect(fall_ppb).toBe(-MARKET_MOODS.crash.fall_bps * 100_000)
        // It takes 26.5 s, and the next one is at least 30 s later.
        const begin = moves.findIndex((move) => move < 0)
        const whole = Array.from({ length: 270 }, (_, at) => crashAt(begin + at, MARKET_MOODS.crash, keyed))
        expect(Math.round(whole.reduce((sum, { move_ppb }) => sum + move_ppb, 0))).toBe(0)
        expect(whole.at(-1)).toEqual({ move_ppb: 0, liquidity: 1 })
        expect(Math.min(...steps.map(({ liquidity }) => liquidity))).toBe(0.1)
      }),
      { numRuns: 30 },
    )
  })

  test('a halted venue is silent while the other one goes on', async () => {
    const parameters = { halt_every_s: 20, halt_ms: 4_000 }
    const { items } = await tell({ mood: 'calm', seed: 1, venues: BOTH, parameters, duration_ms: 60_000 })
    const silences = BOTH.map((venue) => {
      const times = items.filter(({ value }) => (value as RawFrame).venue === venue).map((item) => item.stream_time_us)
      return times.slice(1).filter((at, index) => at - times[index]! > 3_800_000)
    })
    expect(silences.map((one) => one.length)).toEqual([3, 3])
    const all = items.map((item) => item.stream_time_us)
    expect(all.slice(1).every((at, index) => at - all[index]! < 3_800_000)).toBe(true)
  })
})
