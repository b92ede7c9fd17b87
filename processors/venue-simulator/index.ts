/**
 * A simulated venue: it takes order commands, and matches them against the market data that comes after their arrival.
 *
 * Two clocks. In *stream time* a command travels `entry_latency_us` (plus jitter) before the venue accepts it, and a
 * report `report_latency_us` back. In *venue time* it arrives at
 * `max(command.event_time_us, greatest venue time seen) + latency`, never before the greatest venue time seen when it
 * is accepted. The two are never compared with each other: whether a datum is young enough is judged by its own venue
 * time. An order is filled only by data that are read after its acceptance and whose venue time is not before its
 * arrival, so a receive clock that runs behind the venue's, or a slow feed, cannot show it the future or the past.
 * A book without venue time counts as old as the last book before it in venue sequence; a quote as the book that its
 * sequence follows. On a feed without any venue time nothing can be proven and nothing fills.
 *
 * Fills: displayed levels are walked, each datum's quantity serves once; a resting order fills at its own limit, only
 * when the opposite side crosses it or a trade prints beyond it. A cancel takes effect before the first datum of its
 * time. An order that must trade at once and sees no data for `data_wait_ms` is canceled. Own orders never meet each
 * other. It stays silent without commands; it makes no faults, refusals are reports.
 */
import { defineProcessor, emit, keep, type Step } from '../../runtime/api/index.ts'
import { BookUpdate, ExecutionReport, MarketEvent, OrderCommand } from '../../schemas/generated/index.ts'
import { arrive, settle, settleUntil } from './commands.ts'
import { expire, fillFromBook, fillFromTrade, finish } from './fills.ts'
import { simulatorParams } from './params.ts'
import { drawUpTo } from './random.ts'
import { type Ctx, release, tables } from './reports.ts'
import { type Command, type Draft, initialState, type VenueState } from './state.ts'

const inputs = { commands: OrderCommand, books: BookUpdate, events: MarketEvent }
const outputs = { executions: ExecutionReport }
type Out = Step<VenueState, typeof outputs>

export const venueSimulator = defineProcessor({
  name: 'venue-simulator',
  description:
    'Simulated venue: matches order commands against books, quotes and trades of their time, with latency, partial fills and fees.',
  inputs,
  tables,
  outputs,
  params: simulatorParams,
  state_key: {
    commands: (value: OrderCommand) => value.instrument_id,
    books: (value: BookUpdate) => value.instrument_id,
    events: (value: MarketEvent) => value.instrument_id,
  },
  initial: initialState,
  on: {
    commands(state: VenueState, value: OrderCommand, ctx: Ctx): Out {
      const { seed, entry_latency_us, entry_jitter_us } = ctx.params
      const latency_us = entry_latency_us + drawUpTo(entry_jitter_us, seed, value.cl_ord_id, 0, 'entry_latency')
      const n = state.commands + 1
      // A session keeps its order: what was sent later does not arrive earlier.
      const due_us = Math.max(ctx.stream_time_us + latency_us, state.last_entry_us + 1)
      const arrival_us = Math.max(value.event_time_us, state.venue_time_us) + latency_us
      const entering = [...state.entering, { n, command: commandOf(value), arrival_us, cause: ctx.id }]
      ctx.setTimer(`arrive:${n}`, due_us)
      return keep({ ...state, commands: n, last_entry_us: due_us, entering })
    },

    books(state: VenueState, book: BookUpdate, ctx: Ctx): Out {
      const time_us = bookTime(state, book)
      const draft = seenBook(state, book, time_us)
      if (state.orders.length === 0 && state.requests.length === 0) return keep(draft)
      draft.taken = state.taken.filter((one) => one.sequence >= book.sequence)
      settleUntil(draft, ctx, time_us)
      expire(draft, ctx, time_us)
      if (book.quality === 'LIVE') fillFromBook(draft, ctx, book, time_us)
      return keep(draft)
    },

    events(state: VenueState, event: MarketEvent, ctx: Ctx): Out {
      const { trade, event_time_us } = event
      if (trade === null || event.event_time_source !== 'VENUE') return keep(state)
      const draft: Draft = { ...state, venue_time_us: Math.max(state.venue_time_us, event_time_us) }
      // A trade that comes twice or late is no new evidence.
      if (trade.trade_id <= state.last_trade_id) return keep(draft)
      draft.last_trade_id = trade.trade_id
      if (state.orders.length === 0 && state.requests.length === 0) return keep(draft)
      settleUntil(draft, ctx, event_time_us)
      expire(draft, ctx, event_time_us)
      fillFromTrade(draft, ctx, trade, event_time_us)
      return keep(draft)
    },
  },

  timer(state: VenueState, name: string, ctx: Ctx): Out {
    const at = name.indexOf(':')
    const n = Number(name.slice(at + 1))
    const draft: Draft = { ...state }
    switch (name.slice(0, at)) {
      case 'arrive':
        arrive(draft, ctx, n)
        return keep(draft)
      case 'settle':
        settle(draft, ctx, n)
        return keep(draft)
      case 'wait': {
        const order = state.orders.find((one) => one.n === n)
        if (order !== undefined) finish(draft, ctx, order, 'CANCELED', order.arrival_us, 'NO_MARKET_DATA')
        return keep(draft)
      }
      default: {
        const executions = release(draft, ctx, n)
        return executions.length === 0 ? keep(draft) : emit(draft, { executions })
      }
    }
  },
})

/** Venue time of a book: its own, else that of the books before it in venue sequence; 0 if nothing is proven. */
function bookTime({ book }: VenueState, update: BookUpdate): number {
  if (update.event_time_us > 0) return update.event_time_us
  return book !== null && update.sequence >= book.sequence ? book.time_us : 0
}

function seenBook(state: VenueState, { quality, sequence }: BookUpdate, time_us: number): Draft {
  const book = {
    quality,
    sequence: Math.max(sequence, state.book?.sequence ?? 0),
    time_us: Math.max(time_us, state.book?.time_us ?? 0),
  }
  return { ...state, venue_time_us: Math.max(state.venue_time_us, time_us), book }
}

function commandOf(value: OrderCommand): Command {
  const { command, cl_ord_id, orig_cl_ord_id, account, venue, symbol, side, order_type, time_in_force } = value
  const { qty, limit_px } = value
  return { command, cl_ord_id, orig_cl_ord_id, account, venue, symbol, side, order_type, time_in_force, qty, limit_px }
}
