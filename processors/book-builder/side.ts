import type { Level } from '../../schemas/generated/index.ts'

/** Below this many elements a loop moves them faster than `copyWithin`. */
const SHORT_MOVE = 48
const FIRST_CAPACITY = 1_024

/**
 * One side of a book: price levels in two typed arrays, the worst first and the best last, because nearly every change
 * is near the best and then moves few elements.
 *
 * Bounded: a side that grows an eighth beyond `max_levels` loses its farthest levels down to `max_levels`. Trimming in
 * one go keeps that cost out of single changes.
 */
export class BookSide {
  /** 1 for bids (higher is better), -1 for asks. */
  readonly sign: 1 | -1
  readonly max_levels: number
  length = 0
  #trim_at: number
  #px = new Float64Array(FIRST_CAPACITY)
  #qty = new Float64Array(FIRST_CAPACITY)

  constructor(sign: 1 | -1, max_levels: number) {
    this.sign = sign
    this.max_levels = max_levels
    this.#trim_at = max_levels + Math.max(1, Math.floor(max_levels / 8))
  }

  /** Best price; worse than every price if the side is empty, so that comparisons need no second case. */
  get best_px(): number {
    return this.length === 0 ? this.sign * Number.NEGATIVE_INFINITY : (this.#px[this.length - 1] as number)
  }

  /** Quantity at the best price, 0 if the side is empty. */
  get best_qty(): number {
    return this.length === 0 ? 0 : (this.#qty[this.length - 1] as number)
  }

  clear(): void {
    this.length = 0
  }

  /** Sets the quantity at `px`; 0 deletes the level, and deleting an absent one is normal. */
  set(px: number, qty: number): void {
    const prices = this.#px
    const { sign } = this
    // The first index whose price is not worse than `px`.
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sign * (prices[middle] as number) < sign * px) low = middle + 1
      else high = middle
    }
    if (low < this.length && prices[low] === px) {
      if (qty === 0) this.#remove(low)
      else this.#qty[low] = qty
    } else if (qty !== 0) this.#insert(low, px, qty)
  }

  /** Replaces all levels; ones with quantity 0 are left out. Fastest when the best comes first. */
  replace(levels: readonly Level[]): void {
    this.clear()
    for (let i = levels.length - 1; i >= 0; i--) {
      const { px, qty } = levels[i] as Level
      this.set(px, qty)
    }
  }

  /** The best `count` levels, best first. */
  top(count: number): Level[] {
    const last = this.length - 1
    const size = Math.min(count, this.length)
    const levels: Level[] = []
    for (let i = 0; i < size; i++) levels.push({ px: this.#px[last - i] as number, qty: this.#qty[last - i] as number })
    return levels
  }

  /** All levels, best first: price, quantity, price, quantity... */
  flat(): number[] {
    const flat = new Array<number>(this.length * 2)
    for (let i = this.length - 1, at = 0; i >= 0; i--) {
      flat[at++] = this.#px[i] as number
      flat[at++] = this.#qty[i] as number
    }
    return flat
  }

  /** The inverse of `flat`. */
  restore(flat: readonly number[]): void {
    this.length = flat.length / 2
    this.#reserve(this.length)
    for (let i = this.length - 1, at = 0; i >= 0; i--) {
      this.#px[i] = flat[at++] as number
      this.#qty[i] = flat[at++] as number
    }
  }

  #insert(at: number, px: number, qty: number): void {
    this.#reserve(this.length + 1)
    const prices = this.#px
    const quantities = this.#qty
    if (this.length - at < SHORT_MOVE) {
      for (let i = this.length; i > at; i--) {
        prices[i] = prices[i - 1] as number
        quantities[i] = quantities[i - 1] as number
      }
    } else {
      prices.copyWithin(at + 1, at, this.length)
      quantities.copyWithin(at + 1, at, this.length)
    }
    prices[at] = px
    quantities[at] = qty
    this.length++
    if (this.length >= this.#trim_at) this.#trim()
  }

  #remove(at: number): void {
    const prices = this.#px
    const quantities = this.#qty
    const last = --this.length
    if (last - at < SHORT_MOVE) {
      for (let i = at; i < last; i++) {
        prices[i] = prices[i + 1] as number
        quantities[i] = quantities[i + 1] as number
      }
    } else {
      prices.copyWithin(at, at + 1, last + 1)
      quantities.copyWithin(at, at + 1, last + 1)
    }
  }

  /** Drops the farthest levels. */
  #trim(): void {
    const excess = this.length - this.max_levels
    this.#px.copyWithin(0, excess, this.length)
    this.#qty.copyWithin(0, excess, this.length)
    this.length = this.max_levels
  }

  #reserve(length: number): void {
    if (length <= this.#px.length) return
    const capacity = Math.max(length, this.#px.length * 2)
    const px = new Float64Array(capacity)
    const qty = new Float64Array(capacity)
    px.set(this.#px)
    qty.set(this.#qty)
    this.#px = px
    this.#qty = qty
  }
}
