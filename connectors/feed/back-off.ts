/**
 * How long to wait before the next try: doubled with each failure up to a bound, and between half of that and all of
 * it, by chance, so that the clients that a venue threw out together do not come back together.
 */
export class BackOff {
  readonly #first_ms: number
  readonly #max_ms: number
  readonly #chance: () => number
  #failures = 0

  constructor(first_ms: number, max_ms: number, chance: () => number) {
    this.#first_ms = first_ms
    this.#max_ms = max_ms
    this.#chance = chance
  }

  /** Milliseconds to wait after one more failure. */
  failed(): number {
    const most_ms = Math.min(this.#max_ms, this.#first_ms * 2 ** Math.min(this.#failures, 30))
    this.#failures++
    return most_ms * (0.5 + 0.5 * this.#chance())
  }

  succeeded(): void {
    this.#failures = 0
  }
}
