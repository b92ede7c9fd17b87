import type { Json } from '../../../runtime/api/index.ts'

/**
 * Relative strength index, 0 to 100 (J. W. Wilder, New Concepts in Technical Trading Systems, 1978).
 *
 * Gains and losses from close to close are averaged as Wilder does: the mean of the first `n`, then
 * `g = (g * (n - 1) + gain) / n`. `rsi = 100 * g / (g + l)`, which is his `100 - 100 / (1 + g / l)` without its
 * division by zero; 50 when nothing moved.
 * Warm-up: `n + 1` closes. Memory: four numbers.
 */
export class Rsi {
  readonly n: number
  #count = 0
  #close = 0
  #gain = 0
  #loss = 0

  constructor(n: number) {
    this.n = n
  }

  get ready(): boolean {
    return this.#count > this.n
  }

  get value(): number {
    const both = this.#gain + this.#loss
    return both > 0 ? (100 * this.#gain) / both : 50
  }

  add(close: number): void {
    const change = close - this.#close
    this.#close = close
    if (this.#count > 0) {
      // The k-th change divides by k until there are n of them.
      const k = Math.min(this.#count, this.n)
      this.#gain = (this.#gain * (k - 1) + Math.max(change, 0)) / k
      this.#loss = (this.#loss * (k - 1) + (change < 0 ? -change : 0)) / k
    }
    if (this.#count <= this.n) this.#count += 1
  }

  reset(): void {
    this.#count = 0
    this.#close = 0
    this.#gain = 0
    this.#loss = 0
  }

  snapshot(): Json {
    return [this.#count, this.#close, this.#gain, this.#loss]
  }

  restore(json: Json): void {
    const [count, close, gain, loss] = json as [number, number, number, number]
    this.#count = count
    this.#close = close
    this.#gain = gain
    this.#loss = loss
  }
}
