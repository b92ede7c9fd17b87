/**
 * One side of a book by order, and what of it is certain.
 *
 * A feed may show only the best `window` levels of a side: a message on an order that stands behind them does not come.
 * What is certain is derived from the messages alone. `floor` is the worst price up to which every price is followed:
 * a price at or before the floor without a level is certainly empty, and a level there is right if it is `exact`.
 * Levels behind the floor are guesses. The rules, and why they hold:
 *
 * 1. A message shows its price to be within the window. If `window - 1` levels certainly exist before that price, then
 *    no others do, and the floor moves there (`shown`). The quantity of that price is not known: not exact.
 * 2. A visible execution is at the best price: nothing is before it (`executedAt`).
 * 3. A book is not crossed: where an order rests on one side, the other has no price at or beyond it (`crossedAt`).
 * 4. Where `window` levels may exist up to a price, what is behind it may change unseen: the floor moves back to that
 *    price (`#recede`). Levels that perhaps exist are counted here and not in rule 1, so that both err to one side.
 *
 * A level behind the floor forgets its orders: which of them still rest is not known. A level is exact when it is
 * born at a price that was certainly empty, or stood in the snapshot.
 */
import type { Level } from '../../../schemas/generated/index.ts'
import { PriceLevel, type RestingOrder } from './level.ts'

export class OrderSide {
  /** 1 for bids (higher is better), -1 for asks. */
  readonly sign: 1 | -1
  /** Levels that the feed shows; infinite for one that shows all. */
  window = Number.POSITIVE_INFINITY
  /** `sign` times price: every price at or above it is followed. Infinite: nothing is certain. */
  floor = Number.POSITIVE_INFINITY
  /** Levels, the worst first. */
  levels: PriceLevel[] = []
  readonly #orders: Map<string, RestingOrder>

  constructor(sign: 1 | -1, orders: Map<string, RestingOrder>) {
    this.sign = sign
    this.#orders = orders
  }

  /** Everything is known from here on: an empty side of a feed that shows all orders. */
  clear(): void {
    this.levels = []
    this.window = Number.POSITIVE_INFINITY
    this.floor = Number.NEGATIVE_INFINITY
  }

  /** Takes levels whose orders are not known, best first. One with quantity 0 is a place without a level: the side ends. */
  seed(levels: readonly Level[]): void {
    const real = levels.filter(({ qty }) => qty > 0)
    this.levels = real.map(({ px, qty }) => new PriceLevel(px, qty, true)).sort((a, b) => this.sign * (a.px - b.px))
    this.window = levels.length
    const worst = this.levels[0]
    const whole = real.length < levels.length || worst === undefined
    this.floor = whole ? Number.NEGATIVE_INFINITY : this.sign * worst.px
    if (levels.length === 0) this.floor = Number.POSITIVE_INFINITY
  }

  get best(): PriceLevel | undefined {
    for (let i = this.levels.length - 1; i >= 0; i--) if ((this.levels[i] as PriceLevel).qty > 0) return this.levels[i]
    return undefined
  }

  /** Whether every price up to `px` is followed. */
  follows(px: number): boolean {
    return this.sign * px >= this.floor
  }

