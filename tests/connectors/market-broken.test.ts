import { describe, expect, test } from 'vitest'
import { nbbo } from '../../processors/nbbo/index.ts'
import type { BookUpdate, Nbbo } from '../../schemas/generated/index.ts'
import { Hand, port } from '../processors/kit.ts'
import { type Followed, follow, HURRIED } from './mood-follower.ts'

/** Whatever goes wrong on the way: what the shipped processors call LIVE is the truth, and nothing is lost unseen. */

const SEEDS = process.env.AITRADER_FULL === undefined ? 50 : 500
const BOTH = { mood: 'broken', venues: ['BINANCE', 'OKX'] } as const

/** Every LIVE book is the true one at its moment, level by level. */
function expectTruth(followed: Followed): number {
  let live = 0
  for (const book of followed.books) {
    if (book.quality !== 'LIVE') continue
    live += 1
    const truth = followed.trueBook(book)
    const said = `${book.instrument_id} ${book.sequence} at ${book.event_time_us}`
    if (truth === undefined) expect.fail(`nothing is known of ${said}`)
    // The book's own ids go on where OKX begins anew.
    if (book.venue === 'BINANCE' && book.sequence !== truth.sequence) expect.fail(`${said} is ${truth.sequence}`)
    if (!sameLevels(book.bids, truth.bids) || !sameLevels(book.asks, truth.asks))
      expect({ said, bids: book.bids, asks: book.asks }).toEqual({
        said,
        bids: truth.bids.slice(0, 10).map(([px, qty]) => ({ px, qty })),
        asks: truth.asks.slice(0, 10).map(([px, qty]) => ({ px, qty })),
      })
  }
  return live
}

function sameLevels(levels: BookUpdate['bids'], truth: readonly (readonly [number, number])[]): boolean {
  return (
    levels.length === Math.min(10, truth.length) &&
    levels.every(({ px, qty }, rank) => truth[rank]?.[0] === px && truth[rank]?.[1] === qty)
  )
}

/** Damaged frames are refused, and no other ones are. */
function expectRefusals({ received }: Followed): void {
  for (const { frame, fault, refused } of received) {
    const damaged = fault === 'truncate' || fault === 'corrupt'
    if (damaged === (refused !== undefined)) continue
    expect.fail(`frame ${frame.frame_seq}, ${fault ?? 'clean'}: ${refused ?? 'passed'} ${Buffer.from(frame.payload)}`)
  }
}

interface Counters {
  readonly listing: { readonly instrument_id: string }
  readonly frames: number
  readonly duplicates: number
  readonly out_of_order: number
  readonly depth_discarded: number
  readonly snapshots_ignored?: number
  readonly buffer?: readonly unknown[]
}

/** Every frame was refused, passed on, is waiting, or was counted as dropped. */
function expectCounts(followed: Followed): void {
  for (const [venue_symbol, normal] of followed.normalizers) {
    const of = JSON.parse(normal.text()) as Counters
    const mine = followed.received.filter(({ frame }) => frame.venue_symbol === venue_symbol)
    const events = followed.eventsOf(of.listing.instrument_id)
    const passed = events.filter(({ kind }) => kind !== 'status' && kind !== 'gap').length
    // Where a venue sends its book by itself, the change that shows a gap is of no use.
    const spent =
      of.buffer === undefined ? events.filter(({ gap }) => gap?.channel === 'depth').length : of.buffer.length
    const dropped = of.duplicates + of.out_of_order + of.depth_discarded + (of.snapshots_ignored ?? 0)
    expect(of.frames + mine.filter(({ refused }) => refused !== undefined).length, venue_symbol).toBe(mine.length)
    expect(passed + spent + dropped, venue_symbol).toBe(of.frames)
  }
}

/** Trade ids are dense: what did not pass lies in gaps, id by id. */
function expectTradeGaps(followed: Followed): number {
  let missing = 0
  for (const { listing } of [...followed.normalizers.values()].map((one) => JSON.parse(one.text()) as Counters)) {
    const events = followed.eventsOf(listing.instrument_id)
    const ids = events.flatMap(({ trade }) => (trade === null ? [] : [trade.trade_id]))
    const gaps = events.flatMap(({ gap }) => (gap?.channel === 'trade' ? [gap.received - gap.expected] : []))
    const gap = gaps.reduce((sum, one) => sum + one, 0)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.at(-1)! - ids[0]! + 1, listing.instrument_id).toBe(ids.length + gap)
    missing += gap
  }
  return missing
}

/** The longest time that a book was not LIVE, beginning and end of the run included, microseconds. */
function longestBlindness(followed: Followed): number {
  const [first] = followed.received
  const last_us = followed.received.at(-1)!.frame.receive_time_us
  let longest_us = 0
  for (const instrument_id of new Set(followed.books.map((book) => book.instrument_id))) {
    let seen_us = first!.frame.receive_time_us
    for (const { quality, receive_time_us, instrument_id: id } of followed.books) {
      if (id !== instrument_id || quality !== 'LIVE') continue
      longest_us = Math.max(longest_us, receive_time_us - seen_us)
      seen_us = receive_time_us
    }
    longest_us = Math.max(longest_us, last_us - seen_us)
  }
  return longest_us
}

