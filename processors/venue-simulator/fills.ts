/** What market data does to the orders at the venue: fills, and the end of those that do not rest. */
import type { BookUpdate, Instrument, Trade } from '../../schemas/generated/index.ts'
import { consume, type EvidentLevel, evidentLevels } from './evidence.ts'
import { feeOf } from './fees.ts'
import { isImmediate, leavesOf, type Match, priority, tradedThrough, walk } from './matching.ts'
import { chance, drawUpTo } from './random.ts'
import { type Ctx, put, reportOn, send } from './reports.ts'
import type { Draft, VenueOrder } from './state.ts'

/** Matches every order that arrived not after `time_us` with a LIVE book of that venue time. */
export function fillFromBook(draft: Draft, ctx: Ctx, book: BookUpdate, time_us: number): void {
  const nbbo = ctx.tables.nbbo.get(book.symbol)
  for (const order of priority(draft.orders)) {
    if (order.arrival_us > time_us) continue
    const levels = evidentLevels(order, book, nbbo, draft.taken)
    const cap = order.resting ? leavesOf(order) : portion(ctx, order)
    const fillable = walk(order, levels, leavesOf(order)).reduce((sum, match) => sum + match.qty, 0)
    const kill = order.command.time_in_force === 'FOK' && fillable < leavesOf(order)
    const matches = kill ? [] : walk(order, levels, cap)
    const by_quote = matches.some((match) => match.level.sequence !== book.sequence)
    const quote = by_quote ? ctx.tables.nbbo.idOf(book.symbol) : undefined
    for (const { level, qty } of matches) draft.taken = consume(draft.taken, order, level, qty)
    const why = kill ? 'FOK_UNFILLABLE' : 'NOTHING_LEFT_TO_TAKE'
    // A newcomer that got a drawn part only is not done taking.
    const ends = isImmediate(order) ? why : undefined
    settleOrder(draft, ctx, order, { matches, time_us, quote }, cap === leavesOf(order), ends)
  }
}

/** Fills resting orders that a trade printed through; together they get no more than was printed. */
export function fillFromTrade(draft: Draft, ctx: Ctx, trade: Trade, time_us: number): void {
  let left = trade.qty
  for (const order of priority(draft.orders)) {
    if (left === 0) return
    if (order.arrival_us > time_us || !tradedThrough(order, trade)) continue
    const level: EvidentLevel = { px: trade.px, qty: left, sequence: trade.trade_id }
    const matches = walk(order, [level], leavesOf(order))
    left -= matches.reduce((sum, match) => sum + match.qty, 0)
    settleOrder(draft, ctx, order, { matches, time_us, quote: undefined }, true, undefined)
  }
}

/** Ends orders for the day whose venue day is over. */
export function expire(draft: Draft, ctx: Ctx, time_us: number): void {
  const day = (us: number) => Math.floor(us / 86_400_000_000)
  for (const order of draft.orders) {
    if (order.command.time_in_force !== 'DAY' || day(time_us) <= day(order.arrival_us)) continue
    finish(draft, ctx, order, 'EXPIRED', time_us, 'DAY_OVER')
  }
}

/** Takes an order off that will not be filled any more, and reports it. */
export function finish(
  draft: Draft,
  ctx: Ctx,
  order: VenueOrder,
  as: 'CANCELED' | 'EXPIRED',
  transact_time_us: number,
  text: string,
): void {
  put(draft, order, undefined)
  ctx.cancelTimer(`wait:${order.n}`)
  const { order_id, cum_qty, command, cause } = order
  const said = { exec_type: as, ord_status: as, order_id, cum_qty, text, transact_time_us } as const
  send(draft, ctx, [reportOn(draft, ctx.key, command, said)], [cause], order.ids[0] as string, order.events)
}

/** How much a newcomer may get of this datum: all of it, or with some chance a drawn part in whole lots. */
function portion(ctx: Ctx, order: VenueOrder): number {
  const { seed, partial_fill_ppm } = ctx.params
  const key = order.ids[0] as string
  const lot = ctx.tables.instruments.get(ctx.key)?.lot_size_qty ?? 1
  const lots = Math.floor(leavesOf(order) / lot)
  const whole = order.command.time_in_force === 'FOK' || lots < 2
  if (whole || !chance(partial_fill_ppm, seed, key, order.events, 'partial')) return leavesOf(order)
  return lot * (1 + drawUpTo(lots - 2, seed, key, order.events, 'partial_share'))
}

/** What one datum gave an order; `quote`: id of the NBBO record it rests on besides. */
interface Matched {
  readonly matches: readonly Match[]
  readonly time_us: number
  readonly quote: string | undefined
}

/** Books `matches` on the order, reports them in one group, and lets it rest, go on or end (`ends`: why). */
function settleOrder(
  draft: Draft,
  ctx: Ctx,
  order: VenueOrder,
  { matches, time_us, quote }: Matched,
  took_all: boolean,
  ends: string | undefined,
): void {
  const instrument = ctx.tables.instruments.get(ctx.key) as Instrument
  let cum_qty = order.cum_qty
  const reports = matches.map((match) => {
    cum_qty += match.qty
    return fillReport(draft, ctx, order, match, cum_qty, instrument, time_us)
  })
  const done = cum_qty === order.command.qty
  const ended = !done && ends !== undefined
  if (ended) {
    const { order_id } = order
    const said = { exec_type: 'CANCELED', ord_status: 'CANCELED', order_id, cum_qty, text: ends } as const
    reports.push(reportOn(draft, ctx.key, order.command, { ...said, transact_time_us: time_us }))
  }
  if (done || ended) ctx.cancelTimer(`wait:${order.n}`)
  const events = order.events + reports.length
  const next: VenueOrder = { ...order, cum_qty, events, resting: order.resting || took_all }
  put(draft, order, done || ended ? undefined : next)
  if (reports.length === 0) return
  const causes = quote === undefined ? [order.cause] : [order.cause, quote]
  send(draft, ctx, reports, causes, order.ids[0] as string, order.events)
}

function fillReport(
  draft: Draft,
  ctx: Ctx,
  order: VenueOrder,
  { level, qty, px }: Match,
  cum_qty: number,
  instrument: Instrument,
  transact_time_us: number,
): ReturnType<typeof reportOn> {
  const { maker_fee_ppm, taker_fee_ppm } = ctx.params
  const notional = BigInt(px) * BigInt(qty) * BigInt(instrument.multiplier)
  const leaves_qty = order.command.qty - cum_qty
  return reportOn(draft, ctx.key, order.command, {
    exec_type: 'TRADE',
    ord_status: leaves_qty === 0 ? 'FILLED' : 'PARTIALLY_FILLED',
    order_id: order.order_id,
    last_qty: qty,
    last_px: px,
    cum_qty,
    leaves_qty,
    fee: feeOf(notional, order.resting ? maker_fee_ppm : taker_fee_ppm),
    liquidity: order.resting ? 'MAKER' : 'TAKER',
    market_sequence: level.sequence,
    transact_time_us,
  })
}
