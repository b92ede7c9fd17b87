import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type KitePacket, readFrame } from '../../processors/normalizer/kite/packet.ts'
import { framed, full, INDEX, ltp, TIME_S } from './kite-packets.ts'

const DATA = join(process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../../shared/data'), 'kite')
const no_data = existsSync(DATA) ? '' : ` (skipped: no recorded data at ${DATA}; set AITRADER_DATA)`
const file = (name: string) => readFileSync(join(DATA, name))

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
