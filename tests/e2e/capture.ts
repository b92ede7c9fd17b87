import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe } from 'vitest'
import { simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { NO_DATA, recorded } from './spine.ts'

/**
 * The recorded Binance file, read here by means of its own: the oracle knows nothing of our decoder.
 */
export const RECORDED_FILE = recorded('binance/spot_btcusdt_20240808.gz')

/** A suite on the recorded file; skipped, and said so, where the file is not there. */
export function onRecordedFile(name: string, suite: (file: string) => void): void {
  if (RECORDED_FILE === undefined) {
    console.warn(`skipped: ${name}: ${NO_DATA}`)
    describe.skip(`${name} (skipped: ${NO_DATA})`, () => suite(''))
  } else describe(name, () => suite(RECORDED_FILE))
}

export const FORMAT = 'binance-spot'

export interface CaptureLine {
  /** As written: 19 digits, which no double holds. */
  readonly receive_ns: string
  /** The frame's bytes as text. */
  readonly frame: string
}

export function captureLines(path: string): CaptureLine[] {
  const bytes = readFileSync(path)
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1').split('\n')
  return lines.filter((line) => line !== '').map(parse)
}

function parse(line: string): CaptureLine {
  const space = line.indexOf(' ')
  return { receive_ns: line.slice(0, space), frame: line.slice(space + 1) }
}

/** Best bid and offer in scaled integers. */
export interface Top {
  readonly bid_px: number
  readonly bid_qty: number
  readonly ask_px: number
  readonly ask_qty: number
}

export interface VenueTrade {
  readonly trade_id: number
  readonly px: number
  readonly qty: number
  readonly time_us: number
}

/** What the file says of one symbol, in the scales of the topology. */
export interface Oracle {
  readonly frames: number
  /** Top of book by update id, as the venue states it. */
  readonly tickers: ReadonlyMap<number, Top>
  readonly trades: readonly VenueTrade[]
  /** Update ids of the depth messages behind the snapshot. */
  readonly depth_ids: readonly number[]
  readonly snapshot_id: number
}

interface Message {
  readonly [key: string]: unknown
}

export function oracleOf(lines: readonly CaptureLine[], price_scale: number, qty_scale: number): Oracle {
  const tickers = new Map<number, Top>()
  const trades: VenueTrade[] = []
  const depth_ids: number[] = []
  let snapshot_id = -1
  for (const { frame } of lines) {
    const message = JSON.parse(frame) as Message
    const data = (message.data ?? message) as Message
    const px = (field: string) => scaled(data[field] as string, price_scale)
    const qty = (field: string) => scaled(data[field] as string, qty_scale)
    if (data.lastUpdateId !== undefined) snapshot_id = data.lastUpdateId as number
    else if (data.e === 'depthUpdate') depth_ids.push(data.u as number)
    else if (data.e === 'trade')
      trades.push({ trade_id: data.t as number, px: px('p'), qty: qty('q'), time_us: (data.T as number) * 1000 })
    else tickers.set(data.u as number, { bid_px: px('b'), bid_qty: qty('B'), ask_px: px('a'), ask_qty: qty('A') })
  }
  return { frames: lines.length, tickers, trades, depth_ids: depth_ids.filter((id) => id > snapshot_id), snapshot_id }
}

/** `1.50000000` at scale 2 is 150; throws where digits would be lost. */
function scaled(text: string, scale: number): number {
  const [whole = '', fraction = ''] = text.split('.')
  const kept = fraction.slice(0, scale).padEnd(scale, '0')
  if (/[1-9]/.test(fraction.slice(scale))) throw new Error(`${text} does not fit scale ${scale}`)
  return Number(BigInt(whole + kept))
}

/**
 * Writes what the simulated market says as captures, one file per symbol (a REST snapshot names none: it belongs to
 * the file's), for tests that must run where no recorded data is.
 */
export async function writeMarketCaptures(dir: string, seed: number, duration_ms: number): Promise<string[]> {
  const source = simulatedMarket({ seed, duration_ms })
  const lines = new Map<string, string[]>()
  await source.open(undefined)
  for (let item = source.take(); item !== undefined; item = source.take()) {
    const { venue_symbol, receive_time_us, payload } = item.value as RawFrame
    const of = lines.get(venue_symbol) ?? []
    of.push(`${receive_time_us}000 ${Buffer.from(payload).toString('latin1')}\n`)
    lines.set(venue_symbol, of)
  }
  return [...lines].map(([venue_symbol, of]) => {
    const path = join(dir, `${venue_symbol.replace(':', '-')}.capture`)
    writeFileSync(path, of.join(''), 'latin1')
    return path
  })
}
