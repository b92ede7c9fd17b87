import type { Json } from '../../../runtime/api/index.ts'

/**
 * When the last `n` slots (bars, book updates) began and how many events they held: the window a signal speaks of.
 *
 * Stream time in microseconds. Warm-up: none. Memory: two rings of `n` numbers.
 */
export class Window {
  readonly n: number
  readonly #starts: Float64Array
  readonly #events: Float64Array
  #at = 0
  #count = 0
  /** Events in all slots. */
  events = 0

  constructor(n: number) {
    this.n = n
    this.#starts = new Float64Array(n)
    this.#events = new Float64Array(n)
  }

  get full(): boolean {
    return this.#count === this.n
  }

  /** Stream time at which the oldest slot began; 0 when there is none. */
  get start_us(): number {
    return this.#starts[this.#count < this.n ? 0 : this.#at] as number
  }

  add(start_us: number, events: number): void {
    this.events += events - (this.#events[this.#at] as number)
    this.#starts[this.#at] = start_us
    this.#events[this.#at] = events
    this.#at = this.#at + 1 === this.n ? 0 : this.#at + 1
    if (this.#count < this.n) this.#count += 1
  }

  reset(): void {
    this.#starts.fill(0)
    this.#events.fill(0)
    this.#at = 0
    this.#count = 0
    this.events = 0
  }

  snapshot(): Json {
    return [this.#at, this.#count, this.events, Array.from(this.#starts), Array.from(this.#events)]
  }

  restore(json: Json): void {
    const [at, count, events, starts, perSlot] = json as [number, number, number, number[], number[]]
    this.#at = at
    this.#count = count
    this.events = events
    this.#starts.set(starts)
    this.#events.set(perSlot)
  }
}
