/**
 * A line of a capture that says where its frame belongs, for frames that do not say it themselves or hold line feeds:
 * `@receive_time_ns SYMBOL CHANNEL {raw JSON}`, the words as parts of a URL, the frame as it is or `base64,` and its
 * bytes. Any line format can have such lines among its own; what a live feed's capture writes is read back exactly.
 */
import type { FrameLine, LineKind, ReplayFormat } from './format.ts'
import { afterNanoseconds } from './line-parts.ts'

const AT = 0x40
const SPACE = 0x20
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BASE64 = Buffer.from('base64,')

/** `format` with such lines among its own. */
export function withAddressed(format: ReplayFormat): ReplayFormat {
  const { line, payload } = format
  return {
    ...format,
    line: (buf, start, end, out) =>
      buf[start] === AT ? addressed(buf, start + 1, end, out) : line.call(format, buf, start, end, out),
    payload(written) {
      if (written[0] === BASE64[0] && written.subarray(0, BASE64.length).equals(BASE64)) {
        return Buffer.from(written.toString('latin1', BASE64.length), 'base64')
      }
      return payload === undefined ? written : payload.call(format, written)
    },
  }
}

function addressed(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
  const symbol_at = afterNanoseconds(buf, start, end, out)
  if (symbol_at === -1) return 'damaged'
  const channel_at = buf.indexOf(SPACE, symbol_at) + 1
  if (channel_at === 0 || channel_at > end) return 'damaged'
  const frame_at = buf.indexOf(SPACE, channel_at) + 1
  if (frame_at === 0 || frame_at > end) return 'damaged'
  try {
    out.symbol = decodeURIComponent(buf.toString('latin1', symbol_at, channel_at - 1))
    out.channel = decodeURIComponent(buf.toString('latin1', channel_at, frame_at - 1))
  } catch {
    return 'damaged'
  }
  out.payload_start = frame_at
  out.payload_end = end
  return 'frame'
}

export interface WrittenFrame {
  readonly receive_time_us: number
  readonly receive_time_ns_rest: number
  /** As the venue spells it; `?` where nobody can tell. */
  readonly symbol: string
  readonly channel: string
  readonly payload: Uint8Array
}

const scratch: FrameLine = {
  receive_time_us: 0,
  receive_time_ns_rest: 0,
  payload_start: 0,
  payload_end: 0,
  symbol: '',
  channel: '',
}

/** The line, line feed included, from which `format` with addressed lines reads this frame. */
export function captureLine(frame: WrittenFrame, format: ReplayFormat): Buffer {
  const { receive_time_us, receive_time_ns_rest, symbol, channel } = frame
  const payload = Buffer.from(frame.payload.buffer, frame.payload.byteOffset, frame.payload.byteLength)
  const time = `${receive_time_us}${String(receive_time_ns_rest).padStart(3, '0')} `
  const plain = !payload.includes(LINE_FEED) && !payload.includes(CARRIAGE_RETURN) && payload.length > 0
  if (plain) {
    const line = Buffer.concat([Buffer.from(time), payload, Buffer.of(LINE_FEED)])
    scratch.symbol = ''
    scratch.channel = ''
    const kind = format.line(line, 0, line.length - 1, scratch)
    const same = scratch.symbol === symbol && scratch.channel === channel
    const whole = scratch.payload_start === time.length && scratch.payload_end === line.length - 1
    if (kind === 'frame' && same && whole && !isBase64(payload)) return line
  }
  const words = `@${time}${encodeURIComponent(symbol)} ${encodeURIComponent(channel)} `
  const body = plain && !isBase64(payload) ? [payload] : [BASE64, Buffer.from(payload.toString('base64'))]
  return Buffer.concat([Buffer.from(words), ...body, Buffer.of(LINE_FEED)])
}

function isBase64(payload: Buffer): boolean {
  return payload.subarray(0, BASE64.length).equals(BASE64)
}
