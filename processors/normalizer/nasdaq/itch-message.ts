/**
 * One message of Nasdaq TotalView-ITCH 5.0 as bytes: its length, its stock and the codes that its fields may hold ("Nasdaq
 * TotalView-ITCH 5.0", sections 4.1 to 4.8). Numbers are big-endian, text is padded with spaces.
 */
import type { DecodeFault } from '../faults.ts'

interface Layout {
  readonly bytes: number
  /** Where the stock is named: it must be the one that the locate code stands for. */
  readonly stock_at?: number
  /** Codes by place. Fields that the venue adds codes to without a new version (categories, tiers) are not here. */
  readonly codes?: readonly (readonly [at: number, codes: string])[]
}

const SIDE = 'BS'
const FLAG = 'YN'

const LAYOUTS: ReadonlyMap<string, Layout> = new Map<string, Layout>([
  ['S', { bytes: 12, codes: [[11, 'OSQMEC']] }],
  [
    'R',
    {
      bytes: 39,
      stock_at: 11,
      codes: [
        [25, FLAG],
        [29, 'PT'],
      ],
    },
  ],
  ['H', { bytes: 25, stock_at: 11, codes: [[19, 'HPQT']] }],
  ['Y', { bytes: 20, stock_at: 11, codes: [[19, '012']] }],
  [
    'L',
    {
      bytes: 26,
      stock_at: 15,
      codes: [
        [23, FLAG],
        [24, 'NPSRL'],
        [25, 'AEWSD'],
      ],
    },
  ],
  ['V', { bytes: 35 }],
  ['W', { bytes: 12, codes: [[11, '123']] }],
  ['K', { bytes: 28, stock_at: 11, codes: [[23, 'AC']] }],
  ['J', { bytes: 35, stock_at: 11 }],
  [
    'h',
    {
      bytes: 21,
      stock_at: 11,
      codes: [
        [19, 'QBX'],
        [20, 'HT'],
      ],
    },
  ],
  ['A', { bytes: 36, stock_at: 24, codes: [[19, SIDE]] }],
  ['F', { bytes: 40, stock_at: 24, codes: [[19, SIDE]] }],
  ['E', { bytes: 31 }],
  ['C', { bytes: 36, codes: [[31, FLAG]] }],
  ['X', { bytes: 23 }],
  ['D', { bytes: 19 }],
  ['U', { bytes: 35 }],
  ['P', { bytes: 44, stock_at: 24, codes: [[19, SIDE]] }],
  ['Q', { bytes: 40, stock_at: 19, codes: [[39, 'OCHI']] }],
  ['B', { bytes: 19 }],
  [
    'I',
    {
      bytes: 50,
      stock_at: 28,
      codes: [
        [27, 'BSNOP'],
        [48, 'OCHA'],
      ],
    },
  ],
  ['N', { bytes: 20, stock_at: 11, codes: [[19, 'BSAN']] }],
  ['O', { bytes: 48, stock_at: 11, codes: [[19, FLAG]] }],
])

/** A view of one message. */
export class ItchMessage {
  readonly type: string
  readonly #view: DataView
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.type = this.char(0)
  }
  char(at: number): string {
    return String.fromCharCode(this.#view.getUint8(at))
  }
  u32(at: number): number {
    return this.#view.getUint32(at)
  }
  /** As text, because 2^53 is not enough. */
  reference(at: number): string {
    const number = this.u64(at)
    return Number.isSafeInteger(number) ? String(number) : String(this.#view.getBigUint64(at))
  }
  /** Beyond 2^53 it is not exact. */
  u64(at: number): number {
    return this.#view.getUint32(at) * 4_294_967_296 + this.#view.getUint32(at + 4)
  }
  /** Text without the padding behind it. */
  text(at: number, length: number): string {
    let text = ''
    for (let i = at; i < at + length; i++) text += this.char(i)
    return text.trimEnd()
  }
  /** Of a message whose layout has a side there. */
  side(at: number): 'BUY' | 'SELL' {
    return this.char(at) === 'B' ? 'BUY' : 'SELL'
  }
}

/** The message, or what contradicts its layout. */
export function itchMessage(payload: Uint8Array, symbol: string): ItchMessage | DecodeFault | 'LENGTH_WRONG' {
  if (payload.length === 0) return 'FRAME_MALFORMED'
  const message = new ItchMessage(payload)
  const layout = LAYOUTS.get(message.type)
  if (layout === undefined) return 'FRAME_UNKNOWN'
  const { bytes, stock_at, codes } = layout
  if (payload.length !== bytes) return 'LENGTH_WRONG'
  if (stock_at !== undefined && message.text(stock_at, 8) !== symbol) return 'SYMBOL_MISMATCH'
  for (const [at, allowed] of codes ?? []) if (!allowed.includes(message.char(at))) return 'FRAME_MALFORMED'
  return message
}
