import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Json, Source, SourceItem } from '../runtime/api/index.ts'
import type { RawFrame } from '../schemas/generated/index.ts'

/**
 * A Binance spot capture repeated without end from memory: each round's update ids, trade ids and times are moved
 * behind the last round's, in the payload's own digits, so that the stream never has a seam in its sequences.
 *
 * A round begins with the capture's REST snapshot, which replaces the book; the changes it already holds are dropped
 * by the normalizer as they would be live. With `interval_us` frames come at that fixed distance: a steady load.
 */
export class LoopSource implements Source {
  readonly identity: Json
  readonly done = false
  private readonly frames: readonly LoopFrame[]
  private readonly ids: number
  private readonly trades: number
  private readonly round_us: number
  private readonly interval_us: number | undefined
  private at = 0
  private round = 0
  private seq = 0
  private time_us = 0

  constructor(path: string, interval_us?: number) {
    this.interval_us = interval_us
    this.frames = parse(path)
    this.identity = { kind: 'loop' }
    const marks = this.frames.flatMap(({ marks }) => marks)
    const span = (kind: Mark['kind']) => {
      const values = marks.filter((mark) => mark.kind === kind).map(({ value }) => value)
      return (
        values.reduce((a, b) => Math.max(a, b), 0) -
        values.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER) +
        1
      )
    }
    this.ids = span('id')
    this.trades = span('trade')
    const [first, last] = [this.frames[0] as LoopFrame, this.frames[this.frames.length - 1] as LoopFrame]
    this.round_us = Math.ceil((last.receive_time_us - first.receive_time_us + 1_000) / 1_000) * 1_000
  }

  async open(): Promise<void> {}
  async ready(): Promise<void> {}
  async close(): Promise<void> {}

  take(): SourceItem {
    const frame = this.frames[this.at] as LoopFrame
    const receive_time_us = frame.receive_time_us + this.round * this.round_us
    const begin_us = (this.frames[0] as LoopFrame).receive_time_us
    const stream_time_us =
      this.interval_us === undefined
        ? Math.max(this.time_us + 1, receive_time_us)
        : begin_us + this.seq * this.interval_us
    this.time_us = stream_time_us
    const value: RawFrame = {
      venue_symbol: 'BINANCE:BTCUSDT',
      venue: 'BINANCE',
      source: 'feed',
      channel: frame.channel,
      frame_seq: this.seq++,
      receive_time_us: this.interval_us === undefined ? receive_time_us : stream_time_us,
      receive_time_ns_rest: 0,
      receive_error_us: null,
      payload: this.round === 0 ? frame.payload : this.moved(frame),
    }
    if (++this.at === this.frames.length) {
      this.at = 0
      this.round++
    }
    return { value, stream_time_us, position: this.seq }
  }

  private moved(frame: LoopFrame): Buffer {
    const payload = Buffer.from(frame.payload)
    for (const { kind, at, length, value } of frame.marks) {
      const by = kind === 'id' ? this.ids : kind === 'trade' ? this.trades : this.round_us / 1_000
      let rest = value + this.round * by
      for (let i = at + length - 1; i >= at; i--) {
        payload[i] = 48 + (rest % 10)
        rest = Math.floor(rest / 10)
      }
    }
    return payload
  }
}

interface Mark {
  readonly kind: 'id' | 'trade' | 'time_ms'
  readonly at: number
  readonly length: number
  readonly value: number
}

interface LoopFrame {
  readonly receive_time_us: number
  readonly channel: string
  readonly payload: Buffer
  readonly marks: readonly Mark[]
}

const KINDS: Readonly<Record<string, Mark['kind']>> = {
  U: 'id',
  u: 'id',
  lastUpdateId: 'id',
  t: 'trade',
  E: 'time_ms',
  T: 'time_ms',
}

function parse(path: string): LoopFrame[] {
  const raw = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString('latin1')
  const frames: LoopFrame[] = []
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const json = line.slice(space + 1)
    const marks: Mark[] = []
    for (const match of json.matchAll(/"(U|u|lastUpdateId|t|E|T)":(\d+)/g)) {
      const digits = match[2] as string
      const kind = KINDS[match[1] as string] as Mark['kind']
      marks.push({
        kind,
        at: match.index + match[0].length - digits.length,
        length: digits.length,
        value: Number(digits),
      })
    }
    const channel = /^\{"stream":"[^"@]*@([^"]*)"/.exec(json)?.[1] ?? 'snapshot'
    frames.push({ receive_time_us: Number(line.slice(0, 16)), channel, payload: Buffer.from(json, 'latin1'), marks })
  }
  const snapshot = frames.findIndex(({ channel }) => channel === 'snapshot')
  const first = frames[0]
  if (snapshot < 0 || first === undefined) throw new Error(`${path} holds no depth snapshot`)
  return [
    { ...(frames[snapshot] as LoopFrame), receive_time_us: first.receive_time_us },
    ...frames.toSpliced(snapshot, 1),
  ]
}
