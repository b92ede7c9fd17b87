import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rescaled } from '../../processors/nbbo/best.ts'
import { nbbo } from '../../processors/nbbo/index.ts'
import type { NbboState } from '../../processors/nbbo/state.ts'
import type { BookQuality, BookUpdate, MarketEvent, Nbbo } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port } from './kit.ts'

type Prices = readonly [bid_px: number | null, bid_qty: number | null, ask_px: number | null, ask_qty: number | null]

const A = { instrument_id: 'ACME.AAA', price_scale: 2, qty_scale: 0 }
const B = { instrument_id: 'ACME.BBB', price_scale: 2, qty_scale: 0 }
const FINE = { instrument_id: 'ACME.FINE', price_scale: 4, qty_scale: 3 }

function book(
  instrument_id: string,
  sequence: number,
  prices: Prices,
  quality: BookQuality = 'LIVE',
  event_time_us = 500,
): BookUpdate {
  const [bid_px, bid_qty, ask_px, ask_qty] = prices
  return {
    instrument_id,
    venue: instrument_id.slice(5),
    symbol: 'ACME',
    sequence,
    quality,
    bid_px,
    bid_qty,
    ask_px,
    ask_qty,
    bids: [],
    asks: [],
    proven_levels: 0,
    proven_bid_levels: 0,
    proven_ask_levels: 0,
    spread_px: null,
    imbalance: 0,
    microprice_px: 0,
    order_flow_imbalance: 0,
    event_time_us,
    receive_time_us: 1_000 + sequence,
  }
}

function quote(
  instrument_id: string,
  sequence: number,
  [bid_px, bid_qty, ask_px, ask_qty]: readonly [number, number, number, number],
): MarketEvent {
  return {
    kind: 'quote',
    instrument_id,
    venue: instrument_id.slice(5),
    symbol: 'ACME',
    sequence,
    event_time_us: 0,
    event_time_source: 'NONE',
    receive_time_us: 1_000 + sequence,
    depth: null,
    quote: { bid_px, bid_qty, ask_px, ask_qty },
    trade: null,
    status: null,
    gap: null,
    order: null,
    session: null,
  }
}

const hand = () => new Hand(nbbo, 'ACME', { stale_after_ms: 1 }, [A, B, FINE])
const made = (answer: Answer) => port<Nbbo>(answer, 'nbbo')
/** `10x5@A 12x7@B LIVE 2`: bid, ask, quality, fresh venues. */
function brief({
  bid_px,
  bid_qty,
  bid_instrument_id,
  ask_px,
  ask_qty,
  ask_instrument_id,
  quality,
  venues,
}: Nbbo): string {
  const side = (px: number | null, qty: number | null, by: string | null) =>
    px === null ? '-' : `${px}x${qty}@${by?.slice(5)}`
  return `${side(bid_px, bid_qty, bid_instrument_id)} ${side(ask_px, ask_qty, ask_instrument_id)} ${quality} ${venues}`
}
const briefs = (answer: Answer) => made(answer).map(brief)

