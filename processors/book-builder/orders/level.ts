/** One price of a side: orders in the order they came, and quantity ahead of them whose orders are not known. */

export interface RestingOrder {
  readonly id: string
  readonly side: 'BUY' | 'SELL'
  readonly px: number
  qty: number
  /** Neighbours in the queue of its price. */
  ahead: RestingOrder | null
  behind: RestingOrder | null
}

export class PriceLevel {
  readonly px: number
  /** Quantity of orders that are not known, all ahead of those that are. A guess unless `exact`. */
  anonymous: number
  /** Whether `anonymous` is certainly right, and with it the quantity of the level. */
  exact: boolean
  /** An order that is not known was reduced here, and so rests still. */
  reduced = false
  /** Quantity of the known orders. */
  known = 0
  first: RestingOrder | null = null
  last: RestingOrder | null = null

  constructor(px: number, anonymous: number, exact: boolean) {
    this.px = px
    this.anonymous = anonymous
    this.exact = exact
  }

  get qty(): number {
    return this.anonymous + this.known
  }

  /** Whether the level certainly exists. */
  get certain(): boolean {
    return this.known > 0 || this.reduced || (this.exact && this.anonymous > 0)
  }

  push(order: RestingOrder): void {
    order.ahead = this.last
    if (this.last === null) this.first = order
    else this.last.behind = order
    this.last = order
    this.known += order.qty
  }

  unlink(order: RestingOrder): void {
    if (order.ahead === null) this.first = order.behind
    else order.ahead.behind = order.behind
    if (order.behind === null) this.last = order.ahead
    else order.behind.ahead = order.ahead
    this.known -= order.qty
  }
}
