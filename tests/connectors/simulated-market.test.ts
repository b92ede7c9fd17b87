import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SIMULATED_INSTRUMENTS, simulatedMarket } from '../../connectors/simulated-market/index.ts'
import { AppError, type Json, type SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'

/** One line per message: all that a source says, the payload as text. */
const lineOf = ({ value, stream_time_us, position }: SourceItem): string => {
  const { payload, ...rest } = value as RawFrame
  return JSON.stringify([stream_time_us, rest, Buffer.from(payload).toString('latin1'), position])
}

interface Run {
  readonly seed: number
  readonly frames_per_s?: number
  readonly from?: Json
}

async function* items({ seed, frames_per_s = 400, from }: Run): AsyncGenerator<SourceItem> {
  const source = simulatedMarket({ seed, frames_per_s })
  await source.open(from)
  for (;;) yield source.take()!
}

async function take(run: Run, count: number): Promise<SourceItem[]> {
  const taken: SourceItem[] = []
  for await (const item of items(run)) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}

type Level = [px: string, qty: string]

type Depth = { s: string; U: number; u: number; b: Level[]; a: Level[] }

/** A book as a subscriber builds it, on the decimal strings themselves: nothing shared with the generator. */
class NaiveBook {
  readonly bids = new Map<string, string>()
  readonly asks = new Map<string, string>()
  update_id = 0
  live = false
  buffered: Depth[] = []

  snapshot(last_id: number, bids: Level[], asks: Level[]): void {
    this.set(this.bids, bids)
    this.set(this.asks, asks)
    this.update_id = last_id
    this.live = true
    for (const waiting of this.buffered) if (waiting.u > last_id) this.apply(waiting)
  }

  apply({ U, u, b, a }: Depth): void {
    // For the first one after the snapshot this is the venue's rule to begin, later its rule to go on.
    expect(U).toBeLessThanOrEqual(this.update_id + 1)
    expect(u).toBeGreaterThanOrEqual(this.update_id + 1)
    this.set(this.bids, b)
    this.set(this.asks, a)
    this.update_id = u
  }

  set(side: Map<string, string>, levels: Level[]): void {
    for (const [px, qty] of levels) {
      if (Number(qty) === 0) side.delete(px)
      else side.set(px, qty)
    }
  }

  top(): string[] {
    const highest = [...this.bids].reduce((best, level) => (Number(level[0]) > Number(best[0]) ? level : best))
    const lowest = [...this.asks].reduce((best, level) => (Number(level[0]) < Number(best[0]) ? level : best))
    return [...highest, ...lowest]
  }
}

/** Follows the wire as a careful client would and counts what it proves. */
class Client {
  readonly proven = { depth: 0, equal_tops: 0, trades: 0, tickers: 0, snapshots: 0 }
  readonly books = new Map(SIMULATED_INSTRUMENTS.map(({ symbol }) => [symbol, new NaiveBook()]))
  readonly depth_ids = new Map<string, number>()
  readonly trade_ids = new Map<string, number>()
  /** The last book ticker and its update id: it holds until the next one. */
  readonly tickers = new Map<string, { u: number; top: string[] }>()
  readonly mids = new Map<string, number[]>()
  last_us = 0
  seq = 0

  receive({ value, stream_time_us }: SourceItem): void {
    const frame = value as RawFrame
    expect(stream_time_us).toBeGreaterThan(this.last_us)
    expect(frame.receive_time_us).toBe(stream_time_us)
    expect(frame.frame_seq).toBe(this.seq)
    this.last_us = stream_time_us
    this.seq += 1
    const symbol = frame.venue_symbol.slice('BINANCE:'.length)
    const message = JSON.parse(Buffer.from(frame.payload).toString('latin1'))
    if (message.stream !== undefined) expect(message.stream).toBe(`${symbol.toLowerCase()}@${frame.channel}`)
    if (frame.channel === 'snapshot') this.snapshot(symbol, message)
    else if (frame.channel === 'trade') this.trade(symbol, message.data)
    else if (frame.channel === 'bookTicker') this.ticker(symbol, message.data)
    else this.depth(symbol, message.data)
  }

  snapshot(symbol: string, { lastUpdateId, bids, asks }: { lastUpdateId: number; bids: Level[]; asks: Level[] }): void {
    this.books.get(symbol)!.snapshot(lastUpdateId, bids, asks)
    this.proven.snapshots += 1
  }

  depth(symbol: string, data: Depth): void {
    const previous = this.depth_ids.get(symbol)
    expect(data.s).toBe(symbol)
    if (previous !== undefined) expect(data.U).toBe(previous + 1)
    expect(data.u).toBeGreaterThanOrEqual(data.U)
    this.depth_ids.set(symbol, data.u)
    this.proven.depth += 1
    const book = this.books.get(symbol)!
    if (!book.live) {
      book.buffered.push(data)
      return
    }
    book.apply(data)
    const top = book.top()
    expect(Number(top[0])).toBeLessThan(Number(top[2]))
    const ticker = this.tickers.get(symbol)!
    expect(ticker.u).toBeLessThanOrEqual(data.u)
    expect(top).toEqual(ticker.top)
    this.proven.equal_tops += 1
  }

  ticker(
    symbol: string,
    { u, s, b, B, a, A }: { u: number; s: string; b: string; B: string; a: string; A: string },
  ): void {
    expect(s).toBe(symbol)
    expect(u).toBeGreaterThan(this.tickers.get(symbol)?.u ?? 0)
    expect(Number(b)).toBeLessThan(Number(a))
    this.tickers.set(symbol, { u, top: [b, B, a, A] })
    this.proven.tickers += 1
    const mids = this.mids.get(symbol) ?? []
    mids.push((Number(b) + Number(a)) / 2)
    this.mids.set(symbol, mids)
  }

  trade(symbol: string, { s, t, q, p }: { s: string; t: number; q: string; p: string }): void {
    const previous = this.trade_ids.get(symbol)
    expect(s).toBe(symbol)
    if (previous !== undefined) expect(t).toBe(previous + 1)
    expect(Number(q)).toBeGreaterThan(0)
    expect(Number(p)).toBeGreaterThan(0)
    this.trade_ids.set(symbol, t)
    this.proven.trades += 1
  }
}

describe('the wire', () => {
  test('spells each message as the venue does', async () => {
    const first = new Map<string, string>()
    for (const { value } of await take({ seed: 1 }, 400)) {
      const { channel, payload } = value as RawFrame
      if (!first.has(channel)) first.set(channel, Buffer.from(payload).toString('latin1'))
    }
    const decimal = '"\\d+\\.\\d{8}"'
    const levels = `(\\[${decimal},${decimal}\\],?)*`
    const exactly = (text: string) => new RegExp(`^${text}$`)
    expect(first.get('trade')).toMatch(
      exactly(
        `{"stream":"[a-z]+usdt@trade","data":{"e":"trade","E":\\d{13},"s":"[A-Z]+USDT","t":\\d+,"p":${decimal},"q":${decimal},"T":\\d{13},"m":(true|false),"M":true}}`,
      ),
    )
    expect(first.get('bookTicker')).toMatch(
      exactly(
        `{"stream":"[a-z]+usdt@bookTicker","data":{"u":\\d+,"s":"[A-Z]+USDT","b":${decimal},"B":${decimal},"a":${decimal},"A":${decimal}}}`,
      ),
    )
    expect(first.get('depth@100ms')).toMatch(
      exactly(
        `{"stream":"[a-z]+usdt@depth@100ms","data":{"e":"depthUpdate","E":\\d{13},"s":"[A-Z]+USDT","U":\\d+,"u":\\d+,"b":\\[${levels}\\],"a":\\[${levels}\\]}}`,
      ),
    )
    expect(first.get('snapshot')).toMatch(
      exactly(`{"lastUpdateId":\\d+,"bids":\\[${levels}\\],"asks":\\[${levels}\\]}`),
    )
  })

  test('says the same bytes in every release of a version', async () => {
    const digest = createHash('sha256')
    for (const item of await take({ seed: 1 }, 20_000)) digest.update(`${lineOf(item)}\n`)
    // Another digest is another market: count VERSION up, or runs on disk go on with a stream they did not begin.
    expect(digest.digest('hex')).toBe('f9a90be62ff42a461413292b1645fc9a03a4218d59992df8eabe87adbce72047')
  })
})

describe('the market', () => {
  test('is one that a careful client can follow, whatever the seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: Number.MAX_SAFE_INTEGER }), async (seed) => {
        const client = new Client()
        for (const item of await take({ seed }, 6_000)) client.receive(item)
        expect(client.proven.snapshots).toBe(3)
        expect(client.proven.equal_tops).toBeGreaterThan(100)
        expect(client.proven.trades).toBeGreaterThan(100)
      }),
      { numRuns: 12 },
    )
  })

  test('shows no seam where an epoch ends', async () => {
    const client = new Client()
    let epochs = 0
    for (const item of await take({ seed: 3, frames_per_s: 5_000 }, 110_000)) {
      client.receive(item)
      epochs = Math.max(epochs, (item.position as { epoch: { epoch: number } }).epoch.epoch)
    }
    expect(epochs).toBe(2)
  })

  test('moves every price within 15 s, under the seed that the demonstration uses', async () => {
    const client = new Client()
    const source = simulatedMarket({ seed: 1, duration_ms: 15_000 })
    await source.open(undefined)
    for (let item = source.take(); item !== undefined; item = source.take()) client.receive(item)
    expect(source.done).toBe(true)
    expect(client.seq).toBeGreaterThan(15 * 300)
    for (const { symbol } of SIMULATED_INSTRUMENTS) {
      const mids = client.mids.get(symbol)!
      const range_bps = ((Math.max(...mids) - Math.min(...mids)) / mids[0]!) * 10_000
      expect(range_bps, symbol).toBeGreaterThan(5)
      expect(client.trade_ids.has(symbol)).toBe(true)
    }
  })

  test('keeps its prices and its books over half a day', async () => {
    const source = simulatedMarket({ seed: 1, frames_per_s: 60, duration_ms: 12 * 3_600_000 })
    await source.open(undefined)
    let last: SourceItem | undefined
    for (let item = source.take(); item !== undefined; item = source.take()) last = item
    const { epoch } = last!.position as unknown as { epoch: { flows: { bid_px: number; ask_px: number }[] } }
    for (const [index, start_px] of [9_425_000, 324_000, 13_800].entries()) {
      const { bid_px, ask_px } = epoch.flows[index]!
      expect(bid_px / start_px).toBeGreaterThan(0.8)
      expect(ask_px / start_px).toBeLessThan(1.25)
      expect((ask_px - bid_px) / bid_px).toBeLessThan(0.005)
    }
  })
})

