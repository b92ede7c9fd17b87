/**
 * The book of one instrument by order.
 *
 * Each price is a queue in the order that orders came; a snapshot of levels stands ahead of them as quantity whose
 * orders are not known. How many levels of each side are certainly right follows from the rules in side.ts: all of them
 * where the feed shows every order since the book was empty, fewer where it shows only the best levels. A book with
 * fewer than `proven_min` of them is a GAP, and so is one with a missing message until the next snapshot. An order that
 * contradicts what is certain (unknown, known already, more taken than it has) is a fault, and nothing of it is applied.
 */
import { emit, fault, keep, type Step } from '../../../runtime/api/index.ts'
import type { BookOrder, BookUpdate, Depth, MarketEvent } from '../../../schemas/generated/index.ts'
import { bookUpdate } from '../book-update.ts'
import { orderFlowImbalance } from '../features.ts'
import { type BookContext, fellSilent, heard } from '../staleness.ts'
import type { OrderBookState } from './state.ts'

type Outcome = Step<OrderBookState, { books: typeof BookUpdate }>
type Wrong =
  | 'ORDER_INVALID'
  | 'ORDER_UNKNOWN'
  | 'ORDER_KNOWN'
  | 'ORDER_MISMATCH'
  | 'QUANTITY_EXCEEDED'
  | 'LEVEL_OVERFLOW'

/** Channels whose gaps change no queue; what is not here is taken for a loss. */
const OTHER_CHANNELS = ['trade', 'quote', 'heartbeat', 'volume']

function publish(state: OrderBookState, levels: number, flow: number): BookUpdate {
  return bookUpdate(state, state.readTop(), levels, flow)
}

/** What an order contradicts; nothing was changed. */
function wrongOrder(state: OrderBookState, order: BookOrder): Wrong | undefined {
  const { action, order_id, new_order_id, side, px, qty } = order
  if (order_id === '' || (action === 'REPLACE' && new_order_id === '')) return 'ORDER_INVALID'
  const adds = action === 'ADD' || action === 'REPLACE'
  if (adds && !(px > 0 && qty > 0)) return 'ORDER_INVALID'
  if (!adds && action !== 'DELETE' && !(qty > 0)) return 'ORDER_INVALID'
  if (adds && (state.side(side).at(px)?.qty ?? 0) + qty > Number.MAX_SAFE_INTEGER) return 'LEVEL_OVERFLOW'
  const resting = state.orders.get(order_id)
  if (action === 'ADD') return resting === undefined ? undefined : 'ORDER_KNOWN'
  if (action === 'REPLACE' && (new_order_id === order_id || state.orders.has(new_order_id))) return 'ORDER_KNOWN'
  if (resting !== undefined) {
    if (resting.side !== side) return 'ORDER_MISMATCH'
    return (action === 'EXECUTE' || action === 'REDUCE') && qty > resting.qty ? 'QUANTITY_EXCEEDED' : undefined
  }
  // An order that came before the feed began, or is behind what it shows.
  const own = state.side(side)
  if (action === 'REPLACE' || px <= 0) return own.floor === Number.NEGATIVE_INFINITY ? 'ORDER_UNKNOWN' : undefined
  if (!own.follows(px)) return undefined
  const level = own.at(px)
  if (level === undefined) return 'ORDER_UNKNOWN'
  if (!level.exact || level.anonymous >= qty) return undefined
  return level.anonymous === 0 ? 'ORDER_UNKNOWN' : 'QUANTITY_EXCEEDED'
}

function apply(state: OrderBookState, order: BookOrder): void {
  const { action, order_id, new_order_id, side, px, qty } = order
  if (action === 'CLEAR') return state.clear()
  if (action === 'ADD') return state.add(order_id, side, px, qty)
  const resting = state.orders.get(order_id)
  const at = resting?.px ?? px
  const all = action === 'DELETE' || action === 'REPLACE'
  const taken = all && resting !== undefined ? resting.qty : qty
  const rests = action === 'REDUCE' && (resting === undefined || taken < resting.qty)
  // Of an unknown order that is replaced, the price and the quantity are not told.
  if (resting !== undefined || (action !== 'REPLACE' && px > 0))
    state.take(order_id, side, at, taken, action === 'EXECUTE', rests)
  if (action === 'REPLACE') state.add(new_order_id, side, px, qty)
}

function onOrder(state: OrderBookState, event: MarketEvent, order: BookOrder, ctx: BookContext): Outcome {
  const { action } = order
  const before = state.readTop()
  if (action !== 'CLEAR' && event.sequence <= state.seed_sequence) {
    if (action === 'ADD') state.name(order)
    return applied(state, event, 0, ctx)
  }
  const wrong = action === 'CLEAR' ? undefined : wrongOrder(state, order)
  if (wrong !== undefined) {
    const { order_id, px, qty } = order
    return fault(wrong, { instrument_id: event.instrument_id, action, order_id, px, qty })
  }
  apply(state, order)
  return applied(state, event, orderFlowImbalance(before, state.readTop()), ctx)
}

function onDepth(state: OrderBookState, event: MarketEvent, depth: Depth, ctx: BookContext): Outcome {
  // Changes of levels say nothing of the orders in them.
  if (!depth.snapshot) return keep(state)
  for (const { px, qty } of [...depth.bids, ...depth.asks])
    if (qty < 0 || (qty > 0 && px <= 0)) return fault('LEVEL_INVALID', { instrument_id: event.instrument_id, px, qty })
  state.seed(depth, event.sequence)
  return applied(state, event, 0, ctx)
}

/** The book is that of `event`: notes it, keeps the stale timer ahead, publishes. */
function applied(state: OrderBookState, event: MarketEvent, flow: number, ctx: BookContext): Outcome {
  note(state, event)
  heard(state, ctx)
  return emit(state, { books: [publish(state, ctx.params.levels, flow)] })
}

function note(state: OrderBookState, event: MarketEvent): void {
  state.instrument_id = event.instrument_id
  state.venue = event.venue
  state.symbol = event.symbol
  state.sequence = event.sequence
  state.event_time_us = event.event_time_us
  state.receive_time_us = event.receive_time_us
}

/** An event of the instrument. */
export function onOrderEvent(state: OrderBookState, event: MarketEvent, ctx: BookContext): Outcome {
  const { order, depth, gap } = event
  if (order !== null) return onOrder(state, event, order, ctx)
  if (depth !== null) return onDepth(state, event, depth, ctx)
  if (gap === null || OTHER_CHANNELS.includes(gap.channel) || state.published === null) return keep(state)
  state.lose()
  note(state, event)
  return emit(state, { books: [publish(state, ctx.params.levels, 0)] })
}

export function onOrderTimer(state: OrderBookState, ctx: BookContext): Outcome {
  if (!fellSilent(state, ctx) || state.quality === state.published) return keep(state)
  return emit(state, { books: [publish(state, ctx.params.levels, 0)] })
}
