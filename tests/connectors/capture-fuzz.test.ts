/**
 * Files that no source writes: every format's line, whatever bytes it has, and whole files (plain, gzip, zip, records
 * with their length) that are cut, flipped or joined.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { FrameLine } from '../../connectors/replay/format.ts'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { hostileBytes } from '../processors/hostile-frames.ts'
import { bytesOf, itch } from '../processors/itch.ts'
import { wire } from '../processors/kit.ts'
import { framed, full } from '../processors/kite-packets.ts'
import { zipOf } from './zip.ts'

const FULL = process.env.AITRADER_FULL !== undefined
const LINES = FULL ? 100_000 : 10_000
/** Each opens, reads and closes a file. */
const FILES = FULL ? 10_000 : 500
const LATEST_US = 4_102_444_800_000_000

const records = (...messages: readonly Uint8Array[]) =>
  Buffer.concat(messages.flatMap((message) => [bytesOf(['u16', message.length]), message]))
const NS = '1723161254087891268'
const okx = '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[]}'
const kraken = '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD"}]}'
const coinbase = '{"channel":"l2_data","events":[{"type":"update","product_id":"BTC-USD"}]}'

interface Format {
  readonly format: string
  /** A name that the format can read its day from. */
  readonly name: string
  readonly pieces: readonly (string | Uint8Array)[]
}
const formats: readonly Format[] = [
  {
    format: 'binance-spot',
    name: 'a.txt',
    pieces: [`${NS} ${wire.quote(1)}`, `1723161254.5: ${wire.trade(1)}`, `@${NS} BTCUSDT trade base64,e30=`],
  },
  { format: 'binance-usdm', name: 'a.txt', pieces: [`${NS} ${wire.trade(1)}`, `${NS} {"lastUpdateId":7}`] },
  { format: 'okx', name: 'a.txt', pieces: [`${NS} ${okx}`, `wss://a <- 1652459225.5: ${okx}`, 'ws://a <-> 1: {"op":'] },
  { format: 'kraken', name: 'a.txt', pieces: [`${NS} ${kraken}`, `@${NS} BTC%2FUSD trade {}`] },
  { format: 'coinbase', name: 'a.txt', pieces: [`${NS} ${coinbase}`, `@${NS} ? heartbeats {}`] },
  {
    format: 'lobster',
    name: 'AMZN_2012-06-21_34200000_57600000_message_1.csv',
    pieces: ['34200.017459617,5,0,1,2238200,-1', '2239500,100,2231800,100', '34200,1,1,1,1,1'],
  },
  {
    format: 'itch50',
    name: '01302019.NASDAQ_ITCH50',
    pieces: [itch.directory(), itch.add(), itch.system()].map((one) => records(one)),
  },
  { format: 'taq-trade-quote', name: '20131007_ibm_Trade_Tick.csv', pieces: ['34200070,1820000,100,D,1,0', '1,1'] },
  {
    format: 'minute-bars',
    name: '20190709_yesbank_minute_trade.csv',
    pieces: ['33300000,950000,950000,939000,948500,1730100', '33360000,1,1,1,1,1'],
  },
  {
    format: 'kite',
    name: 'a.kite',
    pieces: [`${NS} AA==`, Buffer.from(framed(full())).toString('base64'), framed(full()), 'AAA='],
  },
]
const bytes = (piece: string | Uint8Array) => Buffer.from(piece as string)

describe.each(formats)('a piece of $format', ({ format, name, pieces }) => {
  it(`of any bytes is read within its bounds, or said to be damaged; ${LINES} cases`, () => {
    const of = replayFormats[format]
    if (of === undefined) throw new Error(`no format ${format}`)
    const read = (piece: Uint8Array, before: Buffer, behind: Buffer) => {
      const reading = of.reading?.(name) ?? of
      const out: FrameLine = {
        receive_time_us: 0,
        receive_time_ns_rest: 0,
        payload_start: 0,
        payload_end: 0,
        symbol: '',
        channel: '',
      }
      const block = Buffer.concat([before, piece, behind])
      const [start, end] = [before.length, before.length + piece.length]
      const kind = reading.line(block, start, end, out)
      if (kind !== 'frame') return { kind }
      const { receive_time_us, receive_time_ns_rest, payload_start, payload_end, symbol, channel } = out
      const timed = Number.isSafeInteger(receive_time_us) && receive_time_us >= 0 && receive_time_us <= LATEST_US
      const rest = Number.isInteger(receive_time_ns_rest) && receive_time_ns_rest >= 0 && receive_time_ns_rest < 1_000
      const within = start <= payload_start && payload_start <= payload_end && payload_end <= end
      if (!timed || !rest || !within) throw new Error(`no frame: ${JSON.stringify({ ...out, start, end })}`)
      const payload = block.subarray(payload_start, payload_end)
      const frame = Buffer.from(of.payload?.(payload) ?? payload).toString('latin1')
      return { kind, receive_time_us, receive_time_ns_rest, symbol, channel, frame }
    }
    const met = new Set<string>()
    fc.assert(
      fc.property(hostileBytes(pieces.map(bytes)), (piece) => {
        // What stands around a piece is not its own.
        const alone = read(piece, Buffer.alloc(0), Buffer.alloc(0))
        for (const behind of [' 1,"}', ',7\n', '0'])
          if (JSON.stringify(read(piece, Buffer.from('9" '), Buffer.from(behind))) !== JSON.stringify(alone))
            throw new Error(`read beyond its end: ${JSON.stringify([Buffer.from(piece).toString('latin1'), behind])}`)
        met.add(alone.kind)
      }),
      { numRuns: LINES, seed: 20_260_104, endOnFailure: true },
    )
    expect([...met]).toEqual(expect.arrayContaining(['frame', 'damaged']))
  }, 600_000)
})

