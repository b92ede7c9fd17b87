/**
 * How an order trades against evidence: by walking displayed levels, or, once it rests, by being traded through.
 *
 * A resting order holds no queue claim: it is last at its price. It fills only when the opposite quote crosses its
 * limit or a trade prints beyond it, never for more than was displayed or printed, and at its own limit.
 */
import type { Trade } from '../../schemas/generated/index.ts'
import type { EvidentLevel } from './evidence.ts'
import type { VenueOrder } from './state.ts'

export interface Match {
  readonly level: EvidentLevel
  readonly qty: number
  readonly px: number
}

export function leavesOf(order: VenueOrder): number {
  return order.command.qty - order.cum_qty
}

/** True for an order that never rests. A market order for the day ends where the displayed book does. */
export function isImmediate({ command }: VenueOrder): boolean {
  return command.order_type === 'MARKET' || command.time_in_force === 'IOC' || command.time_in_force === 'FOK'
}

/** Fills from `levels` in their order, at most `most`; a resting order gets its limit, a taking one the level's price. */
export function walk(order: VenueOrder, levels: readonly EvidentLevel[], most: number): Match[] {
  const matches: Match[] = []
  let left = Math.min(most, leavesOf(order))
  for (const level of levels) {
    if (left === 0 || !reaches(order, level.px)) break
    const qty = Math.min(left, level.qty)
    matches.push({ level, qty, px: order.resting ? (order.command.limit_px as number) : level.px })
    left -= qty
  }
  return matches
}

/** True if the order would trade at `px`. */
function reaches({ command }: VenueOrder, px: number): boolean {
  if (command.order_type === 'MARKET' || command.limit_px === null) return true
  return command.side === 'BUY' ? px <= command.limit_px : px >= command.limit_px
}

/** True if `trade` printed beyond the limit of a resting order: everything at the limit went first. */
export function tradedThrough({ command, resting }: VenueOrder, trade: Trade): boolean {
  if (!resting || command.limit_px === null) return false
  return command.side === 'BUY' ? trade.px < command.limit_px : trade.px > command.limit_px
}

/**
 * Orders in the order in which the venue serves them: resting ones by price then arrival, then newcomers by arrival.
 * The sides do not compete, so buyers simply come first.
 */
export function priority(orders: readonly VenueOrder[]): VenueOrder[] {
  return [...orders].sort((a, b) => {
    if (a.resting !== b.resting) return a.resting ? -1 : 1
    if (!a.resting) return a.n - b.n
    if (a.command.side !== b.command.side) return a.command.side === 'BUY' ? -1 : 1
    const lower = (a.command.limit_px as number) - (b.command.limit_px as number)
    if (lower !== 0) return a.command.side === 'BUY' ? -lower : lower
    return a.n - b.n
  })
}
