/**
 * Positions at average cost, exact in bigint at price_scale + qty_scale.
 *
 * A fill that adds to the position adds its notional to the cost; one that reduces it releases the average cost of what
 * it closes (truncated toward zero, the remainder stays with what is still open) and realises the difference; one that
 * flips it through zero does both in turn. Whatever is truncated, the cash identity is exact at every step:
 * `realized_pnl = cost - (sum of signed notionals)`. A bust is the opposite fill at the old price: quantity and cash are
 * as if the execution had not been; how profit splits into realised and open may differ, their sum does not.
 */
import type { Position } from '../../schemas/generated/index.ts'

export interface PositionState {
  readonly instrument_id: string
  readonly venue: string
  readonly symbol: string
  readonly price_scale: number
  readonly qty_scale: number
  readonly multiplier: number
  /** Signed, in qty_scale. */
  readonly qty: number
  readonly cost: bigint
  readonly realized_pnl: bigint
  readonly fees: bigint
  /** Live executions: a bust takes one off. */
  readonly fills: number
  readonly last_px: number
}

export interface SignedFill {
  /** Signed: positive buys. In qty_scale. */
  readonly qty: number
  readonly px: number
  /** Signed: positive costs us. */
  readonly fee: bigint
  /** +1 for an execution, -1 for one taken back. */
  readonly count: 1 | -1
}

export type PositionTerms = Pick<
  PositionState,
  'instrument_id' | 'venue' | 'symbol' | 'price_scale' | 'qty_scale' | 'multiplier'
>

export function flat(terms: PositionTerms): PositionState {
  const { instrument_id, venue, symbol, price_scale, qty_scale, multiplier } = terms
  const none = { qty: 0, cost: 0n, realized_pnl: 0n, fees: 0n, fills: 0, last_px: 0 }
  return { instrument_id, venue, symbol, price_scale, qty_scale, multiplier, ...none }
}

/** The position after one fill. */
export function applyFill(position: PositionState, fill: SignedFill): PositionState {
  const signed = BigInt(fill.qty)
  const held = BigInt(position.qty)
  const unit = BigInt(fill.px) * BigInt(position.multiplier)
  // The part of the fill that closes what is held, with the sign of the fill; the rest opens.
  const opposite = held !== 0n && held > 0n !== signed > 0n
  const closing = opposite ? (magnitude(signed) < magnitude(held) ? signed : -held) : 0n
  const released = closing === 0n ? 0n : (position.cost * -closing) / held
  const realized = -closing * unit - released
  const cost = position.cost - released + (signed - closing) * unit
  return {
    ...position,
    qty: position.qty + fill.qty,
    cost,
    realized_pnl: position.realized_pnl + realized,
    fees: position.fees + fill.fee,
    fills: position.fills + fill.count,
    last_px: fill.px,
  }
}

/** Profit of the open quantity at the middle of `bid_px` and `ask_px`, doubled so that the half tick is exact. */
export function unrealizedDoubled(position: PositionState, bid_px: number, ask_px: number): bigint {
  const middle_doubled = BigInt(bid_px) + BigInt(ask_px)
  return BigInt(position.qty) * middle_doubled * BigInt(position.multiplier) - 2n * position.cost
}

export function positionRecord(account: string, position: PositionState): Position {
  const { instrument_id, venue, symbol, price_scale, qty_scale, qty, cost, realized_pnl, fees, fills, last_px } =
    position
  const scales = { price_scale, qty_scale }
  return { account, instrument_id, venue, symbol, qty, cost, realized_pnl, fees, fills, ...scales, last_px }
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}
