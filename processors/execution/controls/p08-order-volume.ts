/**
 * P08: the quantity is within its limit, and an order that takes liquidity within a share of what is displayed.
 *
 * A limit that would rest takes nothing. The NBBO shows only the best level, so the share is of that.
 */
import type { Nbbo } from '../../../schemas/generated/index.ts'
import type { Control, ControlInput } from './control.ts'
import { deny, pass } from './control.ts'

export const p08: Control = (input) => {
  const { decision, instrument, params, nbbo } = input
  const lots = decision.qty / (instrument?.lot_size_qty ?? 1)
  if (!(lots <= params.max_order_lots)) return deny('ORDER_QTY_EXCEEDS_MAX', lots, params.max_order_lots)
  const displayed = nbbo === undefined ? undefined : opposite(nbbo, decision.side)
  if (displayed === undefined) return deny('DEPTH_UNKNOWN', 'none', 'displayed quantity')
  if (!takes(input, displayed.px)) return pass('P08', lots, params.max_order_lots)
  const share = (BigInt(displayed.qty) * BigInt(params.max_depth_percent)) / 100n
  return BigInt(decision.qty) > share
    ? deny('ORDER_QTY_EXCEEDS_DEPTH', decision.qty, share)
    : pass('P08', decision.qty, share)
}

function opposite(nbbo: Nbbo, side: 'BUY' | 'SELL'): { px: number; qty: number } | undefined {
  const [px, qty] = side === 'BUY' ? [nbbo.ask_px, nbbo.ask_qty] : [nbbo.bid_px, nbbo.bid_qty]
  return px === null || qty === null ? undefined : { px, qty }
}

function takes({ decision }: ControlInput, px: number): boolean {
  if (decision.order_type === 'MARKET' || decision.limit_px === null) return true
  return decision.side === 'BUY' ? decision.limit_px >= px : decision.limit_px <= px
}
