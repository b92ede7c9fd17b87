/** A capture whose file cannot be written. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CaptureWriter } from '../../connectors/feed/index.ts'
import { replayFormats } from '../../connectors/replay/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'

const frame: RawFrame = {
  venue_symbol: 'KRAKEN:?',
  venue: 'KRAKEN',
  source: 'feed',
  channel: 'heartbeat',
  frame_seq: 0,
  receive_time_us: 1_767_571_200_000_000,
  receive_time_ns_rest: 0,
  receive_error_us: null,
  payload: Buffer.from('{"channel":"heartbeat"}'),
}

it.each(['capture', 'capture.gz'])('%s fails with a word of why, and fails nothing else', async (name) => {
  const writer = new CaptureWriter(join(tmpdir(), 'no-such-folder', 'of-aitrader', name), replayFormats.kraken!)
  await writer.write(frame)
  await expect(writer.end()).rejects.toMatchObject({ code: 'FILE_UNWRITABLE', exit_code: 4 })
  expect(() => writer.write(frame)).toThrow(expect.objectContaining({ code: 'FILE_UNWRITABLE' }))
})
