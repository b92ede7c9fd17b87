/**
 * Captures of Kite ticker sockets: lines of `receive_time_ns base64`, one WebSocket frame each, text frames too.
 *
 * A socket carries many instruments in one frame, so every frame belongs to the symbol `*`, and the normalizer tells
 * them apart. A line whose second part is not base64 is damaged; whether the bytes are a frame is the normalizer's
 * to say.
 */
import type { FrameLine, LineKind, ReplayFormat } from '../replay/format.ts'
import { afterNanoseconds } from '../replay/line-parts.ts'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

function isBase64(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.length % 4 === 0 && BASE64.test(bytes.toString('latin1'))
}

export const kiteCapture: ReplayFormat = {
  venue: 'KITE',
  example: '1625461887250000000 AAEACAANgAEAAJl/',

  line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
    const at = afterNanoseconds(buf, start, end, out)
    if (at === -1 || !isBase64(buf.subarray(at, end))) return 'damaged'
    out.payload_start = at
    out.payload_end = end
    out.symbol = '*'
    out.channel = ''
    return 'frame'
  },

  payload(bytes: Buffer): Buffer {
    return isBase64(bytes) ? Buffer.from(bytes.toString('latin1'), 'base64') : bytes
  },
}
