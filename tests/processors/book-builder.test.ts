import { describe, expect, it } from 'vitest'
import { orderFlowImbalance } from '../../processors/book-builder/features.ts'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import type { BookUpdate } from '../../schemas/generated/index.ts'
import { type Hand, port } from './kit.ts'
import { book, books, change, gap, hand, levels, type Pairs, quote, snapshot, status } from './level-events.ts'

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
