/** Kite ticker packets made by hand, byte by byte as the documentation lists them. */

/** A frame of packets, each as its bytes. */
export function framed(...packets: readonly Uint8Array[]): Uint8Array {
  const out = Buffer.alloc(2 + packets.reduce((sum, packet) => sum + 2 + packet.length, 0))
  out.writeUInt16BE(packets.length)
  let at = 2
  for (const packet of packets) {
    out.writeUInt16BE(packet.length, at)
    out.set(packet, at + 2)
    at += 2 + packet.length
  }
  return out
}

export const INFY = 408_065
export const INDEX = 256_265
type Level = readonly [qty: number, px: number, orders?: number]
interface Full {
  readonly token?: number
  readonly last_px?: number
  readonly volume?: number
  readonly time_s?: number
  readonly bids?: readonly Level[]
  readonly asks?: readonly Level[]
}
/** 2021-07-05 10:41:27 IST. */
export const TIME_S = 1_625_461_887

export function full({
  token = INFY,
  last_px = 157_370,
  volume = 1_000,
  time_s = TIME_S,
  ...rest
}: Full = {}): Uint8Array {
  const { bids = [[5, 157_340, 1]], asks = [[172, 157_370, 3]] } = rest
  const out = Buffer.alloc(184)
  out.writeUInt32BE(token, 0)
  out.writeInt32BE(last_px, 4)
  out.writeUInt32BE(volume, 16)
  out.writeUInt32BE(time_s, 60)
  const side = (levels: readonly Level[], from: number) => {
    levels.forEach(([qty, px, orders = 1], i) => {
      out.writeUInt32BE(qty, from + i * 12)
      out.writeUInt32BE(px, from + i * 12 + 4)
      out.writeUInt16BE(orders, from + i * 12 + 8)
    })
  }
  side(bids, 64)
  side(asks, 124)
  return out
}

export function ltp(token: number, last_px: number): Uint8Array {
  const out = Buffer.alloc(8)
  out.writeUInt32BE(token, 0)
  out.writeInt32BE(last_px, 4)
  return out
}
