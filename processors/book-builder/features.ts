/** Features of a book that are made of its best levels. All are plain arithmetic in the order written. */
import type { Level } from '../../schemas/generated/index.ts'

/** The best level of both sides; an empty side has the worst price there is and quantity 0. */
export interface Top {
  bid_px: number
  bid_qty: number
  ask_px: number
  ask_qty: number
}

/** (B - A) / (B + A) over the quantities of the levels given; 0 if there are none. */
export function imbalance(bids: readonly Level[], asks: readonly Level[]): number {
  let bid = 0
  let ask = 0
  for (let i = 0; i < bids.length; i++) bid += (bids[i] as Level).qty
  for (let i = 0; i < asks.length; i++) ask += (asks[i] as Level).qty
  return bid + ask === 0 ? 0 : (bid - ask) / (bid + ask)
}

/** Mid price weighted by the quantity of the other side; 0 unless both sides are there. */
export function microprice({ bid_px, bid_qty, ask_px, ask_qty }: Top): number {
  if (bid_qty === 0 || ask_qty === 0) return 0
  return (bid_px * ask_qty + ask_px * bid_qty) / (bid_qty + ask_qty)
}

/**
 * Order-flow imbalance of one change (Cont, Kukanov and Stoikov, "The Price Impact of Order Book Events", 2014,
 * equation 3): what was added to the best bid and taken from the best ask, less the opposite. A better or equal price
 * brings its new quantity, a worse or equal one takes the old quantity away.
 */
export function orderFlowImbalance(before: Top, after: Top): number {
  let flow = 0
  if (after.bid_px >= before.bid_px) flow += after.bid_qty
  if (after.bid_px <= before.bid_px) flow -= before.bid_qty
  if (after.ask_px <= before.ask_px) flow -= after.ask_qty
  if (after.ask_px >= before.ask_px) flow += before.ask_qty
  return flow
}
