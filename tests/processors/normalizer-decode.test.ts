import { describe, expect, it } from 'vitest'
import { normalizer } from '../../processors/normalizer/index.ts'
import { BTC, Hand, port, rawFrame, wire } from './kit.ts'

function hand(params: object = {}): Hand {
  return new Hand(normalizer, 'BINANCE:BTCUSDT', {
    instruments: [BTC],
    unknown_symbol: 'declare',
    buffer_max: 4,
    restart_after: 100,
    ...params,
  })
}

it.each([
  ['bare', { e: 'serverShutdown', E: 1_723_161_255_208 }],
  ['wrapped', { stream: 'serverShutdown', data: { e: 'serverShutdown', E: 1_723_161_255_208 } }],
])('what the venue says of its servers is no fault and no event: %s', (_shape, payload) => {
  // It names no symbol: such frames share a key.
  const normal = new Hand(normalizer, 'BINANCE:?', {
    instruments: [BTC],
    unknown_symbol: 'fault',
    buffer_max: 4,
    restart_after: 100,
  })
  const frame = rawFrame(JSON.stringify(payload), { venue_symbol: 'BINANCE:?', channel: 'serverShutdown' })
  expect(normal.on('frames', frame)).toEqual({ outputs: {} })
  expect(normal.state).toMatchObject({ frames: 1, gaps: 0, phase: 'NEW' })
})

describe('an event', () => {
  const common = {
    instrument_id: 'BTCUSDT.BINANCE',
    venue: 'BINANCE',
    symbol: 'BTCUSDT',
    receive_time_us: 1_723_161_254_000_000,
    depth: null,
    quote: null,
    trade: null,
    status: null,
    gap: null,
    order: null,
    session: null,
  }

  it('of a quote has no venue time', () => {
    expect(hand().on('frames', rawFrame(wire.quote(7)))).toEqual({
      outputs: {
        events: [
          {
            ...common,
            kind: 'quote',
            sequence: 7,
            event_time_us: 0,
            event_time_source: 'NONE',
            quote: { bid_px: 10_000, bid_qty: 100_000_000, ask_px: 10_001, ask_qty: 200_000_000 },
          },
        ],
      },
    })
  })

  it.each([
    [true, 'SELL'],
    [false, 'BUY'],
  ] as const)('of a trade where the buyer is the maker: %s has aggressor %s', (maker, aggressor) => {
    expect(hand().on('frames', rawFrame(wire.trade(9, '100.01', '0.5', maker)))).toEqual({
      outputs: {
        events: [
          {
            ...common,
            kind: 'trade',
            sequence: 9,
            event_time_us: 1_723_161_255_342_000,
            event_time_source: 'VENUE',
            trade: { trade_id: 9, px: 10_001, qty: 50_000_000, aggressor, conditions: '', hidden: false },
          },
        ],
      },
    })
  })

  it('of depth carries the levels as sent', () => {
    const normal = hand()
    normal.on('frames', rawFrame(wire.snapshot(5)))
    const answer = normal.on(
      'frames',
      rawFrame(
        wire.depth(
          4,
          8,
          [['100.00', '0']],
          [
            ['101.50', '1'],
            ['102', '0.00000001'],
          ],
        ),
      ),
    )
    expect(port(answer, 'events')[1]).toEqual({
      ...common,
      kind: 'depth',
      sequence: 8,
      event_time_us: 1_723_161_255_208_000,
      event_time_source: 'VENUE',
      depth: {
        snapshot: false,
        first_sequence: 4,
        bids: [{ px: 10_000, qty: 0 }],
        asks: [
          { px: 10_150, qty: 100_000_000 },
          { px: 10_200, qty: 1 },
        ],
        conflated: false,
        checksum: null,
      },
    })
  })

  it('takes venue times in microseconds as they are', () => {
    const frame = wire.trade(9).replace('"T":1723161255342', '"T":1723161255342123')
    expect(port(hand().on('frames', rawFrame(frame)), 'events')).toMatchObject([
      { event_time_us: 1_723_161_255_342_123 },
    ])
  })
})

