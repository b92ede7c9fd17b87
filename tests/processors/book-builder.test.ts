import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imbalance, microprice, orderFlowImbalance } from '../../processors/book-builder/features.ts'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { BookSide } from '../../processors/book-builder/side.ts'
import type { BookUpdate, Level, MarketEvent } from '../../schemas/generated/index.ts'
import { BTC, Hand, port } from './kit.ts'

type Pairs = readonly (readonly [px: number, qty: number])[]

const levels = (pairs: Pairs): Level[] => pairs.map(([px, qty]) => ({ px, qty }))

function event(kind: MarketEvent['kind'], sequence: number, part: Partial<MarketEvent>): MarketEvent {
  return {
    kind,
    instrument_id: BTC.instrument_id,
    venue: BTC.venue,
    symbol: BTC.symbol,
    sequence,
    event_time_us: 1_000 + sequence,
    event_time_source: 'VENUE',
    receive_time_us: 2_000 + sequence,
    depth: null,
    quote: null,
    trade: null,
    status: null,
    gap: null,
    order: null,
    session: null,
    ...part,
  }
}
const snapshot = (sequence: number, bids: Pairs, asks: Pairs) =>
  event('depth', sequence, {
    depth: {
      snapshot: true,
      first_sequence: sequence,
      bids: levels(bids),
      asks: levels(asks),
      conflated: false,
      checksum: null,
    },
  })
const change = (first_sequence: number, sequence: number, bids: Pairs, asks: Pairs) =>
  event('depth', sequence, {
    depth: {
      snapshot: false,
      first_sequence,
      bids: levels(bids),
      asks: levels(asks),
      conflated: false,
      checksum: null,
    },
  })
const gap = (channel: string, sequence: number) =>
  event('gap', sequence, { gap: { channel, expected: sequence + 1, received: sequence + 3 } })
const status = (state: 'BUFFERING' | 'LIVE' | 'RESYNC') => event('status', 0, { status: { state, reason: 'TEST' } })
const quote = event('quote', 5, { quote: { bid_px: 1, bid_qty: 1, ask_px: 2, ask_qty: 1 } })

const params = { levels: 3, max_levels: 100, stale_after_ms: 2_000 }
const hand = (changed: object = {}) => new Hand(bookBuilder, BTC.instrument_id, { ...params, ...changed })
const books = (hand: Hand, one: MarketEvent, time_us?: number) =>
  port<BookUpdate>(hand.on('events', one, time_us), 'books')
/** The one update of an event. */
function book(hand: Hand, one: MarketEvent, time_us?: number): BookUpdate {
  const made = books(hand, one, time_us)
  expect(made).toHaveLength(1)
  return made[0] as BookUpdate
}

