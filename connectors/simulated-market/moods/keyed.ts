import { Chance } from '../chance.ts'

/**
 * Chance by counter: what is drawn for an event is a function of (seed, stream, event) and of nothing that was drawn
 * before. So an instrument more, or a fault more, leaves every other draw as it is.
 *
 * It is Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): the seed is the
 * key; event (64 bits), stream and number of the block are the counter.
 */
export class Keyed extends Chance {
  readonly #key: readonly [number, number]
  readonly #counter: [number, number, number, number] = [0, 0, 0, 0]
  #words: readonly number[] = []
  #read = 0

  /** `seed` is a safe integer >= 0. */
  constructor(seed: number) {
    super()
    this.#key = [seed >>> 0, Math.floor(seed / 0x1_0000_0000) >>> 0]
  }

  /** Draws from here on are those of `event` (a safe integer >= 0) in `stream` (32 bits, see `streamOf`). */
  at(stream: number, event: number): this {
    const counter = this.#counter
    counter[0] = event >>> 0
    counter[1] = Math.floor(event / 0x1_0000_0000) >>> 0
    counter[2] = stream >>> 0
    counter[3] = 0
    this.#words = []
    this.#read = 0
    return this
  }

  protected override next(): number {
    if (this.#read === this.#words.length) {
      this.#words = philox(this.#counter, this.#key)
      this.#counter[3] += 1
      this.#read = 0
    }
    this.#read += 1
    return this.#words[this.#read - 1]!
  }
}

type Words = readonly [number, number, number, number]

/** One block: four words of 32 bits, unsigned. */
export function philox([a, b, c, d]: Words, [key0, key1]: readonly [number, number]): Words {
  let x0 = a
  let x1 = b
  let x2 = c
  let x3 = d
  let k0 = key0
  let k1 = key1
  for (let round = 0; round < 10; round += 1) {
    const high0 = highWord(0xd2511f53, x0)
    const low0 = Math.imul(0xd2511f53, x0)
    const high1 = highWord(0xcd9e8d57, x2)
    const low1 = Math.imul(0xcd9e8d57, x2)
    x0 = high1 ^ x1 ^ k0
    x1 = low1
    x2 = high0 ^ x3 ^ k1
    x3 = low0
    k0 = (k0 + 0x9e3779b9) | 0
    k1 = (k1 + 0xbb67ae85) | 0
  }
  return [x0 >>> 0, x1 >>> 0, x2 >>> 0, x3 >>> 0]
}

/** The upper 32 bits of a product of two unsigned words, by halves that stay below 2^53. */
function highWord(left: number, right: number): number {
  const low = left & 0xffff
  const high = left >>> 16
  const right_low = right & 0xffff
  const right_high = right >>> 16
  const middle = high * right_low + Math.floor((low * right_low) / 0x1_0000)
  const other = low * right_high + (middle % 0x1_0000)
  return (high * right_high + Math.floor(middle / 0x1_0000) + Math.floor(other / 0x1_0000)) | 0
}

/** A stream by its name, whatever other streams there are: FNV-1a of its characters, 32 bits. */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
