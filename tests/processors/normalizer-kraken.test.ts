import { describe, expect, it } from 'vitest'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import type { BookUpdate, MarketEvent } from '../../schemas/generated/index.ts'
import { Hand, port } from './kit.ts'
import {
  asks,
  bids,
  book,
  checksum,
  GUIDE,
  level3,
  listing,
  type Order,
  quality,
  sumOf,
  type Texts,
  Way,
} from './kraken-hand.ts'

describe('the book of Kraken', () => {
  it("has the checksum of the venue's guide, from numbers as they are written", () => {
    const way = new Way()
    const [event] = way.events(book('snapshot', bids, asks, GUIDE))
    expect(event).toMatchObject({ event_time_us: 1_696_613_755_440_295, depth: { checksum: { value: GUIDE } } })
    expect(event?.depth?.checksum?.bid_texts[0]).toBe('45283.5:0.10000000')
    expect(quality(new Way().books(book('snapshot', bids, asks, GUIDE)))).toEqual(['SNAPSHOT'])
    expect(checksum(bids, asks)).toBe(GUIDE)
  })

  it.each([
    ['a zero less at the end', [['45283.5', '0.1'], ...bids.slice(1)] as Texts, asks as Texts],
    ['another digit', bids as Texts, [['45285.2', '0.00100001'], ...asks.slice(1)] as Texts],
    ['bids for asks', asks.map(([px, qty]) => [`1${px.slice(1)}`, qty]) as unknown as Texts, asks as Texts],
  ])('is bad with %s', (_what, other_bids, other_asks) => {
    expect(quality(new Way().books(book('snapshot', other_bids, other_asks, GUIDE)))).toEqual(['CHECKSUM_BAD'])
  })

  it('applies a message as a whole, deletes at quantity 0, and goes on after a restart', () => {
    const way = new Way()
    way.books(book('snapshot', bids, asks, GUIDE))
    way.normal.restart()
    way.builder.restart()
    const added = ['45283.6', '0.50000000'] as const
    const after = [added, ...bids.slice(1)]
    const [made] = way.books(book('update', [['45283.5', '0'], added], [], checksum(after, asks)))
    expect(made).toMatchObject({ quality: 'LIVE', bid_px: 452_836, bid_qty: 50_000_000 })
    expect(made?.bids).toHaveLength(10)
    expect(quality(way.books(book('update', [['45283.6', '0.40000000']], [], checksum(after, asks))))).toEqual([
      'CHECKSUM_BAD',
    ])
    expect(quality(way.books(book('snapshot', bids, asks, GUIDE)))).toEqual(['SNAPSHOT'])
  })

  it('is cut to the subscribed depth after each message: a level that left does not come back', () => {
    const way = new Way()
    way.books(book('snapshot', bids, asks, GUIDE))
    const best = ['45284.0', '1.00000000'] as const
    const cut = [best, ...bids.slice(0, 9)]
    const [event] = way.events(book('update', [best], [], checksum(cut, asks))).slice(-1)
    expect(event?.depth?.bids).toEqual([
      { px: 452_840, qty: 100_000_000 },
      { px: 452_766, qty: 0 },
    ])
    expect(event?.depth?.checksum?.bid_texts).toEqual(['45284.0:1.00000000', ''])
    way.builder.on('events', event)
    // The best goes again, and the venue shows a better tenth than the one that left.
    const tenth = ['45277.0', '2.00000000'] as const
    const [made] = way.books(
      book('update', [['45284.0', '0'], tenth], [], checksum([...bids.slice(0, 9), tenth], asks)),
    )
    expect(made).toMatchObject({ quality: 'LIVE' })
    expect(made?.bids.at(-1)).toEqual({ px: 452_770, qty: 200_000_000 })
    expect(made?.bids).toHaveLength(10)
  })

  it('has the depth that the venue confirmed, also where the market is thin', () => {
    const way = new Way()
    const ack =
      '{"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"BTC/USD"},"success":true}'
    expect(way.events(ack)).toEqual([])
    way.events(book('snapshot', bids, asks, GUIDE))
    const best = ['45284.0', '1.00000000'] as const
    const [event] = way.events(book('update', [best], [], 1)).slice(-1)
    expect(event?.depth?.bids).toHaveLength(1)
    expect(way.state()).toMatchObject({ book_depth: 25, silent: 1, frames: 3 })
  })

  it('waits for a snapshot', () => {
    const way = new Way()
    expect(way.events(book('update', bids, [], 1)).map(({ status }) => status?.reason)).toEqual(['NO_SNAPSHOT'])
    expect(way.state()).toMatchObject({ bids: [], depth_discarded: 1 })
  })
})

