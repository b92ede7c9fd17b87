import { describe, expect, it } from 'vitest'
import type { BookUpdate } from '../../schemas/generated/index.ts'
import { change, envelope, heartbeat, level2, snapshot, trades, Way } from './coinbase-hand.ts'
import { port } from './kit.ts'

describe('depth of Coinbase', () => {
  it('is a snapshot, then absolute sizes, of which 0 deletes', () => {
    const way = new Way()
    const [first] = way.events(snapshot(5))
    expect(first).toMatchObject({
      sequence: 5,
      event_time_us: 1_675_974_770_714_964,
      depth: {
        snapshot: true,
        first_sequence: 5,
        bids: [
          { px: 2_192_173, qty: 6_317_902 },
          { px: 2_192_130, qty: 2_000_000 },
        ],
        asks: [{ px: 2_192_200, qty: 100_000_000 }],
      },
    })
    way.builder.on('events', first)
    expect(way.qualities(change(6))).toEqual(['LIVE'])
    way.normal.restart()
    way.builder.restart()
    const [made] = way
      .events(change(7, '0'))
      .flatMap((event) => port<BookUpdate>(way.builder.on('events', event), 'books'))
    expect(made).toMatchObject({ quality: 'LIVE', sequence: 7, bid_px: 2_192_130 })
  })

  it('goes on through other messages of the connection', () => {
    const way = new Way()
    expect(way.events(envelope('subscriptions', 0, [{ subscriptions: { level2: ['BTC-USD'] } }]))).toEqual([])
    way.qualities(snapshot(1))
    expect(way.events(heartbeat(2, 7))).toEqual([])
    expect(way.qualities(change(3))).toEqual(['LIVE'])
    expect(way.events(heartbeat(4, '8'))).toEqual([])
    expect(way.qualities(trades(5, 'update', [1]))).toEqual([])
    const [event] = way.events(change(6))
    expect(event).toMatchObject({ sequence: 6, depth: { first_sequence: 4 } })
    expect(way.state()).toMatchObject({ gaps: 0, silent: 3, frames: 7 })
  })

  it.each([
    ['a change', change(8), [8]],
    ['a heartbeat', heartbeat(8, 3), [8]],
    ['a trade', trades(8, 'update', [1]), [8]],
  ])('waits for a snapshot when %s shows a hole', (_what, frame, [received]) => {
    const way = new Way()
    way.qualities(snapshot(5))
    way.qualities(change(6))
    const events = way.events(frame)
    expect(events[0]?.gap).toEqual({ channel: 'depth', expected: 7, received })
    expect(events[1]?.status).toEqual({ state: 'RESYNC', reason: 'GAP' })
    expect(events.some(({ depth }) => depth !== null)).toBe(false)
    expect(way.events(change(9))).toEqual([])
    expect(way.qualities(snapshot(10))).toEqual(['SNAPSHOT'])
    expect(way.qualities(change(11))).toEqual(['LIVE'])
  })

  it('begins anew with a connection', () => {
    const way = new Way()
    way.qualities(snapshot(5))
    way.qualities(change(6))
    expect(way.events(envelope('subscriptions', 0, []))[1]?.status).toEqual({ state: 'RESYNC', reason: 'RESTART' })
    expect(way.events(change(1))).toEqual([])
    expect(way.qualities(snapshot(2))).toEqual(['SNAPSHOT'])
  })

  it('drops what came already; a run of older numbers is a new connection', () => {
    const way = new Way()
    way.events(snapshot(500))
    expect(way.events(change(500))).toEqual([])
    expect(way.events(change(499))).toEqual([])
    expect(way.events(change(7))).toEqual([])
    expect(way.events(change(8)).map(({ kind }) => kind)).toEqual(['gap', 'status'])
    expect(way.state()).toMatchObject({ duplicates: 1, out_of_order: 2, connection_seq: 8 })
  })

  it('before a snapshot is dropped and said once', () => {
    const way = new Way()
    expect(way.events(change(1)).map(({ status }) => status?.reason)).toEqual(['NO_SNAPSHOT'])
    expect(way.events(change(2))).toEqual([])
  })
})

it('a counter of heartbeats with a hole is a gap that leaves the book alone', () => {
  const way = new Way()
  way.qualities(snapshot(5))
  way.qualities(change(6))
  way.events(heartbeat(7, 1))
  expect(way.events(heartbeat(8, 3)).map(({ gap }) => gap)).toEqual([
    { channel: 'heartbeat', expected: 2, received: 3 },
  ])
  expect(way.qualities(change(9))).toEqual(['LIVE'])
})

describe('trades of Coinbase', () => {
  it('are in the order of their ids, with the side that did not rest', () => {
    const way = new Way()
    expect(way.events(trades(1, 'snapshot', [9, 8, 7]))).toEqual([])
    expect(way.events(trades(2, 'update', [11, 10]))).toMatchObject([
      {
        sequence: 10,
        trade: { px: 2_192_150, qty: 30_000_000, aggressor: 'SELL' },
        event_time_us: 1_565_815_347_265_000,
      },
      { sequence: 11 },
    ])
    expect(way.events(trades(3, 'update', [12], 'SELL'))).toMatchObject([{ trade: { aggressor: 'BUY' } }])
    expect(way.events(trades(4, 'update', [14])).map(({ gap }) => gap)).toEqual([
      { channel: 'trade', expected: 13, received: 14 },
      null,
    ])
  })
})

it('a ticker is a quote', () => {
  const ticker = {
    product_id: 'BTC-USD',
    price: '21932.98',
    best_bid: '21931.98',
    best_bid_quantity: '8000',
    best_ask: '21933.98',
    best_ask_quantity: '0.5',
  }
  expect(new Way().events(envelope('ticker', 0, [{ type: 'update', tickers: [ticker] }]))).toMatchObject([
    { quote: { bid_px: 2_193_198, bid_qty: 800_000_000_000, ask_px: 2_193_398, ask_qty: 50_000_000 } },
  ])
})

it.each([
  [{ type: 'error', message: 'failure to subscribe' }, undefined],
  [envelope('candles', 6, [{}]), 'FRAME_UNKNOWN'],
  [envelope('l2_data', 6, []), 'FRAME_MALFORMED'],
  [envelope('l2_data', -1, [{}]), 'VALUE_OUT_OF_RANGE'],
  [{ ...change(6), sequence_num: '6' }, 'FRAME_MALFORMED'],
  [{ ...change(6), timestamp: '2023-02-29T00:00:00Z' }, 'FRAME_MALFORMED'],
  [level2(6, 'other', []), 'FRAME_MALFORMED'],
  [level2(6, 'update', [], 'ETH-USD'), 'SYMBOL_MISMATCH'],
  [level2(6, 'update', [['ask', '1', '1']]), 'FRAME_MALFORMED'],
  [level2(6, 'update', [['bid', '1.001', '1']]), 'SCALE_EXCEEDED'],
  [level2(6, 'update', [['bid', '0', '1']]), 'VALUE_OUT_OF_RANGE'],
  [envelope('l2_data', 6, [...snapshot(6).events, ...change(6).events]), 'FRAME_MALFORMED'],
  [trades(6, 'update', [1], 'UP'), 'FRAME_MALFORMED'],
])('%j is %s, and changes nothing then', (payload, code) => {
  const way = new Way()
  way.events(snapshot(5))
  const before = way.normal.text()
  const answer = way.answer(payload)
  expect('fault' in answer ? answer.fault : undefined).toBe(code)
  expect(way.normal.text() === before).toBe(code !== undefined)
})
