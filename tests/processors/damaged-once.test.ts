/** What one damaged frame did, before it was refused or outlived: each was found by the fuzz tests beside. */
import { expect, it } from 'vitest'
import { bookBuilder } from '../../processors/book-builder/index.ts'
import { nbbo } from '../../processors/nbbo/index.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { BookUpdate, MarketEvent, Nbbo } from '../../schemas/generated/index.ts'
import { told } from './fuzzed-decoder.ts'
import { Hand, port, rawFrame, wire } from './kit.ts'

const RESTART_AFTER = 3
function venueOf(venue: string, symbol: string) {
  const declared = { instrument_id: `${symbol}.${venue}`, venue, symbol, price_scale: 2, qty_scale: 4 }
  const params = { instruments: [declared], unknown_symbol: 'declare', buffer_max: 16, restart_after: RESTART_AFTER }
  const key = `${venue}:${symbol}`
  const hand = new Hand(normalizer, key, params)
  const on = (frame: string | object) =>
    hand.on('frames', rawFrame(typeof frame === 'string' ? frame : JSON.stringify(frame), { venue, venue_symbol: key }))
  const events = (frame: string | object) => port<MarketEvent>(on(frame), 'events')
  return { declared, hand, on, events, say: (frame: string | object) => events(frame).map(told) }
}

const LAST_ID = 2 ** 53 - 1
it.each([
  ['a trade', wire.trade(LAST_ID)],
  ['a quote', wire.quote(LAST_ID)],
  ['a change', wire.depth(1, LAST_ID)],
  ['a snapshot', wire.snapshot(LAST_ID)],
])('an id without a next one is refused: the gap behind it could not be written: %s', (_what, frame) => {
  const { on } = venueOf('BINANCE', 'BTCUSDT')
  expect(on(frame)).toMatchObject({ fault: 'VALUE_OUT_OF_RANGE' })
  on(wire.quote(1))
  expect(on(frame)).toMatchObject({ fault: 'VALUE_OUT_OF_RANGE' })
})

const okx_ticker = (ts: string) => ({
  arg: { channel: 'tickers', instId: 'BTC-USDT' },
  data: [{ instId: 'BTC-USDT', askPx: '101', askSz: '3', bidPx: '100', bidSz: '4', ts }],
})
it.each([
  ['BINANCE', 'BTCUSDT', wire.trade(7).replace('"T":1723161255342', '"T":4102444800001')],
  ['OKX', 'BTC-USDT', okx_ticker('4102444800001')],
  [
    'COINBASE',
    'BTC-USD',
    { channel: 'heartbeats', timestamp: '2100-01-01T00:00:00.000001Z', sequence_num: 1, events: [] },
  ],
])(
  'a stamp after the year 2099 is refused: bars by the venue’s clock would wait for it: %s',
  (venue, symbol, frame) => {
    expect(venueOf(venue, symbol).on(frame)).toMatchObject({ fault: expect.stringMatching(/RANGE|MALFORMED/) })
  },
)

it('a ticker of OKX with a stamp far ahead does not silence those behind it for good', () => {
  const { say } = venueOf('OKX', 'BTC-USDT')
  const now = 1_652_459_235_575
  expect(say(okx_ticker(`${now * 2}`))).toEqual(['quote 10000x40000 10100x30000'])
  const later = [0, 1, 2].map((ms) => say(okx_ticker(`${now + ms}`)).length)
  expect(later).toEqual([0, 0, 1])
  expect(say(okx_ticker(`${now + 3}`))).toHaveLength(1)
})

const okx_book = (action: string, seqId: number, prevSeqId: number) => ({
  arg: { channel: 'books', instId: 'BTC-USDT' },
  action,
  data: [{ asks: [['101', '2']], bids: [['100', '1']], ts: '1652459225464', seqId, prevSeqId }],
})
it('ids of OKX that were far ahead, again and again, leave room for those that follow', () => {
  const { events } = venueOf('OKX', 'BTC-USDT')
  const far = 2 ** 52
  let sequence = 0
  for (let i = 0; i < 4; i++) {
    events(okx_book('snapshot', far, -1))
    events(okx_book('snapshot', 10, -1))
    const made = events(okx_book('update', far - 1, 10)).concat(events(okx_book('snapshot', 12, -1)))
    const change = events(okx_book('update', 13, 12)).find(({ depth }) => depth !== null)
    expect(made.every((event) => Number.isSafeInteger(event.sequence))).toBe(true)
    sequence = change?.sequence ?? 0
    expect(sequence).toBeGreaterThan(0)
    expect(sequence).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER)
  }
})

