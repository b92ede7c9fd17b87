import type { Json } from '../../../runtime/api/index.ts'

/**
 * Exponential moving average, in the units of what it is fed.
 *
 * `e = e + (x - e) * a` with `a = 2 / (n + 1)`; the first value is the plain mean of the first `n` inputs, so that the
 * start does not hang on a single one (J. W. Wilder's seeding, as most charting packages do it).
 * Warm-up: `n` inputs. Memory: two numbers.
 */
export class Ema {
  readonly n: number
  readonly #a: number
  #count = 0
  /** The average; while warming up the mean of what came so far, 0 before the first. */
  value = 0

  constructor(n: number) {
    this.n = n
    this.#a = 2 / (n + 1)
  }

  get ready(): boolean {
    return this.#count >= this.n
  }

  add(x: number): void {
    if (this.#count < this.n) {
      this.#count += 1
      this.value += (x - this.value) / this.#count
    } else {
      this.value += (x - this.value) * this.#a
    }
  }

  reset(): void {
    this.#count = 0
    this.value = 0
  }

  snapshot(): Json {
    return [this.#count, this.value]
  }

  restore(json: Json): void {
    const [count, value] = json as [number, number]
    this.#count = count
    this.value = value
  }
}
