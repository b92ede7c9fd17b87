import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CASES, type FuzzedDecoder, fuzz, type Sent } from './fuzzed-decoder.ts'
import { hostileRows } from './hostile-frames.ts'

const encoder = new TextEncoder()
const row = (text: string, channel: string): Sent => ({ payload: encoder.encode(text), fields: { channel } })
/** Rows of one kind mostly where they belong, sometimes in the other channel. */
const inChannels = (rows: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Sent> =>
  fc.oneof(
    ...Object.entries(rows).map(([own, texts]) =>
      fc
        .tuple(hostileRows(texts), fc.constantFrom(own, own, own, ...Object.keys(rows)))
        .map(([payload, channel]) => ({ payload, fields: { channel } })),
    ),
  )

const LOBSTER_BOOK = '2239500,100,2231800,100,2239900,100,2230700,200'
const lobster: FuzzedDecoder = {
  name: 'lobster',
  venue: 'NASDAQ',
  symbol: 'AMZN',
  price_scale: 4,
  qty_scale: 0,
  hostile: inChannels({
    'lobster-message': [
      '34200.017459617,5,0,1,2238200,-1',
      '34200.5,1,7,21,2238100,1',
      '34200.6,4,7,20,2238100,1',
      '34201.632812671996,3,7,1,2238100,1',
      '34202,2,8,5,2239500,-1',
      '34203,6,-1,100,2239000,1',
      '34204,7,0,0,-1,-1',
    ],
    'lobster-book': [LOBSTER_BOOK, '101,5,100,3,9999999999,0,99,2'],
  }),
  good: () => [
    row('34200.5,1,7,21,2238100,1', 'lobster-message'),
    row('34200.6,4,7,21,2238100,1', 'lobster-message'),
    row('34204,7,0,0,1,-1', 'lobster-message'),
  ],
  tells: ['order ADD 2238100x21', 'order EXECUTE 2238100x21', 'trade 2238100x21', 'session OPEN'],
  meets: ['order', 'trade', 'session', 'depth', 'FRAME_MALFORMED', 'VALUE_OUT_OF_RANGE', 'QUOTE_CROSSED'],
}

const taq: FuzzedDecoder = {
  name: 'taq-trade-quote',
  venue: 'SIP',
  symbol: 'IBM',
  price_scale: 4,
  qty_scale: 0,
  hostile: inChannels({
    'taq-trade': ['34200070,1820000,100,D,1,0', '34200071,1820100,100,Q,4000,0', '34200072,1,5,P,0,1'],
    'taq-quote': ['34200070,1812400,200,0,0,P,1,0', '34200071,0,0,1818000,300,P,1,0', '34200072,1,1,2,2,Q,1,1'],
  }),
  good: () => [
    row('34200070,1812400,200,0,0,P,1,0', 'taq-quote'),
    row('34200071,0,0,1818000,300,P,1,0', 'taq-quote'),
    row('34200072,1820000,100,D,1,0', 'taq-trade'),
  ],
  tells: ['quote 1812400x200 1818000x300', 'quote 1812400x200 1818000x300', 'trade 1820000x100'],
  meets: ['trade', 'quote', 'FRAME_MALFORMED', 'VALUE_OUT_OF_RANGE'],
}

/** 2019-07-09 09:15 IST, the opening. */
const OPEN_US = Date.parse('2019-07-09T09:15:00+05:30') * 1_000
const MINUTE_US = 60_000_000
const minute = (at: number) => ({ channel: '1m', receive_time_us: OPEN_US + (at + 1) * MINUTE_US })
const minute_bars: FuzzedDecoder = {
  name: 'minute-bars',
  venue: 'NSE',
  symbol: 'YESBANK',
  price_scale: 2,
  qty_scale: 0,
  hostile: fc
    .tuple(
      hostileRows(['33300000,950000,950000,939000,948500,1730100', '33360000,100,200,100,200,1']),
      fc.nat({ max: 2 }),
    )
    .map(([payload, at]) => ({ payload, fields: minute(at) })),
  good: (round) => [
    {
      payload: encoder.encode(`${33_300_000 + (round + 5) * 60_000},950000,950000,939000,948500,1730100`),
      fields: minute(round + 5),
    },
  ],
  tells: ['bar 9485x1730100'],
  meets: ['FRAME_MALFORMED', 'VALUE_OUT_OF_RANGE', 'SCALE_EXCEEDED'],
}

it.each([lobster, taq, minute_bars])(
  `whatever rows come, $name keeps its promises in ${CASES} cases`,
  (decoder) => {
    fuzz(decoder, 20_260_103)
    expect.hasAssertions()
  },
  600_000,
)
