/** The venues that send JSON: frames to begin damage from, and rounds of a venue that is well. */
import { crc32 } from 'node:zlib'
import type { FuzzedDecoder } from './fuzzed-decoder.ts'
import { hostileJson } from './hostile-frames.ts'
import { wire } from './kit.ts'

interface JsonVenue extends Omit<FuzzedDecoder, 'hostile' | 'good' | 'meets'> {
  readonly frames: readonly string[]
  readonly round: (round: number) => readonly string[]
}

const TIME = '2023-10-06T17:35:55.440295Z'
const text = (value: unknown) => JSON.stringify(value)

const spot: JsonVenue = {
  name: 'binance-spot',
  venue: 'BINANCE',
  symbol: 'BTCUSDT',
  price_scale: 2,
  qty_scale: 8,
  frames: [
    wire.depth(7, 9, [['100.00000000', '0.00000000']], [['101.00000000', '1.50000000']]),
    wire.depth(10, 12, [['100.00000000', '2.00000000']]),
    wire.snapshot(6, [['99.00000000', '1.00000000']], [['102.00000000', '1.00000000']]),
    wire.quote(8),
    wire.trade(9),
  ],
  round: (n) => [
    wire.snapshot(1_000 + n * 10, [['99.00000000', '1.00000000']], [['102.00000000', '1.00000000']]),
    wire.depth(1_001 + n * 10, 1_002 + n * 10, [['100.00000000', '2.00000000']]),
    wire.quote(1_003 + n * 10),
    wire.trade(50 + n),
  ],
  tells: [
    'snapshot 9900x100000000 | 10200x100000000',
    'status LIVE',
    'depth 10000x200000000 | ',
    'quote 10000x100000000 10001x200000000',
    'trade 10000x50000000',
  ],
}

const okx_frame = (channel: string, data: object, action?: string) =>
  text({ arg: { channel, instId: 'BTC-USDT' }, ...(action === undefined ? {} : { action }), data: [data] })
const okx_sum = crc32('100.5:1.25:101.5:2') | 0
const okx_book = { asks: [['101.5', '2', '0', '1']], bids: [['100.5', '1.25', '0', '2']], checksum: okx_sum }
const okx_trade = { instId: 'BTC-USDT', tradeId: '7', px: '100.1', sz: '0.5', side: 'sell', ts: '1652459235575' }
const okx_ticker = { instId: 'BTC-USDT', askPx: '101', askSz: '3', bidPx: '100', bidSz: '4', ts: '1652459235575' }
const okx: JsonVenue = {
  name: 'okx',
  venue: 'OKX',
  symbol: 'BTC-USDT',
  price_scale: 2,
  qty_scale: 4,
  frames: [
    text({ event: 'subscribe', arg: { channel: 'books', instId: 'BTC-USDT' } }),
    okx_frame('books', { ...okx_book, ts: '1652459225464', seqId: 10, prevSeqId: -1 }, 'snapshot'),
    okx_frame(
      'books',
      { asks: [], bids: [['100.5', '0', '0', '0']], ts: '1652459225465', checksum: -5, seqId: 11, prevSeqId: 10 },
      'update',
    ),
    okx_frame('books', { asks: [['102', '1']], bids: [], ts: '1' }, 'update'),
    okx_frame('trades', okx_trade),
    okx_frame('tickers', okx_ticker),
  ],
  round: (n) => [
    okx_frame('books', { ...okx_book, ts: '1652459225464', seqId: 100 + n * 10, prevSeqId: -1 }, 'snapshot'),
    okx_frame('books', { ...okx_book, ts: '1652459225465', seqId: 101 + n * 10, prevSeqId: 100 + n * 10 }, 'update'),
    okx_frame('trades', { ...okx_trade, tradeId: `${50 + n}` }),
    okx_frame('tickers', { ...okx_ticker, ts: `${1_652_459_235_575 + n}` }),
  ],
  tells: [
    'snapshot 10050x12500 | 10150x20000',
    'status LIVE',
    'depth 10050x12500 | 10150x20000',
    'trade 10010x5000',
    'quote 10000x40000 10100x30000',
  ],
}

