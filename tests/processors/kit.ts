/** Drives one processor by hand: a context that notes what a handler asks for, and frames as Binance writes them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import type { Context, Processor, SourceItem, Step } from '../../runtime/api/index.ts'
import type { Instrument, RawFrame } from '../../schemas/generated/index.ts'

export class HandContext implements Context {
  readonly params: unknown
  stream_time_us = 0
  key = ''
  id = ''
  producer = 'test/0'
  seq = -1
  topic = 'test'
  partition = 0
  readonly tables: Record<string, { get(key: string): unknown; idOf(key: string): string | undefined }>
  caused: string[] = []
  timers = new Map<string, number>()

  constructor(params: unknown, instruments: readonly Partial<Instrument>[] = []) {
    this.params = params
    const byId = new Map(instruments.map((one) => [one.instrument_id, one]))
    this.tables = { instruments: { get: (key) => byId.get(key), idOf: () => undefined } }
  }
  cause(id: string): void {
    this.caused.push(id)
  }
  setTimer(name: string, due_us: number): void {
    this.timers.set(name, due_us)
  }
  cancelTimer(name: string): void {
    this.timers.delete(name)
  }
  causes(): readonly string[] {
    return []
  }
  body(): Uint8Array {
    return new Uint8Array(0)
  }
}

/** What a step answered, flat: outputs by port, or the fault's code. */
export type Answer = { outputs: Record<string, unknown[]> } | { fault: string; detail: unknown }

/** One processor with one key. Timers fire by themselves before a record at or behind their time. */
export class Hand {
  readonly ctx: HandContext
  readonly processor: Processor
  state: unknown

  constructor(processor: Processor, key: string, params: unknown, instruments: readonly Partial<Instrument>[] = []) {
    this.processor = processor
    this.ctx = new HandContext(params, instruments)
    this.ctx.key = key
    this.state = processor.initial(key, params)
  }

  /** Hands in a record; answers its outputs. */
  on(port: string, value: unknown, stream_time_us = this.ctx.stream_time_us + 1): Answer {
    const { ctx } = this
    ctx.caused = []
    ctx.seq++
    ctx.id = `test/0:${ctx.seq}`
    ctx.stream_time_us = stream_time_us
    const handler = this.processor.on[port]
    if (handler === undefined) throw new Error(`no port ${port}`)
    return this.#take(handler(this.state, value, ctx))
  }

  /** Fires the timers due by then, in order of time; answers what each emitted. */
  advance(stream_time_us: number): Answer[] {
    const answers: Answer[] = []
    const { ctx } = this
    for (;;) {
      const due = [...ctx.timers].filter(([, at]) => at <= stream_time_us).sort((a, b) => a[1] - b[1])[0]
      if (due === undefined || this.processor.timer === undefined) break
      ctx.timers.delete(due[0])
      ctx.caused = []
      ctx.stream_time_us = due[1]
      answers.push(this.#take(this.processor.timer(this.state, due[0], ctx)))
    }
    ctx.stream_time_us = stream_time_us
    return answers
  }

  /** The state as text, through the processor's own snapshot. */
  text(): string {
    return JSON.stringify(this.processor.snapshot(this.state))
  }

  /** Goes through snapshot and restore, as after a crash. */
  restart(): void {
    this.state = this.processor.restore(JSON.parse(this.text()), this.ctx.key, this.ctx.params)
  }

  #take(step: Step<unknown>): Answer {
    if (step.kind === 'fault') return { fault: step.code, detail: step.detail }
    this.state = step.state
    return { outputs: (step.outputs ?? {}) as Record<string, unknown[]> }
  }
}

/** The values of one port; empty for a fault. */
export function port<T>(answer: Answer, name: string): T[] {
  return 'fault' in answer ? [] : ((answer.outputs[name] ?? []) as T[])
}

export const BTC = {
  instrument_id: 'BTCUSDT.BINANCE',
  venue: 'BINANCE',
  symbol: 'BTCUSDT',
  price_scale: 2,
  qty_scale: 8,
} as const

const encoder = new TextEncoder()

export function rawFrame(payload: string | Uint8Array, fields: Partial<RawFrame> = {}): RawFrame {
  return {
    venue_symbol: 'BINANCE:BTCUSDT',
    venue: 'BINANCE',
    source: 'feed',
    channel: '',
    frame_seq: 0,
    receive_time_us: 1_723_161_254_000_000,
    receive_time_ns_rest: 0,
    receive_error_us: null,
    payload: typeof payload === 'string' ? encoder.encode(payload) : payload,
    ...fields,
  } as RawFrame
}

type Side = readonly (readonly [string, string])[]

export const wire = {
  depth: (U: number, u: number, b: Side = [], a: Side = []) =>
    JSON.stringify({
      stream: 'btcusdt@depth@100ms',
      data: { e: 'depthUpdate', E: 1_723_161_255_208, s: 'BTCUSDT', U, u, b, a },
    }),
  snapshot: (lastUpdateId: number, bids: Side = [], asks: Side = []) => JSON.stringify({ lastUpdateId, bids, asks }),
  quote: (u: number, b = '100.00000000', B = '1.00000000', a = '100.01000000', A = '2.00000000') =>
    JSON.stringify({ stream: 'btcusdt@bookTicker', data: { u, s: 'BTCUSDT', b, B, a, A } }),
  trade: (t: number, p = '100.00000000', q = '0.50000000', m = true) =>
    JSON.stringify({
      stream: 'btcusdt@trade',
      data: { e: 'trade', E: 1_723_161_255_343, s: 'BTCUSDT', t, p, q, T: 1_723_161_255_342, m, M: true },
    }),
}

const DATA = process.env.AITRADER_DATA ?? join(import.meta.dirname, '../../../shared/data')
/** The recorded capture; `undefined` where the data folder is not there. */
export const capture = [join(DATA, 'binance/spot_btcusdt_20240808.gz')].find((path) => existsSync(path))
/** Behind the name of a test that needs it: why it is skipped, or nothing. */
export const no_capture = capture === undefined ? ` (skipped: no recorded data at ${DATA}; set AITRADER_DATA)` : ''

/** Every item of the files, payloads copied. */
export async function replayed(...paths: readonly string[]): Promise<SourceItem[]> {
  const source = await createReplay({
    files: paths.map((path) => ({ path, format: 'binance-spot' })),
    formats: replayFormats,
  })
  await source.open(undefined)
  const items: SourceItem[] = []
  while (!source.done) {
    const item = source.take()
    if (item !== undefined) items.push(item)
    else if (!source.done) await source.ready()
  }
  await source.close()
  return items
}
