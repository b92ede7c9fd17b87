import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { BookUpdate, Instrument, MarketEvent, RawFrame } from '../../schemas/generated/index.ts'
import { Hand, port } from './kit.ts'
import { books, checksum, frame, params, Way } from './okx-venue.ts'

const snapshot = books('snapshot', [['100.00', '1']], [['101.00', '2']], { seqId: 10, prevSeqId: -1, checksum: 0 })
const change = (prevSeqId: number, seqId: number, qty = '3') =>
  books('update', [['100.00', qty]], [], { seqId, prevSeqId, checksum: 0 })
const kinds = (events: readonly MarketEvent[]) =>
  events.map(({ kind, status, sequence }) => [kind, status?.reason ?? '', sequence])

describe('depth of OKX', () => {
  it('follows the chain of ids', () => {
    const way = new Way()
    expect(kinds(way.events(snapshot))).toEqual([['depth', '', 10]])
    expect(kinds(way.events(change(10, 14)))).toEqual([
      ['status', 'SYNCED', 10],
      ['depth', '', 14],
    ])
    const [event] = way.events(change(14, 15, '0'))
    expect(event).toMatchObject({
      instrument_id: 'BTC-USDT.OKX',
      sequence: 15,
      event_time_us: 1_652_459_225_464_000,
      depth: { snapshot: false, first_sequence: 15, bids: [{ px: 10_000, qty: 0 }], asks: [], checksum: null },
    })
  })

  it('waits for a snapshot behind a hole in the chain', () => {
    const way = new Way()
    way.qualities(snapshot)
    expect(way.qualities(change(10, 14))).toEqual(['LIVE'])
    const events = way.events(change(15, 16))
    expect(kinds(events)).toEqual([
      ['gap', '', 14],
      ['status', 'GAP', 14],
    ])
    expect(events[0]?.gap).toEqual({ channel: 'depth', expected: 15, received: 16 })
    expect(way.events(change(16, 17))).toEqual([])
    expect(kinds(way.events(books('snapshot', [], [], { seqId: 20, prevSeqId: -1 })))).toEqual([['depth', '', 20]])
    expect(kinds(way.events(change(20, 21)))).toEqual([
      ['status', 'SYNCED', 20],
      ['depth', '', 21],
    ])
  })

  it('goes on where the ids begin anew behind the right one, and nowhere else', () => {
    const way = new Way()
    way.qualities(snapshot)
    expect(way.qualities(change(10, 14))).toEqual(['LIVE'])
    expect(way.qualities(change(14, 3))).toEqual(['LIVE'])
    expect(way.qualities(change(3, 7))).toEqual(['LIVE'])
    expect(way.qualities(change(4, 9))).toEqual(['GAP'])
    expect(JSON.parse(way.normal.text())).toMatchObject({ phase: 'RESYNC', gaps: 1 })
  })

  it('is silent about a message that says that nothing changed', () => {
    const way = new Way()
    way.events(snapshot)
    expect(way.events(books('update', [], [], { seqId: 10, prevSeqId: 10 }))).toEqual([])
    expect(kinds(way.events(change(10, 11)))).toEqual([
      ['status', 'SYNCED', 10],
      ['depth', '', 11],
    ])
  })

  it('drops older messages, until their run says that the last one was damaged', () => {
    const way = new Way()
    way.events(snapshot)
    way.events(change(10, 9_000))
    expect(way.events(change(11, 12))).toEqual([])
    expect(way.events(change(12, 13))).toEqual([])
    expect(kinds(way.events(change(13, 14)))).toEqual([
      ['gap', '', 9_000],
      ['status', 'GAP', 9_000],
    ])
  })

  it('before a snapshot is dropped and said once; of another channel than the snapshot it is dropped', () => {
    const way = new Way()
    expect(kinds(way.events(change(1, 2)))).toEqual([['status', 'NO_SNAPSHOT', 0]])
    expect(way.events(change(2, 3))).toEqual([])
    way.events(snapshot)
    const other = books('update', [], [], { seqId: 11, prevSeqId: 10 }, { channel: 'books-l2-tbt', instId: 'BTC-USDT' })
    expect(way.events(other)).toEqual([])
    expect(JSON.parse(way.normal.text())).toMatchObject({ depth_discarded: 3, depth_id: 10 })
  })
})

