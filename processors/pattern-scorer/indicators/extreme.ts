import type { Json } from '../../../runtime/api/index.ts'

/**
 * Greatest of the last `n` inputs, in their units (a least one is the greatest of the negated).
 *
 * A monotonic deque: an input throws out every smaller one before it, the front leaves when it is `n` inputs old.
 * Each input enters and leaves once: amortised O(1). Warm-up: `n` inputs. Memory: two rings of `n` numbers.
 */
export class RollingMax {
  readonly n: number
  readonly #values: Float64Array
  readonly #births: Float64Array
  #front = 0
  #size = 0
  #count = 0

  constructor(n: number) {
    this.n = n
    this.#values = new Float64Array(n)
    this.#births = new Float64Array(n)
  }

  get ready(): boolean {
    return this.#count >= this.n
  }

  /** The greatest; 0 before the first input. */
  get value(): number {
    return this.#size === 0 ? 0 : (this.#values[this.#front] as number)
  }

  add(x: number): void {
    const n = this.n
    if (this.#size > 0 && (this.#births[this.#front] as number) <= this.#count - n) {
      this.#front = this.#front + 1 === n ? 0 : this.#front + 1
      this.#size -= 1
    }
    while (this.#size > 0) {
      const back = (this.#front + this.#size - 1) % n
      if ((this.#values[back] as number) > x) break
      this.#size -= 1
    }
    const slot = (this.#front + this.#size) % n
    this.#values[slot] = x
    this.#births[slot] = this.#count
    this.#size += 1
    this.#count += 1
  }

  reset(): void {
    this.#front = 0
    this.#size = 0
    this.#count = 0
  }

  /** Front to back only: slots outside the deque mean nothing and are not part of the state. */
  snapshot(): Json {
    const values: number[] = []
    const births: number[] = []
    for (let i = 0; i < this.#size; i += 1) {
      const slot = (this.#front + i) % this.n
      values.push(this.#values[slot] as number)
      births.push(this.#births[slot] as number)
    }
    return [this.#count, values, births]
  }

  restore(json: Json): void {
    const [count, values, births] = json as [number, number[], number[]]
    this.#count = count
    this.#front = 0
    this.#size = values.length
    this.#values.set(values)
    this.#births.set(births)
  }
}
