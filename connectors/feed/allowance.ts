/** So much per span of time, and no more: a venue's limit of connections, messages or weights, over a sliding window. */
export interface Limit {
  readonly count: number
  readonly per_ms: number
}

export class Allowance {
  readonly #limit: Limit
  readonly #used: { readonly at_us: number; readonly amount: number }[] = []
  #sum = 0

  constructor(limit: Limit) {
    this.#limit = limit
  }

  /** Milliseconds until `amount` may be used; 0 for now. More than the limit is never asked for. */
  wait_ms(now_us: number, amount = 1): number {
    const since_us = now_us - this.#limit.per_ms * 1_000
    // A clock that was set back must not hold the feed up for as long as it was set back.
    while (this.#used.length > 0 && (this.#used[0]!.at_us <= since_us || this.#used[0]!.at_us > now_us)) {
      this.#sum -= this.#used.shift()!.amount
    }
    let free = this.#limit.count - this.#sum
    for (const { at_us, amount: given_back } of this.#used) {
      if (free >= amount) break
      free += given_back
      if (free >= amount) return Math.ceil((at_us - since_us) / 1_000)
    }
    return 0
  }

  use(now_us: number, amount = 1): void {
    this.#used.push({ at_us: now_us, amount })
    this.#sum += amount
  }
}
