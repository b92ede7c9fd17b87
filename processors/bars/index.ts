import { type Context, defineProcessor, emit, fault, recordId, type Step } from '../../runtime/api/index.ts'
import { Bar, Instrument, MarketEvent, type Trade } from '../../schemas/generated/index.ts'
import { type Calendar, calendarOf } from '../calendar/index.ts'
import { POWERS_OF_TEN } from '../powers-of-ten.ts'
import { FOR_PRICE, FOR_VOLUME, NOT_READABLE } from './conditions.ts'
import { edges } from './interval.ts'
import { type BarsParams, barsParams } from './params.ts'
import { BarsState, type OpenBar } from './state.ts'

/**
 * Makes bars of every interval from the trades of one instrument.
 *
 * A time bar is closed by a timer at its end, so silence closes it too; tick, volume and value bars by the trade that
 * reaches the size, which is never split: such a bar can hold more than its size. No bar tells of an interval without
 * a price: not one without trades, nor one whose trades move no price (they are counted in the state). Silent about
 * everything but trades: an execution of a resting order counts by the trade event that its decoder makes of it, and by
 * that alone. A gap of the feed leaves its trades out of the bars and is told by the gap event alone.
 *
 * By the venue's clock, a trade stamped before the open bar, or before the end of the last closed one, joins no bar of
 * that interval and is counted; the venue's clock is never held against ours: silence closes the bar when as much
 * stream time has passed since its first trade as the venue's stamps leave to its end, and `grace_ms`. A hundred trades
 * in a row that are more than a day late say that the clock was ahead: the bars go back to them.
 *
 * A trade without price or quantity, without a time where that places it, with unreadable conditions, or beyond 2^53 in
 * some bar is a fault and counts nowhere. A bar's causes are its last trade and what closed it: the next trade, or, for
 * silence, its first one, which set the timer.
 */

const inputs = { events: MarketEvent }
const tables = { instruments: Instrument }
const outputs = { bars: Bar }
type Outcome = Step<BarsState, typeof outputs>
type Ctx = Context<BarsParams, typeof tables>

const DAY_US = 86_400_000_000
/** Trades in a row from more than a day before the open bar, after which the stamp that opened it is taken for damage. */
const BEHIND_MAX = 100

/** The bar as a record; `undefined` if no trade in it had a price. Empties `bar`. */
function close(state: BarsState, bar: OpenBar, receive_time_us: number, ctx: Ctx): Bar | undefined {
  const { interval, priced, counted, volume_qty } = bar
  if (priced === 0) {
    bar.unpriced_trades += counted
    bar.unpriced_qty += volume_qty
    bar.clear()
    return undefined
  }
  // The record in hand is a cause by itself.
  if (bar.last_seq !== ctx.seq || bar.last_producer !== ctx.producer) {
    ctx.cause(recordId(bar.last_producer, bar.last_seq))
  }
  const made: Bar = {
    instrument_id: state.instrument_id,
    venue: state.venue,
    symbol: state.symbol,
    interval: interval.name,
    start_time_us: bar.start_us,
    end_time_us: bar.end_us,
    open_px: bar.open_px,
    high_px: bar.high_px,
    low_px: bar.low_px,
    close_px: bar.close_px,
    volume_qty,
    trades: counted,
    origin: 'TRADES',
    receive_time_us,
  }
  bar.clear()
  return made
}

function add(bar: OpenBar, px: number, qty: number, counts: number, ctx: Ctx): void {
  bar.counted++
  if ((counts & FOR_VOLUME) !== 0) {
    bar.volume_qty += qty
    if (bar.interval.kind === 'value') bar.value += BigInt(px) * BigInt(qty)
  }
  if ((counts & FOR_PRICE) !== 0) {
    if (bar.priced++ === 0) {
      bar.open_px = px
      bar.high_px = px
      bar.low_px = px
    } else if (px > bar.high_px) bar.high_px = px
    else if (px < bar.low_px) bar.low_px = px
    bar.close_px = px
  }
  bar.last_producer = ctx.producer
  bar.last_seq = ctx.seq
}

/** Whether a bar that trades close has its size. A bar without a price waits for one. */
function full(bar: OpenBar, instrument: Instrument | undefined): boolean {
  const { kind, size } = bar.interval
  if (bar.priced === 0) return false
  if (kind === 'tick') return bar.counted >= size
  if (kind === 'volume') return bar.volume_qty >= size
  return bar.value >= BigInt(size) * power(instrument?.price_scale) * power(instrument?.qty_scale)
}

function power(scale = 0): bigint {
  return BigInt(POWERS_OF_TEN[scale] ?? 1)
}

