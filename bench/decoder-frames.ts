/**
 * Frames of the venues of which nothing recorded is at hand, made from the forms that the tests use: continuous, so that
 * every frame is decoded and none is dropped as old.
 */
import type { RawFrame } from '../schemas/generated/index.ts'
import { itch } from '../tests/processors/itch.ts'
import { rawFrame } from '../tests/processors/kit.ts'

const BEGIN_MS = 1_723_161_255_000

/** Equal numbers in every run. */
function dice(seed = 1): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 4_294_967_296) * below)
  }
}

function frames(venue: string, symbol: string, payloads: Iterable<string | Uint8Array>, channel = ''): RawFrame[] {
  return Array.from(payloads, (payload, i) =>
    rawFrame(payload, {
      venue,
      venue_symbol: `${venue}:${symbol}`,
      channel,
      frame_seq: i,
      receive_time_us: (BEGIN_MS + i) * 1_000,
    }),
  )
}

/** `[price, quantity]` as text, three or so per side and message, as venues send them in a quiet minute. */
function levels(roll: (below: number) => number, around: number, qty_places: number): [string, string][] {
  return Array.from({ length: 1 + roll(5) }, () => [
    (around + roll(2_000) / 100).toFixed(2),
    roll(4) === 0 ? '0' : (1 + roll(1_000_000) / 10 ** 6).toFixed(qty_places),
  ])
}

export function usdmFrames(count: number): RawFrame[] {
  const roll = dice()
  let id = 1_000
  let trade = 1
  function* payloads() {
    yield JSON.stringify({ lastUpdateId: id + 1, E: BEGIN_MS, T: BEGIN_MS, bids: [['100', '1']], asks: [['200', '1']] })
    for (let i = 1; i < count; i++) {
      const at = { E: BEGIN_MS + i, T: BEGIN_MS + i, s: 'BTCUSDT' }
      const kind = roll(10)
      if (kind < 6) {
        const pu = id
        id += 1 + roll(20)
        const sides = { b: levels(roll, 100, 3), a: levels(roll, 160, 3) }
        yield JSON.stringify({
          stream: 'btcusdt@depth@100ms',
          data: { e: 'depthUpdate', ...at, U: pu + 1, u: id, pu, ...sides },
        })
      } else if (kind < 8) {
        trade++
        const what = { a: trade, p: '150.10', q: '0.250', f: trade, l: trade, m: kind === 6 }
        yield JSON.stringify({ stream: 'btcusdt@aggTrade', data: { e: 'aggTrade', ...at, ...what } })
      } else {
        const quote = { u: i, b: '149.90', B: '1.250', a: '150.00', A: '2.500' }
        yield JSON.stringify({ stream: 'btcusdt@bookTicker', data: { e: 'bookTicker', ...at, ...quote } })
      }
    }
  }
  return frames('BINANCE_USDM', 'BTCUSDT', payloads())
}

export function krakenFrames(count: number): RawFrame[] {
  const roll = dice(2)
  const side = (around: number) =>
    levels(roll, around, 8)
      .map(([price, qty]) => `{"price":${price},"qty":${qty}}`)
      .join(',')
  function* payloads() {
    for (let i = 0; i < count; i++) {
      const time = `${new Date(BEGIN_MS + i).toISOString().slice(0, -1)}295Z`
      const type = i === 0 ? 'snapshot' : 'update'
      if (i === 0 || roll(10) < 7)
        yield `{"channel":"book","type":"${type}","data":[{"symbol":"BTC/USD","bids":[${side(100)}],"asks":[${side(160)}],"checksum":${roll(4e9)},"timestamp":"${time}"}]}`
      else
        yield `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":150.50,"qty":0.25000000,"ord_type":"limit","trade_id":${i},"timestamp":"${time}"}]}`
    }
  }
  return frames('KRAKEN', 'BTC/USD', payloads())
}

export function coinbaseFrames(count: number): RawFrame[] {
  const roll = dice(3)
  const updates = (side: string, around: number, event_time: string) =>
    levels(roll, around, 8).map(([price_level, new_quantity]) => ({ side, event_time, price_level, new_quantity }))
  function* payloads() {
    for (let sequence_num = 0; sequence_num < count; sequence_num++) {
      const time = `${new Date(BEGIN_MS + sequence_num).toISOString().slice(0, -1)}714964Z`
      const book = sequence_num === 0 || roll(10) < 7
      const what = {
        type: sequence_num === 0 ? 'snapshot' : 'update',
        ...(book
          ? { product_id: 'BTC-USD', updates: [...updates('bid', 100, time), ...updates('offer', 160, time)] }
          : {
              trades: [
                {
                  trade_id: String(sequence_num),
                  product_id: 'BTC-USD',
                  price: '150.5',
                  size: '0.3',
                  side: 'BUY',
                  time,
                },
              ],
            }),
      }
      const channel = book ? 'l2_data' : 'market_trades'
      yield JSON.stringify({ channel, client_id: '', timestamp: time, sequence_num, events: [what] })
    }
  }
  return frames('COINBASE', 'BTC-USD', payloads())
}

/** An order comes, is executed in part, replaced, executed, cancelled in part and deleted; hidden trades between. */
export function itchFrames(count: number): RawFrame[] {
  function* payloads() {
    yield itch.directory()
    for (let i = 1, ref = 1; i < count; i += 7, ref += 2) {
      yield itch.add(ref, ref % 4 === 1 ? 'B' : 'S')
      yield itch.executed(ref, 40, i)
      yield itch.replaced(ref, ref + 1)
      yield itch.executed(ref + 1, 10, i + 1)
      yield itch.trade()
      yield itch.cancelled(ref + 1, 10)
      yield itch.deleted(ref + 1)
    }
  }
  return frames('NASDAQ', 'ACME', [...payloads()].slice(0, count), 'itch50')
}

/** A recorded full-mode packet of one instrument, its volume and its times moved on. */
export function kiteFrames(packet: Uint8Array, count: number): RawFrame[] {
  const VOLUME_AT = 4 + 16
  const TRADED_AT = 4 + 44
  const STAMPED_AT = 4 + 60
  const first = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  function* payloads() {
    for (let i = 0; i < count; i++) {
      const bytes = Uint8Array.from(packet)
      const view = new DataView(bytes.buffer)
      view.setUint32(VOLUME_AT, first.getUint32(VOLUME_AT) + i * 7)
      for (const at of [TRADED_AT, STAMPED_AT]) view.setUint32(at, first.getUint32(at) + Math.floor(i / 1_000))
      yield bytes
    }
  }
  return frames('KITE', '*', payloads())
}