describe('a broken market', () => {
  test(`is seen as it is or not as LIVE, and every fault is counted: ${SEEDS} seeds`, async () => {
    const befallen = new Map<string, number>()
    const count = (what: string) => befallen.set(what, (befallen.get(what) ?? 0) + 1)
    const qualities = new Set<string>()
    for (let seed = 1; seed <= SEEDS; seed++) {
      const followed = await follow({ ...BOTH, seed, parameters: HURRIED, duration_ms: 7_000 })
      expect(expectTruth(followed), `seed ${seed}`).toBeGreaterThan(50)
      expectRefusals(followed)
      expectCounts(followed)
      expectTradeGaps(followed)
      // The longest halt, a loss of the connection right behind it, and the way back.
      expect(longestBlindness(followed), `seed ${seed}`).toBeLessThan(6_000_000)
      for (const { fault } of followed.received) if (fault !== undefined) count(fault)
      for (const { reason } of followed.lost) count(reason)
      for (const { quality } of followed.books) qualities.add(quality)
    }
    const kinds = ['answer', 'corrupt', 'drop', 'duplicate', 'late', 'misread', 'silence', 'truncate']
    expect([...befallen.keys()].sort()).toEqual(kinds)
    for (const [kind, times] of befallen) expect(times, kind).toBeGreaterThan(SEEDS)
    expect(['LIVE', 'SNAPSHOT', 'GAP', 'STALE', 'CHECKSUM_BAD'].filter((one) => !qualities.has(one))).toEqual([])
  }, 300_000)

  test('is found again after ids began anew', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const parameters = { ...HURRIED, restart_every_s: 40, silence_every_s: 0, halt_every_s: 0 }
      // Ids begin anew from 10 to 30 s, and are believed a hundred messages later.
      const followed = await follow({ ...BOTH, seed, parameters, duration_ms: 45_000 })
      expectTruth(followed)
      expectRefusals(followed)
      expectCounts(followed)
      const restarts = followed.events.filter(({ status }) => status?.reason === 'RESTART')
      expect(restarts.map(({ instrument_id }) => instrument_id).sort(), `seed ${seed}`).toEqual([
        'BTCUSDT.BINANCE',
        'ETHUSDT.BINANCE',
        'SOLUSDT.BINANCE',
      ])
      for (const { instrument_id } of restarts) {
        const live = followed.books.filter((book) => book.instrument_id === instrument_id && book.quality === 'LIVE')
        expect(live.at(-1)!.sequence).toBeLessThan(live[0]!.sequence)
      }
    }
  })

  test('is found again after ids began anew twice, the second time while changes wait for a snapshot', async () => {
    const parameters = { ...HURRIED, restart_every_s: 16, silence_every_s: 0, halt_every_s: 0 }
    const followed = await follow({ ...BOTH, seed: 2, parameters, duration_ms: 34_000 })
    expectTruth(followed)
    expectCounts(followed)
    const late_us = followed.received.at(-1)!.frame.receive_time_us - 2_000_000
    for (const venue_symbol of followed.normalizers.keys()) {
      const [venue, symbol] = venue_symbol.split(':')
      const live = followed.books.filter((book) => book.symbol === symbol && book.quality === 'LIVE')
      expect(
        live.some(({ receive_time_us }) => receive_time_us > late_us),
        `${symbol} at ${venue}`,
      ).toBe(true)
    }
  })

  test('has a best bid and offer of the LIVE book, also after ids of OKX began anew', async () => {
    const parameters = { ...HURRIED, restart_every_s: 16, silence_every_s: 0, halt_every_s: 0 }
    for (let seed = 1; seed <= 3; seed++) {
      const { books } = await follow({ ...BOTH, seed, parameters, duration_ms: 34_000 })
      const scales = [{ instrument_id: 'BTC-USDT.OKX', price_scale: 1, qty_scale: 5 }]
      const best = new Hand(nbbo, 'BTC-USDT', { stale_after_ms: 2_000 }, scales)
      let last: Nbbo | undefined
      for (const book of books) {
        if (book.instrument_id !== 'BTC-USDT.OKX') continue
        last = port<Nbbo>(best.on('books', book, book.receive_time_us), 'nbbo').at(-1) ?? last
        if (book.quality !== 'LIVE') continue
        expect([last?.quality, last?.bid_px, last?.ask_px]).toEqual(['LIVE', book.bid_px, book.ask_px])
      }
    }
  })

  test('under its own rates, for a minute', async () => {
    const followed = await follow({ ...BOTH, seed: 1, duration_ms: 60_000 })
    expect(expectTruth(followed)).toBeGreaterThan(1_000)
    expectRefusals(followed)
    expectCounts(followed)
  })
})
