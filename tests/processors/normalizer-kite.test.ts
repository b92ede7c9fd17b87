import { describe, expect, it } from 'vitest'
import { normalizer } from '../../processors/normalizer/index.ts'
import type { Instrument, MarketEvent, RawFrame } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'
import { framed, full, INDEX, INFY, ltp, TIME_S } from './kite-packets.ts'

const FRAME: Partial<RawFrame> = { venue_symbol: 'KITE:*', venue: 'KITE', receive_time_us: TIME_S * 1_000_000 + 7 }
const params = {
  instruments: [{ instrument_id: 'INFY.KITE', venue: 'KITE', symbol: String(INFY), price_scale: 2, qty_scale: 0 }],
  unknown_symbol: 'declare',
  buffer_max: 8,
  restart_after: 3,
}
const hand = (changes: Record<string, unknown> = {}) => new Hand(normalizer, 'KITE:*', { ...params, ...changes })
const give = (at: Hand, ...packets: readonly Uint8Array[]) => at.on('frames', rawFrame(framed(...packets), FRAME))
const events = (answer: Answer) => port<MarketEvent>(answer, 'events')
const kinds = (answer: Answer) =>
  events(answer).map(({ kind, trade, session }) => `${kind} ${trade?.qty ?? session?.phase ?? ''}`.trim())

describe('events', () => {
  it('of a full packet are its session, its book as a state, and its best prices', () => {
    const made = events(
      give(
        hand(),
        full({
          bids: [
            [5, 157_340],
            [0, 0],
            [7, 0],
          ],
        }),
      ),
    )
    expect(made.map(({ kind }) => kind)).toEqual(['session', 'depth', 'quote'])
    expect(made[0]?.session).toEqual({ phase: 'OPEN', reason: 'CALENDAR' })
    expect(made[1]).toEqual({
      kind: 'depth',
      instrument_id: 'INFY.KITE',
      venue: 'KITE',
      symbol: String(INFY),
      sequence: 0,
      event_time_us: TIME_S * 1_000_000,
      event_time_source: 'VENUE',
      receive_time_us: TIME_S * 1_000_000 + 7,
      depth: {
        snapshot: true,
        first_sequence: 0,
        bids: [{ px: 157_340, qty: 5 }],
        asks: [{ px: 157_370, qty: 172 }],
        conflated: true,
        checksum: null,
      },
      quote: null,
      trade: null,
      status: null,
      gap: null,
      order: null,
      session: null,
    })
    expect(made[2]?.quote).toEqual({ bid_px: 157_340, bid_qty: 5, ask_px: 157_370, ask_qty: 172 })
  })

  it('of trades are what the volume of the day grew by, at the last price, without a side', () => {
    const at = hand()
    give(at, full({ volume: 1_000 }))
    expect(kinds(give(at, full({ volume: 1_000 })))).toEqual(['depth', 'quote'])
    const answer = give(at, full({ volume: 1_007, last_px: 157_355 }))
    expect(kinds(answer)).toEqual(['trade 7', 'depth', 'quote'])
    expect(events(answer)[0]?.trade).toEqual({
      trade_id: 0,
      px: 157_355,
      qty: 7,
      aggressor: null,
      conditions: '',
      hidden: false,
    })
  })

  it('begin to count anew on a new day; a volume that falls within a day is a gap', () => {
    const at = hand()
    give(at, full({ volume: 1_000 }))
    const answer = give(at, full({ volume: 900 }))
    expect(kinds(answer)).toEqual(['gap', 'depth', 'quote'])
    expect(events(answer)[0]?.gap).toEqual({ channel: 'volume', expected: 1_000, received: 900 })
    expect(kinds(give(at, full({ volume: 5, time_s: TIME_S + 86_400 })))).toEqual(['depth', 'quote'])
    expect(kinds(give(at, full({ volume: 8, time_s: TIME_S + 86_400 })))).toEqual(['trade 3', 'depth', 'quote'])
  })

  it('of packets older than the last one are dropped, until they are believed', () => {
    const at = hand()
    give(at, full())
    const older = full({ time_s: TIME_S - 1, volume: 1_001 })
    expect([kinds(give(at, older)), kinds(give(at, older))]).toEqual([[], []])
    expect(at.state).toMatchObject({ out_of_order: 2 })
    expect(kinds(give(at, older))).toEqual(['trade 1', 'depth', 'quote'])
  })

  it('of the session follow the clock of the venue through the calendar', () => {
    const at = hand()
    const at_ist = (time: string) => Date.parse(`2021-07-05T${time}+05:30`) / 1_000
    const phases = ['09:00:01', '09:14:59', '09:15:00', '15:29:59', '15:30:00'].map((time) =>
      events(give(at, full({ time_s: at_ist(time) }))).flatMap(({ session }) => session?.phase ?? []),
    )
    expect(phases).toEqual([['AUCTION'], [], ['OPEN'], [], ['CLOSED']])
  })

  it('of a book that crosses in the auction are no quote', () => {
    expect(kinds(give(hand(), full({ bids: [[1, 200]], asks: [[1, 200]] })))).toEqual(['session OPEN', 'depth'])
  })

  it('name an instrument that is not declared by its token, once, and it takes no orders', () => {
    const at = hand({ instruments: [] })
    const answer = give(at, ltp(INFY, 1), ltp(0x103, 5), ltp(INDEX, 7))
    expect(
      port<Instrument>(answer, 'instruments').map(({ instrument_id, price_scale, calendar, tradable }) => [
        instrument_id,
        price_scale,
        calendar,
        tradable,
      ]),
    ).toEqual([
      ['408065.KITE', 2, 'NSE', false],
      ['259.KITE', 7, 'KITE-3', false],
      ['256265.KITE', 2, 'KITE-9', false],
    ])
    expect(give(at, ltp(INFY, 2))).toEqual({ outputs: {} })
  })

  it('bear the names of the declared instrument that the token stands for', () => {
    const infy = { instrument_id: 'INFY.NSE', venue: 'NSE', symbol: 'INFY', price_scale: 3, qty_scale: 1 }
    const tokens = [{ token: INFY, instrument_id: 'INFY.NSE' }]
    const answer = give(hand({ instruments: [infy], tokens }), full())
    expect(port(answer, 'instruments')).toEqual([])
    expect(events(answer).at(-1)).toMatchObject({
      instrument_id: 'INFY.NSE',
      venue: 'NSE',
      symbol: 'INFY',
      quote: { bid_px: 1_573_400, bid_qty: 50 },
    })
    expect(give(hand({ instruments: [], tokens }), full())).toMatchObject({ fault: 'SYMBOL_UNKNOWN' })
  })

  it('are none of heartbeats and texts', () => {
    const at = hand()
    for (const payload of [Uint8Array.of(0), '{"type":"order","data":{}}'])
      expect(at.on('frames', rawFrame(payload, FRAME))).toEqual({ outputs: {} })
    expect(at.state).toMatchObject({ heartbeats: 1, texts: 1, frames: 0 })
  })

  it('go on after a restart as before it', () => {
    const at = hand()
    give(at, full())
    at.restart()
    expect(kinds(give(at, full({ volume: 1_002 })))).toEqual(['trade 2', 'depth', 'quote'])
  })
})

