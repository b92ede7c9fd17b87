import { assert } from '../../runtime/api/index.ts'

/** Levels a side holds at most; a new one then takes the place of the farthest. */
const SIDE_LEVELS_MAX = 240

/**
 * One side of a book: price levels with the total that rests there, best level last so that changes near the best move
 * little. `changed` collects the prices whose total is another than at the last `clear`, for the next depth update.
 *
 * `sign` is +1 for bids and -1 for asks: `sign * px` grows towards the best on both sides.
 */
export class BookSide {
  readonly sign: 1 | -1
  readonly changed = new Set<number>()
  readonly #px = new Int32Array(SIDE_LEVELS_MAX + 1)
  readonly #qty = new Float64Array(SIDE_LEVELS_MAX + 1)
  #count = 0

  constructor(sign: 1 | -1) {
    this.sign = sign
  }

  get count(): number {
    return this.#count
  }

  get best_px(): number {
    return this.#px[this.#count - 1]!
  }

  get best_qty(): number {
    return this.#qty[this.#count - 1]!
  }

  get worst_px(): number {
    return this.#px[0]!
  }

  /** Price and total of the level `rank` steps behind the best (0 is the best). */
  px(rank: number): number {
    return this.#px[this.#count - 1 - rank]!
  }

  qty(rank: number): number {
    return this.#qty[this.#count - 1 - rank]!
  }

  /** Total at `px`, 0 if no level is there. */
  totalAt(px: number): number {
    const at = this.#find(px)
    return at < this.#count && this.#px[at] === px ? this.#qty[at]! : 0
  }

  /** Adds `qty` lots at `px`. A full side gives up its farthest level, or does nothing if `px` is farther still. */
  add(px: number, qty: number): void {
    assert(qty > 0, `an order of ${qty} lots`)
    let at = this.#find(px)
    if (at < this.#count && this.#px[at] === px) {
      this.#qty[at] = this.#qty[at]! + qty
      this.changed.add(px)
      return
    }
    if (this.#count === SIDE_LEVELS_MAX) {
      if (at === 0) return
      this.remove(this.#count - 1)
      at -= 1
    }
    for (let index = this.#count; index > at; index -= 1) {
      this.#px[index] = this.#px[index - 1]!
      this.#qty[index] = this.#qty[index - 1]!
    }
    this.#px[at] = px
    this.#qty[at] = qty
    this.#count += 1
    this.changed.add(px)
  }

  /** Takes `qty` lots, fewer than are there or all of them, from the level `rank` steps behind the best. */
  reduce(rank: number, qty: number): void {
    const at = this.#count - 1 - rank
    const left = this.#qty[at]! - qty
    assert(left >= 0, `a level of ${this.#qty[at]} lots gives ${qty}`)
    if (left === 0) return this.remove(rank)
    this.#qty[at] = left
    this.changed.add(this.#px[at]!)
  }

  /** Takes the whole level away. */
  remove(rank: number): void {
    const at = this.#count - 1 - rank
    this.changed.add(this.#px[at]!)
    this.#count -= 1
    for (let index = at; index < this.#count; index += 1) {
      this.#px[index] = this.#px[index + 1]!
      this.#qty[index] = this.#qty[index + 1]!
    }
  }

  clear(): void {
    while (this.#count > 0) this.remove(0)
  }

  /** The first index whose price is at least as good as `px`. */
  #find(px: number): number {
    let low = 0
    let high = this.#count
    const wanted = this.sign * px
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.sign * this.#px[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}
