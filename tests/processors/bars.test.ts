import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bars } from '../../processors/bars/index.ts'
import type { Bar, Instrument, MarketEvent } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port } from './kit.ts'

const ID = 'ACME.XNAS'
const ACME = { instrument_id: ID, price_scale: 2, qty_scale: 0, calendar: '24x7' }
const S = 1_000_000
const NOON = 1_723_118_400 * S
const CONDITIONS = { coding: 'letters', no_price: 'BI', no_volume: 'M', price_always: 'T' }

function trade(px: number, qty: number, fields: Partial<MarketEvent> = {}, conditions = ''): MarketEvent {
  return {
    kind: 'trade',
    instrument_id: ID,
    venue: 'XNAS',
    symbol: 'ACME',
    sequence: 0,
    event_time_us: 0,
    event_time_source: 'NONE',
    receive_time_us: 0,
    depth: null,
    quote: null,
    trade: { trade_id: 0, px, qty, aggressor: null, conditions, hidden: false },
    status: null,
    gap: null,
    order: null,
    session: null,
    ...fields,
  }
}

const hand = (
  intervals: readonly string[],
  params: Record<string, unknown> = {},
  instruments: readonly Partial<Instrument>[] = [ACME],
) => new Hand(bars, ID, { intervals, clock: 'stream', grace_ms: 1_000, conditions: CONDITIONS, ...params }, instruments)
const big = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
const text = (one: Hand) => JSON.stringify(one.processor.snapshot(one.state), big)
const made = (answer: Answer) => port<Bar>(answer, 'bars')
/** `1m 0-60 10,12,9,11 v5 n4`: interval, edges in seconds after noon, prices, volume, trades. */
function brief({ interval, start_time_us, end_time_us, open_px, high_px, low_px, close_px, volume_qty, trades }: Bar) {
  const from = (start_time_us - NOON) / S
  return `${interval} ${from}-${(end_time_us - NOON) / S} ${open_px},${high_px},${low_px},${close_px} v${volume_qty} n${trades}`
}
/** Gives trades at seconds after noon; answers all bars, those of silence until `until_s` too. */
function run(
  one: Hand,
  given: readonly (readonly [at_s: number, px: number, qty: number, conditions?: string])[],
  until_s = 0,
): string[] {
  const out: Bar[] = []
  for (const [at_s, px, qty, conditions] of given) {
    const at_us = NOON + at_s * S
    out.push(...one.advance(at_us).flatMap(made))
    out.push(...made(one.on('events', trade(px, qty, { receive_time_us: at_us }, conditions), at_us)))
  }
  out.push(...one.advance(NOON + until_s * S).flatMap(made))
  return out.map(brief)
}

describe('time bars', () => {
  it('are closed by silence at their end, and no bar is made of an empty interval', () => {
    const given = [
      [0.25, 10, 1],
      [0.5, 12, 2],
      [0.999999, 9, 3],
      [3, 11, 4],
    ] as const
    expect(run(hand(['1s', '1m']), given, 60)).toEqual([
      '1s 0-1 10,12,9,9 v6 n3',
      '1s 3-4 11,11,11,11 v4 n1',
      '1m 0-60 10,12,9,11 v10 n4',
    ])
  })

  it('hold every field of the schema exactly', () => {
    const one = hand(['1m'])
    one.on('events', trade(10, 1), NOON + 5 * S)
    expect(one.ctx.timers.get('1m')).toBe(NOON + 60 * S)
    one.on('events', { ...trade(10, 1), kind: 'status', trade: null }, NOON + 6 * S)
    expect(one.advance(NOON + 60 * S).flatMap(made)).toEqual([
      {
        instrument_id: ID,
        venue: 'XNAS',
        symbol: 'ACME',
        interval: '1m',
        start_time_us: NOON,
        end_time_us: NOON + 60 * S,
        open_px: 10,
        high_px: 10,
        low_px: 10,
        close_px: 10,
        volume_qty: 1,
        trades: 1,
        origin: 'TRADES',
        receive_time_us: NOON + 60 * S,
      },
    ])
    expect(one.ctx.caused).toEqual(['test/0:0'])
  })

  it.each([
    ['24x7', NOON - 12 * 3_600 * S],
    // 2024-08-08 00:00 IST and EDT.
    ['NSE', NOON - 17.5 * 3_600 * S],
    ['NASDAQ', NOON - 8 * 3_600 * S],
  ])('of a day begin at the midnight of the calendar %s', (calendar, start_us) => {
    const one = hand(['1d'], {}, [{ ...ACME, calendar }])
    one.on('events', trade(10, 1), NOON)
    const [bar] = one.advance(NOON + 24 * 3_600 * S).flatMap(made)
    expect([bar?.start_time_us, bar?.end_time_us]).toEqual([start_us, start_us + 24 * 3_600 * S])
  })

  it('go on as they were after a restart', () => {
    const one = hand(['1m', 'value:1', 'tick:2'])
    one.on('events', trade(10, 1), NOON + 5 * S)
    const before = text(one)
    one.state = one.processor.restore(one.processor.snapshot(one.state), ID, one.ctx.params)
    expect(text(one)).toBe(before)
    expect(run(one, [[6, 12, 1]], 60)).toEqual(['tick:2 5-6 10,12,10,12 v2 n2', '1m 0-60 10,12,10,12 v2 n2'])
  })
})