describe('the NBBO of one venue', () => {
  it('is its book, whole', () => {
    expect(made(hand().on('books', book(A.instrument_id, 7, [1000, 5, 1002, 6]), 100))).toEqual([
      {
        symbol: 'ACME',
        price_scale: 2,
        qty_scale: 0,
        quality: 'LIVE',
        bid_px: 1000,
        bid_qty: 5,
        bid_instrument_id: 'ACME.AAA',
        ask_px: 1002,
        ask_qty: 6,
        ask_instrument_id: 'ACME.AAA',
        sequence: 7,
        basis: 'DEPTH',
        venues: 1,
        event_time_us: 500,
        receive_time_us: 1_007,
      },
    ])
  })

  it('follows the newer of book and quote, and is silent where nothing changes', () => {
    const best = hand()
    expect(briefs(best.on('books', book(A.instrument_id, 5, [10, 1, 12, 1])))).toEqual(['10x1@AAA 12x1@AAA LIVE 1'])
    expect(made(best.on('events', quote(A.instrument_id, 6, [10, 2, 12, 1])))).toMatchObject([
      { basis: 'QUOTE', bid_qty: 2, sequence: 6, event_time_us: 500, receive_time_us: 1_006 },
    ])
    expect(briefs(best.on('events', quote(A.instrument_id, 4, [9, 9, 12, 1])))).toEqual([])
    expect(briefs(best.on('books', book(A.instrument_id, 5, [9, 9, 12, 1])))).toEqual([])
    expect(briefs(best.on('events', quote(A.instrument_id, 7, [10, 2, 12, 1])))).toEqual([])
    expect(briefs(best.on('books', book(A.instrument_id, 8, [11, 3, 12, 1])))).toEqual(['11x3@AAA 12x1@AAA LIVE 1'])
    expect((best.state as NbboState).out_of_order).toBe(1)
  })

  it('has a side that is null where the venue has none', () => {
    const best = hand()
    expect(briefs(best.on('books', book(A.instrument_id, 5, [null, null, 12, 1])))).toEqual(['- 12x1@AAA LIVE 1'])
    expect(briefs(best.on('events', quote(A.instrument_id, 6, [11, 1, 0, 0])))).toEqual(['11x1@AAA - LIVE 1'])
    expect(briefs(best.on('books', book(A.instrument_id, 7, [null, null, null, null])))).toEqual(['- - STALE 1'])
  })

  it('has the quality of the book, though quotes keep it fresh', () => {
    const best = hand()
    expect(briefs(best.on('events', quote(A.instrument_id, 4, [10, 1, 12, 1])))).toEqual([
      '10x1@AAA 12x1@AAA SNAPSHOT 1',
    ])
    expect(briefs(best.on('books', book(A.instrument_id, 0, [null, null, null, null], 'SNAPSHOT')))).toEqual([])
    expect(briefs(best.on('books', book(A.instrument_id, 5, [10, 1, 12, 1])))).toEqual(['10x1@AAA 12x1@AAA LIVE 1'])
    // A book with a hole does not set prices, even under a newer id.
    expect(briefs(best.on('books', book(A.instrument_id, 6, [11, 1, 12, 1], 'GAP')))).toEqual([
      '10x1@AAA 12x1@AAA GAP 1',
    ])
    expect(briefs(best.on('events', quote(A.instrument_id, 7, [10, 3, 12, 1])))).toEqual(['10x3@AAA 12x1@AAA GAP 1'])
    expect(briefs(best.on('books', book(A.instrument_id, 8, [10, 3, 12, 1], 'SNAPSHOT')))).toEqual([
      '10x3@AAA 12x1@AAA SNAPSHOT 1',
    ])
    for (const quality of ['LIVE', 'CROSSED', 'STALE', 'CHECKSUM_BAD', 'LIVE'] as const)
      expect(briefs(best.on('books', book(A.instrument_id, 9, [10, 3, 12, 1], quality)))).toEqual([
        `10x3@AAA 12x1@AAA ${quality} 1`,
      ])
  })

  it('does not move for trades, depth, gaps and status', () => {
    const best = hand()
    const none = { ...quote(A.instrument_id, 4, [10, 1, 12, 1]), quote: null }
    expect(best.on('events', none)).toEqual({ outputs: {} })
    expect((best.state as NbboState).venues).toEqual([])
  })
})

