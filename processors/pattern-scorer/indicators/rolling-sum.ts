import type { Json } from '../../../runtime/api/index.ts'

/**
 * Sum of the last `n` inputs, in their units.
 *
 * Each input costs one addition and one subtraction; once per `n` inputs the ring is summed afresh, oldest slot
 * first, so that rounding errors do not pile up over days (amortised O(1)). Memory: `n + 3` numbers.
 * Warm-up: none; with fewer than `n` inputs it is the sum of all.
 */
export class RollingSum {
  readonly n: number
  readonly #ring: Float64Array
  #at = 0
  count = 0
  value = 0

  constructor(n: number) {
    this.n = n
    this.#ring = new Float64Array(n)
  }

  add(x: number): void {
    const ring = this.#ring
    const old = ring[this.#at] as number
    ring[this.#at] = x
    this.value = this.value + x - old
    this.#at += 1
    if (this.count < this.n) this.count += 1
    if (this.#at === this.n) {
      this.#at = 0
      let sum = 0
      for (let i = 0; i < this.n; i += 1) sum += ring[i] as number
      this.value = sum
    }
  }

  reset(): void {
    this.#ring.fill(0)
    this.#at = 0
    this.count = 0
    this.value = 0
  }

  snapshot(): Json {
    return [this.#at, this.count, this.value, Array.from(this.#ring)]
  }

  restore(json: Json): void {
    const [at, count, value, ring] = json as [number, number, number, number[]]
    this.#at = at
    this.count = count
    this.value = value
    this.#ring.set(ring)
  }
}
