/**
 * What decoding costs per venue: frames per second of its decoder beside JSON.parse alone, one after the other in one
 * process, so that the ratio holds where the figures do not.
 *
 * `node bench/decoders.ts [NAME...] > result.json`. Recorded files of `AITRADER_DATA` (default ../shared/data) where they
 * are, else frames made from the forms of the tests. Each figure is the best of several passes in memory with warm
 * caches: a floor. For a format that is not JSON, JSON.parse reads what its decoder makes of the frame, written as JSON.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { createReplay, replayFormats } from '../connectors/replay/index.ts'
import { normalizer } from '../processors/normalizer/index.ts'
import type { RawFrame } from '../schemas/generated/index.ts'
import { HandContext } from '../tests/processors/kit.ts'
import { coinbaseFrames, itchFrames, kiteFrames, krakenFrames, usdmFrames } from './decoder-frames.ts'

const DATA = process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../shared/data')
const PASSES = 9
const MADE = 20_000
const MOST = 100_000

const listing = (symbol: string, venue: string, price_scale: number, qty_scale: number) => ({
  instrument_id: `${symbol}.${venue}`,
  venue,
  symbol,
  price_scale,
  qty_scale,
})
const params = {
  instruments: [
    listing('BTCUSDT', 'BINANCE', 2, 8),
    listing('BTCUSDT', 'BINANCE_USDM', 2, 3),
    listing('BTC-USDT', 'OKX', 1, 8),
    listing('BTC/USD', 'KRAKEN', 2, 8),
    listing('BTC-USD', 'COINBASE', 2, 8),
  ],
  unknown_symbol: 'declare',
  buffer_max: 1_024,
  restart_after: 100,
}

interface Venue {
  readonly name: string
  /** What the frames are: a file's name or `made`. */
  readonly from: string
  readonly json: boolean
  readonly frames: () => Promise<RawFrame[]> | RawFrame[]
}

/** Frames of files in DATA, or of `otherwise` where they are not there; neither: undefined. */
function venue(
  name: string,
  format: string,
  pattern: string,
  json: boolean,
  otherwise?: () => RawFrame[],
): Venue | undefined {
  const files = pattern === '' ? [] : globSync(pattern, { cwd: DATA }).sort()
  if (files.length > 0) return { name, from: files.join(' '), json, frames: () => replayed(files, format) }
  return otherwise === undefined ? undefined : { name, from: 'made', json, frames: otherwise }
}

async function replayed(files: readonly string[], format: string): Promise<RawFrame[]> {
  const source = await createReplay({
    files: files.map((file) => ({ path: join(DATA, file), format })),
    formats: replayFormats,
  })
  await source.open(undefined)
  const frames: RawFrame[] = []
  while (!source.done && frames.length < MOST) {
    const item = source.take()
    if (item === undefined) await source.ready()
    else {
      const frame = item.value as RawFrame
      frames.push({ ...frame, payload: Uint8Array.from(frame.payload) })
    }
  }
  await source.close()
  return frames
}

/** Decodes all frames from the beginning; hands the outputs of each to `sink`. */
function decode(frames: readonly RawFrame[], sink?: (outputs: object | undefined) => void): void {
  const kept = new Map<string, { state: never; ctx: HandContext }>()
  const handler = normalizer.on.frames as unknown as (
    state: never,
    frame: RawFrame,
    ctx: unknown,
  ) => {
    kind: string
    state: never
    outputs?: object
  }
  for (const frame of frames) {
    const key = frame.venue_symbol
    let own = kept.get(key)
    if (own === undefined) {
      own = { state: normalizer.initial(key, params as never) as never, ctx: new HandContext(params) }
      own.ctx.key = key
      kept.set(key, own)
    }
    own.ctx.stream_time_us = frame.receive_time_us
    const step = handler(own.state, frame, own.ctx)
    if (step.kind !== 'ok') throw new Error(`a fault at ${key}: ${JSON.stringify(step)}`)
    own.state = step.state
    sink?.(step.outputs)
  }
}

function measure({ name, from, json }: Venue, frames: readonly RawFrame[]) {
  let events = 0
  const texts = frames.map(({ payload }) => Buffer.from(payload))
  const made: Buffer[] = []
  decode(frames, (outputs = {}) => {
    events += Object.values(outputs).flat().length
    // Without the parts that are null, as a venue would write it.
    made.push(Buffer.from(JSON.stringify(outputs, (_key, value) => value ?? undefined)))
  })
  const parsed = json ? texts : made
  const bytes = frames.reduce((sum, { payload }) => sum + payload.length, 0)
  let decode_ns = Number.POSITIVE_INFINITY
  let parse_ns = Number.POSITIVE_INFINITY
  for (let pass = 0; pass < PASSES; pass++) {
    const start = process.hrtime.bigint()
    decode(frames)
    const between = process.hrtime.bigint()
    for (const text of parsed) JSON.parse(text.toString('latin1'))
    const end = process.hrtime.bigint()
    decode_ns = Math.min(decode_ns, Number(between - start) / frames.length)
    parse_ns = Math.min(parse_ns, Number(end - between) / frames.length)
  }
  return {
    decoder: name,
    from,
    frames: frames.length,
    bytes_per_frame: Math.round(bytes / frames.length),
    records_per_frame: Number((events / frames.length).toFixed(2)),
    frames_per_s: Math.round(1e9 / decode_ns),
    json_parse_per_s: Math.round(1e9 / parse_ns),
    json_parse_of: json ? 'the frame' : 'what is decoded',
    ratio: Number((parse_ns / decode_ns).toFixed(2)),
  }
}

const packet = join(DATA, 'kite/fullMode_binary.packet')
const all = [
  venue('binance-spot', 'binance-spot', 'binance/spot_*.gz', true),
  venue('binance-usdm', 'binance-usdm', '', true, () => usdmFrames(MADE)),
  venue('okx', 'okx', 'okx/okx_books_*.gz', true),
  venue('kraken', 'kraken', '', true, () => krakenFrames(MADE)),
  venue('coinbase', 'coinbase', '', true, () => coinbaseFrames(MADE)),
  venue('lobster', 'lobster', 'lobster/LOBSTER_SampleFile_*_5.zip', false),
  venue('itch50', 'itch50', '', false, () => itchFrames(MADE)),
  existsSync(packet) ? venue('kite', 'kite', '', false, () => kiteFrames(readFileSync(packet), MADE)) : undefined,
  venue('minute-bars', 'minute-bars', 'nse/minute_*_trade.zip', false),
  venue('taq-trade-quote', 'taq-trade-quote', 'equities/ibm_2013????_{trade,quote}.zip', false),
].filter((one) => one !== undefined)

const names = process.argv.slice(2)
const results = []
for (const one of all) {
  if (names.length > 0 && !names.includes(one.name)) continue
  results.push(measure(one, await one.frames()))
}
const cpu = (cpus()[0]?.model ?? '').split(' ').slice(0, 2).join(' ')
console.log(JSON.stringify({ node: process.version, cpu, cores: cpus().length, passes: PASSES, results }, null, 2))
