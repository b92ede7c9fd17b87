/**
 * The rules of Kraken's WebSocket v2 (docs.kraken.com: `book`, `level3`, `trade`, `ticker`, and the guides to the
 * checksums), each with frames made by hand that keep it and a twin that breaks it.
 */
import { describe, expect, it } from 'vitest'
import { told } from './fuzzed-decoder.ts'
import {
  asks,
  bids,
  book,
  checksum,
  GUIDE,
  level3,
  type Order,
  quality,
  sumOf,
  type Texts,
  Way,
} from './kraken-hand.ts'

/** What the last frame tells after the others, or its fault. */
function says(...frames: readonly string[]): string[] | string {
  const way = new Way()
  for (const frame of frames.slice(0, -1)) way.events(frame)
  const answer = way.answer(frames.at(-1) as string)
  return 'fault' in answer ? answer.fault : ((answer.outputs.events ?? []) as never[]).map(told)
}
/** The quality of the book after the frames. */
function ends(...frames: readonly string[]): string | undefined {
  const way = new Way()
  return frames.flatMap((frame) => quality(way.books(frame))).at(-1)
}

const begun = book('snapshot', bids, asks, GUIDE)
const best = ['45284.0', '1.00000000'] as const
const joined: Texts = [best, ...bids.slice(0, 9)]
const confirmed = (channel: string, depth: number) =>
  `{"method":"subscribe","result":{"channel":"${channel}","depth":${depth},"snapshot":true,"symbol":"BTC/USD"},"success":true}`
const eleven = [...bids, ['45270.0', '1.00000000']] as Texts