describe('the orders of Kraken', () => {
  const actions = (events: readonly MarketEvent[]) =>
    events.map(({ kind, order, status }) =>
      order === null ? [kind, status?.reason ?? ''] : [order.action, order.order_id, order.px, order.qty],
    )

  /** The example of the venue's guide to the level3 checksum. */
  const guide_bids = (
    '44939.4:0.88968699 44939.4:0.45210000 44939.4:0.10000000 44939.4:0.14296323 44939.4:0.25000000 ' +
    '44939.4:0.10292988 44939.4:0.33880000 44939.4:1.28140860 44937.1:0.03346877 44934.7:0.35630000 ' +
    '44930.2:0.22734299 44930.2:0.01000000 44930.2:0.05550000 44930.2:0.70000000 44930.2:0.15000000 ' +
    '44928.0:0.00105240 44919.6:0.33870000 44919.5:0.07610000 44912.0:0.35630000 44909.7:0.06690000 44901.9:0.00088982'
  )
    .split(' ')
    .map((text, i): Order => [`B${i}`, ...(text.split(':') as [string, string])])
  const guide_asks = (
    '44939.5:4.52308393 44939.5:0.00111261 44939.5:0.00100000 44939.5:0.01000000 44950.0:0.10334926 44953.0:0.00064537 ' +
    '44955.0:0.00250000 44959.6:0.35630000 44959.6:0.35630000 44960.1:0.00338072 44960.2:0.88967575 44967.0:3.14392283 ' +
    '44978.5:0.06778960 44979.2:0.35630000'
  )
    .split(' ')
    .map((text, i): Order => [`A${i}`, ...(text.split(':') as [string, string])])

  it("have the checksum of the venue's guide", () => {
    const events = new Way().events(level3('snapshot', guide_bids, guide_asks, 1_063_832_831))
    expect(events.map(({ order }) => order?.action ?? '').filter((action) => action === 'ADD')).toHaveLength(35)
    expect(actions(events)[0]).toEqual(['CLEAR', '', 0, 0])
    expect(actions(events).at(-1)).toEqual(['status', 'SYNCED'])
  })

  it('have another one in another order of the queue, and wait for a snapshot then', () => {
    const way = new Way()
    const [first, second, ...rest] = guide_bids as [Order, Order, ...Order[]]
    const events = way.events(level3('snapshot', [second, first, ...rest], guide_asks, 1_063_832_831))
    expect(actions(events).slice(-2)).toEqual([
      ['gap', ''],
      ['status', 'CHECKSUM_BAD'],
    ])
    expect(way.events(level3('update', [['X', '1.0', '1', 'add']], [], 1))).toEqual([])
    expect(way.state()).toMatchObject({ orders: null, gaps: 1, depth_discarded: 1 })
  })

  const buys: Order[] = [
    ['B1', '100.0', '1.5'],
    ['B2', '100.0', '2.5'],
    ['B3', '99.9', '1.0'],
  ]
  const sells: Order[] = [['S1', '101.0', '0.5']]
  const begun = () => {
    const way = new Way()
    way.events(level3('snapshot', buys, sells, sumOf(buys, sells)))
    way.normal.restart()
    return way
  }

  it.each([
    ['an order joins the end of its price', ['B4', '100.0', '1', 'add'], 'B1 B2 B4 B3', 'ADD', 100_000_000],
    ['a smaller quantity keeps the place', ['B1', '100.0', '1.0', 'modify'], 'B1 B2 B3', 'REDUCE', 50_000_000],
    ['a greater quantity loses it', ['B1', '100.0', '1.6', 'modify'], 'B2 B1 B3', 'ADD', 160_000_000],
    ['another price is its end', ['B1', '99.9', '1.5', 'modify'], 'B2 B3 B1', 'ADD', 150_000_000],
    ['an order leaves', ['B1', '100.0', '1.5', 'delete'], 'B2 B3', 'DELETE', 0],
  ] as const)('%s', (_what, changed, queue, action, qty) => {
    const way = begun()
    const now = queue.split(' ').map((id): Order => {
      const [, price, amount] = id === changed[0] ? changed : (buys.find((one) => one[0] === id) as Order)
      return [id, price, amount]
    })
    const events = way.events(level3('update', [changed], [], sumOf(now, sells)))
    const moved = action === 'ADD' && changed[0] === 'B1'
    expect(actions(events)).toEqual([
      ...(moved ? [['DELETE', 'B1', 1_000, 0]] : []),
      [action, changed[0], Number(changed[1]) * 10, qty],
    ])
    // A book of orders comes to the same queues.
    const book = new Hand(bookBuilder, listing.instrument_id, { levels: 5, max_levels: 100, stale_after_ms: 2_000 })
    const begin = new Way().events(level3('snapshot', buys, sells, sumOf(buys, sells)))
    const made = [...begin, ...events].flatMap((event) => {
      const answer = book.on('events', event)
      expect(answer).not.toHaveProperty('fault')
      return port<BookUpdate>(answer, 'books')
    })
    const sums = new Map<number, number>()
    for (const [, price, amount] of now)
      sums.set(Number(price) * 10, (sums.get(Number(price) * 10) ?? 0) + Number(amount) * 100_000_000)
    expect(made.at(-1)?.bids).toEqual([...sums].map(([px, level_qty]) => ({ px, qty: level_qty })))
    expect(way.state().orders.bids.map((one: { order_id: string }) => one.order_id)).toEqual(queue.split(' '))
  })

  it('that are not known change nothing', () => {
    const way = begun()
    const unknown: Order[] = [
      ['X', '1.0', '1', 'delete'],
      ['Y', '1.0', '1', 'modify'],
    ]
    expect(way.events(level3('update', unknown, [], sumOf(buys, sells)))).toEqual([])
  })

  it('beyond the subscribed prices are deleted, all of a price at once', () => {
    const many = Array.from({ length: 10 }, (_, i): Order => [`M${i}`, `${90 - i}.0`, '1'])
    const last: Order[] = [...many, ['M10', '81.0', '2']]
    const way = new Way()
    way.events(level3('snapshot', last, sells, sumOf(last, sells)))
    const now: Order[] = [['N', '91.0', '1'], ...many.slice(0, 9)]
    expect(actions(way.events(level3('update', [['N', '91.0', '1', 'add']], [], sumOf(now, sells))))).toEqual([
      ['ADD', 'N', 910, 100_000_000],
      ['DELETE', 'M9', 810, 0],
      ['DELETE', 'M10', 810, 0],
    ])
  })
})

