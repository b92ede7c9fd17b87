/**
 * Seeded chance for the simulated market: `sfc32` (Chris Doty-Humphrey's small fast counter, public domain).
 *
 * Every draw uses integer operations, + - * / and comparisons only, so that one seed says the same on every platform:
 * `Math.log` differs in the last bit between libraries, hence the exponential below, which compares and never takes one.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** `seed` and `stream` are safe integers >= 0; different pairs give unrelated sequences. */
  constructor(seed: number, stream: number) {
    this.#a = seed >>> 0
    this.#b = (Math.floor(seed / 0x1_0000_0000) ^ Math.imul(stream, 0x9e3779b9)) >>> 0
    this.#c = (stream ^ 0x5bd1e995) >>> 0
    // Twelve rounds spread the few bits of a small seed over the whole state, as the author advises.
    for (let round = 0; round < 12; round += 1) this.#next()
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** Uniform in [0, 1), 32 bits. */
  uniform(): number {
    return this.#next() / 0x1_0000_0000
  }

  /** Uniform integer in [0, `below`). */
  integer(below: number): number {
    return Math.floor(this.uniform() * below)
  }

  /** Uniform in (-1, 1). */
  signed(): number {
    return this.uniform() * 2 - 1
  }

  /**
   * Exponential with mean 1, exactly distributed, by von Neumann's comparison method (1951): a descending run of
   * uniforms of odd length is accepted with the first one as the fraction, an even one adds 1 and tries again.
   */
  exponential(): number {
    for (let whole = 0; ; whole += 1) {
      const first = this.uniform()
      let previous = first
      let length = 1
      for (;;) {
        const value = this.uniform()
        if (value >= previous) break
        previous = value
        length += 1
      }
      if (length % 2 === 1) return whole + first
    }
  }

  /** Bell-shaped with mean 0 and variance 1: four uniforms, so never beyond 3.47. */
  bell(): number {
    const sum = this.uniform() + this.uniform() + this.uniform() + this.uniform()
    return (sum - 2) * 1.7320508075688772
  }

  /** Heavy-tailed, >= 0: median about 1, mean about 3, at most 50. Sizes and distances in real books look so. */
  heavy(): number {
    const value = this.uniform()
    return value / (1.02 - value)
  }
}
