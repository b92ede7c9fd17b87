/**
 * Encodes and decodes the hot records with their generated codecs and with avsc, in turn, and prints both in
 * nanoseconds per record with their ratio. The machine may be shared: only ratios within one run mean anything.
 *
 * `node bench/schemas.ts [rounds]`. Values differ from record to record, as they do on a topic.
 */
import avsc, { type Schema } from 'avsc'
import { Arena } from '../runtime/api/arena.ts'
import type { RecordType } from '../runtime/api/record.ts'
import { BookUpdate, MarketEvent, PatternSignal, RawFrame } from '../schemas/generated/index.ts'

const RECORDS = 2_000
const ROUNDS = Number(process.argv[2] ?? 100)
const TIME_US = 1_723_075_200_000_000

const venue = { venue: 'BINANCE', symbol: 'BTCUSDT' }
const instrument = { instrument_id: 'BTCUSDT.BINANCE', ...venue }
const price = (i: number) => 6_182_300 + ((i * 7_919) % 5_000)
const qty = (i: number) => 1 + ((i * 104_729) % 90_000_000)
const times = (i: number) => ({ event_time_us: TIME_US + i * 1_003, receive_time_us: TIME_US + i * 1_003 + 731 })
const levels = (i: number, count: number) =>
  Array.from({ length: count }, (_, level) => ({ px: price(i) - level, qty: qty(i + level) }))

function event(kind: 'quote' | 'trade' | 'depth', i: number): MarketEvent {
  const sequence = 50_000_000_000 + i
  return {
    kind,
    ...instrument,
    sequence,
    event_time_us: times(i).event_time_us,
    event_time_source: 'VENUE',
    receive_time_us: times(i).receive_time_us,
    depth:
      kind === 'depth'
        ? {
            snapshot: false,
            first_sequence: sequence - 20,
            bids: levels(i, 18),
            asks: levels(i + 9, 18),
            conflated: false,
            checksum: null,
          }
        : null,
    quote: kind === 'quote' ? { bid_px: price(i), bid_qty: qty(i), ask_px: price(i) + 1, ask_qty: qty(i + 1) } : null,
    trade:
      kind === 'trade'
        ? { trade_id: 3_700_000_000 + i, px: price(i), qty: qty(i), aggressor: 'BUY', conditions: '', hidden: false }
        : null,
    status: null,
    gap: null,
    order: null,
    session: null,
  }
}

function frame(i: number): RawFrame {
  const text = `{"stream":"btcusdt@bookTicker","data":{"u":${50_000_000_000 + i},"s":"BTCUSDT","b":"61823.01000000","B":"0.${qty(i)}","a":"61823.02000000","A":"1.${qty(i + 1)}"}}`
  return {
    venue_symbol: 'BINANCE:BTCUSDT',
    venue: 'BINANCE',
    source: 'binance-spot',
    channel: 'bookTicker',
    frame_seq: i,
    receive_time_us: times(i).receive_time_us,
    receive_time_ns_rest: i % 1_000,
    receive_error_us: null,
    payload: Buffer.from(text),
  }
}

function book(i: number): BookUpdate {
  return {
    ...instrument,
    sequence: 50_000_000_000 + i,
    quality: 'LIVE',
    bid_px: price(i),
    bid_qty: qty(i),
    ask_px: price(i) + 1,
    ask_qty: qty(i + 1),
    bids: levels(i, 10),
    asks: levels(i + 5, 10),
    proven_levels: 10,
    proven_bid_levels: 10,
    proven_ask_levels: 10,
    spread_px: 1,
    imbalance: ((i % 200) - 100) / 101,
    microprice_px: price(i) + 0.37,
    order_flow_imbalance: qty(i) - 45_000_000.5,
    ...times(i),
  }
}

function signal(i: number): PatternSignal {
  const features = ['ema_fast', 'ema_slow', 'z_score', 'vwap', 'atr', 'rsi']
  return {
    ...instrument,
    pattern: 'MEAN_REVERSION',
    direction: i % 2 === 0 ? 1 : -1,
    strength: (i % 997) / 1_000,
    features: features.map((name, k) => ({ name, value: price(i) / (k + 1.5) })),
    window_events: 256,
    window_start_us: TIME_US + i * 1_003 - 250_000,
    window_end_us: TIME_US + i * 1_003,
    reference_px: price(i) + 0.5,
    book_quality: 'LIVE',
    book_sequence: 50_000_000_000 + i,
    ...times(i),
  }
}

interface Contender {
  /** Encodes all values into one arena, notes where each ends. */
  encode(): void
  /** Decodes them all; answers something of each, so that no work can be dropped. */
  decode(): number
}

function generated<T>(type: RecordType<T>, values: readonly T[]): Contender {
  const arena = new Arena(1 << 22)
  const ends = new Uint32Array(values.length + 1)
  return {
    encode() {
      arena.reset()
      for (let i = 0; i < values.length; i++) {
        type.encode(values[i]!, arena)
        ends[i + 1] = arena.pos
      }
    },
    decode() {
      let objects = 0
      for (let i = 0; i < values.length; i++) {
        if (type.decode(arena.buf, ends[i]!, ends[i + 1]!) !== null) objects++
      }
      return objects
    },
  }
}

function byAvsc<T>(record: RecordType<T>, values: readonly T[]): Contender {
  const type = avsc.Type.forSchema(JSON.parse(record.schema) as Schema)
  const buf = Buffer.allocUnsafeSlow(1 << 22)
  const starts = new Uint32Array(values.length + 1)
  return {
    encode() {
      let pos = 0
      for (let i = 0; i < values.length; i++) {
        pos = type.encode(values[i]!, buf, pos)
        starts[i + 1] = pos
      }
    },
    decode() {
      let objects = 0
      for (let i = 0; i < values.length; i++) if (type.decode(buf, starts[i]!).value !== null) objects++
      return objects
    },
  }
}

/** Nanoseconds per record of the best round: the one that others disturbed least. */
function fastest(run: () => unknown, best: number): number {
  const started = process.hrtime.bigint()
  run()
  return Math.min(best, Number(process.hrtime.bigint() - started) / RECORDS)
}

function compare<T>(name: string, type: RecordType<T>, make: (i: number) => T): void {
  const values = Array.from({ length: RECORDS }, (_, i) => make(i))
  const ours = generated(type, values)
  const theirs = byAvsc(type, values)
  const best = { encode: [Infinity, Infinity], decode: [Infinity, Infinity] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [k, contender] of [ours, theirs].entries()) {
      best.encode[k] = fastest(contender.encode, best.encode[k]!)
      best.decode[k] = fastest(contender.decode, best.decode[k]!)
    }
  }
  for (const [what, [own, other]] of Object.entries(best) as [string, [number, number]][]) {
    const figures = `${own.toFixed(0).padStart(6)} ns  avsc ${other.toFixed(0).padStart(6)} ns  ${(other / own).toFixed(2)}x`
    console.log(`${name.padEnd(22)} ${what}  ${figures}`)
  }
}

console.log(`node ${process.version}, ${RECORDS} records, best of ${ROUNDS} rounds`)
compare('RawFrame', RawFrame, frame)
compare('MarketEvent quote', MarketEvent, (i) => event('quote', i))
compare('MarketEvent trade', MarketEvent, (i) => event('trade', i))
compare('MarketEvent depth 36', MarketEvent, (i) => event('depth', i))
compare('BookUpdate 10 levels', BookUpdate, book)
compare('PatternSignal', PatternSignal, signal)