describe('the NBBO of several venues', () => {
  it('takes each side where it is best, ties from the first by name', () => {
    const best = hand()
    best.on('books', book(B.instrument_id, 5, [10, 1, 12, 1]), 10)
    expect(briefs(best.on('books', book(A.instrument_id, 9, [10, 2, 13, 2]), 10))).toEqual(['10x2@AAA 12x1@BBB LIVE 2'])
    expect(briefs(best.on('books', book(A.instrument_id, 10, [9, 2, 12, 2]), 10))).toEqual(['10x1@BBB 12x2@AAA LIVE 2'])
  })

  it('may be crossed between venues, and has the worse quality of the two that make it', () => {
    const best = hand()
    best.on('books', book(A.instrument_id, 5, [10, 1, 12, 1]), 10)
    expect(briefs(best.on('books', book(B.instrument_id, 5, [13, 1, 14, 1]), 10))).toEqual(['13x1@BBB 12x1@AAA LIVE 2'])
    expect(briefs(best.on('books', book(B.instrument_id, 6, [13, 1, 14, 1], 'GAP'), 10))).toEqual([
      '13x1@BBB 12x1@AAA GAP 2',
    ])
    const far = hand()
    far.on('books', book(A.instrument_id, 5, [10, 1, 12, 1]), 10)
    expect(briefs(far.on('books', book(B.instrument_id, 6, [9, 1, 13, 1], 'SNAPSHOT'), 10))).toEqual([
      '10x1@AAA 12x1@AAA LIVE 2',
    ])
  })

  it('is in the finest scales, exactly', () => {
    const best = hand()
    best.on('books', book(A.instrument_id, 5, [10, 1, 12, 1]), 10)
    expect(made(best.on('books', book(FINE.instrument_id, 5, [1001, 500, 1100, 1500]), 10))).toMatchObject([
      { price_scale: 4, qty_scale: 3, bid_px: 1001, bid_qty: 500, ask_px: 1100, ask_qty: 1500, venues: 2 },
    ])
    expect(made(best.on('books', book(FINE.instrument_id, 6, [999, 500, 1300, 1500]), 10))).toMatchObject([
      { bid_px: 1000, bid_qty: 1000, ask_px: 1200, ask_qty: 1000 },
    ])
  })

  it('is left by a venue whose numbers do not fit the finest scale, with a fault', () => {
    const best = hand()
    best.on('books', book(A.instrument_id, 5, [10, 1, 12, 1]), 10)
    best.on('books', book(FINE.instrument_id, 5, [900, 1, 1300, 1]), 10)
    const before = best.text()
    const big = Number.MAX_SAFE_INTEGER
    expect(best.on('events', quote(A.instrument_id, 6, [10, big, 12, 1]), 10)).toMatchObject({
      fault: 'SCALE_MISMATCH',
    })
    expect(best.on('books', book(A.instrument_id, 6, [big, 1, big, 1]), 10)).toMatchObject({ fault: 'SCALE_MISMATCH' })
    expect(best.text()).toBe(before)
    // Prices that did fit before the finer venue came do not stop that one.
    const first = hand()
    first.on('books', book(A.instrument_id, 5, [10, big, 12, 1]), 10)
    expect(briefs(first.on('books', book(FINE.instrument_id, 5, [900, 1, 1300, 1]), 10))).toEqual([
      '900x1@FINE 1300x1@FINE LIVE 1',
    ])
  })

  it('does not know an instrument that was not declared', () => {
    const best = hand()
    for (const answer of [
      best.on('books', book('ACME.NEW', 5, [10, 1, 12, 1])),
      best.on('events', quote('ACME.NEW', 5, [10, 1, 12, 1])),
    ])
      expect(answer).toMatchObject({ fault: 'INSTRUMENT_UNKNOWN' })
    expect((best.state as NbboState).venues).toEqual([])
  })
})

