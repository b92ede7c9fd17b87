import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSpotFrame, readSpotFrame } from '../../processors/normalizer/binance-spot/spot-json.ts'
import type { SpotMessage } from '../../processors/normalizer/binance-spot/spot-message.ts'
import { bytes, scanSpotFrame } from '../../processors/normalizer/binance-spot/spot-scanner.ts'
import { BEYOND_RANGE, BEYOND_SCALE, NOT_DECIMAL, scaledInteger } from '../../processors/normalizer/decimal.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { Scales } from '../../processors/normalizer/listing.ts'
import { utf8Text } from '../../processors/normalizer/utf8.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { BTC, capture, Hand, no_capture, port, rawFrame, replayed, wire } from './kit.ts'

const utf8 = new TextEncoder()
const SYMBOL = 'BTCUSDT'

function empty(): SpotMessage {
  return { kind: 'quote', sequence: 0, event_time_us: 0, depth: null, quote: null, trade: null }
}

/** The scanner's answer; undefined where it leaves the frame to the other path. */
function scanned(payload: Uint8Array, scales: Scales): SpotMessage | undefined {
  const message = empty()
  return scanSpotFrame(payload, bytes(SYMBOL), scales, message) ? message : undefined
}

/** The JSON path's answer; a code for a frame it refuses. */
function parsed(payload: Uint8Array, scales: Scales): SpotMessage | string {
  const frame = parseSpotFrame(payload)
  if ('code' in frame) return frame.code
  const message = empty()
  return readSpotFrame(frame, SYMBOL, scales, message)?.code ?? message
}

/** What exact arithmetic says. */
function exact(text: string, scale: number): number {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return /^-\d+(\.\d+)?$/.test(text) ? BEYOND_RANGE : NOT_DECIMAL
  const fraction = match[2] ?? ''
  if (/[1-9]/.test(fraction.slice(scale))) return BEYOND_SCALE
  const value = BigInt((match[1] ?? '') + fraction.slice(0, scale).padEnd(scale, '0'))
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? BEYOND_RANGE : Number(value)
}

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max })
const decimalText = fc.oneof(
  fc.tuple(digits(1, 18), digits(0, 12)).map(([whole, fraction]) => (fraction === '' ? whole : `${whole}.${fraction}`)),
  // Around the end of the safe range, whole and as written in 8 places.
  fc.tuple(fc.bigInt({ min: -3n, max: 3n }), fc.constantFrom(0, 8)).map(([off, places]) => {
    const text = (BigInt(Number.MAX_SAFE_INTEGER) + off).toString()
    return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
  }),
  fc.string({ unit: fc.constantFrom(...'0123456789.-+e '), maxLength: 8 }),
)

const scale = fc.oneof(fc.constantFrom(0, 8), fc.integer({ min: 0, max: 15 }))

describe('a decimal', () => {
  it('is the integer that exact arithmetic says, or the same refusal', () => {
    fc.assert(
      fc.property(decimalText, scale, (text, scale) => {
        expect(scaledInteger(text, scale)).toBe(exact(text, scale))
      }),
      { numRuns: 3_000 },
    )
  })

  it('is the same to the scanner, which refuses by not knowing the frame', () => {
    fc.assert(
      fc.property(decimalText, scale, (text, qty_scale) => {
        const frame = utf8.encode(`{"u":1,"s":"BTCUSDT","b":"1","B":"${text}","a":"2","A":"0"}`)
        const value = exact(text, qty_scale)
        expect(scanned(frame, { price_scale: 0, qty_scale })?.quote?.bid_qty).toBe(value < 0 ? undefined : value)
      }),
      { numRuns: 3_000 },
    )
  })

  it.each([
    ['61837.63000000', 2, 6_183_763],
    ['61837.63000000', 8, 6_183_763_000_000],
    ['0.00000001', 8, 1],
    ['0.000000010', 8, 1],
    ['0.000000011', 8, BEYOND_SCALE],
    ['90071992.54740991', 8, Number.MAX_SAFE_INTEGER],
    ['90071992.54740992', 8, BEYOND_RANGE],
    ['-0.1', 8, BEYOND_RANGE],
    ['1.', 8, NOT_DECIMAL],
    ['.1', 8, NOT_DECIMAL],
    ['', 8, NOT_DECIMAL],
    ['1e3', 8, NOT_DECIMAL],
    ['NaN', 8, NOT_DECIMAL],
    ['1 ', 8, NOT_DECIMAL],
  ])('%s at scale %i is %i', (text, scale, value) => expect(scaledInteger(text, scale)).toBe(value))
})