describe('the checksum of OKX', () => {
  const bids = [
    ['100.0', '1.50'],
    ['99.9', '2'],
  ] as const
  const asks = [['101', '0.1']] as const
  const begun = (sum: number) => {
    const way = new Way()
    return [way, way.qualities(books('snapshot', bids, asks, { checksum: sum }))] as const
  }
  const after = [['100.0', '1.50']] as const

  it('is of the texts as written, and of an unsigned value in the event', () => {
    const [event] = new Way().events(books('snapshot', bids, asks, { checksum: checksum(bids, asks) }))
    expect(event?.depth?.checksum).toEqual({
      rule: 'OKX',
      value: checksum(bids, asks) >>> 0,
      bid_texts: ['100.0:1.50', '99.9:2'],
      ask_texts: ['101:0.1'],
    })
  })

  it('keeps the book good, through changes and a restart', () => {
    const [way, first] = begun(checksum(bids, asks))
    expect(first).toEqual(['SNAPSHOT'])
    way.builder.restart()
    way.normal.restart()
    expect(way.qualities(books('update', [['99.9', '0']], [], { checksum: checksum(after, asks) }))).toEqual(['LIVE'])
  })

  it('makes a book bad until a snapshot that is right, also through a restart', () => {
    const [way] = begun(checksum(bids, asks))
    const wrong = books('update', [['99.9', '1']], [], { checksum: checksum(after, asks) })
    expect(way.qualities(wrong)).toEqual(['CHECKSUM_BAD'])
    way.builder.restart()
    const right = books('update', [['99.9', '0']], [], { checksum: checksum(after, asks) })
    expect(way.qualities(right)).toEqual(['CHECKSUM_BAD'])
    expect(way.qualities(books('snapshot', after, asks, { checksum: checksum(bids, asks) }))).toEqual(['CHECKSUM_BAD'])
    expect(way.qualities(books('snapshot', after, asks, { checksum: checksum(after, asks) }))).toEqual(['SNAPSHOT'])
  })

  it('sees another text of the same number', () => {
    const trimmed = [
      ['100', '1.5'],
      ['99.9', '2'],
    ] as const
    const way = new Way()
    expect(way.qualities(books('snapshot', trimmed, asks, { checksum: checksum(bids, asks) }))).toEqual([
      'CHECKSUM_BAD',
    ])
  })

  it('covers 25 levels of a side, not 26', () => {
    const many = Array.from({ length: 26 }, (_, i) => [String(200 - i), '1'] as const)
    const sum = checksum(many, [['300', '1']])
    const way = new Way()
    expect(way.qualities(books('snapshot', many, [['300', '1']], { checksum: sum }))).toEqual(['SNAPSHOT'])
    expect(way.qualities(books('update', [['175', '9']], [], { checksum: sum }))).toEqual(['LIVE'])
    expect(way.qualities(books('update', [['176', '9']], [], { checksum: sum }))).toEqual(['CHECKSUM_BAD'])
  })

  it('of 0 is none, as the venue sends since it computes none', () => {
    const [way, first] = begun(0)
    expect(first).toEqual(['SNAPSHOT'])
    expect(way.qualities(books('update', [['99.9', '1']], [], { checksum: 0 }))).toEqual(['LIVE'])
  })
})

describe('trades and tickers of OKX', () => {
  const trade = (tradeId: string, more: object = {}) => ({
    arg: { channel: 'trades', instId: 'BTC-USDT' },
    data: [{ instId: 'BTC-USDT', tradeId, px: '100.1', sz: '0.5', side: 'sell', ts: '1652459235575', ...more }],
  })
  const ticker = (ts: string, bidPx = '100', askPx = '101') => ({
    arg: { channel: 'tickers', instId: 'BTC-USDT' },
    data: [{ instId: 'BTC-USDT', askPx, askSz: askPx === '' ? '' : '3', bidPx, bidSz: '4', ts }],
  })

  it('are trades with the side of the taker; a missing id is a gap', () => {
    const way = new Way()
    expect(way.events(trade('7'))[0]?.trade).toEqual({
      trade_id: 7,
      px: 10_010,
      qty: 5_000,
      aggressor: 'SELL',
      conditions: '',
      hidden: false,
    })
    expect(way.events(trade('7'))).toEqual([])
    expect(way.events(trade('6'))).toEqual([])
    expect(way.events(trade('10', { count: '3' })).map(({ kind }) => kind)).toEqual(['trade'])
    const [gap] = way.events(trade('12'))
    expect(gap?.gap).toEqual({ channel: 'trade', expected: 11, received: 12 })
  })

  it('are quotes in the order of the venue time; an empty side is 0', () => {
    const way = new Way()
    expect(way.events(ticker('1652459235575'))[0]?.quote).toEqual({
      bid_px: 10_000,
      bid_qty: 40_000,
      ask_px: 10_100,
      ask_qty: 30_000,
    })
    expect(way.events(ticker('1652459235574'))).toEqual([])
    expect(way.events(ticker('1652459235576', '100', ''))[0]?.quote).toMatchObject({ ask_px: 0, ask_qty: 0 })
  })
})