const kraken_frame = (channel: string, type: string, data: string) =>
  `{"channel":"${channel}","type":"${type}","data":[{"symbol":"BTC/USD",${data}}]}`
const kraken_book = (type: string, bids: string, asks: string, checksum: number) =>
  kraken_frame('book', type, `"bids":[${bids}],"asks":[${asks}],"checksum":${checksum},"timestamp":"${TIME}"`)
const kraken_level3 = (type: string, bids: string, asks: string, checksum: number) =>
  kraken_frame('level3', type, `"bids":[${bids}],"asks":[${asks}],"checksum":${checksum}`)
const kraken_order = (id: string, price: string, qty: string, event = '') =>
  `{${event === '' ? '' : `"event":"${event}",`}"order_id":"${id}","limit_price":${price},"order_qty":${qty},"timestamp":"${TIME}"}`
const kraken_trade = (id: number) =>
  kraken_frame('trade', 'update', `"side":"buy","price":100.5,"qty":0.25,"trade_id":${id},"timestamp":"${TIME}"`)
const kraken_ticker = kraken_frame('ticker', 'update', '"bid":100.1,"bid_qty":7.5,"ask":100.3,"ask_qty":1')
const kraken_books = [
  kraken_book('snapshot', '{"price":100.5,"qty":1.50}', '{"price":101.5,"qty":0.10}', crc32('10150101005150')),
  kraken_book('update', '{"price":100.5,"qty":0}', '{"price":101.6,"qty":2}', 7),
]
const kraken_queues = [
  kraken_level3(
    'snapshot',
    kraken_order('B1', '100.5', '1.5'),
    kraken_order('S1', '101.5', '2.0'),
    crc32('101520100515'),
  ),
  kraken_level3('update', kraken_order('B1', '100.5', '1.0', 'modify'), '', crc32('101520100510')),
]
const kraken: JsonVenue = {
  name: 'kraken book and level3',
  venue: 'KRAKEN',
  symbol: 'BTC/USD',
  price_scale: 2,
  qty_scale: 4,
  frames: [
    '{"channel":"heartbeat"}',
    '{"method":"subscribe","result":{"channel":"book","depth":10,"symbol":"BTC/USD"},"success":true}',
    '{"method":"subscribe","result":{"channel":"level3","depth":10,"symbol":"BTC/USD"},"success":true}',
    ...kraken_books,
    ...kraken_queues,
    kraken_level3('update', kraken_order('B2', '100.5', '1.0', 'add'), kraken_order('S1', '101.5', '2.0', 'delete'), 9),
    kraken_trade(7),
    kraken_ticker,
  ],
  round: (n) => [...kraken_books, ...kraken_queues, kraken_trade(50 + n), kraken_ticker],
  tells: [
    'snapshot 10050x15000 | 10150x1000',
    'status LIVE',
    'depth 10050x0 | 10160x20000',
    'order CLEAR 0x0',
    'order ADD 10050x15000',
    'order ADD 10150x20000',
    'status LIVE',
    'order REDUCE 10050x5000',
    'trade 10050x2500',
    'quote 10010x75000 10030x10000',
  ],
}

const coinbase_frame = (channel: string, sequence_num: number, events: readonly object[]) =>
  text({ channel, client_id: '', timestamp: TIME, sequence_num, events })