describe('bars that trades close', () => {
  const given = [
    [1, 10, 3],
    [2, 12, 3],
    [3, 11, 1],
    [4, 13, 9],
  ] as const

  it.each([
    ['tick:2', ['tick:2 1-2 10,12,10,12 v6 n2', 'tick:2 3-4 11,13,11,13 v10 n2']],
    ['volume:6', ['volume:6 1-2 10,12,10,12 v6 n2', 'volume:6 3-4 11,13,11,13 v10 n2']],
    // 0.30 and 0.36, 0.11 and 1.17: the first sum that reaches 1 is that of all four.
    ['value:1', ['value:1 1-4 10,13,10,13 v16 n4']],
  ])('%s: the trade that reaches the size is the last and is not split', (interval, expected) => {
    expect(run(hand([interval]), given, 100)).toEqual(expected)
  })
})

describe('conditions', () => {
  it('keep a trade out of prices, out of volume, or out of both', () => {
    const given = [
      [0.1, 10, 1],
      [0.2, 99, 2, 'B'],
      [0.3, 8, 4, 'M'],
      [0.4, 77, 8, 'MB'],
      [0.5, 12, 16, 'BT'],
    ] as const
    expect(run(hand(['1s']), given, 1)).toEqual(['1s 0-1 10,12,8,12 v19 n4'])
  })

  it('leave no bar of an interval without a price, and count its trades', () => {
    const one = hand(['1s'])
    expect(run(one, [[0.1, 10, 5, 'I']], 2)).toEqual([])
    expect(one.state).toMatchObject({ bars: [{ unpriced_trades: 1, unpriced_qty: 5 }] })
  })

  it('are masks of bits where the parameters say so', () => {
    const conditions = { coding: 'flags', no_price: '20', no_volume: '40', price_always: '2000' }
    const one = hand(['1s'], { conditions })
    const given = [
      [0.1, 10, 1, '1'],
      [0.2, 99, 2, '20000020'],
      [0.3, 12, 4, '20002020'],
      [0.4, 11, 8, '40'],
    ] as const
    expect(run(one, given, 1)).toEqual(['1s 0-1 10,12,10,11 v7 n4'])
    expect(one.on('events', trade(1, 1, {}, '@F'))).toMatchObject({ fault: 'CONDITIONS_UNREADABLE' })
  })
})

describe('the clock of the venue', () => {
  const stamped = (at_s: number, px: number) =>
    trade(px, 1, { event_time_source: 'VENUE', event_time_us: NOON + at_s * S, receive_time_us: 7 })
  /** Our clock runs a minute behind. */
  const late_us = 60 * S

  it('places trades by their stamps; late ones join no bar, not even of an interval that silence closed', () => {
    const one = hand(['1s'], { clock: 'venue', grace_ms: 500 })
    const at = (at_s: number) => NOON - late_us + at_s * S
    expect(made(one.on('events', stamped(0.5, 10), at(0.5)))).toEqual([])
    expect(made(one.on('events', stamped(1.25, 11), at(1.25))).map(brief)).toEqual(['1s 0-1 10,10,10,10 v1 n1'])
    expect(made(one.on('events', stamped(0.75, 99), at(1.3)))).toEqual([])
    expect(one.advance(at(2.4)).flatMap(made)).toEqual([])
    expect(one.advance(at(2.5)).flatMap(made).map(brief)).toEqual(['1s 1-2 11,11,11,11 v1 n1'])
    expect(made(one.on('events', stamped(1.999, 99), at(2.6)))).toEqual([])
    expect(one.state).toMatchObject({ bars: [{ late: 2, counted: 0 }] })
  })

  it('is not lost for good by one stamp that is far ahead, nor taken back by trades of the same day', () => {
    const one = hand(['1m'], { clock: 'venue' })
    const day_s = 86_400
    const give = (at_s: number, px: number) => made(one.on('events', stamped(at_s, px), NOON)).map(brief)
    expect(give(0, 10)).toEqual([])
    expect(give(30 * day_s, 99)).toEqual(['1m 0-60 10,10,10,10 v1 n1'])
    for (let i = 0; i < 200; i++) expect(give(29 * day_s + i, 11)).toEqual([])
    for (let i = 0; i < 50; i++) expect(give(61, 11)).toEqual([])
    one.state = one.processor.restore(one.processor.snapshot(one.state) as never, ID, one.ctx.params)
    for (let i = 0; i < 49; i++) expect(give(62, 11)).toEqual([])
    expect(give(63, 12)).toEqual([`1m ${30 * day_s}-${30 * day_s + 60} 99,99,99,99 v1 n1`])
    expect(give(64, 13)).toEqual([])
    expect(give(120, 14)).toEqual(['1m 60-120 12,13,12,13 v2 n2'])
  })

  it('must be there', () => {
    expect(hand(['1s'], { clock: 'venue' }).on('events', trade(1, 1))).toMatchObject({ fault: 'EVENT_TIME_MISSING' })
  })
})

