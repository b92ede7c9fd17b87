import type { Channel, CleanFrame } from './exchange.ts'
import { type Keyed, streamOf } from './keyed.ts'
import type { MoodParameters } from './table.ts'

/**
 * What can happen to one frame on its way. Each kind has draws of its own, by instrument and number of the frame, so that
 * a kind more, or another rate, leaves what the other kinds do as it is; where several meet, the first of the list wins.
 */
export const FRAME_FAULTS = ['drop', 'truncate', 'corrupt', 'misread', 'late', 'duplicate'] as const
export type FrameFault = (typeof FRAME_FAULTS)[number]

const LATE_MAX_US = 50_000
const DUPLICATE_MAX_US = 3_000
/** Bytes that no JSON text has anywhere: control characters that are no white space, and what is no UTF-8. */
const FOREIGN_BYTES = [0x00, 0x01, 0x08, 0x0b, 0x1f, 0xc0, 0xff]
/** A quantity of a level; the digits of OKX messages that a checksum proves. */
const QUANTITY = /(?<=\["[0-9.]+","[0-9.]*)[0-9](?=[0-9.]*",)/g
const DEPTH_CHANNELS: ReadonlySet<Channel> = new Set(['depth@100ms', 'snapshot', 'books'])

/** What comes of a frame: copies with how much later they arrive than they would have. */
export interface Fate {
  readonly fault: FrameFault | undefined
  readonly copies: readonly { readonly payload: Uint8Array; readonly delay_us: number }[]
}

export function isDepth(channel: Channel): boolean {
  return DEPTH_CHANNELS.has(channel)
}

export class FrameFaults {
  readonly #keyed: Keyed
  readonly #kinds: readonly { readonly fault: FrameFault; readonly chance: number; readonly stream: number }[]

  constructor(instrument_id: string, params: MoodParameters, keyed: Keyed) {
    this.#keyed = keyed
    this.#kinds = FRAME_FAULTS.map((fault) => ({
      fault,
      chance: params[`${fault}_ppm`] / 1_000_000,
      stream: streamOf(`fault ${fault} ${instrument_id}`),
    })).filter(({ chance }) => chance > 0)
  }

  /** The fate of the instrument's frame number `count`, which carries `payload` by now. */
  of(count: number, { channel }: CleanFrame, payload: Uint8Array): Fate {
    for (const { fault, chance, stream } of this.#kinds) {
      const draws = this.#keyed.at(stream, count)
      if (draws.uniform() >= chance) continue
      if (fault === 'drop') return { fault, copies: [] }
      if (fault === 'late') return { fault, copies: [{ payload, delay_us: 1_000 + draws.integer(LATE_MAX_US) }] }
      if (fault === 'duplicate') {
        const delay_us = 1 + draws.integer(DUPLICATE_MAX_US)
        return {
          fault,
          copies: [
            { payload, delay_us: 0 },
            { payload, delay_us },
          ],
        }
      }
      const damaged =
        fault === 'truncate'
          ? payload.slice(0, 1 + draws.integer(payload.length - 1))
          : fault === 'corrupt'
            ? corrupted(payload, draws)
            : channel === 'books'
              ? misread(payload, draws)
              : undefined
      if (damaged !== undefined) return { fault, copies: [{ payload: damaged, delay_us: 0 }] }
    }
    return { fault: undefined, copies: [{ payload, delay_us: 0 }] }
  }
}

function corrupted(payload: Uint8Array, draws: Keyed): Uint8Array {
  const damaged = payload.slice()
  damaged[draws.integer(damaged.length)] = FOREIGN_BYTES[draws.integer(FOREIGN_BYTES.length)]!
  return damaged
}

/** Another digit, never 0, so that it stays a number; undefined for a message without levels. */
function misread(payload: Uint8Array, draws: Keyed): Uint8Array | undefined {
  const places = [...Buffer.from(payload).toString('latin1').matchAll(QUANTITY)]
  if (places.length === 0) return undefined
  const at = places[draws.integer(places.length)]!.index
  const damaged = payload.slice()
  damaged[at] = 0x31 + ((damaged[at]! - 0x30) % 9)
  return damaged
}

/** The same message with ids that began anew: `before` is what the message before it was lowered by. */
export function withLowerIds(
  { channel, payload }: CleanFrame,
  offsets: { readonly update: number; readonly update_before: number; readonly trade: number },
): Uint8Array {
  const text = Buffer.from(payload).toString('latin1')
  const { update, update_before, trade } = offsets
  const lowered = text.replace(ID_FIELDS[channel], (_all, field: string, id: string) => {
    const off = field === '"prevSeqId":' ? update_before : channel === 'trade' || channel === 'trades' ? trade : update
    // -1 says that nothing is before it.
    return id === '-1' ? `${field}${id}` : `${field}${Number(id) - off}`
  })
  return Buffer.from(lowered, 'latin1')
}

const ID_FIELDS: Readonly<Record<Channel, RegExp>> = {
  'depth@100ms': /("[Uu]":)(\d+)/g,
  bookTicker: /("u":)(\d+)/g,
  snapshot: /("lastUpdateId":)(\d+)/g,
  trade: /("t":)(\d+)/g,
  books: /("(?:seqId|prevSeqId)":)(-?\d+)/g,
  trades: /("tradeId":")(\d+)/g,
}
