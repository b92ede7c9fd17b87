import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { SIMULATED_INSTRUMENTS, simulatedMarket } from '../../connectors/simulated-market/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import type { Draft } from './kafka-site.ts'

/** Their keys fill all eight partitions of every topic, by venue symbol and by instrument. */
const BASES = ['AAVE', 'ADA', 'BTC', 'FIL', 'HBAR', 'ICP', 'SUI', 'TON', 'UNI']

/** Every so many frames of a symbol comes once more, cut short. */
const POISON_EVERY = 400

export interface ManyMarkets {
  /** Messages of three symbols per second of stream time, about. */
  readonly frames_per_s: number
  readonly duration_ms: number
}

export interface Captured {
  readonly captures: readonly string[]
  readonly frames: number
  /** Frames among them that no decoder takes. */
  readonly poison: number
  /** Stream times of the first and the last frame, microseconds. */
  readonly from_us: number
  readonly to_us: number
}

/**
 * Writes nine symbols as captures, one file each. Three simulated markets under three names each, which all begin at the
 * same instant: many frames of different symbols have the same time. Some frames are poison.
 */
export async function writeManyMarkets(dir: string, { frames_per_s, duration_ms }: ManyMarkets): Promise<Captured> {
  const per_market = SIMULATED_INSTRUMENTS.length
  const captures: string[] = []
  let frames = 0
  let poison = 0
  let from_us = Number.POSITIVE_INFINITY
  let to_us = 0
  for (let market = 0; market * per_market < BASES.length; market++) {
    const files = new Map<string, { name: string; file: number; lines: string[]; count: number }>()
    for (const [index, { symbol }] of SIMULATED_INSTRUMENTS.entries()) {
      const name = `${BASES[market * per_market + index]}USDT`
      const path = join(dir, `${name}.capture`)
      captures.push(path)
      files.set(`BINANCE:${symbol}`, { name, file: openSync(path, 'w'), lines: [], count: 0 })
    }
    const source = simulatedMarket({ seed: 1 + market, frames_per_s, duration_ms })
    await source.open(undefined)
    for (let item = source.take(); item !== undefined; item = source.take()) {
      const { venue_symbol, receive_time_us, payload } = item.value as RawFrame
      const out = files.get(venue_symbol)!
      const symbol = venue_symbol.slice('BINANCE:'.length)
      const text = Buffer.from(payload)
        .toString('latin1')
        .replaceAll(symbol, out.name)
        .replaceAll(symbol.toLowerCase(), out.name.toLowerCase())
      out.lines.push(`${receive_time_us}000 ${text}\n`)
      if (++out.count % POISON_EVERY === 0) {
        out.lines.push(`${receive_time_us}001 ${text.slice(0, -3)}\n`)
        frames++
        poison++
      }
      if (out.lines.length >= 1000) writeSync(out.file, out.lines.splice(0).join(''), null, 'latin1')
      frames++
      from_us = Math.min(from_us, receive_time_us)
      to_us = Math.max(to_us, receive_time_us)
    }
    for (const { file, lines } of files.values()) {
      writeSync(file, lines.join(''), null, 'latin1')
      closeSync(file)
    }
  }
  return { captures, frames, poison, from_us, to_us }
}

/** The shipped topology with these symbols, and the market data divided into lanes by eight partitions. */
export function ofManyMarkets(draft: Draft): void {
  const [like] = draft.instruments
  draft.instruments = BASES.map((base) => ({
    ...like,
    instrument_id: `${base}USDT.BINANCE`,
    symbol: `${base}USDT`,
    base_currency: base,
  }))
  for (const topic of Object.values(draft.topics)) if (topic.partitions > 1) topic.partitions = 8
  for (const part of [...Object.values(draft.sources), ...Object.values(draft.stages)]) {
    if (part.lane === 'market') delete part.lane
  }
}
