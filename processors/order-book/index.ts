import { type Context, defineProcessor, emit, fault, keep, recordId, type Step } from '../../runtime/api/index.ts'
import { type BookOrder, BookUpdate, type Depth, MarketEvent } from '../../schemas/generated/index.ts'
import { bookUpdate } from '../book-builder/book-update.ts'
import { orderFlowImbalance } from '../book-builder/features.ts'
import { OrderBookParams } from './params.ts'
import { OrderBookState } from './state.ts'

/**
 * Keeps the book of one instrument by order, and publishes its best levels after every order.
 *
 * Each price is a queue in the order that orders came; a snapshot of levels stands ahead of them as quantity whose
 * orders are not known. `proven_levels` and those of one side say how many levels are certainly right, by the rules in side.ts:
 * all of them where the feed shows every order since the book was empty, fewer where it shows only the best levels. A
 * book with fewer than `proven_min` of them is a GAP, and so is one with a missing message until the next snapshot.
 * Silent about trades, quotes and sessions. An order that contradicts what is certain (unknown, known already, more
 * taken than it has) is a fault, and nothing of it is applied.
 */

const outputs = { books: BookUpdate }
type Outcome = Step<OrderBookState, typeof outputs>
type Ctx = Context<OrderBookParams>

const STALE_TIMER = 'stale'

type Wrong = 'ORDER_INVALID' | 'ORDER_UNKNOWN' | 'ORDER_KNOWN' | 'ORDER_MISMATCH' | 'QUANTITY_EXCEEDED'

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

function onOrder(state: OrderBookState, event: MarketEvent, order: BookOrder, ctx: Ctx): Outcome {
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

function onDepth(state: OrderBookState, event: MarketEvent, depth: Depth, ctx: Ctx): Outcome {
  // Changes of levels say nothing of the orders in them.
  if (!depth.snapshot) return keep(state)
  for (const { px, qty } of [...depth.bids, ...depth.asks])
    if (qty < 0 || (qty > 0 && px <= 0)) return fault('LEVEL_INVALID', { instrument_id: event.instrument_id, px, qty })
  state.seed(depth, event.sequence)
  return applied(state, event, 0, ctx)
}

/** The book is that of `event`: notes it, keeps the stale timer ahead, publishes. */
function applied(state: OrderBookState, event: MarketEvent, flow: number, ctx: Ctx): Outcome {
  const { params, stream_time_us } = ctx
  note(state, event)
  state.stale = false
  state.heard_us = stream_time_us
  state.heard_producer = ctx.producer
  state.heard_seq = ctx.seq
  // An early timer now and then that sets itself again costs less than setting it at every order.
  const stale_after_us = params.stale_after_ms * 1_000
  if ((state.timer_us - stream_time_us) * 4 < stale_after_us * 3)
    setStaleTimer(state, stream_time_us + stale_after_us, ctx)
  return emit(state, { books: [publish(state, params.levels, flow)] })
}

function note(state: OrderBookState, event: MarketEvent): void {
  state.instrument_id = event.instrument_id
  state.venue = event.venue
  state.symbol = event.symbol
  state.sequence = event.sequence
  state.event_time_us = event.event_time_us
  state.receive_time_us = event.receive_time_us
}

function setStaleTimer(state: OrderBookState, due_us: number, ctx: Ctx): void {
  state.timer_us = due_us
  ctx.setTimer(STALE_TIMER, due_us)
}

export const orderBook = defineProcessor({
  name: 'order-book',
  description:
    'Keeps the book by order per instrument: queues, best levels, how many of them are certainly right, and the features of a book.',
  inputs: { events: MarketEvent },
  tables: {},
  outputs,
  faults: {
    LEVEL_INVALID: 'A level of a snapshot has no positive price, or a negative quantity.',
    ORDER_INVALID: 'An order has no id, no positive price or no positive quantity.',
    ORDER_UNKNOWN: 'No order with this id can rest where the message says.',
    ORDER_KNOWN: 'An order with this id rests already.',
    ORDER_MISMATCH: 'The order rests on the other side.',
    QUANTITY_EXCEEDED: 'More is executed or taken away than is there.',
  },
  params: OrderBookParams,
  initial: (_key: string, params: OrderBookParams) => new OrderBookState(params),
  snapshot: (state: OrderBookState) => state.snapshot(),
  restore: (json, _key: string, params: OrderBookParams) => OrderBookState.restore(json, params),
  on: {
    events(state: OrderBookState, event: MarketEvent, ctx): Outcome {
      const { order, depth, gap } = event
      if (order !== null) return onOrder(state, event, order, ctx)
      if (depth !== null) return onDepth(state, event, depth, ctx)
      if (gap === null || state.published === null) return keep(state)
      state.lose()
      note(state, event)
      return emit(state, { books: [publish(state, ctx.params.levels, 0)] })
    },
  },
  timer(state: OrderBookState, _name: string, ctx): Outcome {
    const due_us = state.heard_us + ctx.params.stale_after_ms * 1_000
    if (ctx.stream_time_us < due_us) {
      setStaleTimer(state, due_us, ctx)
      return keep(state)
    }
    state.stale = true
    if (state.quality === state.published) return keep(state)
    ctx.cause(recordId(state.heard_producer, state.heard_seq))
    return emit(state, { books: [publish(state, ctx.params.levels, 0)] })
  },
})
