/**
 * What can be drawn from chance of 32 bits a time: shapes that use integer operations, + - * / and comparisons only, so
 * that one seed says the same on every platform. `Math.log` differs in the last bit between libraries, hence the
 * exponential below, which compares and never takes one.
 */
export abstract class Chance {
  /** The next 32 bits, unsigned. */
  protected abstract next(): number

  /** Uniform in [0, 1), 32 bits. */
  uniform(): number {
    return this.next() / 0x1_0000_0000
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
