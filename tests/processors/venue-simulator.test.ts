import { describe, expect, it } from 'vitest'
import { feeOf } from '../../processors/venue-simulator/fees.ts'
import { draw } from '../../processors/venue-simulator/random.ts'
import { ID, NOON_US } from './execution-records.ts'
import { MS, OFFSET_US, Venue } from './venue-simulator-venue.ts'

describe('an immediate order', () => {
  it('walks the displayed levels of the first book of its time and loses the rest', () => {
    const venue = new Venue()
    venue.command(100, { qty: 900, limit_px: 10_010 })
    venue.book(200, {
      a: [
        [10_005, 400],
        [10_010, 300],
        [10_015, 900],
      ],
    })
    expect(venue.said()).toEqual([
      'NEW NEW 0/900',
      'TRADE PARTIALLY_FILLED 400@10005 400/500',
      'TRADE PARTIALLY_FILLED 300@10010 700/200',
      'CANCELED CANCELED 700/0 NOTHING_LEFT_TO_TAKE',
    ])
  })

  it('reports ids, times, fees and evidence', () => {
    const venue = new Venue({ taker_fee_ppm: 1_000 })
    const cause = venue.command(100)
    const book = venue.book(200)
    const [accepted, filled] = venue.reports()
    expect(accepted).toMatchObject({ exec_id: `${ID}-1`, order_id: `${ID}-O1`, cl_ord_id: 'a.1', fee: 0n })
    expect(accepted?.transact_time_us).toBe(NOON_US + OFFSET_US + 110 * MS)
    expect(filled).toMatchObject({
      exec_id: `${ID}-2`,
      order_id: `${ID}-O1`,
      liquidity: 'TAKER',
      // 1.000 at 100.05 is 100.05; a thousandth of it at scale 5.
      fee: 10_005n,
      market_sequence: book.sequence,
      transact_time_us: book.event_time_us,
    })
    // There 10 ms, back 5 ms; the fill on the book received at 200 ms.
    expect(venue.stage.emitted.map((one) => one.at_us - NOON_US)).toEqual([115 * MS, 205 * MS])
    expect(venue.stage.emitted[1]?.causes).toContain(cause)
  })

  it('sells into the bids', () => {
    const venue = new Venue()
    venue.command(100, { side: 'SELL', qty: 700, limit_px: 9_990 })
    venue.book(200, {
      b: [
        [9_995, 400],
        [9_990, 300],
      ],
    })
    expect(venue.said().slice(1)).toEqual(['TRADE PARTIALLY_FILLED 400@9995 400/300', 'TRADE FILLED 300@9990 700/0'])
  })

  it('at market takes what is published and no more', () => {
    const venue = new Venue()
    venue.command(100, { order_type: 'MARKET', limit_px: null, qty: 900 })
    venue.book(200, {
      a: [
        [10_005, 400],
        [10_500, 300],
      ],
    })
    expect(venue.said().slice(1)).toEqual([
      'TRADE PARTIALLY_FILLED 400@10005 400/500',
      'TRADE PARTIALLY_FILLED 300@10500 700/200',
      'CANCELED CANCELED 700/0 NOTHING_LEFT_TO_TAKE',
    ])
  })

  it('fills or kills', () => {
    const venue = new Venue()
    venue.command(100, { time_in_force: 'FOK', qty: 710, limit_px: 10_010, cl_ord_id: 'a.1' })
    venue.command(101, { time_in_force: 'FOK', qty: 700, limit_px: 10_010, cl_ord_id: 'b.1' })
    venue.book(200, {
      a: [
        [10_005, 400],
        [10_010, 300],
      ],
    })
    expect(venue.said().slice(2)).toEqual([
      'CANCELED CANCELED 0/0 FOK_UNFILLABLE',
      'TRADE PARTIALLY_FILLED 400@10005 400/300',
      'TRADE FILLED 300@10010 700/0',
    ])
  })

  it('shares what one datum displays with the orders before it, and finds it again in the next', () => {
    const venue = new Venue()
    for (const name of ['a.1', 'b.1']) venue.command(100, { cl_ord_id: name, qty: 600 })
    venue.book(200, { a: [[10_005, 1_000]] })
    venue.command(201, { cl_ord_id: 'c.1', qty: 600 })
    venue.book(300, { a: [[10_005, 1_000]] })
    expect(
      venue
        .reports()
        .filter((one) => one.exec_type === 'TRADE')
        .map((one) => [one.cl_ord_id, one.last_qty]),
    ).toEqual([
      ['a.1', 600],
      ['b.1', 400],
      ['c.1', 600],
    ])
  })

  it('meets the quote that is fresher than the book', () => {
    const venue = new Venue()
    venue.command(100, { qty: 900, limit_px: 10_010 })
    // The book's message was numbered 7 but comes after the quote numbered 9: its best level is gone already.
    venue.quote(150, { sequence: 9, ask_px: 10_010, ask_qty: 200, bid_px: 9_995 })
    venue.book(200, {
      sequence: 7,
      a: [
        [10_005, 400],
        [10_010, 300],
        [10_015, 900],
      ],
    })
    const reports = venue.reports()
    expect(venue.said().slice(1)).toEqual([
      'TRADE PARTIALLY_FILLED 200@10010 200/700',
      'CANCELED CANCELED 200/0 NOTHING_LEFT_TO_TAKE',
    ])
    expect(reports[1]?.market_sequence).toBe(9)
    // The book, the command, the quote.
    expect(venue.stage.emitted[1]?.causes).toEqual(['test/0:4', 'test/0:2', 'test/0:3'])
  })

  it.each<[string, Parameters<Venue['quote']>[1]]>([
    ['older than the book', { sequence: 6 }],
    ['of another instrument', { sequence: 9, ask_instrument_id: 'ACME.OTHER' }],
    ['among several venues', { sequence: 9, venues: 2 }],
    ['not LIVE', { sequence: 9, quality: 'STALE' }],
    ['received before the acceptance', { sequence: 9, receive_time_us: NOON_US + 109 * MS }],
  ])('ignores a quote %s', (_name, fields) => {
    const venue = new Venue()
    venue.command(100, { qty: 100, limit_px: 10_010 })
    venue.quote(150, { ask_px: 10_010, ask_qty: 200, ...fields })
    venue.book(200, { sequence: 7 })
    expect(venue.said().slice(1)).toEqual(['TRADE FILLED 100@10005 100/0'])
  })

  it('is canceled when no data of its time comes', () => {
    const venue = new Venue({ data_wait_ms: 500 })
    venue.command(100)
    expect(venue.said(614)).toEqual(['NEW NEW 0/1000'])
    expect(venue.said(615)).toEqual(['NEW NEW 0/1000', 'CANCELED CANCELED 0/0 NO_MARKET_DATA'])
    expect(venue.stage.pendingTimers()).toEqual([])
  })

  it('waits while the book is not LIVE', () => {
    const venue = new Venue()
    venue.command(100)
    venue.book(200, { quality: 'GAP' })
    venue.book(300)
    expect(venue.said()).toEqual(['NEW NEW 0/1000', 'TRADE FILLED 1000@10005 1000/0'])
  })
})

