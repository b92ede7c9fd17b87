/**
 * The usual capture of a venue that sends JSON: lines of a receive time and `{raw JSON}`, addressed by two of its fields.
 *
 * The time is `receive_time_ns `, or `epoch_s: ` as cryptofeed records sockets. Our own requests are among the lines of
 * such a record; they are no frames of the venue and are passed over.
 */
import type { FrameLine, LineKind, ReplayFormat } from './format.ts'
import { afterTime, OPENED, textAfter } from './line-parts.ts'

/** The address of a frame stands at its beginning, behind few other fields; what follows is not searched. */
const ADDRESS_BYTES = 512
const REQUEST_BYTES = 64

interface TimedJson {
  readonly venue: string
  readonly example: string
  /** Names of the fields with the venue symbol and the channel. */
  readonly symbol_field: string
  readonly channel_field: string
  /** What a request of ours begins with, and no message of the venue. */
  readonly request: RegExp
  /** The venue sends texts that are no JSON, `pong`. */
  readonly texts?: boolean
}

export function timedJsonCapture(options: TimedJson): ReplayFormat {
  const { venue, example, request, texts = false } = options
  const symbol_key = Buffer.from(`"${options.symbol_field}":`)
  const channel_key = Buffer.from(`"${options.channel_field}":`)
  return {
    venue,
    example,
    line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
      const from = afterTime(buf, start, end, out)
      if (from === OPENED) return 'none'
      if (from === -1 || from >= end) return 'damaged'
      const brace = buf[from] === 0x7b
      if (!brace && !texts) return 'damaged'
      if (brace && request.test(buf.toString('latin1', from, Math.min(end, from + REQUEST_BYTES)))) return 'none'
      out.payload_start = from
      out.payload_end = end
      const address = buf.subarray(from, Math.min(end, from + ADDRESS_BYTES))
      out.symbol = textAfter(address, symbol_key)
      out.channel = textAfter(address, channel_key)
      return 'frame'
    },
  }
}