describe('silence', () => {
  it('takes a venue out after stale_after_ms of stream time, naming its last record', () => {
    const best = hand()
    best.on('books', book(A.instrument_id, 5, [10, 1, 12, 1]), 0)
    best.on('books', book(B.instrument_id, 5, [11, 1, 12, 1]), 100)
    best.on('events', quote(B.instrument_id, 6, [11, 2, 12, 1]), 300)
    best.on('events', quote(B.instrument_id, 4, [11, 3, 12, 1]), 400)
    best.restart()
    expect(best.advance(999).flatMap(briefs)).toEqual([])
    expect(best.advance(1_000).flatMap(briefs)).toEqual(['11x2@BBB 12x1@BBB LIVE 1'])
    expect(best.ctx.caused).toEqual(['test/0:0'])
    expect(best.advance(1_399).flatMap(briefs)).toEqual([])
    // An older quote brings no prices but proves that the venue is alive.
    const last = best.advance(1_400)
    expect(last.flatMap(made)).toMatchObject([
      { quality: 'STALE', bid_px: null, ask_px: null, venues: 0, basis: 'TIMER', sequence: 6, receive_time_us: 1_006 },
    ])
    expect(best.ctx.caused).toEqual(['test/0:3'])
    expect(best.ctx.timers.size).toBe(0)
    expect(briefs(best.on('events', quote(A.instrument_id, 6, [10, 1, 12, 1]), 9_000))).toEqual([
      '10x1@AAA 12x1@AAA LIVE 1',
    ])
    expect(best.ctx.timers.get(A.instrument_id)).toBe(10_000)
  })

  it('of a book is told by its STALE update, which is no sign of life', () => {
    const best = hand()
    best.on('books', book(A.instrument_id, 5, [10, 1, 12, 1]), 0)
    expect(briefs(best.on('books', book(A.instrument_id, 5, [10, 1, 12, 1], 'STALE'), 900))).toEqual([
      '10x1@AAA 12x1@AAA STALE 1',
    ])
    expect(best.advance(1_000).flatMap(briefs)).toEqual(['- - STALE 0'])
  })
})

describe('any inputs', () => {
  const input = fc.record({
    instrument: fc.constantFrom(A, B, FINE),
    sequence: fc.integer({ min: 1, max: 12 }),
    prices: fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 10, max: 19 }),
      fc.integer({ min: 0, max: 3 }),
    ),
    quality: fc.option(fc.constantFrom<BookQuality>('LIVE', 'SNAPSHOT', 'GAP', 'CROSSED'), { nil: undefined }),
    wait_us: fc.integer({ min: 0, max: 700 }),
  })

  it('give the best prices of the fresh venues, each emitted once, also through restarts', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        const best = hand()
        let last = ''
        let time_us = 0
        for (const { instrument, sequence, prices, quality, wait_us } of inputs) {
          time_us += wait_us
          const { instrument_id } = instrument
          best.restart()
          const answers = best.advance(time_us)
          answers.push(
            quality === undefined
              ? best.on('events', quote(instrument_id, sequence, prices), time_us)
              : best.on('books', book(instrument_id, sequence, prices, quality), time_us),
          )
          for (const one of answers.flatMap(made)) {
            const text = `${brief(one)} ${one.price_scale} ${one.qty_scale}`
            expect(text).not.toBe(last)
            last = text
          }
          const { venues } = best.state as NbboState
          const fresh = venues.filter(({ heard_us, sequence }) => heard_us > time_us - 1_000 && sequence >= 0)
          const scale = Math.max(...venues.map(({ price_scale }) => price_scale))
          const bids = fresh
            .filter(({ bid_qty }) => bid_qty > 0)
            .map(({ bid_px, price_scale }) => bid_px * 10 ** (scale - price_scale))
          const asks = fresh
            .filter(({ ask_qty }) => ask_qty > 0)
            .map(({ ask_px, price_scale }) => ask_px * 10 ** (scale - price_scale))
          const now = (best.state as NbboState).last
          expect(now?.bid_px ?? null).toBe(bids.length === 0 ? null : Math.max(...bids))
          expect(now?.ask_px ?? null).toBe(asks.length === 0 ? null : Math.min(...asks))
          expect(now?.venues ?? 0).toBe(fresh.length)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are taken to a finer scale exactly or not at all', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: 0, max: 15 }),
        fc.integer({ min: 0, max: 15 }),
        (value, from, more) => {
          const exact = BigInt(value) * 10n ** BigInt(more)
          expect(rescaled(value, from, from + more)).toBe(exact > BigInt(Number.MAX_SAFE_INTEGER) ? -1 : Number(exact))
        },
      ),
    )
  })
})