describe('no look-ahead', () => {
  it('with our clock 1.27 s behind the venue, an order never meets a book older than its arrival', () => {
    const venue = new Venue()
    // Decided at 100 ms on an event of venue time 100 ms: arrives at venue time 110 ms, is accepted at 110 ms of ours.
    venue.command(100)
    // Read after the acceptance, far ahead of our clock by its venue time, and yet older than the order's arrival.
    const old = venue.book(150, { a: [[9_000, 9_000]] }, 109)
    expect(old.event_time_us).toBeGreaterThan(NOON_US + 150 * MS)
    expect(venue.said(190)).toEqual(['NEW NEW 0/1000'])
    const young = venue.book(200, {}, 110)
    const fill = venue.reports().at(-1)
    expect(fill).toMatchObject({ exec_type: 'TRADE', last_px: 10_005, market_sequence: young.sequence })
  })

  it('a book of the right venue time that was read before the acceptance is not used', () => {
    const venue = new Venue()
    venue.command(100)
    venue.book(105, { a: [[9_000, 9_000]] }, 500)
    expect(venue.said(190)).toEqual(['NEW NEW 0/1000'])
    // Seeing venue time 500 before the acceptance proves that the order arrives no earlier.
    venue.book(200, {}, 499)
    expect(venue.said(290)).toEqual(['NEW NEW 0/1000'])
    venue.book(300, {}, 500)
    expect(venue.said().at(-1)).toBe('TRADE FILLED 1000@10005 1000/0')
  })

  it('a triggering event without venue time counts as the latest venue time seen', () => {
    const venue = new Venue()
    venue.book(90)
    venue.command(100, { event_time_us: 0 })
    venue.book(150, { a: [[9_000, 9_000]] }, 99)
    expect(venue.said(190)).toEqual(['NEW NEW 0/1000'])
    venue.book(200, {}, 100)
    expect(venue.said().at(-1)).toBe('TRADE FILLED 1000@10005 1000/0')
  })

  it('a book without venue time is as old as the book before it in venue sequence', () => {
    const venue = new Venue()
    venue.command(100)
    venue.book(150, { event_time_us: 0, a: [[9_000, 9_000]] })
    expect(venue.said(190)).toEqual(['NEW NEW 0/1000'])
    venue.book(200, { quality: 'GAP' }, 120)
    venue.book(210, { event_time_us: 0 })
    expect(venue.said().at(-1)).toBe('TRADE FILLED 1000@10005 1000/0')
  })

  it('a resting order ignores trades older than its arrival', () => {
    const venue = new Venue()
    venue.command(100, { time_in_force: 'GTC', limit_px: 9_990 })
    venue.book(200, {}, 120)
    venue.trade(250, 9_985, 400, 109)
    expect(venue.said(290)).toEqual(['NEW NEW 0/1000'])
    venue.trade(300, 9_985, 400, 110)
    expect(venue.said().at(-1)).toBe('TRADE PARTIALLY_FILLED 400@9990 400/600')
  })
})