describe('a frame of OKX', () => {
  it.each([
    ['pong'],
    [{ event: 'subscribe', arg: { channel: 'books', instId: 'BTC-USDT' } }],
    [{ event: 'error', code: '60012', msg: 'Invalid request' }],
    [{ op: 'subscribe', args: [] }],
  ])('%j is silent', (payload) => {
    const way = new Way()
    expect(way.events(payload)).toEqual([])
    expect(JSON.parse(way.normal.text())).toMatchObject({ frames: 1, silent: 1, listing: null })
  })

  const arg = { channel: 'books', instId: 'BTC-USDT' }
  const tick = { instId: 'BTC-USDT', askPx: '1', askSz: '1', bidPx: '1', bidSz: '1', ts: '1' }
  const deal = { instId: 'BTC-USDT', tradeId: '1', px: '1', sz: '1', side: 'buy', ts: '1' }
  it.each([
    ['{', 'FRAME_MALFORMED'],
    [[], 'FRAME_MALFORMED'],
    [{}, 'FRAME_MALFORMED'],
    [{ arg, data: [{}] }, 'FRAME_MALFORMED'],
    [{ arg, action: 'update', data: [] }, 'FRAME_MALFORMED'],
    [{ arg: { channel: 'books5', instId: 'BTC-USDT' }, data: [{}] }, 'FRAME_UNKNOWN'],
    [books('update', [], [], {}, { ...arg, instId: 'ETH-USDT' }), 'SYMBOL_MISMATCH'],
    [books('update', [['1', '0.00001']], []), 'SCALE_EXCEEDED'],
    [books('update', [['0', '1']], []), 'VALUE_OUT_OF_RANGE'],
    [books('update', [['-1', '1']], []), 'VALUE_OUT_OF_RANGE'],
    [books('update', [['x', '1']], []), 'FRAME_MALFORMED'],
    [books('update', [], [], { checksum: 2 ** 31 }), 'FRAME_MALFORMED'],
    [books('update', [], [], { seqId: 5 }), 'FRAME_MALFORMED'],
    [books('update', [], [], { ts: 5 }), 'FRAME_MALFORMED'],
    [{ arg: { ...arg, channel: 'tickers' }, data: [tick] }, 'QUOTE_CROSSED'],
    [{ arg: { ...arg, channel: 'trades' }, data: [{ ...deal, side: 'up' }] }, 'FRAME_MALFORMED'],
    [{ arg: { ...arg, channel: 'trades' }, data: [{ ...deal, sz: '0' }] }, 'VALUE_OUT_OF_RANGE'],
    [{ arg: { ...arg, channel: 'trades' }, data: [{ ...deal, count: '9' }] }, 'VALUE_OUT_OF_RANGE'],
    [{ arg: { ...arg, channel: 'trades' }, data: [{ ...deal, instId: 'X' }] }, 'SYMBOL_MISMATCH'],
  ])('%j is %s, and changes nothing', (payload, code) => {
    const way = new Way()
    way.events(snapshot)
    const before = way.normal.text()
    expect(way.answer(payload)).toMatchObject({ fault: code })
    expect(way.normal.text()).toBe(before)
  })

  it.each([
    ['BTC-USDT', { kind: 'SPOT', base_currency: 'BTC', quote_currency: 'USDT', tradable: true }],
    ['BTC-USDT-SWAP', { kind: 'LINEAR', tradable: false }],
    ['BTC-USD-220527', { kind: 'INVERSE', tradable: false }],
  ])('of %s declares what the symbol says', (symbol, what) => {
    const hand = new Hand(normalizer, `OKX:${symbol}`, { ...params, instruments: [] })
    const payload = books('snapshot', [['1', '1']], [], {}, { channel: 'books', instId: symbol })
    expect(port<Instrument>(hand.on('frames', frame(payload, symbol)), 'instruments')).toMatchObject([what])
    const refusing = new Hand(normalizer, `OKX:${symbol}`, { ...params, instruments: [], unknown_symbol: 'fault' })
    expect(refusing.on('frames', frame(payload, symbol))).toMatchObject({ fault: 'SYMBOL_UNKNOWN' })
  })
})

const DATA = process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../../shared/data')
const path = join(DATA, 'okx/okx_books_20220513.ws.gz')
const missing = existsSync(path) ? '' : ` (skipped: no recorded data at ${DATA}; set AITRADER_DATA)`

it.skipIf(missing !== '')(`290 of 290 recorded checksums are the book's own${missing}`, async () => {
  const source = await createReplay({ files: [{ path, format: 'okx' }], formats: replayFormats })
  await source.open(undefined)
  const normal = new Map<string, Hand>()
  const builders = new Map<string, Hand>()
  const handOf = (hands: Map<string, Hand>, key: string, make: () => Hand) => {
    const hand = hands.get(key) ?? make()
    hands.set(key, hand)
    return hand
  }
  let sums = 0
  const qualities: Record<string, number> = {}
  while (!source.done) {
    const item = source.take()
    if (item === undefined) {
      if (!source.done) await source.ready()
      continue
    }
    const value = item.value as RawFrame
    const key = value.venue_symbol
    const hand = handOf(normal, key, () => new Hand(normalizer, key, { ...params, instruments: [] }))
    const answer = hand.on('frames', { ...value, payload: Uint8Array.from(value.payload) })
    expect(answer).not.toHaveProperty('fault')
    for (const event of port<MarketEvent>(answer, 'events')) {
      if (event.depth?.checksum != null) sums++
      const builder = handOf(
        builders,
        key,
        () => new Hand(bookBuilder, event.instrument_id, { levels: 1, max_levels: 1_000, stale_after_ms: 60_000 }),
      )
      for (const { quality } of port<BookUpdate>(builder.on('events', event), 'books'))
        qualities[quality] = (qualities[quality] ?? 0) + 1
    }
  }
  await source.close()
  expect([sums, qualities]).toEqual([290, { SNAPSHOT: 3, LIVE: 287 }])
})