  at(px: number): PriceLevel | undefined {
    const level = this.levels[this.#index(px)]
    return level?.px === px ? level : undefined
  }

  /** The level at `px`, made if there is none: exact where the price was certainly empty. */
  level(px: number): PriceLevel {
    const at = this.#index(px)
    const found = this.levels[at]
    if (found?.px === px) return found
    const made = new PriceLevel(px, 0, this.follows(px))
    this.levels.splice(at, 0, made)
    return made
  }

  /** Rule 1: a message on an order at `px` came. */
  shown(px: number): void {
    if (this.window === Number.POSITIVE_INFINITY) return
    if (this.#certainBefore(px) === this.window - 1) this.#nothingElseBefore(px)
  }

  /** Rule 2; not where a level before it certainly exists, which a venue's own exception would show. */
  executedAt(px: number): void {
    if (this.window === Number.POSITIVE_INFINITY) return
    if (this.#certainBefore(px) === 0) this.#nothingElseBefore(px)
  }

  /** Rule 3: an order rests at `px` on the other side. */
  crossedAt(px: number): void {
    if (this.window === Number.POSITIVE_INFINITY) return
    const { levels, sign } = this
    for (let i = levels.length - 1; i >= 0 && sign * (levels[i] as PriceLevel).px >= sign * px; i--) this.#drop(i)
    this.floor = Math.min(this.floor, sign * px)
  }

  /** After a change at `px`: takes an empty level out, and applies rule 4. */
  settle(px: number): void {
    const at = this.#index(px)
    const level = this.levels[at]
    if (level?.px === px && level.qty === 0 && (level.exact || !this.follows(px))) this.levels.splice(at, 1)
    if (this.window !== Number.POSITIVE_INFINITY) this.#recede()
  }

  /** Levels from the best that are certainly right. */
  proven(): number {
    let proven = 0
    for (let i = this.levels.length - 1; i >= 0; i--) {
      const level = this.levels[i] as PriceLevel
      if (!level.exact || this.sign * level.px < this.floor) break
      proven++
    }
    return proven
  }

  /** Whether the side certainly ends behind its proven levels. */
  get whole(): boolean {
    return this.floor === Number.NEGATIVE_INFINITY && this.proven() === this.levels.length
  }

  /** The best `count` levels, best first. */
  top(count: number): Level[] {
    const top: Level[] = []
    for (let i = this.levels.length - 1; i >= 0 && top.length < count; i--) {
      const { px, qty } = this.levels[i] as PriceLevel
      if (qty > 0) top.push({ px, qty })
    }
    return top
  }

  /** Forgets the farthest levels beyond `max`. */
  trim(max: number): void {
    if (this.levels.length <= max) return
    for (let i = this.levels.length - max - 1; i >= 0; i--) this.#drop(i)
    const worst = this.levels[0]
    if (worst !== undefined) this.floor = Math.max(this.floor, this.sign * worst.px)
  }

  /** How many followed levels before `px` certainly exist. */
  #certainBefore(px: number): number {
    const { levels, sign, floor } = this
    let certain = 0
    for (let i = levels.length - 1; i >= 0; i--) {
      const level = levels[i] as PriceLevel
      const key = sign * level.px
      if (key <= sign * px || key < floor) break
      if (level.certain) certain++
    }
    return certain
  }

  /** No level is before `px` but those that certainly are; if it was behind the floor, every price up to it is followed now. */
  #nothingElseBefore(px: number): void {
    const { levels, sign } = this
    const key = sign * px
    for (let i = levels.length - 1; i >= 0; i--) {
      const level = levels[i] as PriceLevel
      const level_key = sign * level.px
      if (level_key <= key) break
      if (level_key < this.floor || !level.certain) this.#drop(i)
    }
    if (key >= this.floor) return
    this.floor = key
    this.#forget(this.level(px))
  }

  #recede(): void {
    const { levels, sign } = this
    const at = levels.length - this.window
    const last = levels[at]
    if (last === undefined || sign * last.px <= this.floor) return
    const before = this.floor
    this.floor = sign * last.px
    for (let i = at - 1; i >= 0; i--) {
      const level = levels[i] as PriceLevel
      if (sign * level.px < before) break
      this.#forget(level)
      if (level.qty === 0) levels.splice(i, 1)
    }
  }

  /** Its orders become a guess of the level's quantity. */
  #forget(level: PriceLevel): void {
    for (let order = level.first; order !== null; order = order.behind) this.#orders.delete(order.id)
    level.anonymous = level.qty
    level.known = 0
    level.first = null
    level.last = null
    level.exact = false
    level.reduced = false
  }

  #drop(at: number): void {
    const [level] = this.levels.splice(at, 1)
    if (level !== undefined) this.#forget(level)
  }

  /** The first index whose price is not worse than `px`. */
  #index(px: number): number {
    const { levels, sign } = this
    const key = sign * px
    let low = 0
    let high = levels.length
    // Nearly every change is near the best.
    if (high > 8 && sign * (levels[high - 8] as PriceLevel).px < key) low = high - 8
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sign * (levels[middle] as PriceLevel).px < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