describe('a resting order', () => {
  function resting(params: Record<string, unknown> = {}): Venue {
    const venue = new Venue({ maker_fee_ppm: -100, ...params })
    venue.command(100, { time_in_force: 'GTC', limit_px: 9_990, qty: 1_000 })
    venue.book(200)
    return venue
  }

  it('fills at its own limit when a trade prints through it, not at it, for what was printed', () => {
    const venue = resting()
    venue.trade(300, 9_990, 5_000)
    venue.trade(310, 9_985, 300)
    venue.trade(320, 9_980, 5_000)
    expect(venue.said()).toEqual([
      'NEW NEW 0/1000',
      'TRADE PARTIALLY_FILLED 300@9990 300/700',
      'TRADE FILLED 700@9990 1000/0',
    ])
    // 0.300 at 99.90 is 29.97; the rebate of 0.0001 is rounded against us: 299.7 units down to 299.
    expect(venue.reports()[1]).toMatchObject({ liquidity: 'MAKER', fee: -299n, market_sequence: 2 })
  })

  it('fills when the opposite side crosses it, for what is displayed', () => {
    const venue = resting()
    venue.book(300, {
      b: [[9_980, 100]],
      a: [
        [9_985, 200],
        [9_990, 300],
        [9_995, 900],
      ],
    })
    expect(venue.said().slice(1)).toEqual([
      'TRADE PARTIALLY_FILLED 200@9990 200/800',
      'TRADE PARTIALLY_FILLED 300@9990 500/500',
    ])
  })

  it('is served by price, then by arrival; together no more than was printed', () => {
    const venue = new Venue()
    const orders = [
      ['a.1', 9_985],
      ['b.1', 9_990],
      ['c.1', 9_990],
    ] as const
    for (const [cl_ord_id, limit_px] of orders)
      venue.command(100, { cl_ord_id, limit_px, time_in_force: 'GTC', qty: 400 })
    venue.book(200)
    venue.trade(300, 9_980, 1_000)
    expect(
      venue
        .reports()
        .filter((one) => one.exec_type === 'TRADE')
        .map((one) => [one.cl_ord_id, one.last_qty]),
    ).toEqual([
      ['b.1', 400],
      ['c.1', 400],
      ['a.1', 200],
    ])
  })

  it('takes what crosses it first, then rests', () => {
    const venue = new Venue()
    venue.command(100, { time_in_force: 'GTC', qty: 1_000 })
    venue.book(200, { a: [[10_005, 400]] })
    venue.book(300, { b: [[9_995, 1]], a: [[10_000, 100]] })
    const trades = venue.reports().filter((one) => one.exec_type === 'TRADE')
    expect(trades.map((one) => [one.last_qty, one.last_px, one.liquidity])).toEqual([
      [400, 10_005, 'TAKER'],
      [100, 10_005, 'MAKER'],
    ])
  })

  it('ignores a trade that comes twice or late, and events that are no trades', () => {
    const venue = resting()
    const event = venue.trade(300, 9_985, 300)
    venue.stage.send('events', event, NOON_US + 310 * MS)
    venue.stage.send('events', { ...event, kind: 'status', trade: null }, NOON_US + 320 * MS)
    expect(venue.said()).toHaveLength(2)
  })

  it('for the day expires when the venue day is over', () => {
    const venue = new Venue()
    venue.command(100, { time_in_force: 'DAY', limit_px: 9_990 })
    const midnight_ms = 12 * 3_600_000 - OFFSET_US / MS
    venue.book(midnight_ms - 1)
    venue.book(midnight_ms)
    expect(venue.said(midnight_ms + 1_000)).toEqual(['NEW NEW 0/1000', 'EXPIRED EXPIRED 0/0 DAY_OVER'])
  })
})

it('rounds fees up, in favour of the venue', () => {
  expect([feeOf(1_000_000n, 10), feeOf(1_000_001n, 10), feeOf(1_000_001n, -10), feeOf(1n, 0)]).toEqual([
    10n,
    11n,
    -10n,
    0n,
  ])
})

it('draws the same numbers for ever', () => {
  expect([
    draw(1, 'a.1', 0, 'bust'),
    draw(1, 'a.1', 1, 'bust'),
    draw(2, 'a.1', 0, 'bust'),
    draw(1, 'a.1', 0, 'partial'),
  ]).toEqual([4_183_365_023, 418_240_068, 3_711_997_833, 2_555_702_448])
  const hits = Array.from({ length: 20_000 }, (_, i) => draw(7, `order-${i}`, 3, 'bust') % 4)
  for (const part of [0, 1, 2, 3]) {
    const share = hits.filter((hit) => hit === part).length / hits.length
    expect(Math.abs(share - 0.25)).toBeLessThan(0.02)
  }
})