describe('the position', () => {
  test('resumes at any message as if never stopped', async () => {
    const run = { seed: 7, frames_per_s: 20_000 }
    const whole = await take(run, 53_000)
    const lines = whole.map(lineOf)
    const seam = whole.findIndex((item) => (item.position as { epoch: { epoch: number } }).epoch.epoch === 1)
    expect(seam).toBeGreaterThan(50_000)
    const check = async (at: number) => {
      const from = JSON.parse(JSON.stringify(whole[at]!.position))
      const resumed = await take({ ...run, from }, 300)
      expect(resumed.map(lineOf)).toEqual(lines.slice(at + 1, at + 301))
    }
    for (let at = seam - 3; at <= seam + 2; at += 1) await check(at)
    for (let at = 0; at < 3; at += 1) await check(at)
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 52_000 }), check), { numRuns: 25 })
  })

  test('is small, and one of another make is refused', async () => {
    const [item] = (await take({ seed: 1 }, 5_000)).slice(-1)
    expect(JSON.stringify(item!.position).length).toBeLessThan(1_000)
    const source = simulatedMarket({ seed: 1 })
    const refusal = await source.open({ file: 'x', line: 3 }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(AppError)
    expect((refusal as AppError).code).toBe('BAD_POSITION')
  })
})

describe('the seed', () => {
  test('decides all, and another one says something else', async () => {
    const of = async (seed: number) => (await take({ seed }, 500)).map(lineOf)
    expect(await of(5)).toEqual(await of(5))
    const seeds = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]
    const firsts = await Promise.all(seeds.map(async (seed) => (await of(seed)).join('\n')))
    expect(new Set(firsts).size).toBe(seeds.length)
  })

  test('and the rate are the identity; how long it runs is not', () => {
    expect(simulatedMarket({ seed: 4, frames_per_s: 400 }).identity).toEqual({
      kind: 'simulated-market',
      version: 1,
      seed: 4,
      frames_per_s: 400,
    })
    expect(simulatedMarket({ seed: 4, duration_ms: 5 }).identity).toEqual(simulatedMarket({ seed: 4 }).identity)
  })
})
