import type { Json } from '../../../runtime/api/index.ts'

/**
 * Average true range, in price units (J. W. Wilder, New Concepts in Technical Trading Systems, 1978).
 *
 * True range of a bar: the greatest of `high - low`, `|high - close before|`, `|low - close before|`; of the first bar
 * `high - low`. First value: the mean of the first `n` true ranges; then `a = (a * (n - 1) + tr) / n`.
 * Warm-up: `n` bars. Memory: three numbers.
 */
export class Atr {
  readonly n: number
  #count = 0
  #close = 0
  /** The average; while warming up the mean of what came so far, 0 before the first bar. */
  value = 0

  constructor(n: number) {
    this.n = n
  }

  get ready(): boolean {
    return this.#count >= this.n
  }

  add(high: number, low: number, close: number): void {
    let range = high - low
    if (this.#count > 0) {
      const up = high > this.#close ? high - this.#close : this.#close - high
      const down = low > this.#close ? low - this.#close : this.#close - low
      if (up > range) range = up
      if (down > range) range = down
    }
    this.#close = close
    if (this.#count < this.n) {
      this.#count += 1
      this.value = (this.value * (this.#count - 1) + range) / this.#count
    } else {
      this.value = (this.value * (this.n - 1) + range) / this.n
    }
  }

  reset(): void {
    this.#count = 0
    this.#close = 0
    this.value = 0
  }

  snapshot(): Json {
    return [this.#count, this.#close, this.value]
  }

  restore(json: Json): void {
    const [count, close, value] = json as [number, number, number]
    this.#count = count
    this.#close = close
    this.value = value
  }
}
