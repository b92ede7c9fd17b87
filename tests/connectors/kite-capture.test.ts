import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createReplay, replayFormats } from '../../connectors/replay/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'

/** The frames of a capture with these lines. */
async function frames(...lines: readonly string[]): Promise<RawFrame[]> {
  const folder = mkdtempSync(join(tmpdir(), 'aitrader-kite-'))
  const path = join(folder, 'ticks.kite')
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
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
