/** Valid frames of each venue that sends JSON, to begin damage from. */
import { crc32 } from 'node:zlib'

export interface VenueFrames {
  readonly venue: string
  readonly symbol: string
  readonly frames: readonly string[]
}

const time = '2023-10-06T17:35:55.440295Z'
const text = (value: unknown) => JSON.stringify(value)

const okx_arg = (channel: string) => ({ channel, instId: 'BTC-USDT' })
const okx = [
  text({ event: 'subscribe', arg: okx_arg('books') }),
  text({
    arg: okx_arg('books'),
    action: 'snapshot',
    data: [
      {
        asks: [['101.5', '2', '0', '1']],
        bids: [['100.5', '1.25', '0', '2']],
        ts: '1652459225464',
        checksum: crc32('100.5:1.25:101.5:2') | 0,
        seqId: 10,
        prevSeqId: -1,
      },
    ],
  }),
  text({
    arg: okx_arg('books'),
    action: 'update',
    data: [{ asks: [], bids: [['100.5', '0', '0', '0']], ts: '1652459225465', checksum: -5, seqId: 11, prevSeqId: 10 }],
  }),
  text({ arg: okx_arg('books'), action: 'update', data: [{ asks: [['102', '1']], bids: [], ts: '1' }] }),
  text({
    arg: okx_arg('trades'),
    data: [{ instId: 'BTC-USDT', tradeId: '7', px: '100.1', sz: '0.5', side: 'sell', ts: '1652459235575' }],
  }),
  text({
    arg: okx_arg('tickers'),
    data: [{ instId: 'BTC-USDT', askPx: '101', askSz: '3', bidPx: '100', bidSz: '4', ts: '1652459235575' }],
  }),
]

const kraken_book = (type: string, bids: string, asks: string, checksum: number) =>
  `{"channel":"book","type":"${type}","data":[{"symbol":"BTC/USD","bids":[${bids}],"asks":[${asks}],"checksum":${checksum},"timestamp":"${time}"}]}`
const kraken_order = (id: string, price: string, qty: string, event = '') =>
  `{${event === '' ? '' : `"event":"${event}",`}"order_id":"${id}","limit_price":${price},"order_qty":${qty},"timestamp":"${time}"}`
const kraken_level3 = (type: string, bids: string, asks: string, checksum: number) =>
  `{"channel":"level3","type":"${type}","data":[{"symbol":"BTC/USD","bids":[${bids}],"asks":[${asks}],"checksum":${checksum}}]}`
const kraken = [
  '{"channel":"heartbeat"}',
  '{"method":"subscribe","result":{"channel":"book","depth":10,"snapshot":true,"symbol":"BTC/USD"},"success":true}',
  kraken_book(
    'snapshot',
    '{"price":100.5,"qty":1.50}',
    '{"price":101.5,"qty":0.10}',
    crc32('101510100515 0'.replace(' ', '')),
  ),
  kraken_book('update', '{"price":100.5,"qty":0}', '{"price":101.6,"qty":2}', 7),
  kraken_level3(
    'snapshot',
    kraken_order('B1', '100.5', '1.5'),
    kraken_order('S1', '101.5', '2.0'),
    crc32('101520100515'),
  ),
  kraken_level3('update', kraken_order('B1', '100.5', '1.0', 'modify'), '', crc32('101520100510')),
  kraken_level3('update', kraken_order('B2', '100.5', '1.0', 'add'), kraken_order('S1', '101.5', '2.0', 'delete'), 9),
  `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":100.5,"qty":0.25,"ord_type":"limit","trade_id":7,"timestamp":"${time}"}]}`,
  '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":100.1,"bid_qty":7.5,"ask":100.3,"ask_qty":1}]}',
]

const coinbase_frame = (channel: string, sequence_num: number, events: readonly object[]) =>
  text({ channel, client_id: '', timestamp: time, sequence_num, events })
const update = (side: string, price_level: string, new_quantity: string) => ({ side, price_level, new_quantity })
const coinbase = [
  coinbase_frame('subscriptions', 0, [{ subscriptions: { level2: ['BTC-USD'] } }]),
  coinbase_frame('heartbeats', 4, [{ heartbeat_counter: 1 }]),
  coinbase_frame('l2_data', 1, [
    { type: 'snapshot', product_id: 'BTC-USD', updates: [update('bid', '100', '1'), update('offer', '101', '2')] },
  ]),
  coinbase_frame('l2_data', 2, [{ type: 'update', product_id: 'BTC-USD', updates: [update('bid', '100', '0')] }]),
  coinbase_frame('market_trades', 3, [
    {
      type: 'update',
      trades: [{ trade_id: '5', product_id: 'BTC-USD', price: '100.5', size: '0.3', side: 'BUY', time }],
    },
  ]),
  coinbase_frame('ticker', 5, [
    {
      type: 'update',
      tickers: [
        { product_id: 'BTC-USD', best_bid: '100', best_bid_quantity: '1', best_ask: '101', best_ask_quantity: '2' },
      ],
    },
  ]),
]

const usdm = [
  text({ e: 'depthUpdate', E: 1, T: 1, s: 'BTCUSDT', U: 5, u: 9, pu: 4, b: [['100.5', '1']], a: [['101', '0']] }),
  text({
    stream: 'btcusdt@depth',
    data: { e: 'depthUpdate', E: 1, T: 1, s: 'BTCUSDT', U: 12, u: 15, pu: 9, b: [], a: [] },
  }),
  text({ lastUpdateId: 7, E: 1, T: 1, bids: [['100', '1']], asks: [['101', '2']] }),
  text({ e: 'aggTrade', E: 1, s: 'BTCUSDT', a: 5, p: '100.1', q: '0.25', f: 3, l: 5, T: 1, m: true }),
  text({ e: 'bookTicker', u: 7, E: 1, T: 1, s: 'BTCUSDT', b: '100', B: '1', a: '101', A: '2' }),
  text({ result: null, id: 1 }),
]

export const venue_frames: readonly VenueFrames[] = [
  { venue: 'OKX', symbol: 'BTC-USDT', frames: okx },
  { venue: 'KRAKEN', symbol: 'BTC/USD', frames: kraken },
  { venue: 'COINBASE', symbol: 'BTC-USD', frames: coinbase },
  { venue: 'BINANCE_USDM', symbol: 'BTCUSDT', frames: usdm },
]