describe('trades and tickers of Kraken', () => {
  const trade = (trade_id: number, type = 'update') =>
    `{"channel":"trade","type":"${type}","data":[{"symbol":"BTC/USD","side":"buy","price":100.5,"qty":0.25000000,"ord_type":"limit","trade_id":${trade_id},"timestamp":"2023-09-25T07:48:36.925533Z"}]}`
  it('are trades; those of before the subscription are not, a missing id is a gap', () => {
    const way = new Way()
    expect(way.events(trade(7, 'snapshot'))).toEqual([])
    expect(way.events(trade(8))).toMatchObject([
      { kind: 'trade', sequence: 8, trade: { px: 1_005, qty: 25_000_000, aggressor: 'BUY' } },
    ])
    expect(way.events(trade(8))).toEqual([])
    expect(way.events(trade(6))).toEqual([])
    expect(way.events(trade(10))).toMatchObject([{ gap: { expected: 9, received: 10 } }, { kind: 'trade' }])
  })
  it('are quotes', () => {
    const ticker =
      '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":100.1,"bid_qty":7.5,"ask":100.3,"ask_qty":1,"last":1}]}'
    expect(new Way().events(ticker)).toMatchObject([
      {
        event_time_source: 'NONE',
        quote: { bid_px: 1_001, bid_qty: 750_000_000, ask_px: 1_003, ask_qty: 100_000_000 },
      },
    ])
  })
})

describe('a frame of Kraken', () => {
  it.each([
    '{"channel":"heartbeat"}',
    '{"channel":"status","type":"update","data":[{"system":"online"}]}',
    '{"method":"pong","req_id":1}',
    '{"method":"subscribe","error":"Currency pair not supported","success":false}',
  ])('%s is silent', (payload) => {
    const way = new Way()
    expect(way.events(payload)).toEqual([])
    expect(way.state()).toMatchObject({ frames: 1, silent: 1 })
  })

  it.each([
    ['{"channel":"ohlc","type":"update","data":[]}', 'FRAME_UNKNOWN'],
    ['{"channel":"book","type":"other","data":[{}]}', 'FRAME_MALFORMED'],
    ['{"channel":"book","type":"update","data":[]}', 'FRAME_MALFORMED'],
    [book('update', [], [], 1, 'ETH/USD'), 'SYMBOL_MISMATCH'],
    [book('update', [['1.00', '1']], [], 1), undefined],
    [book('update', [['1.01', '1']], [], 1), 'SCALE_EXCEEDED'],
    [book('update', [['0', '1']], [], 1), 'VALUE_OUT_OF_RANGE'],
    [book('update', [['1e3', '1']], [], 1), 'FRAME_MALFORMED'],
    [book('update', [], [], 2 ** 32), 'VALUE_OUT_OF_RANGE'],
    [book('update', [], [], 1).replace('55.440295Z', '61Z'), 'FRAME_MALFORMED'],
    [book('update', [], [], 1).replace('-10-06', '-02-30'), 'FRAME_MALFORMED'],
  ])('%s is %s, and changes nothing then', (payload, code) => {
    const way = new Way()
    way.events(book('snapshot', bids, asks, GUIDE))
    const before = way.normal.text()
    const answer = way.answer(payload)
    expect('fault' in answer ? answer.fault : undefined).toBe(code)
    expect(way.normal.text() === before).toBe(code !== undefined)
  })
})