it('a packet that was kept without its frame says what it says within one', () => {
  const bare = (payload: Uint8Array) => hand().on('frames', { ...rawFrame(payload, FRAME), channel: 'packet' })
  expect(bare(full())).toEqual(hand().on('frames', rawFrame(framed(full()), FRAME)))
  expect(bare(full().subarray(1))).toMatchObject({ fault: 'FRAME_MALFORMED', detail: { why: 'a packet of 183 bytes' } })
})

describe('faults', () => {
  const whole = framed(full())
  it.each([
    ['FRAME_MALFORMED', Uint8Array.of()],
    ['FRAME_MALFORMED', whole.subarray(0, whole.length - 1)],
    ['FRAME_MALFORMED', Buffer.concat([whole, Uint8Array.of(0)])],
    ['FRAME_MALFORMED', framed(full().subarray(0, 183))],
    ['FRAME_MALFORMED', framed(Buffer.alloc(44, 9))],
    ['FRAME_MALFORMED', Uint8Array.of(0xff, 0xff)],
    ['VALUE_OUT_OF_RANGE', framed(full(), ltp(INFY, -1))],
    ['VALUE_OUT_OF_RANGE', framed(full({ time_s: 4_102_444_801 }))],
  ])('%s: nothing of the frame is applied', (code, payload) => {
    const at = hand()
    const before = at.text()
    expect(at.on('frames', rawFrame(payload, FRAME))).toMatchObject({ fault: code })
    expect(at.text()).toBe(before)
  })

  it('a declared scale that is too coarse, an undeclared token where that is refused', () => {
    const coarse = [{ ...params.instruments[0], price_scale: 1 }]
    expect(give(hand({ instruments: coarse }), full())).toMatchObject({ fault: 'SCALE_EXCEEDED' })
    expect(give(hand({ unknown_symbol: 'fault' }), full({ token: 1 }))).toMatchObject({ fault: 'SYMBOL_UNKNOWN' })
  })
})
