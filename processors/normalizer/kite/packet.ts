/**
 * Kite Connect ticker frames, byte for byte (Kite Connect 3 documentation, WebSocket streaming, binary message structure).
 *
 * A frame is a u16 count, then that many packets, each behind a u16 length; all numbers are big-endian. A packet's
 * length says its mode. Tokens, quantities, volumes, open interest, times and depth prices are unsigned: a day's volume
 * passes 2^31. Other prices and an index's change are signed. Prices are whole numbers of 1/`divisor` rupees.
 *
 * A frame that does not add up to its last byte is refused as a whole: where one length is wrong, the others are noise.
 */

export type KiteMode = 'ltp' | 'index_quote' | 'index_full' | 'quote' | 'full'

export interface KiteLevel {
  readonly px: number
  readonly qty: number
  readonly orders: number
}

/** Prices in `price_scale`, times in seconds since the epoch; 0 where the mode has none, or the venue sent none. */
export interface KitePacket {
  readonly mode: KiteMode
  readonly token: number
  /** Token & 0xFF: 1 NSE, 2 NFO, 3 CDS, 4 BSE, 5 BFO, 6 BCD, 7 MCX, 8 MCX-SX, 9 indices. */
  readonly segment: number
  /** Decimal places of the prices. */
  readonly price_scale: number
  readonly last_px: number
  readonly last_qty: number
  readonly average_px: number
  readonly volume_qty: number
  readonly buy_qty: number
  readonly sell_qty: number
  readonly open_px: number
  readonly high_px: number
  readonly low_px: number
  readonly close_px: number
  /** Of an index: the price less the close, as the venue sends it. */
  readonly change_px: number
  readonly last_trade_time_s: number
  readonly exchange_time_s: number
  readonly open_interest: number
  readonly open_interest_high: number
  readonly open_interest_low: number
  /** Five levels each, best first, empty ones too; none but in mode full. */
  readonly bids: readonly KiteLevel[]
  readonly asks: readonly KiteLevel[]
}

const INDEX_SEGMENT = 9
/** A socket has at most this many instruments. */
const PACKETS_MAX = 3_000
const DEPTH_LEVELS = 5
const LEVEL_BYTES = 12

export type FrameKind = 'heartbeat' | 'text' | 'packets'

/** Where a frame does not add up: the byte, and why. */
export interface Misread {
  readonly at: number
  readonly why: string
}

/** What a frame is by its first bytes. Texts (order updates, errors) are JSON: as a count, `{"` is beyond any socket. */
export function frameKind(frame: Uint8Array): FrameKind {
  if (frame.length === 1) return 'heartbeat'
  return frame[0] === 0x7b ? 'text' : 'packets'
}

/** Reads every packet of a frame. */
export function readFrame(frame: Uint8Array): KitePacket[] | Misread {
  if (frame.length < 2) return { at: 0, why: 'no count' }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const count = view.getUint16(0)
  if (count > PACKETS_MAX) return { at: 0, why: `${count} packets` }
  const packets: KitePacket[] = []
  let at = 2
  for (let i = 0; i < count; i++) {
    if (at + 2 > frame.length) return { at, why: 'no length' }
    const length = view.getUint16(at)
    if (at + 2 + length > frame.length) return { at, why: `${length} bytes, more than there are` }
    const packet = readPacket(view, at + 2, length)
    if (packet === undefined) return { at, why: `a packet of ${length} bytes` }
    packets.push(packet)
    at += 2 + length
  }
  return at === frame.length ? packets : { at, why: `${frame.length - at} bytes too many` }
}

/** Reads a packet that came without its frame. */
export function readBare(packet: Uint8Array): KitePacket[] | Misread {
  const read = readPacket(new DataView(packet.buffer, packet.byteOffset, packet.byteLength), 0, packet.length)
  return read === undefined ? { at: 0, why: `a packet of ${packet.length} bytes` } : [read]
}

/** Decimal places by segment: currencies have finer ones. */
function scaleOf(segment: number): number {
  if (segment === 3) return 7
  return segment === 6 ? 4 : 2
}

/** The packet at `from`; undefined for a length that no mode has. An index has its own two lengths and no others but ltp. */
function readPacket(view: DataView, from: number, length: number): KitePacket | undefined {
  if (length < 8) return undefined
  const token = view.getUint32(from)
  const segment = token & 0xff
  const index = segment === INDEX_SEGMENT
  const mode = modeOf(length, index)
  if (mode === undefined) return undefined
  const i32 = (at: number) => view.getInt32(from + at)
  const u32 = (at: number) => view.getUint32(from + at)
  const packet = {
    ...empty,
    mode,
    token,
    segment,
    price_scale: scaleOf(segment),
    last_px: i32(4),
  }
  if (mode === 'ltp') return packet
  if (mode === 'index_quote' || mode === 'index_full') {
    return {
      ...packet,
      high_px: i32(8),
      low_px: i32(12),
      open_px: i32(16),
      close_px: i32(20),
      change_px: i32(24),
      exchange_time_s: mode === 'index_full' ? u32(28) : 0,
    }
  }
  const quote = {
    ...packet,
    last_qty: u32(8),
    average_px: i32(12),
    volume_qty: u32(16),
    buy_qty: u32(20),
    sell_qty: u32(24),
    open_px: i32(28),
    high_px: i32(32),
    low_px: i32(36),
    close_px: i32(40),
  }
  if (mode === 'quote') return quote
  return {
    ...quote,
    last_trade_time_s: u32(44),
    open_interest: u32(48),
    open_interest_high: u32(52),
    open_interest_low: u32(56),
    exchange_time_s: u32(60),
    bids: levels(view, from + 64),
    asks: levels(view, from + 64 + DEPTH_LEVELS * LEVEL_BYTES),
  }
}

function modeOf(length: number, index: boolean): KiteMode | undefined {
  if (length === 8) return 'ltp'
  if (index) return length === 28 ? 'index_quote' : length === 32 ? 'index_full' : undefined
  return length === 44 ? 'quote' : length === 184 ? 'full' : undefined
}

function levels(view: DataView, from: number): KiteLevel[] {
  const made: KiteLevel[] = []
  for (let i = 0, at = from; i < DEPTH_LEVELS; i++, at += LEVEL_BYTES) {
    made.push({ qty: view.getUint32(at), px: view.getUint32(at + 4), orders: view.getUint16(at + 8) })
  }
  return made
}

const empty = {
  last_qty: 0,
  average_px: 0,
  volume_qty: 0,
  buy_qty: 0,
  sell_qty: 0,
  open_px: 0,
  high_px: 0,
  low_px: 0,
  close_px: 0,
  change_px: 0,
  last_trade_time_s: 0,
  exchange_time_s: 0,
  open_interest: 0,
  open_interest_high: 0,
  open_interest_low: 0,
  bids: [],
  asks: [],
} as const
