import type { Arena } from '../api/arena.ts'
import { AppError } from '../api/fault.ts'

/**
 * Variable-length integers over the whole safe range, 7 bits a byte, least first.
 *
 * Signed ones hold the sign in the lowest bit and the magnitude above it: zigzag would need 54 bits for the edges,
 * which a double does not have. Neither function makes room: the caller calls `arena.ensure` with the sum of the
 * greatest sizes once per record.
 */

export const MAX_VARINT_BYTES = 8

const INT32_LIMIT = 0x80000000

/** `n` is a safe integer >= 0. */
export function putUnsigned(arena: Arena, n: number): void {
  const buf = arena.buf
  let pos = arena.pos
  let rest = n
  while (rest >= INT32_LIMIT) {
    buf[pos++] = (rest % 128) + 128
    rest = Math.floor(rest / 128)
  }
  while (rest >= 128) {
    buf[pos++] = (rest & 127) | 128
    rest >>>= 7
  }
  buf[pos++] = rest
  arena.pos = pos
}

/** `n` is a safe integer of either sign. */
export function putSigned(arena: Arena, n: number): void {
  const sign = n < 0 ? 1 : 0
  const magnitude = sign === 1 ? -n : n
  if (magnitude < 64) {
    arena.buf[arena.pos++] = (magnitude << 1) | sign
    return
  }
  arena.buf[arena.pos++] = ((magnitude % 64) << 1) | sign | 128
  putUnsigned(arena, Math.floor(magnitude / 64))
}

/** Reads varints one after another; a varint cut off or beyond the safe range is `DATA_DAMAGED`. */
export class VarintReader {
  pos = 0
  #buf: Uint8Array = new Uint8Array(0)

  open(buf: Uint8Array): void {
    this.#buf = buf
    this.pos = 0
  }

  get ended(): boolean {
    return this.pos >= this.#buf.length
  }

  unsigned(): number {
    const first = this.#buf[this.pos]
    if (first !== undefined && first < 128) {
      this.pos++
      return first
    }
    return this.#long(0, 1)
  }

  signed(): number {
    const first = this.#buf[this.pos]
    if (first === undefined) throw damaged()
    let magnitude = (first & 127) >>> 1
    if (first >= 128) {
      this.pos++
      magnitude = this.#long(magnitude, 64)
    } else {
      this.pos++
    }
    return (first & 1) === 1 ? -magnitude : magnitude
  }

  #long(low: number, scale: number): number {
    let value = low
    let unit = scale
    for (;;) {
      const byte = this.#buf[this.pos++]
      if (byte === undefined) throw damaged()
      value += (byte & 127) * unit
      if (value > Number.MAX_SAFE_INTEGER) throw damaged()
      if (byte < 128) return value
      unit *= 128
    }
  }
}

function damaged(): AppError {
  return new AppError('DATA_DAMAGED', 'decoding record heads: a number is cut off or out of range', { exit_code: 3 })
}