const update = (side: string, price_level: string, new_quantity: string) => ({ side, price_level, new_quantity })
const coinbase_frames = (from: number, trade: number, beat: number) => [
  coinbase_frame('l2_data', from, [
    { type: 'snapshot', product_id: 'BTC-USD', updates: [update('bid', '100', '1'), update('offer', '101', '2')] },
  ]),
  coinbase_frame('l2_data', from + 1, [
    { type: 'update', product_id: 'BTC-USD', updates: [update('bid', '100', '0')] },
  ]),
  coinbase_frame('market_trades', from + 2, [
    {
      type: 'update',
      trades: [{ trade_id: `${trade}`, product_id: 'BTC-USD', price: '100.5', size: '0.3', side: 'BUY', time: TIME }],
    },
  ]),
  coinbase_frame('heartbeats', from + 3, [{ heartbeat_counter: beat }]),
  coinbase_frame('ticker', from + 4, [
    {
      type: 'update',
      tickers: [
        { product_id: 'BTC-USD', best_bid: '100', best_bid_quantity: '1', best_ask: '101', best_ask_quantity: '2' },
      ],
    },
  ]),
]
const coinbase: JsonVenue = {
  name: 'coinbase',
  venue: 'COINBASE',
  symbol: 'BTC-USD',
  price_scale: 2,
  qty_scale: 4,
  frames: [
    coinbase_frame('subscriptions', 0, [{ subscriptions: { level2: ['BTC-USD'] } }]),
    ...coinbase_frames(1, 5, 1),
  ],
  round: (n) => coinbase_frames(1_000 + n * 5, 50 + n, 70 + n),
  tells: [
    'snapshot 10000x10000 | 10100x20000',
    'status LIVE',
    'depth 10000x0 | ',
    'trade 10050x3000',
    'quote 10000x10000 10100x20000',
  ],
}

const usdm_depth = (U: number, u: number, pu: number) =>
  text({ e: 'depthUpdate', E: 1, T: 1, s: 'BTCUSDT', U, u, pu, b: [['100.5', '1']], a: [['101', '0']] })
const usdm_trade = (id: number) =>
  text({ e: 'aggTrade', E: 1, s: 'BTCUSDT', a: 5, p: '100.1', q: '0.25', f: id, l: id, T: 1, m: true })
const usdm_quote = (u: number) =>
  text({ e: 'bookTicker', u, E: 1, T: 1, s: 'BTCUSDT', b: '100', B: '1', a: '101', A: '2' })
const usdm_snapshot = (id: number) => text({ lastUpdateId: id, E: 1, T: 1, bids: [['100', '1']], asks: [['101', '2']] })
const usdm: JsonVenue = {
  name: 'binance-usdm',
  venue: 'BINANCE_USDM',
  symbol: 'BTCUSDT',
  price_scale: 2,
  qty_scale: 4,
  frames: [
    usdm_depth(5, 9, 4),
    text({ stream: 'btcusdt@depth', data: JSON.parse(usdm_depth(12, 15, 9)) }),
    usdm_snapshot(7),
    usdm_trade(5),
    usdm_quote(7),
    text({ result: null, id: 1 }),
  ],
  round: (n) => [
    usdm_snapshot(1_000 + n * 10),
    usdm_depth(999 + n * 10, 1_002 + n * 10, 998 + n * 10),
    usdm_quote(1_003 + n * 10),
    usdm_trade(50 + n),
  ],
  tells: [
    'snapshot 10000x10000 | 10100x20000',
    'status LIVE',
    'depth 10050x10000 | 10100x0',
    'quote 10000x10000 10100x20000',
    'trade 10010x2500',
  ],
}

const MEETS = ['depth', 'trade', 'quote', 'status', 'gap', 'FRAME_MALFORMED', 'FRAME_UNKNOWN', 'SYMBOL_MISMATCH']
const encoder = new TextEncoder()

export const json_decoders: readonly FuzzedDecoder[] = [spot, usdm, okx, kraken, coinbase].map((venue) => ({
  ...venue,
  hostile: hostileJson(venue.frames).map((payload) => ({ payload })),
  good: (round) => venue.round(round).map((frame) => ({ payload: encoder.encode(frame) })),
  meets: [...MEETS, 'SCALE_EXCEEDED', 'VALUE_OUT_OF_RANGE', 'QUOTE_CROSSED'],
}))