const quoteWith = (fields: object) =>
  JSON.stringify({ stream: 's', data: { ...JSON.parse(wire.quote(7)).data, ...fields } })
const tradeWith = (fields: object) => JSON.stringify({ ...JSON.parse(wire.trade(7)).data, ...fields })
const depthWith = (fields: object) => JSON.stringify({ ...JSON.parse(wire.depth(7, 8)).data, ...fields })

describe('a bad frame', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['is empty', '', 'FRAME_MALFORMED'],
    ['is no JSON', 'xx', 'FRAME_MALFORMED'],
    ['is cut', wire.quote(7).slice(0, -1), 'FRAME_MALFORMED'],
    ['has more behind it', `${wire.quote(7)}}`, 'FRAME_MALFORMED'],
    ['is no UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'FRAME_MALFORMED'],
    ['is a list', '[]', 'FRAME_MALFORMED'],
    ['is null', 'null', 'FRAME_MALFORMED'],
    ['has a stream without data', '{"stream":"btcusdt@trade"}', 'FRAME_MALFORMED'],
    ['answers a request', '{"result":null,"id":1}', 'FRAME_UNKNOWN'],
    ['is of another kind', JSON.stringify({ e: 'aggTrade', s: 'BTCUSDT' }), 'FRAME_UNKNOWN'],
    [
      'has the best five levels only',
      JSON.stringify({ stream: 'btcusdt@depth5@100ms', data: JSON.parse(wire.snapshot(5)) }),
      'FRAME_UNKNOWN',
    ],
    ['is of another symbol', quoteWith({ s: 'ETHUSDT' }), 'SYMBOL_MISMATCH'],
    ['has a symbol that is no text', quoteWith({ s: 7 }), 'FRAME_MALFORMED'],
    ['misses a price', quoteWith({ b: undefined }), 'FRAME_MALFORMED'],
    ['has a number for a price', quoteWith({ b: 100 }), 'FRAME_MALFORMED'],
    ['has a price that is no decimal', quoteWith({ b: '1e2' }), 'FRAME_MALFORMED'],
    ['has a price beyond the scale', quoteWith({ b: '99.001' }), 'SCALE_EXCEEDED'],
    ['has a quantity beyond the range', quoteWith({ B: '90071992.54740992' }), 'VALUE_OUT_OF_RANGE'],
    ['has a negative quantity', quoteWith({ B: '-1.00000000' }), 'VALUE_OUT_OF_RANGE'],
    ['has a crossed quote', quoteWith({ b: '100.01000000' }), 'QUOTE_CROSSED'],
    ['has an id beyond the range', quoteWith({ u: 2 ** 53 }), 'VALUE_OUT_OF_RANGE'],
    ['has a negative id', quoteWith({ u: -1 }), 'VALUE_OUT_OF_RANGE'],
    ['has an id that is no integer', quoteWith({ u: 1.5 }), 'FRAME_MALFORMED'],
    ['has a trade of quantity 0', tradeWith({ q: '0.00000000' }), 'VALUE_OUT_OF_RANGE'],
    ['has a trade of price 0', tradeWith({ p: '0.00000000' }), 'VALUE_OUT_OF_RANGE'],
    ['has a trade without side', tradeWith({ m: null }), 'FRAME_MALFORMED'],
    ['has a trade time beyond the range', tradeWith({ T: 10_000_000_000_000 }), 'VALUE_OUT_OF_RANGE'],
    ['has ids the wrong way round', depthWith({ U: 9 }), 'FRAME_MALFORMED'],
    ['has levels that are no list', depthWith({ b: {} }), 'FRAME_MALFORMED'],
    ['has a level that is no pair', depthWith({ b: [['1.00']] }), 'FRAME_MALFORMED'],
    ['has a level without price', depthWith({ b: [['0.00', '1.00']] }), 'VALUE_OUT_OF_RANGE'],
    ['is too long', ' '.repeat(4 * 1024 * 1024 + 1), 'FRAME_TOO_LONG'],
  ])('%s: a fault that changes nothing', (_name, frame, code) => {
    for (const before of [[], [wire.quote(1), wire.trade(1), wire.snapshot(5), wire.depth(6, 6)]]) {
      const normal = hand()
      for (const one of before) normal.on('frames', rawFrame(one))
      const state = normal.text()
      expect(normal.on('frames', rawFrame(frame))).toMatchObject({ fault: code })
      expect(normal.text()).toBe(state)
    }
    expect(Object.keys(normalizer.faults)).toContain(code)
  })
})

