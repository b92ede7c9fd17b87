import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizer } from '../../processors/normalizer/index.ts'
import { type KitePacket, readFrame } from '../../processors/normalizer/kite/packet.ts'
import { Arena } from '../../runtime/api/index.ts'
import { Instrument, MarketEvent, type RawFrame } from '../../schemas/generated/index.ts'
import { type Answer, Hand, port, rawFrame } from './kit.ts'

const DATA = join(process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../../shared/data'), 'kite')
const no_data = existsSync(DATA) ? '' : ` (skipped: no recorded data at ${DATA}; set AITRADER_DATA)`
const file = (name: string) => readFileSync(join(DATA, name))

/** A frame of packets, each as its bytes. */
function framed(...packets: readonly Uint8Array[]): Uint8Array {
  const out = Buffer.alloc(2 + packets.reduce((sum, packet) => sum + 2 + packet.length, 0))
  out.writeUInt16BE(packets.length)
  let at = 2
  for (const packet of packets) {
    out.writeUInt16BE(packet.length, at)
    out.set(packet, at + 2)
    at += 2 + packet.length
  }
  return out
}

const INFY = 408_065
const INDEX = 256_265
type Level = readonly [qty: number, px: number, orders?: number]
interface Full {
  readonly token?: number
  readonly last_px?: number
  readonly volume?: number
  readonly time_s?: number
  readonly bids?: readonly Level[]
  readonly asks?: readonly Level[]
}
/** 2021-07-05 10:41:27 IST. */
const TIME_S = 1_625_461_887

function full({ token = INFY, last_px = 157_370, volume = 1_000, time_s = TIME_S, ...rest }: Full = {}): Uint8Array {
  const { bids = [[5, 157_340, 1]], asks = [[172, 157_370, 3]] } = rest
  const out = Buffer.alloc(184)
  out.writeUInt32BE(token, 0)
  out.writeInt32BE(last_px, 4)
  out.writeUInt32BE(volume, 16)
  out.writeUInt32BE(time_s, 60)
  const side = (levels: readonly Level[], from: number) => {
    levels.forEach(([qty, px, orders = 1], i) => {
      out.writeUInt32BE(qty, from + i * 12)
      out.writeUInt32BE(px, from + i * 12 + 4)
      out.writeUInt16BE(orders, from + i * 12 + 8)
    })
  }
  side(bids, 64)
  side(asks, 124)
  return out
}

function ltp(token: number, last_px: number): Uint8Array {
  const out = Buffer.alloc(8)
  out.writeUInt32BE(token, 0)
  out.writeInt32BE(last_px, 4)
  return out
}

const one = (frame: Uint8Array): KitePacket => {
  const packets = readFrame(frame)
  if (!Array.isArray(packets) || packets[0] === undefined) throw new Error(JSON.stringify(packets))
  return packets[0]
}

/** A packet in the words of the venue's own client library, prices as its JSON has them. */
function asJson(packet: KitePacket): Record<string, unknown> {
  const px = (value: number) => value / 10 ** packet.price_scale
  const time = (seconds: number) => `${new Date((seconds + 19_800) * 1_000).toISOString().slice(0, 19)}+05:30`
  const depth = (levels: KitePacket['bids']) =>
    levels.map(({ px: level_px, qty, orders }) => ({ price: px(level_px), quantity: qty, orders }))
  const ltp_fields = {
    mode: packet.mode,
    tradable: packet.segment !== 9,
    instrument_token: packet.token,
    last_price: px(packet.last_px),
  }
  if (packet.mode === 'ltp') return ltp_fields
  const quote = {
    ...ltp_fields,
    last_quantity: packet.last_qty,
    average_price: px(packet.average_px),
    volume: packet.volume_qty,
    buy_quantity: packet.buy_qty,
    sell_quantity: packet.sell_qty,
    ohlc: { open: px(packet.open_px), high: px(packet.high_px), low: px(packet.low_px), close: px(packet.close_px) },
  }
  if (packet.mode === 'quote') return quote
  return {
    ...quote,
    last_trade_time: time(packet.last_trade_time_s),
    oi: packet.open_interest,
    oi_day_high: packet.open_interest_high,
    oi_day_low: packet.open_interest_low,
    timestamp: time(packet.exchange_time_s),
    depth: { buy: depth(packet.bids), sell: depth(packet.asks) },
  }
}

describe.skipIf(no_data !== '')(`recorded packets${no_data}`, () => {
  it.each(['quote', 'full'])('ticker_%s.packet equals its JSON, every field that the packet has', (mode) => {
    const packet = one(framed(Buffer.from(file(`ticker_${mode}.packet`).toString(), 'base64')))
    const { change, ...expected } = JSON.parse(file(`ticker_${mode}.json`).toString())
    expect(asJson(packet)).toEqual(expected)
    // Not in the packet: the JSON's change is a stale value of its writer, not last less close of this packet.
    expect(change).toBe(1573.7 - 1567.8)
  })

  it('ticker_ltp.json is the packet of its two numbers', () => {
    const expected = JSON.parse(file('ticker_ltp.json').toString())
    expect(asJson(one(framed(ltp(expected.instrument_token, expected.last_price * 100))))).toEqual(expected)
  })

  const LTP = { mode: 'ltp', tradable: true, instrument_token: 884_737, last_price: 392.95 }
  const QUOTE = {
    ...LTP,
    mode: 'quote',
    last_quantity: 2,
    average_price: 403.07,
    volume: 22_261_032,
    buy_quantity: 5_617,
    sell_quantity: 0,
    ohlc: { open: 420, high: 420.9, low: 390.1, close: 414.1 },
  }
  const none = { price: 0, quantity: 0, orders: 0 }

  // The bytes read by hand, offset by offset; the times by another program.
  it.each([
    ['ltpMode', LTP],
    ['quoteMode', QUOTE],
    [
      'fullMode',
      {
        ...QUOTE,
        mode: 'full',
        last_trade_time: '2022-06-16T15:57:44+05:30',
        oi: 0,
        oi_day_high: 0,
        oi_day_low: 0,
        timestamp: '2022-06-16T16:48:48+05:30',
        depth: {
          buy: [{ price: 392.95, quantity: 5_617, orders: 30 }, none, none, none, none],
          sell: [none, none, none, none, none],
        },
      },
    ],
  ])('%s_binary.packet, framed', (name, expected) => {
    expect(asJson(one(file(`${name}_binary.packet`)))).toEqual(expected)
  })
})

describe('packets', () => {
  it('are unsigned where the format is: a volume beyond 2^31 stays positive', () => {
    const packet = one(
      framed(full({ volume: 0x90000001, token: 0x90000001, bids: [[0xffffffff, 0xfffffffe, 0xffff]] })),
    )
    expect([packet.volume_qty, packet.token, packet.bids[0]]).toEqual([
      0x90000001,
      0x90000001,
      { qty: 0xffffffff, px: 0xfffffffe, orders: 0xffff },
    ])
  })

  it('of an index have their own order of prices and a signed change', () => {
    const bytes = Buffer.alloc(32)
    bytes.writeUInt32BE(INDEX, 0)
    ;[1_000, 1_100, 900, 950, 1_010, -10].forEach((value, i) => {
      bytes.writeInt32BE(value, 4 + i * 4)
    })
    bytes.writeUInt32BE(TIME_S, 28)
    const expected = {
      token: INDEX,
      segment: 9,
      last_px: 1_000,
      high_px: 1_100,
      low_px: 900,
      open_px: 950,
      close_px: 1_010,
      change_px: -10,
    }
    expect(one(framed(bytes))).toMatchObject({ ...expected, mode: 'index_full', exchange_time_s: TIME_S })
    expect(one(framed(bytes.subarray(0, 28)))).toMatchObject({ ...expected, mode: 'index_quote', exchange_time_s: 0 })
  })

  it.each([
    ['NSE', 1, 2],
    ['CDS', 3, 7],
    ['BCD', 6, 4],
    ['MCX', 7, 2],
  ])('of %s (segment %i) have prices of %i decimals', (_name, segment, price_scale) => {
    expect(one(framed(ltp(0x100 + segment, 1)))).toMatchObject({ segment, price_scale })
  })
})

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

it('never throws at any bytes, and a fault changes nothing', () => {
  const seeds = [framed(full()), framed(full(), ltp(INFY, 1)), framed(ltp(INDEX, 3)), Uint8Array.of(0)]
  const mutated = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.nat({ max: 255 }), fc.nat({ max: 40 })), { maxLength: 4 }),
    )
    .map(([seed, edits]) => {
      const bytes = [...seed]
      for (const [place, kind, byte, length] of edits) {
        const at = bytes.length === 0 ? 0 : place % bytes.length
        if (kind === 0) bytes[at] = byte
        else if (kind === 1) bytes.splice(at, 0, byte)
        else bytes.splice(at, length)
      }
      return Uint8Array.from(bytes)
    })
  const codes = Object.keys(normalizer.faults)
  const arena = new Arena(1_024)
  let at = hand()
  let frames = 0
  let answered = 0
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: mutated }, fc.uint8Array({ maxLength: 400 })), (payload) => {
      if (++frames % 100 === 0) at = hand()
      const before = at.text()
      const answer = at.on('frames', rawFrame(payload, FRAME))
      if ('fault' in answer) {
        expect(codes).toContain(answer.fault)
        expect(at.text()).toBe(before)
        return
      }
      answered++
      for (const event of events(answer)) {
        arena.pos = 0
        MarketEvent.encode(event, arena)
        expect(MarketEvent.decode(arena.buf, 0, arena.pos)).toEqual(event)
      }
      for (const instrument of port<Instrument>(answer, 'instruments')) Instrument.encode(instrument, arena)
    }),
    { numRuns: process.env.AITRADER_FULL === undefined ? 10_000 : 100_000 },
  )
  expect(answered).toBeGreaterThan(1_000)
})
