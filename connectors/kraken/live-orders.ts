/**
 * A Kraken book by orders (`level3`), for its checksum: every order of the ten best prices of each side, in the order of
 * the queue.
 *
 * The rules are the normalizer's: an order keeps its place while its quantity falls, and else goes to the end of its
 * price; what is beyond the subscribed depth leaves without a word.
 */
import { crc32 } from 'node:zlib'
import { type Fields, fieldsOf, isDecimal } from '../feed/json.ts'
import { type CheckedBook, type CheckedChannel, digitsOf } from './live-checksums.ts'

const CHECKED_LEVELS = 10

interface Order {
  readonly id: string
  readonly px: string
  readonly qty: string
}
interface Change extends Order {
  readonly event: unknown
}

export function ordersChannel(depth: number): CheckedChannel {
  return { name: 'level3', numbers: ['limit_price', 'order_qty'], book: () => orderBook(depth) }
}

function orderBook(depth: number): CheckedBook {
  const bids: Order[] = []
  const asks: Order[] = []
  return {
    take(data, snapshot) {
      const changes = { bids: changesOf(data.bids, snapshot), asks: changesOf(data.asks, snapshot) }
      if (changes.bids === undefined || changes.asks === undefined) return undefined
      if (snapshot) bids.length = asks.length = 0
      for (const change of changes.bids) apply(bids, change, 1)
      for (const change of changes.asks) apply(asks, change, -1)
      bids.length = endOfLevels(bids, depth)
      asks.length = endOfLevels(asks, depth)
      return checksumOf(bids, asks) === data.checksum
    },
  }
}

function changesOf(orders: unknown, snapshot: boolean): Change[] | undefined {
  if (!Array.isArray(orders)) return undefined
  const changes = orders.map((one): Change | undefined => {
    const { event: said, order_id: id, limit_price: px, order_qty: qty } = fieldsOf(one) ?? ({} as Fields)
    const event = snapshot ? 'add' : said
    if (event !== 'add' && event !== 'modify' && event !== 'delete') return undefined
    if (typeof id !== 'string' || id === '' || !isDecimal(px) || !isDecimal(qty)) return undefined
    return { event, id, px: px as string, qty: qty as string }
  })
  return changes.every((change) => change !== undefined) ? changes : undefined
}

/** `sign` 1 for bids. */
function apply(side: Order[], { event, id, px, qty }: Change, sign: 1 | -1): void {
  const at = side.findIndex((one) => one.id === id)
  const known = side[at]
  const order = { id, px, qty }
  if (event !== 'delete' && known !== undefined && samePrice(known, order) && Number(qty) <= Number(known.qty)) {
    side[at] = order
    return
  }
  if (known !== undefined) side.splice(at, 1)
  if (event === 'delete' || (event === 'modify' && known === undefined)) return
  let to = side.length
  while (to > 0 && sign * (Number(side[to - 1]!.px) - Number(px)) < 0) to--
  side.splice(to, 0, order)
}

function samePrice(a: Order, b: Order): boolean {
  return Number(a.px) === Number(b.px)
}

/** Where the orders of the best `levels` prices end. */
function endOfLevels(side: readonly Order[], levels: number): number {
  let seen = 0
  for (const [at, order] of side.entries()) {
    const before = side[at - 1]
    if ((before === undefined || !samePrice(before, order)) && ++seen > levels) return at
  }
  return side.length
}

function checksumOf(bids: readonly Order[], asks: readonly Order[]): number {
  let text = ''
  for (const side of [asks, bids]) {
    for (const { px, qty } of side.slice(0, endOfLevels(side, CHECKED_LEVELS))) text += digitsOf(px) + digitsOf(qty)
  }
  return crc32(text)
}
