import { expect } from 'vitest'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import type { NormalizerState } from '../../processors/normalizer/binance-spot/state.ts'
import { normalizer } from '../../processors/normalizer/index.ts'
import { parseRecordId } from '../../runtime/api/index.ts'
import { stateOf } from '../../runtime/engine/state-view.ts'
import { BookUpdate, DeadLetter, MarketEvent, RawFrame } from '../../schemas/generated/index.ts'
import { FORMAT } from './capture.ts'
import type { FuzzCapture } from './fuzz.ts'
import type { Book } from './fuzz-market.ts'
import { recordsOf, type Seen, type Whole, wholeRun } from './whole-run.ts'

/** Runs a fuzz capture through the whole topology and holds the outcome to what the capture says. */
export async function checkFuzz(path: string, capture: FuzzCapture): Promise<Record<string, number>> {
  const whole = await wholeRun(await createReplay({ files: [{ path, format: FORMAT }], formats: replayFormats }))
  const letters = await recordsOf(whole.broker, 'dead-letter.v1', DeadLetter)
  const refused = letters.filter(({ value }) => value.stage === 'normalizer')
  await expectFrames(whole, capture)
  expectDeadLetters(capture, refused)
  await expectCounters(whole, capture, refused)
  await expectBooks(whole, capture)
  const codes: Record<string, number> = {}
  for (const { value } of letters) codes[value.code] = (codes[value.code] ?? 0) + 1
  return codes
}

/** Everything that was in the file is on the raw topic, byte for byte. */
async function expectFrames({ broker }: Whole, { lines }: FuzzCapture): Promise<void> {
  const frames = await recordsOf(broker, 'audit.raw-ticks.v1', RawFrame)
  expect(frames).toHaveLength(lines.length)
  for (const { value } of frames) {
    const line = lines[value.frame_seq]
    if (line?.payload.equals(value.payload) !== true) expect(value.payload, `frame ${value.frame_seq}`).toBe(line)
  }
}

/** Bad frames are refused with a code, their bytes kept as they came; good ones never are. */
function expectDeadLetters({ lines }: FuzzCapture, refused: readonly Seen<DeadLetter>[]): void {
  const seen = new Set<number>()
  for (const { value } of refused) {
    const seq = parseRecordId(value.origin_id)?.seq ?? -1
    const line = lines[seq]
    expect(value, `frame ${seq}`).toMatchObject({ origin_topic: 'audit.raw-ticks.v1', record: 'RawFrame' })
    expect(Object.keys(normalizer.faults)).toContain(value.code)
    expect(line?.payload.equals(value.bytes), `the bytes of frame ${seq}`).toBe(true)
    expect(line?.good, `frame ${seq} was good and ${value.code}`).toBe(false)
    expect(seen.has(seq), `frame ${seq} is refused twice`).toBe(false)
    seen.add(seq)
  }
  for (const [seq, { payload, good }] of lines.entries()) {
    if (!good && !seen.has(seq) && !isObject(payload)) expect.fail(`frame ${seq} passed: ${payload.subarray(0, 300)}`)
  }
}

/** Each frame is an event, counted as dropped, waiting, or refused. */
async function expectCounters(whole: Whole, { lines }: FuzzCapture, refused: readonly unknown[]): Promise<void> {
  const messages = new Map<string, number>()
  for (const { value } of await recordsOf(whole.broker, 'market.events.v1', MarketEvent)) {
    if (value.kind === 'status' || value.kind === 'gap') continue
    messages.set(value.instrument_id, (messages.get(value.instrument_id) ?? 0) + 1)
  }
  let frames = 0
  let gaps = 0
  for (const { state } of stateOf(whole.tasks, 'normalizer')) {
    const { listing, ...of } = state as unknown as NormalizerState
    const dropped = of.duplicates + of.out_of_order + of.snapshots_ignored + of.depth_discarded
    frames += of.frames
    gaps += of.gaps
    expect(messages.get(listing?.instrument_id ?? ''), listing?.symbol).toBe(of.frames - dropped - of.buffer.length)
  }
  expect(frames + refused.length).toBe(lines.length)
  expect(whole.summary).toMatchObject({ frames: lines.length, gaps })
}

/** In calm water every frame passes, and the book is the venue's. */
async function expectBooks({ broker }: Whole, { calm }: FuzzCapture): Promise<void> {
  const events = new Map<string, number>()
  const passed = new Set<number>()
  for (const { id, causes, value } of await recordsOf(broker, 'market.events.v1', MarketEvent)) {
    const seq = parseRecordId(causes.at(0) ?? '')?.seq ?? -1
    if (value.kind !== 'status' && value.kind !== 'gap') passed.add(seq)
    if (value.kind === 'depth') events.set(id, seq)
  }
  const books = new Map<number, BookUpdate>()
  for (const { causes, value } of await recordsOf(broker, 'market.books.v1', BookUpdate)) {
    const seq = events.get(causes.at(0) ?? '')
    // The same event causes the book that goes STALE for want of a later one.
    if (seq !== undefined && !books.has(seq)) books.set(seq, value)
  }
  for (const [seq, right] of calm) {
    expect(passed.has(seq), `frame ${seq} passed`).toBe(true)
    if (right === undefined) continue
    const { sequence, quality, bids, asks } = books.get(seq) ?? {}
    const ours = { quality, sequence, bids: bids?.map(levelText), asks: asks?.map(levelText) }
    expect(ours, `the book after frame ${seq}`).toEqual({ quality: 'LIVE', ...comparable(right) })
  }
}

function levelText({ px, qty }: { px: number; qty: number }): string {
  return `${(px / 1e2).toFixed(2)} ${(qty / 1e8).toFixed(8)}`
}

function comparable({ sequence, bids, asks }: Book) {
  const text = ([px, qty]: readonly [string, string]) => `${Number(px).toFixed(2)} ${Number(qty).toFixed(8)}`
  return { sequence, bids: bids.map(text), asks: asks.map(text) }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether the bytes are a JSON object at all; what is none must be refused. */
function isObject(payload: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(strict.decode(payload))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