it.each([
  ['TRADE_INVALID', trade(0, 1), [ACME]],
  ['TRADE_INVALID', trade(1, 0), [ACME]],
  ['INSTRUMENT_UNKNOWN', trade(1, 1), []],
  ['CALENDAR_UNKNOWN', trade(1, 1), [{ ...ACME, calendar: 'MOON' }]],
  ['VOLUME_OVERFLOW', trade(1, Number.MAX_SAFE_INTEGER), [ACME]],
])('%s is a fault and changes nothing', (code, event, instruments) => {
  const one = hand(['1d'], {}, instruments as Partial<Instrument>[])
  if (code === 'VOLUME_OVERFLOW') one.on('events', trade(1, 1), NOON)
  const before = text(one)
  expect(one.on('events', event, NOON)).toMatchObject({ fault: code })
  expect(text(one)).toBe(before)
})

it('is silent about everything but trades', () => {
  const quote = { ...trade(1, 1), kind: 'quote', trade: null } as const
  expect(hand(['1d'], {}, []).on('events', quote)).toEqual({ outputs: {} })
})

describe('laws', () => {
  const trades = fc.array(
    fc.record({
      gap_us: fc.integer({ min: 0, max: 3 * S }),
      px: fc.integer({ min: 1, max: 1_000 }),
      qty: fc.integer({ min: 1, max: 1_000 }),
      conditions: fc.constantFrom('', '', '', 'B', 'M', 'MB', 'BT'),
    }),
    { maxLength: 80 },
  )
  const INTERVALS = ['1s', '5s', '1m', '1d', 'tick:3', 'volume:1500', 'value:4000']

  it('every counted trade is in one bar of each interval, or in what is left open or unpriced; high bounds, low bounds', () => {
    fc.assert(
      fc.property(trades, (given) => {
        const one = hand(INTERVALS)
        const out: Bar[] = []
        let at_us = NOON
        for (const { gap_us, px, qty, conditions } of given) {
          at_us += gap_us
          out.push(...one.advance(at_us).flatMap(made))
          out.push(...made(one.on('events', trade(px, qty, {}, conditions), at_us)))
        }
        const counted = given.filter(({ conditions }) => conditions !== 'MB')
        const volume = counted.reduce((sum, { qty, conditions }) => sum + (conditions === 'M' ? 0 : qty), 0)
        const left = (one.state as { bars: { [key: string]: number }[] }).bars
        INTERVALS.forEach((interval, index) => {
          const mine = out.filter((bar) => bar.interval === interval)
          const rest = left[index] ?? {}
          const sum = (of: (bar: Bar) => number) => mine.reduce((total, bar) => total + of(bar), 0)
          expect(sum((bar) => bar.trades) + (rest.counted ?? 0) + (rest.unpriced_trades ?? 0)).toBe(counted.length)
          expect(sum((bar) => bar.volume_qty) + (rest.volume_qty ?? 0) + (rest.unpriced_qty ?? 0)).toBe(volume)
          expect(rest.late).toBe(0)
          for (const bar of mine) {
            expect(bar.high_px).toBe(Math.max(bar.open_px, bar.high_px, bar.low_px, bar.close_px))
            expect(bar.low_px).toBe(Math.min(bar.open_px, bar.high_px, bar.low_px, bar.close_px))
          }
          const starts = mine.map((bar) => bar.start_time_us)
          expect(starts).toEqual([...starts].sort((a, b) => a - b))
        })
      }),
      { numRuns: 200 },
    )
  })
})