describe('book', () => {
  it.each<[rule: string, kept: string[], quality: string, broken: string[], instead: string]>([
    [
      'the checksum is over ten levels of a side',
      [book('snapshot', eleven, asks, GUIDE)],
      'SNAPSHOT',
      [book('snapshot', bids.slice(1), asks, GUIDE)],
      'CHECKSUM_BAD',
    ],
    [
      'asks come before bids, each from its best',
      [begun],
      'SNAPSHOT',
      [book('snapshot', bids, asks, checksum(asks, bids))],
      'CHECKSUM_BAD',
    ],
    [
      'numbers count as they are written, zeros at their end too',
      [book('snapshot', [['45283.50', '0.1']], [], checksum([['45283.50', '0.1']], []))],
      'SNAPSHOT',
      [book('snapshot', [['45283.5', '0.10']], [], checksum([['45283.50', '0.1']], []))],
      'CHECKSUM_BAD',
    ],
    [
      'a message is applied as a whole before its checksum',
      [begun, book('update', [['45283.5', '0'], best], [], checksum([best, ...bids.slice(1)], asks))],
      'LIVE',
      [begun, book('update', [['45283.5', '0'], best], [], checksum([best, ...bids], asks))],
      'CHECKSUM_BAD',
    ],
    [
      'the book is cut to its depth behind a message',
      [
        begun,
        book('update', [best], [], checksum(joined, asks)),
        book(
          'update',
          [
            ['45284.0', '0'],
            ['45276.6', '0.15445238'],
          ],
          [],
          GUIDE,
        ),
      ],
      'LIVE',
      [begun, book('update', [best], [], checksum(joined, asks)), book('update', [['45284.0', '0']], [], GUIDE)],
      'CHECKSUM_BAD',
    ],
    [
      'quantity 0 deletes, of a level that is not there too',
      [begun, book('update', [['1.0', '0']], [], GUIDE)],
      'LIVE',
      [begun, book('update', [['45283.5', '0']], [], GUIDE)],
      'CHECKSUM_BAD',
    ],
    [
      'a bad book is bad until a snapshot',
      [begun, book('update', [], [], 1), begun],
      'SNAPSHOT',
      [begun, book('update', [], [], 1), book('update', [], [], GUIDE)],
      'CHECKSUM_BAD',
    ],
    [
      'a snapshot replaces what was',
      [book('snapshot', [['1.0', '1']], [['2.0', '1']], checksum([['1.0', '1']], [['2.0', '1']])), begun],
      'SNAPSHOT',
      [
        book('snapshot', [['1.0', '1']], [['2.0', '1']], checksum([['1.0', '1']], [['2.0', '1']])),
        book('update', bids, asks, GUIDE),
      ],
      'CHECKSUM_BAD',
    ],
    [
      'a book of a confirmed depth of 25 keeps an eleventh level',
      [
        confirmed('book', 25),
        begun,
        book('update', [best], [], checksum(joined, asks)),
        book('update', [['45284.0', '0']], [], GUIDE),
      ],
      'LIVE',
      [
        confirmed('book', 10),
        begun,
        book('update', [best], [], checksum(joined, asks)),
        book('update', [['45284.0', '0']], [], GUIDE),
      ],
      'CHECKSUM_BAD',
    ],
  ])('%s', (_rule, kept, good, broken, instead) => {
    expect(ends(...kept)).toBe(good)
    expect(ends(...broken)).toBe(instead)
  })

  it.each<[rule: string, kept: string[], tells: string[], broken: string[], instead: string | string[]]>([
    [
      'changes count behind a snapshot',
      [begun, book('update', [['45283.5', '1']], [], 1)],
      ['status LIVE', 'depth 452835x100000000 | '],
      [book('update', [['45283.5', '1']], [], 1)],
      ['status BUFFERING'],
    ],
    ['the depth is one on offer', [confirmed('book', 500)], [], [confirmed('book', 50)], 'VALUE_OUT_OF_RANGE'],
    [
      'a confirmation of another symbol says nothing of this one',
      [confirmed('book', 10).replace('BTC', 'ETH')],
      [],
      [confirmed('book', 11)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'the symbol is the one of the feed',
      [begun, book('update', [], [], 1)],
      ['status LIVE', 'depth  | '],
      [begun, book('update', [], [], 1, 'ETH/USD')],
      'SYMBOL_MISMATCH',
    ],
    [
      'a checksum has 32 bits',
      [begun, book('update', [], [], 2 ** 32 - 1)],
      ['status LIVE', 'depth  | '],
      [begun, book('update', [], [], 2 ** 32)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a price is above 0',
      [begun, book('update', [['0.1', '0']], [], 1)],
      ['status LIVE', 'depth 1x0 | '],
      [begun, book('update', [['0.0', '0']], [], 1)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'no quantity is below 0',
      [begun, book('update', [['0.1', '0']], [], 1)],
      ['status LIVE', 'depth 1x0 | '],
      [begun, book('update', [['0.1', '-1']], [], 1)],
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'a number has no more digits than its instrument',
      [begun, book('update', [['0.10', '0']], [], 1)],
      ['status LIVE', 'depth 1x0 | '],
      [begun, book('update', [['0.11', '0']], [], 1)],
      'SCALE_EXCEEDED',
    ],
    [
      'a number is a number, not its text with an exponent',
      [begun, book('update', [['1', '0']], [], 1)],
      ['status LIVE', 'depth 10x0 | '],
      [begun, book('update', [['1e0', '0']], [], 1)],
      'FRAME_MALFORMED',
    ],
    [
      'a time is one of the calendar',
      [begun, book('update', [], [], 1)],
      ['status LIVE', 'depth  | '],
      [begun, book('update', [], [], 1).replace('2023-10-06', '2023-02-29')],
      'FRAME_MALFORMED',
    ],
    [
      'a channel is one that is subscribed, or says nothing of prices',
      ['{"channel":"heartbeat"}'],
      [],
      ['{"channel":"ohlc","type":"update","data":[]}'],
      'FRAME_UNKNOWN',
    ],
    [
      'a message is a snapshot or an update',
      [begun, book('update', [], [], 1)],
      ['status LIVE', 'depth  | '],
      [begun, book('other', [], [], 1)],
      'FRAME_MALFORMED',
    ],
  ])('%s', (_rule, kept, tells, broken, instead) => {
    expect(says(...kept)).toEqual(tells)
    expect(says(...broken)).toEqual(instead)
  })
})

const buys: Order[] = [
  ['B1', '100.0', '1.5'],
  ['B2', '100.0', '2.5'],
  ['B3', '99.9', '1.0'],
]
const sells: Order[] = [['S1', '101.0', '0.5']]
const queues = level3('snapshot', buys, sells, sumOf(buys, sells))
const queued = (changed: readonly Order[], now: readonly Order[]) =>
  [queues, level3('update', changed, [], sumOf(now, sells))] as const
const [b1, b2, b3] = buys as [Order, Order, Order]
const LOST = ['gap order', 'status RESYNC']
/** What the last frame says of the queue: that it is the venue's, or that it is lost. */
const lost = (...frames: readonly string[]) => JSON.stringify(says(...frames).slice(-2)) === JSON.stringify(LOST)
const levels = (count: number): Order[] => Array.from({ length: count }, (_, i) => [`M${i}`, `${90 - i}.0`, '1'])

describe('level3', () => {
  it.each<[rule: string, kept: readonly string[], broken: readonly string[]]>([
    [
      'the checksum follows the queue of each price',
      [queues],
      [level3('snapshot', [b2, b1, b3], sells, sumOf(buys, sells))],
    ],
    [
      'it is over ten prices, however many orders they have',
      [level3('snapshot', levels(11), sells, sumOf(levels(10), sells))],
      [level3('snapshot', levels(11), sells, sumOf(levels(11), sells))],
    ],
    [
      'a new order is the last of its price',
      queued([['B4', '100.0', '1', 'add']], [b1, b2, ['B4', '100.0', '1'], b3]),
      queued([['B4', '100.0', '1', 'add']], [['B4', '100.0', '1'], b1, b2, b3]),
    ],
    [
      'an order that gets smaller keeps its place',
      queued([['B1', '100.0', '1.0', 'modify']], [['B1', '100.0', '1.0'], b2, b3]),
      queued([['B1', '100.0', '1.0', 'modify']], [b2, ['B1', '100.0', '1.0'], b3]),
    ],
    [
      'an order that gets greater loses it',
      queued([['B1', '100.0', '1.6', 'modify']], [b2, ['B1', '100.0', '1.6'], b3]),
      queued([['B1', '100.0', '1.6', 'modify']], [['B1', '100.0', '1.6'], b2, b3]),
    ],
    [
      'an order that is deleted is gone',
      queued([['B1', '100.0', '1.5', 'delete']], [b2, b3]),
      queued([['B1', '100.0', '1.5', 'delete']], [b1, b2, b3]),
    ],
    [
      'a message is applied as a whole before its checksum',
      queued(
        [
          ['B1', '100.0', '1.5', 'delete'],
          ['B1', '100.0', '1.5', 'add'],
        ],
        [b2, b1, b3],
      ),
      queued(
        [
          ['B1', '100.0', '1.5', 'delete'],
          ['B1', '100.0', '1.5', 'add'],
        ],
        [b1, b2, b3],
      ),
    ],
    [
      'a queue that is lost waits for a snapshot',
      [queues, level3('update', [], [], 1), queues],
      [queues, level3('update', [], [], 1)],
    ],
  ])('%s', (_rule, kept, broken) => {
    expect(lost(...kept)).toBe(false)
    expect(lost(...broken)).toBe(true)
  })

  it.each<
    [rule: string, kept: readonly string[], tells: string[], broken: readonly string[], instead: string | string[]]
  >([
    ['the depth is one on offer', [confirmed('level3', 100)], [], [confirmed('level3', 25)], 'VALUE_OUT_OF_RANGE'],
    [
      'an order has an id',
      queued([['B4', '1.0', '1', 'add']], [...buys, ['B4', '1.0', '1']]),
      ['order ADD 10x100000000'],
      queued([['', '1.0', '1', 'add']], buys),
      'FRAME_MALFORMED',
    ],
    [
      'an order is added, modified or deleted',
      queued([['B3', '99.9', '1.0', 'delete']], [b1, b2]),
      ['order DELETE 999x0'],
      queued([['B3', '99.9', '1.0', 'filled']], [b1, b2]),
      'FRAME_MALFORMED',
    ],
    [
      'an order that stays has a quantity',
      queued([['B3', '99.9', '0', 'delete']], [b1, b2]),
      ['order DELETE 999x0'],
      queued([['B3', '99.9', '0', 'modify']], [b1, b2]),
      'VALUE_OUT_OF_RANGE',
    ],
    [
      'changes of orders that are not known are of no effect',
      queued(
        [
          ['X', '1.0', '1', 'delete'],
          ['Y', '1.0', '1', 'modify'],
        ],
        buys,
      ),
      [],
      queued([['X', '1.0', '1', 'add']], buys),
      ['order ADD 10x100000000', ...LOST],
    ],
    [
      'changes count behind a snapshot',
      queued([['B3', '99.9', '1.0', 'delete']], [b1, b2]),
      ['order DELETE 999x0'],
      [level3('update', [['B3', '99.9', '1.0', 'delete']], [], 1)],
      [],
    ],
  ])('%s', (_rule, kept, tells, broken, instead) => {
    expect(says(...kept)).toEqual(tells)
    expect(says(...broken)).toEqual(instead)
  })
})

it('keeps no more orders than a thousand prices can have, and waits for a snapshot then', () => {
  const way = new Way()
  way.events(confirmed('level3', 1_000))
  const many = (count: number, from: number): Order[] =>
    Array.from({ length: count }, (_, i) => [`N${from + i}`, '1.0', '1', 'add'])
  const first = levels(10)
  way.events(level3('snapshot', first, sells, sumOf(first, sells)))
  const more = (count: number, from: number) =>
    way.events(level3('update', many(count, from), [], sumOf(first, sells))).map(told)
  expect(more(24_989, 0)).toHaveLength(24_989)
  expect(way.state().orders.bids).toHaveLength(24_999)
  expect(more(1, 24_989)).toEqual(['order ADD 10x100000000', ...LOST])
  expect(way.state().orders).toBe(null)
})

const trade = (trade_id: number, changes: Readonly<Record<string, string>> = {}, type = 'update') => {
  const { side = '"buy"', price = '100.5', qty = '0.25' } = changes
  return `{"channel":"trade","type":"${type}","data":[{"symbol":"BTC/USD","side":${side},"price":${price},"qty":${qty},"ord_type":"limit","trade_id":${trade_id},"timestamp":"2023-09-25T07:48:36.925533Z"}]}`
}
const ticker = (bid: string, ask: string) =>
  `{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":${bid},"bid_qty":7.5,"ask":${ask},"ask_qty":1}]}`
const TRADE = 'trade 1005x25000000'

describe('trade and ticker', () => {
  it.each<[rule: string, kept: string[], tells: string[], broken: string[], instead: string | string[]]>([
    ['ids of trades are without holes', [trade(7), trade(8)], [TRADE], [trade(7), trade(9)], ['gap trade', TRADE]],
    ['a trade comes once', [trade(7)], [TRADE], [trade(7), trade(7)], []],
    [
      'a trade of before the subscription is no news',
      [trade(7, {}, 'snapshot'), trade(8)],
      [TRADE],
      [trade(7, {}, 'snapshot')],
      [],
    ],
    ['a trade has a side', [trade(7, { side: '"sell"' })], [TRADE], [trade(7, { side: '"b"' })], 'FRAME_MALFORMED'],
    ['a trade has a price', [trade(7)], [TRADE], [trade(7, { price: '0' })], 'VALUE_OUT_OF_RANGE'],
    ['a trade has a quantity', [trade(7)], [TRADE], [trade(7, { qty: '0.0' })], 'VALUE_OUT_OF_RANGE'],
    [
      'a bid is below its ask',
      [ticker('100.1', '100.2')],
      ['quote 1001x750000000 1002x100000000'],
      [ticker('100.2', '100.2')],
      'QUOTE_CROSSED',
    ],
  ])('%s', (_rule, kept, tells, broken, instead) => {
    expect(says(...kept)).toEqual(tells)
    expect(says(...broken)).toEqual(instead)
  })
})
