/**
 * The orders of a Kraken `level3` feed, kept because the venue's rules need them: its checksum covers every order of the
 * ten best prices of a side in the order of the queue, and orders beyond the subscribed depth leave without a word.
 *
 * An order keeps its place when its quantity falls, and goes to the end of its price when the quantity grows or the price
 * changes. Changes of orders that are not known are of no effect.
 */
import type { BookOrder, Side } from '../../../schemas/generated/index.ts'
import { crc32 } from '../../book-builder/crc32.ts'
import type { OrderChange } from './read.ts'

/** Prices of a side that the checksum covers. */
const CHECKSUM_LEVELS = 10

export interface QueuedOrder {
  readonly order_id: string
  readonly px: number
  readonly qty: number
  readonly text: string
}

/** Both sides, best price first, within a price in the order of the queue. */
export interface OrderQueues {
  readonly bids: QueuedOrder[]
  readonly asks: QueuedOrder[]
}

/** Takes a change into the queues; answers what a book of orders must do. */
export function change(queues: OrderQueues, { event, order_id, side, px, qty, text }: OrderChange): BookOrder[] {
  const queue = side === 'BUY' ? queues.bids : queues.asks
  const at = queue.findIndex((one) => one.order_id === order_id)
  const known = queue[at]
  if (event !== 'delete' && known?.px === px && qty <= known.qty) {
    queue[at] = { order_id, px, qty, text }
    return qty === known.qty ? [] : [order('REDUCE', order_id, side, px, known.qty - qty)]
  }
  const done: BookOrder[] = []
  if (known !== undefined) {
    queue.splice(at, 1)
    done.push(order('DELETE', order_id, side, known.px, 0))
  }
  if (event === 'add' || (event === 'modify' && known !== undefined)) {
    insert(queue, { order_id, px, qty, text }, side)
    done.push(order('ADD', order_id, side, px, qty))
  }
  return done
}

/** Drops what is beyond `depth` prices of a side; answers the deletes. */
export function truncate(queues: OrderQueues, depth: number): BookOrder[] {
  const dropped: BookOrder[] = []
  for (const [queue, side] of [
    [queues.bids, 'BUY'],
    [queues.asks, 'SELL'],
  ] as const) {
    const end = endOfLevels(queue, depth)
    for (const { order_id, px } of queue.splice(end)) dropped.push(order('DELETE', order_id, side, px, 0))
  }
  return dropped
}

export function checksumOf({ bids, asks }: OrderQueues): number {
  let text = ''
  for (const queue of [asks, bids])
    for (const one of queue.slice(0, endOfLevels(queue, CHECKSUM_LEVELS))) text += one.text
  return crc32(text)
}

export function levelsOf(queue: readonly QueuedOrder[]): number {
  return new Set(queue.map(({ px }) => px)).size
}

/** Where the orders of the best `levels` prices end. */
function endOfLevels(queue: readonly QueuedOrder[], levels: number): number {
  let seen = 0
  for (let i = 0; i < queue.length; i++) if (queue[i]?.px !== queue[i - 1]?.px && ++seen > levels) return i
  return queue.length
}

function insert(queue: QueuedOrder[], one: QueuedOrder, side: Side): void {
  const sign = side === 'BUY' ? 1 : -1
  let at = queue.length
  while (at > 0 && sign * ((queue[at - 1] as QueuedOrder).px - one.px) < 0) at--
  queue.splice(at, 0, one)
}

export function order(action: BookOrder['action'], order_id: string, side: Side, px: number, qty: number): BookOrder {
  return { action, order_id, new_order_id: '', side, px, qty, match_id: 0, printable: true }
}
