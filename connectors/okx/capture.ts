/**
 * Captures of OKX v5 public streams: lines of `receive_time_ns {raw JSON}`, or of `epoch_s: {raw JSON}` where `URL <- `
 * in front may name the socket, as cryptofeed records them; `URL <-> epoch_s` opens a socket.
 *
 * Our own requests (`{"op":...`) are among the recorded lines; they are no frames of the venue and are passed over.
 */
import type { FrameLine, LineKind, ReplayFormat } from '../replay/format.ts'
import { afterNanoseconds, afterSeconds, startsWith, textAfter } from '../replay/line-parts.ts'

const OPENED = Buffer.from(' <-> ')
const SOCKET = Buffer.from(' <- ')
const SEPARATOR = Buffer.from(': ')
const REQUEST = Buffer.from('{"op":')
const SCHEME = Buffer.from('ws')
const SYMBOL_KEY = Buffer.from('"instId":')
const CHANNEL_KEY = Buffer.from('"channel":')
/** The address of a frame stands at its beginning; what follows is not searched. */
const ADDRESS_BYTES = 512
/** A socket's address is not longer. */
const URL_BYTES = 512

export const okxCapture: ReplayFormat = {
  venue: 'OKX',
  example: '1652459225.5065: {"arg":{"channel":"books","instId":"BTC-USDT"},...} or 1652459225506500000 {"arg":...}',

  line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
    let at = start
    if (startsWith(buf, start, end, SCHEME)) {
      const head = buf.subarray(start, Math.min(end, start + URL_BYTES))
      if (head.indexOf(OPENED) !== -1) return 'none'
      const found = head.indexOf(SOCKET)
      if (found === -1) return 'damaged'
      at = start + found + SOCKET.length
    }
    let from = afterNanoseconds(buf, at, end, out)
    if (from === -1) {
      from = afterSeconds(buf, at, end, out)
      if (from === -1 || !startsWith(buf, from, end, SEPARATOR)) return 'damaged'
      from += SEPARATOR.length
    }
    if (from >= end) return 'damaged'
    if (startsWith(buf, from, end, REQUEST)) return 'none'
    out.payload_start = from
    out.payload_end = end
    const address = buf.subarray(from, Math.min(end, from + ADDRESS_BYTES))
    out.symbol = textAfter(address, SYMBOL_KEY)
    out.channel = textAfter(address, CHANNEL_KEY)
    return 'frame'
  },
}