it('quotes of Binance futures whose ids began anew are behind a gap that goes back', () => {
  const { say, events } = venueOf('BINANCE_USDM', 'BTCUSDT')
  const quote = (u: number) => ({ e: 'bookTicker', u, E: 1, T: 1, s: 'BTCUSDT', b: '100', B: '1', a: '101', A: '2' })
  say(quote(1_000))
  expect([say(quote(5)), say(quote(6))]).toEqual([[], []])
  expect(events(quote(7)).map(({ kind, gap }) => [kind, gap?.expected, gap?.received])).toEqual([
    ['gap', 1_001, 7],
    ['quote', undefined, undefined],
  ])
})

const coinbase = (channel: string, sequence_num: number, event: object) => ({
  channel,
  timestamp: '2023-10-06T17:35:55Z',
  sequence_num,
  events: [event],
})
const side = (side: string, price_level: string, new_quantity = '1') => ({ side, price_level, new_quantity })
const level2 = (number: number, type: string, bid: string, ask: string) =>
  coinbase('l2_data', number, { type, product_id: 'BTC-USD', updates: [side('bid', bid), side('offer', ask)] })
it('a book of Coinbase that comes again on a new connection, after a gap, is in the NBBO', () => {
  const { declared, events } = venueOf('COINBASE', 'BTC-USD')
  const books = { levels: 5, max_levels: 20, proven_min: 0, stale_after_ms: 60_000 }
  const book = new Hand(bookBuilder, declared.instrument_id, books)
  const best = new Hand(nbbo, 'BTC-USD', { stale_after_ms: 60_000 }, [declared])
  let last: Nbbo | undefined
  const on = (frame: object) => {
    for (const event of events(frame)) {
      const updates = port<BookUpdate>(book.on('events', event), 'books')
      const made = [best.on('events', event), ...updates.map((update) => best.on('books', update))]
      last = made.flatMap((answer) => port<Nbbo>(answer, 'nbbo')).at(-1) ?? last
    }
    return last?.bid_px
  }
  on(level2(5_000, 'snapshot', '100', '101'))
  expect(on(level2(5_001, 'update', '100', '101'))).toBe(10_000)
  on(level2(5_003, 'update', '99', '101'))
  on(coinbase('subscriptions', 0, {}))
  on(level2(1, 'snapshot', '90', '91'))
  expect(on(level2(2, 'update', '90', '91'))).toBe(9_000)
})

it('trades of before and of after a subscription of Coinbase may stand in one message', () => {
  const { events } = venueOf('COINBASE', 'BTC-USD')
  const trade = (trade_id: string) => ({
    trade_id,
    product_id: 'BTC-USD',
    price: '100',
    size: '1',
    side: 'BUY',
    time: '2023-10-06T17:35:55Z',
  })
  const both = {
    channel: 'market_trades',
    timestamp: '2023-10-06T17:35:55Z',
    sequence_num: 1,
    events: [
      { type: 'snapshot', trades: [trade('5'), trade('4')] },
      { type: 'update', trades: [trade('6')] },
    ],
  }
  expect(events(both).map(({ sequence }) => sequence)).toEqual([6])
})

it.each([
  ['book', 11],
  ['level3', 25],
  ['book', LAST_ID],
])('a confirmed depth that Kraken does not offer is refused: %s %i', (channel, depth) => {
  const { on } = venueOf('KRAKEN', 'BTC/USD')
  const confirmed = { method: 'subscribe', result: { channel, depth, symbol: 'BTC/USD' }, success: true }
  expect(on(confirmed)).toMatchObject({ fault: 'VALUE_OUT_OF_RANGE' })
})

it('a LOBSTER book row with a number that no integer is, is refused', () => {
  const hand = new Hand(normalizer, 'NASDAQ:AMZN', {
    instruments: [],
    unknown_symbol: 'declare',
    buffer_max: 16,
    restart_after: 3,
  })
  const fields = { venue: 'NASDAQ', venue_symbol: 'NASDAQ:AMZN', channel: 'lobster-book' }
  expect(hand.on('frames', rawFrame('9999999999999999,1,1,1', fields))).toMatchObject({ fault: 'FRAME_MALFORMED' })
})
