import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { CaptureWriter } from '../../connectors/feed/index.ts'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { rawFrame } from '../processors/kit.ts'

const dir = mkdtempSync(join(tmpdir(), 'aitrader-capture-'))
afterAll(() => rmSync(dir, { recursive: true }))
let made = 0
const fresh = (suffix = '') => join(dir, `capture-${made++}${suffix}`)

async function written(path: string, format: string, frames: readonly RawFrame[]): Promise<void> {
  const writer = new CaptureWriter(path, replayFormats[format]!)
  for (const frame of frames) await writer.write(frame)
  await writer.end()
}

async function read(path: string, format: string): Promise<RawFrame[]> {
  const source = await createReplay({ files: [{ path, format }], formats: replayFormats })
  await source.open(undefined)
  const frames: RawFrame[] = []
  while (!source.done) {
    const item = source.take()
    if (item === undefined) await source.ready()
    else frames.push({ ...(item.value as RawFrame), payload: new Uint8Array((item.value as RawFrame).payload) })
  }
  await source.close()
  return frames
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('a capture', () => {
  it('writes lines as the format has them, and says the address only where the frame does not', async () => {
    const path = fresh()
    const own = '{"stream":"btcusdt@trade","data":{}}'
    await written(path, 'binance-spot', [
      rawFrame(own, { channel: 'trade', receive_time_us: 1_000_001, receive_time_ns_rest: 7 }),
      rawFrame('{"lastUpdateId":1}', { channel: 'snapshot', receive_time_us: 1_000_002 }),
      rawFrame('null', { venue_symbol: 'BINANCE:?', channel: '', receive_time_us: 1_000_003 }),
      rawFrame('{"a":\n1}', { channel: 'odd one', receive_time_us: 1_000_004 }),
    ])
    expect(readFileSync(path, 'utf8')).toBe(
      `1000001007 ${own}\n` +
        '@1000002000 BTCUSDT snapshot {"lastUpdateId":1}\n' +
        '@1000003000 %3F  null\n' +
        '@1000004000 BTCUSDT odd%20one base64,eyJhIjoKMX0=\n',
    )
  })

  it.each([
    ['binance-spot', 'BINANCE'],
    ['okx', 'OKX'],
    ['coinbase', 'COINBASE'],
    ['kraken', 'KRAKEN'],
  ])('of %s is read back exactly, whatever the frames are', async (format, venue) => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.json().map(bytes),
      fc
        .constantFrom(
          '',
          'base64,',
          'base64,AAAA',
          '{"op":"ping"}',
          '{"channel":"book"}',
          '{}\r',
          ' {}',
          '{"stream":""}',
        )
        .map(bytes),
      fc
        .constantFrom('btcusdt@trade', '!x@y', 'a b@c')
        .map((stream) => bytes(JSON.stringify({ stream, data: { s: 'X' } }))),
    )
    const word = fc.oneof(fc.constantFrom('BTCUSDT', '?', 'trade', 'book'), fc.string({ unit: 'binary', maxLength: 8 }))
    const frame = fc.record({
      payload,
      symbol: word,
      channel: word,
      later_us: fc.integer({ min: 1, max: 1_000_000_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 12 }), async (drawn) => {
        let receive_time_us = 1_700_000_000_000_000
        const frames = drawn.map(({ payload, symbol, channel, later_us }, frame_seq) => {
          receive_time_us += later_us
          const venue_symbol = `${venue}:${symbol === '' ? '?' : symbol}`
          return rawFrame(payload, { venue, venue_symbol, channel, receive_time_us, frame_seq })
        })
        const path = fresh('.gz')
        await written(path, format, frames)
        expect(await read(path, format)).toEqual(frames)
      }),
      { numRuns: 60 },
    )
  })

  it('has its name only when it is whole, and takes no other file away', async () => {
    const path = fresh('.gz')
    const writer = new CaptureWriter(path, replayFormats['binance-spot']!)
    await writer.write(rawFrame('{}'))
    expect(() => readFileSync(path)).toThrow('ENOENT')
    await writer.end()
    expect(gunzipSync(readFileSync(path)).toString()).toContain('{}')
    expect(() => new CaptureWriter(path, replayFormats['binance-spot']!)).toThrow(/exists/)
    const taken = fresh()
    writeFileSync(`${taken}.part`, '')
    expect(() => new CaptureWriter(taken, replayFormats['binance-spot']!)).toThrow(/part exists/)
  })

  it('says so when the disk takes nothing more', async () => {
    const writer = new CaptureWriter('/dev/full/nothing.gz', replayFormats['binance-spot']!)
    await expect(async () => {
      for (;;) await writer.write(rawFrame(`{"a":"${'x'.repeat(100_000)}"}`))
    }).rejects.toThrow(/writing .*nothing.gz.part/)
  })
})
