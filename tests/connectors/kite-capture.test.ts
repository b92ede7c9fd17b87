import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'

/** The frames of a capture with these lines. */
function frames(...lines: readonly string[]): Promise<RawFrame[]> {
  return framesOf(lines.map((line) => `${line}\n`).join(''))
}

/** The frames of a file with this content. */
async function framesOf(content: string | Uint8Array): Promise<RawFrame[]> {
  const folder = mkdtempSync(join(tmpdir(), 'aitrader-kite-'))
  const path = join(folder, 'ticks.kite')
  writeFileSync(path, content)
  try {
    const source = await createReplay({ files: [{ path, format: 'kite' }], formats: replayFormats })
    await source.open(undefined)
    const out: RawFrame[] = []
    while (!source.done) {
      const item = source.take()
      if (item !== undefined) out.push({ ...(item.value as RawFrame) })
      else if (!source.done) await source.ready()
    }
    await source.close()
    return out
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const LTP = Buffer.from('0001000800' + '0d8001' + '0000997f', 'hex')

it('hands on the bytes of the frame, not their text; times to the nanosecond', async () => {
  const made = await frames(
    `1625461887250000123 ${LTP.toString('base64')}`,
    '1625461888250000456 AA==',
    `1625461889250000000 ${Buffer.from('{"type":"order"}').toString('base64')}`,
  )
  expect(
    made.map(({ venue_symbol, venue, channel, receive_time_us, receive_time_ns_rest, payload }) => [
      venue_symbol,
      venue,
      channel,
      receive_time_us,
      receive_time_ns_rest,
      Buffer.from(payload).toString('latin1'),
    ]),
  ).toEqual([
    ['KITE:*', 'KITE', '', 1_625_461_887_250_000, 123, LTP.toString('latin1')],
    ['KITE:*', 'KITE', '', 1_625_461_888_250_000, 456, '\0'],
    ['KITE:*', 'KITE', '', 1_625_461_889_250_000, 0, '{"type":"order"}'],
  ])
})

it('hands on a damaged line as it stands, with the time of the line before', async () => {
  const made = await frames('1625461887250000123 AA==', '1625461888250000456 A-==', '1625461889250000000')
  expect(made.map(({ receive_time_us, payload }) => [receive_time_us, Buffer.from(payload).toString()])).toEqual([
    [1_625_461_887_250_000, '\0'],
    [1_625_461_887_250_000, '1625461888250000456 A-=='],
    [1_625_461_887_250_000, '1625461889250000000'],
  ])
})

it.each(['hello', '1625461887250000123 {"e":1}', 'AA=='])('a file that begins with %s is none', async (line) => {
  await expect(frames(line)).rejects.toMatchObject({ code: 'NOT_A_CAPTURE' })
})

/** A packet of mode full: 184 bytes, the venue's time at 60. */
function full(time_s: number): Buffer {
  const packet = Buffer.alloc(184)
  packet.writeUInt32BE(0x000d8001, 0)
  packet.writeUInt32BE(time_s, 60)
  return packet
}
const framed = (...packets: readonly Buffer[]) =>
  Buffer.concat([
    Buffer.from([0, packets.length]),
    ...packets.flatMap((packet) => [Buffer.from([packet.length >> 8, packet.length & 0xff]), packet]),
  ])
const asRead = ({ channel, receive_time_us, payload }: RawFrame) => [channel, receive_time_us, payload.length]

it('takes lines without a time: a frame, or a packet without its frame, at the time that the venue says in it', async () => {
  const made = await frames(
    full(1_655_378_328).toString('base64'),
    framed(LTP.subarray(4), full(1_655_378_330), full(1_655_378_329)).toString('base64'),
    LTP.subarray(4).toString('base64'),
    // After the year 2100: such a time would carry all later frames with it.
    full(4_200_000_000).toString('base64'),
  )
  expect(made.map(asRead)).toEqual([
    ['packet', 1_655_378_328_000_000, 184],
    ['', 1_655_378_330_000_000, 2 + 10 + 186 + 186],
    ['packet', 1_655_378_330_000_000, 8],
    ['packet', 1_655_378_330_000_000, 184],
  ])
})

it('takes frames of bytes one behind the other, line feeds and spaces among them', async () => {
  const first = framed(full(0x0a202020), LTP.subarray(4))
  const made = await framesOf(Buffer.concat([first, framed(full(1_655_378_330)), Buffer.from([0, 1, 0, 184, 9])]))
  expect(made.map(asRead)).toEqual([
    ['', 0x0a202020 * 1_000_000, first.length],
    ['', 1_655_378_330_000_000, 188],
    // The file ends within it.
    ['', 1_655_378_330_000_000, 5],
  ])
})

it.each(['hello', 'AAAA', '{"a":1}'])('is no file that begins with %s', async (text) => {
  await expect(frames(text)).rejects.toMatchObject({ code: 'NOT_A_CAPTURE' })
})
