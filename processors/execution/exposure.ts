/** What an account could hold if its open orders were filled, and what it is worth now. */
import type { Decision, Nbbo } from '../../schemas/generated/index.ts'
import { abs, common, scaleFits } from './money.ts'
import { leaves, OPEN } from './order-state.ts'
import type { PositionTerms } from './positions.ts'
import { unrealizedDoubled } from './positions.ts'
import type { AccountState, ManagedOrder } from './state.ts'
import { openOrders } from './state.ts'

/** Open quantity of one order at worst: a replacement under way counts with the larger quantity. */
function openQty({ life }: ManagedOrder): number {
  if (!OPEN.has(life.base)) return 0
  return Math.max(leaves(life), life.replace?.qty == null ? 0 : life.replace.qty - life.cum_qty)
}

export interface Exposure {
  readonly terms: PositionTerms
  /** Signed position, in qty_scale. */
  readonly held: bigint
  readonly buying: bigint
  readonly selling: bigint
}

/** Per instrument, in the order of instrument ids: what is held and what open orders could add. */
export function exposures(state: AccountState): Map<string, Exposure> {
  const orders = openOrders(state)
  const ids = new Set([...Object.keys(state.positions), ...orders.map((order) => order.terms.instrument_id)])
  const found = new Map<string, Exposure>()
  for (const id of [...ids].sort()) {
    const own = orders.filter((order) => order.terms.instrument_id === id)
    const terms = state.positions[id] ?? (own[0] as ManagedOrder).terms
    const sum = (side: Decision['side']) =>
      own.reduce((total, order) => (order.terms.side === side ? total + BigInt(openQty(order)) : total), 0n)
    const held = BigInt(state.positions[id]?.qty ?? 0)
    found.set(id, { terms, held, buying: sum('BUY'), selling: sum('SELL') })
  }
  return found
}

/** Largest possible size of the position, in qty_scale, with everything on either side filled alone. */
export function worst({ held, buying, selling }: Exposure): bigint {
  const long = abs(held + buying)
  const short = abs(held - selling)
  if (long > short) return long
  return short
}

/** True if the order is opposite to the position and, with the open orders of its side, no larger than it. */
export function isReducing(state: AccountState, decision: Decision): boolean {
  const exposure = exposures(state).get(decision.instrument_id)
  if (exposure === undefined || decision.qty <= 0) return false
  const { held, buying, selling } = exposure
  if (decision.side === 'SELL') return held > 0n && selling + BigInt(decision.qty) <= held
  return held < 0n && buying + BigInt(decision.qty) <= -held
}

/** Value of `qty` at the middle of the NBBO on the common scale; null without a two-sided NBBO. */
export function valueAtMid(qty: bigint, terms: PositionTerms, nbbo: Nbbo | undefined): bigint | null {
  const scale = terms.price_scale + terms.qty_scale
  if (nbbo === undefined || nbbo.bid_px === null || nbbo.ask_px === null || !scaleFits(scale)) return null
  const doubled = qty * (BigInt(nbbo.bid_px) + BigInt(nbbo.ask_px)) * BigInt(terms.multiplier)
  return common(doubled, scale) / 2n
}

/** Realised and open profit less fees, on the common scale; null if a held position cannot be valued. */
export function equity(state: AccountState, nbboOf: (symbol: string) => Nbbo | undefined): bigint | null {
  let total = 0n
  for (const id of Object.keys(state.positions).sort()) {
    const position = state.positions[id]
    if (position === undefined) continue
    const scale = position.price_scale + position.qty_scale
    let doubled = 2n * (position.realized_pnl - position.fees)
    if (position.qty !== 0) {
      const nbbo = nbboOf(position.symbol)
      if (nbbo === undefined || nbbo.bid_px === null || nbbo.ask_px === null) return null
      doubled += unrealizedDoubled(position, nbbo.bid_px, nbbo.ask_px)
    }
    total += common(doubled, scale) / 2n
  }
  return total
}
