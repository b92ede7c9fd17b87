/**
 * What an expression costs: records per second of a `filter` beside the same filter written by hand, and of a `map`.
 *
 * `node bench/builtins.ts [records]`. Handlers alone: decoding, journal and commits are the same for both.
 */
import { processors } from '../processors/index.ts'
import { type Context, emit, keep, type Processor, type Step } from '../runtime/api/index.ts'
import { BookUpdate, Nbbo } from '../schemas/generated/index.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const where =
  'has(record.bid_px) && has(record.ask_px) && record.ask_px - record.bid_px <= 2 && record.quality == "LIVE"'

const books = Array.from({ length: 1_000 }, (_, i) => ({
  instrument_id: 'A.X',
  venue: 'X',
  symbol: 'A',
  sequence: i,
  quality: i % 10 === 0 ? 'GAP' : 'LIVE',
  bid_px: i % 7 === 0 ? null : 10_000 + i,
  bid_qty: 5,
  ask_px: 10_000 + i + (i % 4),
  ask_qty: 6,
  bids: [],
  asks: [],
  proven_levels: 0,
  proven_bid_levels: 0,
  proven_ask_levels: 0,
  spread_px: 1,
  imbalance: 0.5,
  microprice_px: 1,
  order_flow_imbalance: 0,
  event_time_us: i,
  receive_time_us: i,
}))
type Book = (typeof books)[number]
type Handler = (state: unknown, book: Book, ctx: Context) => Step<unknown>

const ctx = { key: 'A.X', stream_time_us: 1 } as Context

function byHand(state: unknown, book: Book): Step<unknown> {
  const { bid_px, ask_px, quality } = book
  const passes = bid_px !== null && ask_px !== null && ask_px - bid_px <= 2 && quality === 'LIVE'
  return passes ? emit(state, { out: [book] }) : keep(state)
}

function builtin(name: string, params: object, output: typeof BookUpdate | typeof Nbbo): Handler {
  const use = { inputs: { in: BookUpdate }, outputs: { out: output as never }, params: params as never }
  const { processor, problems } = (processors[name] as Processor).specialize!(use)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return processor.on.in as Handler
}

function rate(handler: Handler): { per_second: number; passed: number } {
  let best = 0
  let passed = 0
  for (let round = 0; round < 3; round++) {
    passed = 0
    const start = performance.now()
    for (let i = 0; i < count; i++) {
      const step = handler(null, books[i % books.length]!, ctx)
      if (step.kind === 'ok' && step.outputs !== undefined) passed++
    }
    best = Math.max(best, (count * 1_000) / (performance.now() - start))
  }
  return { per_second: Math.round(best), passed }
}

const set = {
  price_scale: '2',
  qty_scale: '8',
  basis: '"DEPTH"',
  venues: '1',
  ask_px: 'record.ask_px + 1',
  bid_instrument_id: 'record.instrument_id',
}
const results = {
  by_hand: rate(byHand),
  filter: rate(builtin('filter', { where }, BookUpdate)),
  map: rate(builtin('map', { set }, Nbbo)),
}
console.log(JSON.stringify({ records: count, ...results }, null, 2))