const folder = mkdtempSync(join(tmpdir(), 'capture-fuzz-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Every frame that can be read, and how it ended. */
async function told(path: string, format: string): Promise<{ frames: string[]; end: string }> {
  const frames: string[] = []
  try {
    const source = await createReplay({ files: [{ path, format }], formats: replayFormats })
    try {
      await source.open(undefined)
      let last_us = -1
      while (!source.done) {
        const item = source.take()
        if (item === undefined) {
          if (!source.done) await source.ready()
          continue
        }
        const { frame_seq, receive_time_us, payload } = item.value as RawFrame
        if (item.stream_time_us <= last_us || !Number.isSafeInteger(item.stream_time_us))
          throw new Error('time went back')
        if (frame_seq !== frames.length) throw new Error('a frame is missing')
        last_us = item.stream_time_us
        frames.push(`${receive_time_us} ${Buffer.from(payload).toString('latin1')}`)
      }
    } finally {
      await source.close()
    }
    return { frames, end: 'whole' }
  } catch (error) {
    const { code, exit_code } = error as { code?: string; exit_code?: number }
    if (code === undefined || (exit_code !== 2 && exit_code !== 3)) throw error
    return { frames, end: code }
  }
}

const lines = (count: number) =>
  Array.from({ length: count }, (_, i) => `${34_200 + i}.5,1,${i},21,2238100,1\n`).join('')
const messages = records(itch.system('O'), itch.directory(), ...Array.from({ length: 200 }, (_, i) => itch.add(i)))
const LOBSTER = 'AMZN_2012-06-21_34200000_57600000_message_1.csv'
/** Pieces that are whole in the beginning of a plain file. */
function piecesIn(head: Buffer, format: string): number {
  if (format !== 'itch50') return head.toString('latin1').split('\n').length - 1
  let pieces = 0
  for (let at = 0; at + 2 <= head.length; pieces++) {
    at += 2 + head.readUInt16BE(at)
    if (at > head.length) break
  }
  return pieces
}

const files = [
  { what: 'lines', format: 'lobster', name: LOBSTER, content: Buffer.from(lines(300)), ends: ['NOT_A_CAPTURE'] },
  {
    what: 'gzip',
    format: 'lobster',
    name: LOBSTER,
    content: gzipSync(lines(300)),
    ends: ['DAMAGED_GZIP', 'TRUNCATED_GZIP', 'NOT_A_CAPTURE'],
  },
  {
    what: 'zip',
    format: 'lobster',
    name: 'a.zip',
    content: zipOf({ name: LOBSTER, content: lines(300) }),
    ends: ['DAMAGED_ZIP', 'NOT_A_CAPTURE'],
  },
  { what: 'records', format: 'itch50', name: '01302019.ITCH', content: messages, ends: ['NOT_A_CAPTURE'] },
  {
    what: 'records in gzip',
    format: 'itch50',
    name: '01302019.gz',
    content: gzipSync(messages),
    ends: ['DAMAGED_GZIP', 'TRUNCATED_GZIP', 'NOT_A_CAPTURE'],
  },
]

describe.each(files)('a file of $what', ({ what, format, name, content, ends }) => {
  it(`of any bytes is read, or refused by a name; ${FILES} cases`, async () => {
    const path = join(folder, name)
    writeFileSync(path, content)
    const good = await told(path, format)
    expect(good.end).toBe('whole')
    const met = new Set<string>()
    const damage = fc.tuple(fc.nat({ max: content.length - 1 }), fc.integer({ min: 0, max: 3 }), fc.nat({ max: 255 }))
    await fc.assert(
      fc.asyncProperty(damage, async ([at, kind, byte]) => {
        const head = content.subarray(0, at)
        const tail = content.subarray(at)
        const flipped = Buffer.from(tail)
        flipped[0] = (flipped[0] ?? 0) ^ (1 << (byte % 8))
        const packed = what !== 'lines' && what !== 'records'
        const changes = [
          head,
          Buffer.concat([head, flipped]),
          Buffer.concat([head, tail.subarray(byte)]),
          Buffer.concat([head, content]),
        ]
        writeFileSync(path, changes[kind] ?? head)
        const { frames, end } = await told(path, format)
        met.add(end)
        if (end === 'NOT_A_CAPTURE') return
        // What stands before the damage is delivered as it was; of a packed file that can be told where it was cut.
        const sure = packed ? (kind === 0 ? Math.max(0, frames.length - 1) : 0) : piecesIn(head, format)
        expect(frames.slice(0, sure)).toEqual(good.frames.slice(0, sure))
      }),
      { numRuns: FILES, seed: 20_260_105, endOnFailure: true },
    )
    expect([...met].filter((end) => end !== 'whole' && !ends.includes(end))).toEqual([])
    expect(met.size).toBeGreaterThan(1)
  }, 600_000)
})

it('a line of minute bars that ends within its time is damaged, whatever byte is behind it', () => {
  const { reading } = replayFormats['minute-bars'] ?? {}
  const out = { receive_time_us: 0, receive_time_ns_rest: 0, payload_start: 0, payload_end: 0, symbol: '', channel: '' }
  const line = Buffer.from('33300000,')
  expect(reading?.('20190709_yesbank_minute_trade.csv').line(line, 0, line.length - 1, out)).toBe('damaged')
})
