/**
 * The rules of Coinbase Advanced Trade (docs.cdp.coinbase.com: `level2`, `market_trades`, `ticker`, `heartbeats`), each
 * with frames made by hand that keep it and a twin that breaks it.
 */
import { describe, expect, it } from 'vitest'
import { change, envelope, heartbeat, level2, snapshot, trades, Way } from './coinbase-hand.ts'
import { told } from './fuzzed-decoder.ts'

/** What the last frame tells after the others, or its fault. */
function says(...frames: readonly unknown[]): string[] | string {
  const way = new Way()
  for (const frame of frames.slice(0, -1)) way.events(frame)
  const answer = way.answer(frames.at(-1))
  return 'fault' in answer ? answer.fault : ((answer.outputs.events ?? []) as never[]).map(told)
}

const CHANGE = 'depth 2192173x50000000 | '
const TRADE = 'trade 2192150x30000000'
const LOST = ['gap depth', 'status RESYNC']
const live = [snapshot(5), change(6)]
const bid = (price: string, size: string) => level2(7, 'update', [['bid', price, size]])
const ticker = (best_bid: string, best_ask: string, product_id = 'BTC-USD') =>
  envelope('ticker', 7, [
    { type: 'update', tickers: [{ product_id, best_bid, best_bid_quantity: '1', best_ask, best_ask_quantity: '2' }] },
  ])

describe('the rule of Coinbase that', () => {
  it.each<[rule: string, kept: unknown[], tells: string[], broken: unknown[], instead: string | string[]]>([
    [
      'a book begins with a snapshot',
      [snapshot(5), change(6)],
      ['status LIVE', CHANGE],
      [change(6)],
      ['status BUFFERING'],
    ],
    [
      'numbers of a connection are without holes, in level2',
      [...live, change(7)],
      [CHANGE],
      [...live, change(8)],
      LOST,
    ],
    ['numbers are without holes in heartbeats too', [...live, heartbeat(7, 1)], [], [...live, heartbeat(8, 1)], LOST],
    [
      'numbers are without holes in trades too',
      [...live, trades(7, 'update', [1])],
      [TRADE],
      [...live, trades(8, 'update', [1])],
      [...LOST, TRADE],
    ],
    [
      'a hole stays one until a snapshot',
      [...live, change(8), snapshot(9), change(10)],
      ['status LIVE', CHANGE],
      [...live, change(8), change(9)],
      [],
    ],
    ['a message comes once', [...live, change(7)], [CHANGE], [...live, change(6)], []],
    [
      'number 0 begins a connection, and its book is to come',
      [...live, envelope('subscriptions', 7, [])],
      [],
      [...live, envelope('subscriptions', 0, [])],
      LOST,
    ],
    [
      'a snapshot replaces the book at any number of its connection',
      [...live, snapshot(7)],
      ['snapshot 2192173x6317902 2192130x2000000 | 2192200x100000000'],
      [...live, snapshot(8)],
      [...LOST, 'snapshot 2192173x6317902 2192130x2000000 | 2192200x100000000'],
    ],
    [
      'heartbeats are counted without holes',
      [heartbeat(1, 7), snapshot(2), heartbeat(3, 8)],
      [],
      [snapshot(1), heartbeat(2, 7), heartbeat(3, 9)],
      ['gap heartbeat'],
    ],
    [
      'a heartbeat counter is a number or its text',
      [snapshot(1), heartbeat(2, '7')],
      [],
      [snapshot(1), heartbeat(2, 'x')],
      'FRAME_MALFORMED',
    ],
    [
      'a side is bid or offer',
      [...live, level2(7, 'update', [['offer', '21922', '1']])],
      ['depth  | 2192200x100000000'],
      [...live, level2(7, 'update', [['ask', '21922', '1']])],
      'FRAME_MALFORMED',
    ],
    [
      'size 0 deletes a level, no size is below',
      [...live, bid('1', '0')],
      ['depth 100x0 | '],
      [...live, bid('1', '-1')],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a price is above 0',
      [...live, bid('0.01', '1')],
      ['depth 1x100000000 | '],
      [...live, bid('0.00', '1')],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a price has no more digits than its instrument',
      [...live, bid('0.010', '1')],
      ['depth 1x100000000 | '],
      [...live, bid('0.011', '1')],
      'SCALE_EXCEEDED',
    ],
    [
      'the product is the one of the feed, in level2',
      [...live, level2(7, 'update', [])],
      ['depth  | '],
      [...live, level2(7, 'update', [], 'ETH-USD')],
      'SYMBOL_MISMATCH',
    ],
    [
      'the product is the one of the feed, in tickers',
      [...live, ticker('1', '2')],
      ['quote 100x100000000 200x200000000'],
      [...live, ticker('1', '2', 'ETH-USD')],
      'SYMBOL_MISMATCH',
    ],
    [
      'a bid is below its ask',
      [...live, ticker('1', '2')],
      ['quote 100x100000000 200x200000000'],
      [...live, ticker('2', '2')],
      'QUOTE_CROSSED',
    ],
    [
      'a message is a snapshot or an update',
      [...live, level2(7, 'update', [])],
      ['depth  | '],
      [...live, level2(7, 'delta', [])],
      'FRAME_MALFORMED',
    ],
    [
      'a snapshot is a message of its own',
      [...live, envelope('l2_data', 7, change(7).events)],
      [CHANGE],
      [...live, envelope('l2_data', 7, [...snapshot(7).events, ...change(7).events])],
      'FRAME_MALFORMED',
    ],
    [
      'a message of level2 says something',
      [...live, change(7)],
      [CHANGE],
      [...live, envelope('l2_data', 7, [])],
      'FRAME_MALFORMED',
    ],
    [
      'trades are without holes, the newest first',
      [snapshot(5), trades(6, 'update', [8, 7])],
      [TRADE, TRADE],
      [snapshot(5), trades(6, 'update', [9, 7])],
      [TRADE, 'gap trade', TRADE],
    ],
    [
      'a trade comes once',
      [snapshot(5), trades(6, 'update', [7]), trades(7, 'update', [8])],
      [TRADE],
      [snapshot(5), trades(6, 'update', [7]), trades(7, 'update', [7])],
      [],
    ],
    [
      'trades of a snapshot were before the subscription',
      [snapshot(5), trades(6, 'update', [7])],
      [TRADE],
      [snapshot(5), trades(6, 'snapshot', [7])],
      [],
    ],
    [
      'a trade has a side',
      [snapshot(5), trades(6, 'update', [7], 'SELL')],
      [TRADE],
      [snapshot(5), trades(6, 'update', [7], 'sell')],
      'FRAME_MALFORMED',
    ],
    [
      'a number is one that can be counted',
      [...live, change(7)],
      [CHANGE],
      [...live, change(-1)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a time is one of the calendar',
      [...live, change(7)],
      [CHANGE],
      [...live, { ...change(7), timestamp: '2023-02-29T00:00:00Z' }],
      'FRAME_MALFORMED',
    ],
    [
      'a channel is one that is subscribed',
      [...live, envelope('status', 7, [])],
      [],
      [...live, envelope('candles', 7, [{}])],
      'FRAME_UNKNOWN',
    ],
  ])('%s', (_rule, kept, tells, broken, instead) => {
    expect(says(...kept)).toEqual(tells)
    expect(says(...broken)).toEqual(instead)
  })

  it('the side of a trade is that of the order that rested', () => {
    const aggressor = (side: string) => new Way().events(trades(1, 'update', [7], side)).at(-1)?.trade?.aggressor
    expect([aggressor('BUY'), aggressor('SELL')]).toEqual(['SELL', 'BUY'])
  })
})