describe('a book update', () => {
  it('holds the best levels and what follows from them', () => {
    const builder = hand()
    book(
      builder,
      snapshot(
        5,
        [
          [100, 4],
          [99, 1],
          [98, 1],
          [97, 9],
        ],
        [
          [102, 2],
          [103, 2],
        ],
      ),
    )
    expect(
      book(
        builder,
        change(
          6,
          8,
          [
            [100, 0],
            [101, 6],
          ],
          [
            [102, 3],
            [110, 1],
            [104, 0],
          ],
        ),
      ),
    ).toEqual({
      instrument_id: 'BTCUSDT.BINANCE',
      venue: 'BINANCE',
      symbol: 'BTCUSDT',
      sequence: 8,
      quality: 'LIVE',
      bid_px: 101,
      bid_qty: 6,
      ask_px: 102,
      ask_qty: 3,
      bids: levels([
        [101, 6],
        [99, 1],
        [98, 1],
      ]),
      asks: levels([
        [102, 3],
        [103, 2],
        [110, 1],
      ]),
      spread_px: 1,
      imbalance: (8 - 6) / (8 + 6),
      microprice_px: (101 * 3 + 102 * 6) / 9,
      // A better bid brings 6; at an equal ask 3 replace 2.
      proven_levels: 3,
      proven_bid_levels: 3,
      proven_ask_levels: 3,
      order_flow_imbalance: 6 - 3 + 2,
      event_time_us: 1_008,
      receive_time_us: 2_008,
    })
  })

  it('has nulls and zeros where a side is empty', () => {
    expect(book(hand(), snapshot(5, [], [[102, 2]]))).toMatchObject({
      quality: 'SNAPSHOT',
      bid_px: null,
      bid_qty: null,
      ask_px: 102,
      ask_qty: 2,
      spread_px: null,
      imbalance: -1,
      microprice_px: 0,
      order_flow_imbalance: 0,
    })
    expect(book(hand(), snapshot(5, [], []))).toMatchObject({ ask_px: null, imbalance: 0, bids: [], asks: [] })
  })

  it.each([
    ['nothing changed', [10, 5, 12, 7], [10, 5, 12, 7], 0],
    ['bid quantity rose', [10, 5, 12, 7], [10, 8, 12, 7], 3],
    ['bid rose', [10, 5, 12, 7], [11, 2, 12, 7], 2],
    ['bid fell', [10, 5, 12, 7], [9, 2, 12, 7], -5],
    ['ask quantity rose', [10, 5, 12, 7], [10, 5, 12, 9], -2],
    ['ask fell', [10, 5, 12, 7], [10, 5, 11, 3], -3],
    ['ask rose', [10, 5, 12, 7], [10, 5, 13, 3], 7],
    ['bids came', [-Infinity, 0, 12, 7], [10, 5, 12, 7], 5],
    ['asks went', [10, 5, 12, 7], [10, 5, Infinity, 0], 7],
  ] as const)('order flow when %s', (_name, before, after, flow) => {
    const top = ([bid_px, bid_qty, ask_px, ask_qty]: readonly [number, number, number, number]) => ({
      bid_px,
      bid_qty,
      ask_px,
      ask_qty,
    })
    expect(orderFlowImbalance(top(before), top(after))).toBe(flow)
  })
})

