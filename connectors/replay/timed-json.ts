/** The usual capture of a venue that sends JSON: lines of `receive_time_ns {raw JSON}`, addressed by two of its fields. */
import type { FrameLine, LineKind, ReplayFormat } from './format.ts'
import { afterNanoseconds, textAfter } from './line-parts.ts'

const OPEN_BRACE = 0x7b
/** The address of a frame stands at its beginning, behind few other fields; what follows is not searched. */
const ADDRESS_BYTES = 512

interface TimedJson {
  readonly venue: string
  readonly example: string
  /** Names of the fields with the venue symbol and the channel. */
  readonly symbol_field: string
  readonly channel_field: string
}

export function timedJsonCapture({ venue, example, symbol_field, channel_field }: TimedJson): ReplayFormat {
  const symbol_key = Buffer.from(`"${symbol_field}":`)
  const channel_key = Buffer.from(`"${channel_field}":`)
  return {
    venue,
    example,
    line(buf: Buffer, start: number, end: number, out: FrameLine): LineKind {
      const from = afterNanoseconds(buf, start, end, out)
      if (from === -1 || buf[from] !== OPEN_BRACE) return 'damaged'
      out.payload_start = from
      out.payload_end = end
      const address = buf.subarray(from, Math.min(end, from + ADDRESS_BYTES))
      out.symbol = textAfter(address, symbol_key)
      out.channel = textAfter(address, channel_key)
      return 'frame'
    },
  }
}
