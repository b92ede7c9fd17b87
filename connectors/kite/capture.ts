/**
 * Captures of Kite ticker sockets: lines of `receive_time_ns base64`, one WebSocket frame each, text frames too.
 *
 * Frames without a time are taken as well, as samples of the feed come: the bytes of frames one behind the other, or
 * lines of base64 alone, which hold a frame or a packet without its frame (channel `packet`). Their time is what the
 * venue says in them; a mode that says none has the time before it.
 *
 * A socket carries many instruments in one frame, so every frame belongs to the symbol `*`, and the normalizer tells
 * them apart. A line that is none of these is damaged; whether the bytes are a frame is the normalizer's to say.
 */
import { type FrameLine, type LineKind, MAX_LINE_BYTES, type ReplayFormat } from '../replay/format.ts'
import { afterNanoseconds, LATEST_US } from '../replay/line-parts.ts'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const SPACE = 0x20
/** Modes whose packet ends with the venue's time, or has it within: length in bytes, and where. */
const TIME_AT: ReadonlyMap<number, number> = new Map([
  [32, 28],
  [184, 60],
])
const PACKET_BYTES: readonly number[] = [8, 28, 32, 44, 184]
/** A frame of bytes begins with the high byte of its count; no text begins with one below the tabulator. */
const COUNT_BYTE_MAX = 8

function isBase64(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.length % 4 === 0 && BASE64.test(bytes.toString('latin1'))
}

/** Length of the frame at `at` by its own count and lengths; -1 where it does not end in `block`. */
function frameLength(block: Buffer, at: number): number {
  if (block.length - at < 2) return -1
  const count = block.readUInt16BE(at)
  let end = at + 2
  for (let i = 0; i < count; i++) {
    if (end - at >= MAX_LINE_BYTES) return MAX_LINE_BYTES
    if (end + 2 > block.length) return -1
    end += 2 + block.readUInt16BE(end)
  }
  return end > block.length ? -1 : end - at
}

/** The greatest of the times in a frame, seconds; 0 without one. */
function frameTime(frame: Buffer): number {
  let latest = 0
  for (let at = 2; at + 2 <= frame.length; ) {
    const length = frame.readUInt16BE(at)
    latest = Math.max(latest, packetTime(frame.subarray(at + 2, at + 2 + length)))
    at += 2 + length
  }
  return latest
}

function packetTime(packet: Buffer): number {
  const at = TIME_AT.get(packet.length)
  return at === undefined ? 0 : packet.readUInt32BE(at)
}

/** Frames and packets without a receive time. */
function untimed(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
  const written = buf.subarray(start, end)
  const text = !isBytes(buf[start])
  if (text && !isBase64(written)) return 'damaged'
  const bytes = kiteCapture.payload(written)
  const framed = frameLength(bytes, 0) === bytes.length
  const packet = text && !framed && PACKET_BYTES.includes(bytes.length)
  if (text && !framed && !packet) return 'damaged'
  const time_us = (framed ? frameTime(bytes) : packet ? packetTime(bytes) : 0) * 1_000_000
  if (time_us > 0 && time_us <= LATEST_US) {
    out.receive_time_us = time_us
    out.receive_time_ns_rest = 0
  }
  return frame(start, end, packet ? 'packet' : '', out)
}

/** Whether a frame of bytes begins so, and not a text. */
function isBytes(first: number | undefined): boolean {
  return first !== undefined && first <= COUNT_BYTE_MAX
}

function frame(start: number, end: number, channel: string, out: FrameLine): LineKind {
  out.payload_start = start
  out.payload_end = end
  out.symbol = '*'
  out.channel = channel
  return 'frame'
}

export const kiteCapture = {
  venue: 'KITE',
  example: '1625461887250000000 AAEACAANgAEAAJl/',
  record: frameLength,
  recorded: isBytes,

  line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
    if (isBytes(buf[start]) || !buf.subarray(start, end).includes(SPACE)) return untimed(buf, start, end, out)
    const at = afterNanoseconds(buf, start, end, out)
    if (at === -1 || !isBase64(buf.subarray(at, end))) return 'damaged'
    return frame(at, end, '', out)
  },

  payload(bytes: Buffer): Buffer {
    return isBase64(bytes) ? Buffer.from(bytes.toString('latin1'), 'base64') : bytes
  },
} satisfies ReplayFormat