describe('quality', () => {
  const bids: Pairs = [[100, 1]]
  const asks: Pairs = [[101, 1]]

  it('is SNAPSHOT until a change continues the snapshot, then LIVE', () => {
    const builder = hand()
    expect(book(builder, status('BUFFERING'))).toMatchObject({ quality: 'SNAPSHOT', bid_px: null, sequence: 0 })
    expect(book(builder, snapshot(5, bids, asks)).quality).toBe('SNAPSHOT')
    expect(books(builder, status('LIVE'))).toEqual([])
    expect(book(builder, change(4, 8, [], [])).quality).toBe('LIVE')
    expect(book(builder, change(9, 9, [], [])).quality).toBe('LIVE')
  })

  it('is GAP from a gap in depth to the next snapshot; changes between are not applied', () => {
    const builder = hand()
    for (const one of [snapshot(5, bids, asks), change(6, 6, [], [])]) book(builder, one)
    expect(book(builder, gap('depth', 6))).toMatchObject({
      quality: 'GAP',
      sequence: 6,
      bid_px: 100,
      receive_time_us: 2_006,
    })
    expect(books(builder, status('RESYNC'))).toEqual([])
    expect(books(builder, change(9, 9, [[100, 0]], []))).toEqual([])
    expect(book(builder, snapshot(10, [[99, 1]], asks))).toMatchObject({
      quality: 'SNAPSHOT',
      bid_px: 99,
      order_flow_imbalance: 0,
    })
    expect(book(builder, change(11, 11, [], [])).quality).toBe('LIVE')
  })

  it('is GAP too where a hole was not announced', () => {
    const builder = hand()
    for (const one of [snapshot(5, bids, asks), change(6, 6, [], [])]) book(builder, one)
    expect(book(builder, change(8, 9, [[100, 0]], []))).toMatchObject({ quality: 'GAP', sequence: 6, bid_px: 100 })
  })

  it('does not suffer from gaps in trades, nor from quotes', () => {
    const builder = hand()
    book(builder, snapshot(5, bids, asks))
    expect([...books(builder, gap('trade', 6)), ...books(builder, quote)]).toEqual([])
    expect(book(builder, change(6, 6, [], [])).quality).toBe('LIVE')
  })

  it('is CROSSED while bid is at or above ask', () => {
    const builder = hand()
    book(builder, snapshot(5, bids, asks))
    expect(book(builder, change(6, 6, [[101, 1]], []))).toMatchObject({ quality: 'CROSSED', spread_px: 0 })
    expect(book(builder, change(7, 7, [[102, 1]], []))).toMatchObject({ quality: 'CROSSED', spread_px: -1 })
    expect(
      book(
        builder,
        change(
          8,
          8,
          [
            [101, 0],
            [102, 0],
          ],
          [],
        ),
      ),
    ).toMatchObject({ quality: 'LIVE', spread_px: 1 })
  })

  it('is STALE after stale_after_ms of stream time without depth, however often the timer looks before', () => {
    const builder = hand()
    const quality = (answers: ReturnType<Hand['advance']>) =>
      answers
        .flatMap((answer) => port<BookUpdate>(answer, 'books'))
        .map((update) => [builder.ctx.stream_time_us, update.quality])
    book(builder, snapshot(5, bids, asks), 0)
    for (let id = 6; id <= 20; id++) {
      expect(quality(builder.advance(id * 300_000))).toEqual([])
      book(builder, change(id, id, [], []), id * 300_000)
    }
    expect(quality(builder.advance(20 * 300_000 + 1_999_999))).toEqual([])
    builder.restart()
    const answers = builder.advance(20 * 300_000 + 2_000_000)
    expect(quality(answers.slice(0, 1))).toEqual([[8_000_000, 'STALE']])
    expect(port<BookUpdate>(answers[0] ?? { outputs: {} }, 'books')[0]).toMatchObject({
      sequence: 20,
      bid_px: 100,
      event_time_us: 1_020,
    })
    // The record that the silence began with, whichever set the timer.
    expect(builder.ctx.caused).toEqual(['test/0:15'])
    expect(builder.advance(60_000_000)).toEqual([])
    expect(book(builder, change(21, 21, [], []), 60_000_000).quality).toBe('LIVE')
    expect(builder.ctx.timers.get('stale')).toBe(62_000_000)
  })

  it('stays GAP when the feed falls silent behind a gap', () => {
    const builder = hand()
    book(builder, snapshot(5, bids, asks), 0)
    book(builder, gap('depth', 6), 1)
    expect(builder.advance(10_000_000)).toEqual([{ outputs: {} }])
  })
})

describe('bad data', () => {
  it.each([
    [
      'a negative quantity',
      change(
        6,
        6,
        [
          [100, 2],
          [99, -1],
        ],
        [],
      ),
      'LEVEL_INVALID',
    ],
    ['a price of zero', change(6, 6, [], [[0, 1]]), 'LEVEL_INVALID'],
    ['a negative quantity in a snapshot', snapshot(9, [[100, 2]], [[101, -1]]), 'LEVEL_INVALID'],
    ['a change that came already', change(4, 5, [[100, 9]], []), 'SEQUENCE_OUT_OF_ORDER'],
  ])('%s is a fault that changes nothing', (_name, one, code) => {
    const builder = hand()
    book(builder, snapshot(5, [[100, 1]], [[101, 1]]))
    const before = builder.text()
    expect(builder.on('events', one)).toMatchObject({ fault: code })
    expect(builder.text()).toBe(before)
    expect(Object.keys(bookBuilder.faults)).toContain(code)
  })
})

/** A side as a map, sorted anew at every question. */
class PlainSide {
  levels = new Map<number, number>()
  readonly sign: number
  constructor(sign: number) {
    this.sign = sign
  }
  set(px: number, qty: number): void {
    if (qty === 0) this.levels.delete(px)
    else this.levels.set(px, qty)
  }
  top(count: number): Level[] {
    return levels([...this.levels].sort(([a], [b]) => this.sign * (b - a))).slice(0, count)
  }
}

const level = fc.tuple(fc.integer({ min: 1, max: 120 }), fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 })))

