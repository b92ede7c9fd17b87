/**
 * What decoding and booking cost per frame, beside JSON.parse alone, over the recorded Binance file.
 *
 * `node bench/decode.ts [--json]`. Each figure is the best of several passes over all frames of a kind, in memory, so
 * it says what the code costs with warm caches on a quiet core: a floor, not what a loaded machine reaches.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { bookBuilder } from '../processors/book-builder/index.ts'
import { nbbo } from '../processors/nbbo/index.ts'
import { parseSpotFrame, readSpotFrame } from '../processors/normalizer/binance-spot/spot-json.ts'
import type { SpotMessage } from '../processors/normalizer/binance-spot/spot-message.ts'
import { bytes, scanSpotFrame } from '../processors/normalizer/binance-spot/spot-scanner.ts'
import { normalizer } from '../processors/normalizer/index.ts'
import type { Processor } from '../runtime/api/index.ts'
import type { BookUpdate, MarketEvent, RawFrame } from '../schemas/generated/index.ts'
import { BTC, capture, HandContext, no_capture, replayed } from '../tests/processors/kit.ts'

const PASSES = 15

interface Timed<T> {
  readonly value: T
  readonly stream_time_us: number
}

/** Best nanoseconds per item over the passes. */
function best<T>(items: readonly T[], pass: (items: readonly T[]) => unknown): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < PASSES; i++) {
    const start = process.hrtime.bigint()
    pass(items)
    least = Math.min(least, Number(process.hrtime.bigint() - start))
  }
  return Math.round(least / items.length)
}

/** Runs the records through a processor from its beginning; hands what each emits to `sink`. */
function drive<T, R>(
  processor: Processor,
  port: string,
  params: object,
  items: readonly Timed<T>[],
  out?: string,
  sink?: (record: Timed<R>) => void,
): void {
  const ctx = new HandContext(params, [BTC])
  const on = processor.on[port]
  let state = processor.initial('BINANCE:BTCUSDT', params)
  for (const { value, stream_time_us } of items) {
    ctx.stream_time_us = stream_time_us
    const step = on?.(state, value, ctx)
    if (step?.kind !== 'ok') throw new Error(`a fault: ${JSON.stringify(step)}`)
    state = step.state
    if (out === undefined || sink === undefined) continue
    for (const made of (step.outputs as Record<string, R[]> | undefined)?.[out] ?? [])
      sink({ value: made, stream_time_us })
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' } } })
  if (capture === undefined) {
    console.error(no_capture)
    process.exitCode = 2
    return
  }
  const frames = (await replayed(capture)).map(({ value, stream_time_us }) => {
    const frame = value as RawFrame
    return { value: { ...frame, payload: Uint8Array.from(frame.payload) } as RawFrame, stream_time_us }
  })
  const decoding = { instruments: [BTC], unknown_symbol: 'declare', buffer_max: 1_024, restart_after: 100 }
  const booking = { levels: 10, max_levels: 4_096, stale_after_ms: 2_000 }
  const events: Timed<MarketEvent>[] = []
  drive<RawFrame, MarketEvent>(normalizer, 'frames', decoding, frames, 'events', (event) => events.push(event))
  const books: Timed<BookUpdate>[] = []
  drive<MarketEvent, BookUpdate>(bookBuilder, 'events', booking, events, 'books', (book) => books.push(book))
  const depth = events.filter(({ value }) => value.depth !== null)
  const levels = depth.reduce(
    (sum, { value }) => sum + (value.depth?.bids.length ?? 0) + (value.depth?.asks.length ?? 0),
    0,
  )
  const quotes = events.filter(({ value }) => value.quote !== null)

  const decode = [...Map.groupBy(frames, ({ value }) => value.channel)].map(([channel, list]) => ({
    channel,
    frames: list.length,
    ...decodeFigures(list),
  }))
  const whole = { channel: 'all', frames: frames.length, ...decodeFigures(frames) }
  const normalizer_ns = best(frames, (items) => drive(normalizer, 'frames', decoding, items))
  const book_ns = best(events, (items) => drive(bookBuilder, 'events', booking, items))
  const report = {
    machine: { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version },
    decode_ns: [...decode, whole],
    normalizer_ns_per_frame: normalizer_ns,
    book_ns_per_depth: best(depth, (items) => drive(bookBuilder, 'events', booking, items)),
    levels_per_depth: Math.round(levels / depth.length),
    book_ns_per_event: book_ns,
    nbbo_ns_per_quote: best(quotes, (items) => drive(nbbo, 'events', { stale_after_ms: 2_000 }, items)),
    normalizer_and_book_ns_per_frame: Math.round(normalizer_ns + (book_ns * events.length) / frames.length),
  }
  if (values.json) console.log(JSON.stringify(report))
  else {
    console.table(report.decode_ns)
    console.table({
      ...report,
      machine: `${report.machine.cpu}, ${report.machine.cores} cores, node ${report.machine.node}`,
      decode_ns: 'above',
    })
  }
}

function decodeFigures(frames: readonly Timed<RawFrame>[]) {
  const message: SpotMessage = { kind: 'quote', sequence: 0, event_time_us: 0, depth: null, quote: null, trade: null }
  const symbol = bytes(BTC.symbol)
  const texts = frames.map(({ value }) => Buffer.from(value.payload))
  return {
    scanner_ns: best(frames, (items) => {
      for (const { value } of items) scanSpotFrame(value.payload, symbol, BTC, message)
    }),
    json_parse_alone_ns: best(texts, (items) => {
      for (const text of items) JSON.parse(text.toString('latin1'))
    }),
    json_path_ns: best(frames, (items) => {
      for (const { value } of items) {
        const frame = parseSpotFrame(value.payload)
        if (frame !== null && 'kind' in frame) readSpotFrame(frame, BTC.symbol, BTC, message)
      }
    }),
  }
}

await main()
