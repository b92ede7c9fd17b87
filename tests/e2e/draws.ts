/** Seeded draws for tests: the same seed draws the same on every machine (mulberry32). */
export class Draws {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** A whole number in 0..n-1. */
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n)
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }
}