describe('a side', () => {
  it.each([1, -1] as const)('of sign %i equals one sorted anew after every change', (sign) => {
    fc.assert(
      fc.property(fc.array(level, { maxLength: 300 }), (changes) => {
        const side = new BookSide(sign, 1_000)
        const plain = new PlainSide(sign)
        for (const [px, qty] of changes) {
          side.set(px, qty)
          plain.set(px, qty)
          expect(side.top(5)).toEqual(plain.top(5))
        }
        const all = plain.top(Number.POSITIVE_INFINITY)
        expect(side.top(1_000)).toEqual(all)
        expect(side.flat()).toEqual(all.flatMap(({ px, qty }) => [px, qty]))
        const again = new BookSide(sign, 1_000)
        again.restore(side.flat())
        expect(again.top(1_000)).toEqual(all)
      }),
      { numRuns: 150 },
    )
  })

  it('moves many levels at once as it moves few', () => {
    const side = new BookSide(1, 10_000)
    for (let px = 1; px <= 5_000; px++) side.set(px, px)
    side.set(10, 0)
    side.set(4_999, 0)
    side.set(10, 7)
    side.set(1, 8)
    expect(side.length).toBe(4_999)
    expect(side.flat().slice(0, 4)).toEqual([5_000, 5_000, 4_998, 4_998])
    expect(side.flat().slice(-20)).toEqual([10, 7, 9, 9, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 8])
  })

  it('loses its farthest levels once it is an eighth too long', () => {
    const side = new BookSide(-1, 16)
    for (let px = 40; px > 23; px--) side.set(px, 1)
    expect(side.length).toBe(17)
    side.set(23, 1)
    expect(side.length).toBe(16)
    expect(side.top(100).map(({ px }) => px)).toEqual([23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38])
  })
})

describe('any feed', () => {
  const side = fc.array(level, { maxLength: 6 })
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constant('change' as const), side, side) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('snapshot' as const), side, side) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('gap' as const), side, side) },
  )

  it('gives the book that its levels make when built anew, also through restarts', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat({ max: 40 }), (steps, restart_at) => {
        const builder = hand({ levels: 4 })
        const restarted = hand({ levels: 4 })
        let usable = false
        const bids = new PlainSide(1)
        const asks = new PlainSide(-1)
        for (const [i, [kind, b, a]] of steps.entries()) {
          if (i === restart_at) restarted.restart()
          const sequence = i + 1
          if (kind === 'gap') usable = false
          if (kind === 'snapshot') {
            usable = true
            bids.levels.clear()
            asks.levels.clear()
          }
          // Two levels of one price in a snapshot: the first counts, as levels come best first.
          if (kind !== 'gap' && usable) {
            for (const [px, qty] of kind === 'snapshot' ? b.toReversed() : b) bids.set(px, qty)
            for (const [px, qty] of kind === 'snapshot' ? a.toReversed() : a) asks.set(px, qty)
          }
          const one =
            kind === 'gap'
              ? gap('depth', sequence)
              : (kind === 'snapshot' ? snapshot : (...rest: [number, Pairs, Pairs]) => change(sequence, ...rest))(
                  sequence,
                  b,
                  a,
                )
          const answer = builder.on('events', one)
          expect(restarted.on('events', one)).toEqual(answer)
          const [update] = port<BookUpdate>(answer, 'books')
          if (kind === 'gap' || !usable) continue
          const [top_bids, top_asks] = [bids.top(4), asks.top(4)]
          const [bid, ask] = [top_bids[0], top_asks[0]]
          const crossed = bid !== undefined && ask !== undefined && bid.px >= ask.px
          expect(update).toMatchObject({
            sequence,
            quality: crossed ? 'CROSSED' : kind === 'snapshot' ? 'SNAPSHOT' : 'LIVE',
            bids: top_bids,
            asks: top_asks,
            bid_px: bid?.px ?? null,
            ask_qty: ask?.qty ?? null,
            imbalance: imbalance(top_bids, top_asks),
            microprice_px:
              bid === undefined || ask === undefined
                ? 0
                : microprice({ bid_px: bid.px, bid_qty: bid.qty, ask_px: ask.px, ask_qty: ask.qty }),
          })
        }
        expect(restarted.text()).toBe(builder.text())
      }),
      { numRuns: 300 },
    )
  })
})
