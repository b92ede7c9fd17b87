/** Reads addresses by the reader of captures, so that a capture of a feed is addressed as the feed was. */
import type { FrameLine, ReplayFormat } from '../replay/format.ts'
import type { FrameAddress } from './venue.ts'

/** The address of a frame stands at its beginning. */
const ADDRESS_BYTES = 512
/** Any time: it is not looked at. */
const TIME = Buffer.from('1000 ')

export function captureAddress(format: ReplayFormat): (payload: Uint8Array) => FrameAddress {
  const out: FrameLine = {
    receive_time_us: 0,
    receive_time_ns_rest: 0,
    payload_start: 0,
    payload_end: 0,
    symbol: '',
    channel: '',
  }
  return (payload) => {
    const line = Buffer.concat([TIME, payload.subarray(0, ADDRESS_BYTES)])
    out.symbol = ''
    out.channel = ''
    return format.line(line, 0, line.length, out) === 'frame'
      ? { symbol: out.symbol, channel: out.channel }
      : { symbol: '', channel: '' }
  }
}