describe('a symbol', () => {
  it('that is not declared gets an instrument with the full decimals of its data, once', () => {
    const normal = hand({ instruments: [] })
    const answer = normal.on('frames', rawFrame(wire.quote(7)))
    expect(port(answer, 'instruments')).toEqual([
      {
        instrument_id: 'BTCUSDT.BINANCE',
        venue: 'BINANCE',
        symbol: 'BTCUSDT',
        kind: 'SPOT',
        price_scale: 8,
        qty_scale: 8,
        tick_size_px: 1,
        lot_size_qty: 1,
        min_qty: 1,
        max_qty: Number.MAX_SAFE_INTEGER,
        multiplier: 1,
        base_currency: '',
        quote_currency: '',
        calendar: '24x7',
        tradable: true,
        origin: 'DATA',
      },
    ])
    expect(port(answer, 'events')).toMatchObject([{ quote: { bid_px: 10_000_000_000 } }])
    expect(port(normal.on('frames', rawFrame(wire.quote(8))), 'instruments')).toEqual([])
    normal.restart()
    expect(port(normal.on('frames', rawFrame(wire.quote(9))), 'instruments')).toEqual([])
  })

  it('has more decimals where its data has, and not fewer where zeros were cut', () => {
    const scales = (frame: string) => port(hand({ instruments: [] }).on('frames', rawFrame(frame)), 'instruments')
    expect(scales(quoteWith({ b: '99.0000000012' }))).toMatchObject([{ price_scale: 10, qty_scale: 8 }])
    expect(scales(quoteWith({ b: '99', B: '1', a: '100', A: '1' }))).toMatchObject([{ price_scale: 8, qty_scale: 8 }])
    expect(scales(tradeWith({ q: '1.123456789' }))).toMatchObject([{ price_scale: 8, qty_scale: 9 }])
    expect(scales(wire.snapshot(5, [['1.1234567891', '1']]))).toMatchObject([{ price_scale: 10, qty_scale: 8 }])
  })

  it('is not declared by a frame that is refused', () => {
    const normal = hand({ instruments: [] })
    expect(normal.on('frames', rawFrame(quoteWith({ B: '90071992.54740992' })))).toMatchObject({
      fault: 'VALUE_OUT_OF_RANGE',
    })
    expect(normal.on('frames', rawFrame('{"result":null}'))).toMatchObject({ fault: 'FRAME_UNKNOWN' })
    expect(port(normal.on('frames', rawFrame(wire.quote(7))), 'instruments')).toHaveLength(1)
  })

  it('that is not declared is refused where the policy says so; so is one that cannot be told', () => {
    const unknown = { fault: 'SYMBOL_UNKNOWN' }
    expect(hand({ instruments: [], unknown_symbol: 'fault' }).on('frames', rawFrame(wire.quote(7)))).toMatchObject(
      unknown,
    )
    expect(hand().on('frames', rawFrame(wire.snapshot(5), { venue_symbol: 'BINANCE:?' }))).toMatchObject(unknown)
  })

  it('may be of any script', () => {
    const normal = hand({ instruments: [] })
    const frame = quoteWith({ s: '币安人生USDT' })
    for (const u of [7, 8]) {
      const answer = normal.on(
        'frames',
        rawFrame(frame.replace('"u":7', `"u":${u}`), { venue_symbol: 'BINANCE:币安人生USDT' }),
      )
      expect(port(answer, 'events')).toMatchObject([{ instrument_id: '币安人生USDT.BINANCE', sequence: u }])
    }
  })
})