/** Puts a trade into a time bar; answers the bar that it closed. */
function addByTime(
  state: BarsState,
  bar: OpenBar,
  time_us: number,
  calendar: Calendar | undefined,
  counts: number,
  event: MarketEvent,
  { px, qty }: Trade,
  ctx: Ctx,
): Bar | undefined {
  let closed: Bar | undefined
  const begun_anew = time_us < bar.start_us - DAY_US && ++bar.behind >= BEHIND_MAX
  if (time_us >= bar.end_us || begun_anew) {
    if (bar.counted > 0) closed = close(state, bar, event.receive_time_us, ctx)
    const { start_us, end_us } = edges(bar.interval, time_us, calendar)
    bar.start_us = start_us
    bar.end_us = end_us
  } else if (time_us < bar.start_us || bar.counted === 0) {
    // An interval is closed once: what comes for it later is late, even if nothing followed yet.
    bar.late++
    return undefined
  }
  bar.behind = 0
  if (bar.counted === 0) {
    const grace_us = ctx.params.clock === 'venue' ? ctx.params.grace_ms * 1_000 : 0
    bar.close_at_us = ctx.stream_time_us + (bar.end_us - time_us) + grace_us
    ctx.setTimer(bar.interval.name, bar.close_at_us)
  }
  add(bar, px, qty, counts, ctx)
  return closed
}

function addByCount(
  state: BarsState,
  bar: OpenBar,
  time_us: number,
  counts: number,
  event: MarketEvent,
  { px, qty }: Trade,
  instrument: Instrument | undefined,
  ctx: Ctx,
): Bar | undefined {
  if (bar.counted === 0) bar.start_us = time_us
  // Stamps of a venue can go back: a bar still ends no earlier than it began.
  bar.end_us = Math.max(time_us, bar.start_us)
  add(bar, px, qty, counts, ctx)
  return full(bar, instrument) ? close(state, bar, event.receive_time_us, ctx) : undefined
}

function onTrade(state: BarsState, event: MarketEvent, trade: Trade, ctx: Ctx): Outcome {
  const { px, qty, conditions } = trade
  const { instrument_id } = event
  if (!(px > 0 && qty > 0)) return fault('TRADE_INVALID', { instrument_id, px, qty })
  const by_venue = ctx.params.clock === 'venue'
  if (by_venue && event.event_time_source === 'NONE') return fault('EVENT_TIME_MISSING', { instrument_id })
  const counts = state.rule(conditions)
  if (counts === NOT_READABLE) return fault('CONDITIONS_UNREADABLE', { instrument_id, conditions })
  if (counts === 0) return state.kept
  let instrument: Instrument | undefined
  let calendar: Calendar | undefined
  if (state.needs_instrument) {
    instrument = ctx.tables.instruments.get(instrument_id)
    if (instrument === undefined) return fault('INSTRUMENT_UNKNOWN', { instrument_id })
    calendar = calendarOf(instrument.calendar)
    if (calendar === undefined) return fault('CALENDAR_UNKNOWN', { instrument_id, calendar: instrument.calendar })
  }
  // Looked at before anything changes: a fault must leave every bar as it was.
  for (const bar of state.bars) {
    if (bar.volume_qty + qty > Number.MAX_SAFE_INTEGER) return fault('VOLUME_OVERFLOW', { instrument_id, qty })
  }
  state.instrument_id = instrument_id
  state.venue = event.venue
  state.symbol = event.symbol
  const time_us = by_venue ? event.event_time_us : ctx.stream_time_us
  let made: Bar[] | undefined
  for (const bar of state.bars) {
    const { kind } = bar.interval
    const bars =
      kind === 'time' || kind === 'day'
        ? addByTime(state, bar, time_us, calendar, counts, event, trade, ctx)
        : addByCount(state, bar, time_us, counts, event, trade, instrument, ctx)
    if (bars === undefined) continue
    if (made === undefined) made = [bars]
    else made.push(bars)
  }
  return made === undefined ? state.kept : emit(state, { bars: made })
}

export const bars = defineProcessor({
  name: 'bars',
  description: 'Makes bars by time, trades, volume and value from trades, with stated condition filters.',
  inputs,
  tables,
  outputs,
  faults: {
    TRADE_INVALID: 'A trade without a positive price and quantity.',
    EVENT_TIME_MISSING: "A trade without the venue's time, where bars go by it.",
    CONDITIONS_UNREADABLE: 'The sale conditions are not a hexadecimal mask, which the parameters say they are.',
    INSTRUMENT_UNKNOWN: 'No Instrument record came before the trade, and a bar by value or by session day needs one.',
    CALENDAR_UNKNOWN: 'The session calendar of the instrument is not known here.',
    VOLUME_OVERFLOW: 'The volume of an open bar would leave 2^53.',
  },
  params: barsParams,
  initial: (_key: string, params: BarsParams) => new BarsState(params),
  snapshot: (state: BarsState) => state.snapshot(),
  restore: (json, _key: string, params: BarsParams) => BarsState.restore(json, params),
  on: {
    events(state: BarsState, event: MarketEvent, ctx): Outcome {
      const { trade } = event
      return trade === null ? state.kept : onTrade(state, event, trade, ctx)
    },
  },
  timer(state: BarsState, name: string, ctx): Outcome {
    const bar = state.bars.find(({ interval }) => interval.name === name)
    if (bar === undefined || bar.counted === 0 || ctx.stream_time_us < bar.close_at_us) return state.kept
    const made = close(state, bar, ctx.stream_time_us, ctx)
    return made === undefined ? state.kept : emit(state, { bars: [made] })
  },
})
