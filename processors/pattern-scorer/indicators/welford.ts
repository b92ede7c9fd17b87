import type { Json } from '../../../runtime/api/index.ts'

/**
 * Mean and variance of the last `n` inputs (units: theirs, and theirs squared).
 *
 * Growing: Welford 1962, `d = x - mean; mean += d / k; m2 += d * (x - mean)`. Full: the oldest value `o` leaves as `x`
 * comes, `d = x - o; mean' = mean + d / n; m2 += d * (x - mean' + o - mean)`. Once per `n` inputs both are computed
 * afresh in two passes over the ring, so that rounding errors do not pile up (amortised O(1)).
 * Warm-up: `n` inputs. Memory: `n + 4` numbers.
 */
export class Welford {
  readonly n: number
  readonly #ring: Float64Array
  #at = 0
  #m2 = 0
  count = 0
  mean = 0

  constructor(n: number) {
    this.n = n
    this.#ring = new Float64Array(n)
  }

  get ready(): boolean {
    return this.count === this.n
  }

  /** Population variance: squared deviations over their number. */
  get variance(): number {
    return this.count === 0 ? 0 : this.#m2 / this.count
  }

  get deviation(): number {
    return Math.sqrt(this.variance)
  }

  add(x: number): void {
    const ring = this.#ring
    if (this.count < this.n) {
      this.count += 1
      const d = x - this.mean
      this.mean += d / this.count
      this.#m2 += d * (x - this.mean)
    } else {
      const old = ring[this.#at] as number
      const d = x - old
      const mean = this.mean + d / this.n
      this.#m2 += d * (x - mean + (old - this.mean))
      this.mean = mean
    }
    ring[this.#at] = x
    this.#at += 1
    if (this.#at === this.n) {
      this.#at = 0
      this.#afresh()
    }
    // Rounding can push the sum of squares of equal values below zero.
    if (this.#m2 < 0) this.#m2 = 0
  }

  #afresh(): void {
    const ring = this.#ring
    let sum = 0
    for (let i = 0; i < this.n; i += 1) sum += ring[i] as number
    const mean = sum / this.n
    let m2 = 0
    for (let i = 0; i < this.n; i += 1) {
      const d = (ring[i] as number) - mean
      m2 += d * d
    }
    this.mean = mean
    this.#m2 = m2
  }

  reset(): void {
    this.#ring.fill(0)
    this.#at = 0
    this.#m2 = 0
    this.count = 0
    this.mean = 0
  }

  snapshot(): Json {
    return [this.#at, this.count, this.mean, this.#m2, Array.from(this.#ring)]
  }

  restore(json: Json): void {
    const [at, count, mean, m2, ring] = json as [number, number, number, number, number[]]
    this.#at = at
    this.count = count
    this.mean = mean
    this.#m2 = m2
    this.#ring.set(ring)
  }
}
