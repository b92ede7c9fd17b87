import { Chance } from './chance.ts'

/**
 * Seeded chance for the simulated market: `sfc32` (Chris Doty-Humphrey's small fast counter, public domain). Each draw
 * follows from the one before.
 */
export class Random extends Chance {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** `seed` and `stream` are safe integers >= 0; different pairs give unrelated sequences. */
  constructor(seed: number, stream: number) {
    super()
    this.#a = seed >>> 0
    this.#b = (Math.floor(seed / 0x1_0000_0000) ^ Math.imul(stream, 0x9e3779b9)) >>> 0
    this.#c = (stream ^ 0x5bd1e995) >>> 0
    // Twelve rounds spread the few bits of a small seed over the whole state, as the author advises.
    for (let round = 0; round < 12; round += 1) this.next()
  }

  protected override next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}