const px = fc
  .tuple(fc.integer({ min: 1, max: 99_999 }), digits(8, 8))
  .map(([whole, fraction]) => `${whole}.${fraction}`)
const qty = fc
  .tuple(fc.integer({ min: 0, max: 9_999 }), digits(8, 8))
  .map(([whole, fraction]) => `${whole}.${fraction}`)
const id = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const side = fc.array(fc.tuple(px, qty), { maxLength: 5 })
const wrap = fc.constantFrom(
  (frame: string) => frame,
  (frame: string) => `{"stream":"btcusdt@x","data":${frame}}`,
)
const usual = fc.oneof(
  fc.tuple(id, px, qty, px, qty).map(([u, b, B, a, A]) => JSON.stringify({ u, s: SYMBOL, b, B, a, A })),
  fc
    .tuple(id, id, px, qty, id, fc.boolean(), fc.boolean())
    .map(([E, t, p, q, T, m, old]) =>
      JSON.stringify({ e: 'trade', E, s: SYMBOL, t, p, q, ...(old ? { b: 7, a: 8 } : {}), T, m, M: true }),
    ),
  fc
    .tuple(id, id, id, side, side)
    .map(([E, U, u, b, a]) => JSON.stringify({ e: 'depthUpdate', E, s: SYMBOL, U, u, b, a })),
)
/** One byte of a frame gone, doubled or changed. */
const bent = fc
  .tuple(
    usual,
    wrap,
    fc.nat(),
    fc.constantFrom('', '0', '9', '"', '.', ' ', '-', '\\', '}', '\u00e9'),
    fc.integer({ min: 0, max: 2 }),
  )
  .map(([frame, wrapped, at, by, drop]) => {
    const text = wrapped(frame)
    const place = at % text.length
    return text.slice(0, place) + by + text.slice(place + drop)
  })

describe('the scanner', () => {
  it('reads what the JSON path reads, to the same message', () => {
    fc.assert(
      fc.property(usual, wrap, (frame, wrapped) => {
        const payload = utf8.encode(wrapped(frame))
        const message = parsed(payload, BTC8)
        const fast = scanned(payload, BTC8)
        if (typeof message === 'string') expect(fast).toBeUndefined()
        else expect(fast).toEqual(message)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never reads what the JSON path reads otherwise or refuses', () => {
    fc.assert(
      fc.property(bent, (frame) => {
        const payload = utf8.encode(frame)
        const fast = scanned(payload, BTC8)
        if (fast !== undefined) expect(parsed(payload, BTC8)).toEqual(fast)
      }),
      { numRuns: 5_000 },
    )
  })

  it.skipIf(capture === undefined)(
    `reads every stream frame of the recorded file as the JSON path does${no_capture}`,
    async () => {
      let frames = 0
      for (const { value } of await replayed(capture ?? '')) {
        const { payload } = value as RawFrame
        const fast = scanned(payload, BTC)
        if (fast === undefined) expect(parsed(payload, BTC)).toMatchObject({ kind: 'depth', depth: { snapshot: true } })
        else if (frames++ % 5 === 0) expect(fast).toEqual(parsed(payload, BTC))
      }
      expect(frames).toBe(41_248)
    },
  )
})

const BTC8 = { price_scale: 8, qty_scale: 8 }

function hand(params: object = {}): Hand {
  return new Hand(normalizer, 'BINANCE:BTCUSDT', {
    instruments: [BTC],
    unknown_symbol: 'declare',
    buffer_max: 4,
    restart_after: 100,
    ...params,
  })
}

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
    ['is of another kind', JSON.stringify({ e: 'aggTrade', s: SYMBOL }), 'FRAME_UNKNOWN'],
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

describe('UTF-8', () => {
  it('is read as the platform reads it, and refused where that refuses', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const expected = (bytes: Uint8Array) => {
      try {
        return strict.decode(bytes)
      } catch {
        return undefined
      }
    }
    const edges = fc.constantFrom(
      0x00,
      0x7f,
      0x80,
      0xbf,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0x9f,
      0xa0,
      0xef,
      0xf0,
      0x90,
      0x8f,
      0xf4,
      0xf5,
      0xff,
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }).map((text) => utf8.encode(text)),
          fc.array(edges, { maxLength: 6 }).map((list) => Uint8Array.from(list)),
        ),
        (bytes) => {
          expect(utf8Text(bytes)).toBe(expected(bytes))
        },
      ),
      { numRuns: 3_000 },
    )
    const long = '币x😀'.repeat(10_000)
    expect(utf8Text(utf8.encode(long))).toBe(long)
  })
})
