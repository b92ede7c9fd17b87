/** P05: the price, or the side of the NBBO a market order takes, is within a collar around the middle of the NBBO. */
import { abs } from '../money.ts'
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p05: Control = ({ decision, nbbo, params }) => {
  const bid = nbbo?.bid_px ?? null
  const ask = nbbo?.ask_px ?? null
  if (bid === null || ask === null || bid <= 0 || ask <= 0) return deny('NO_REFERENCE_PRICE', 'none', 'bid and ask')
  const price = decision.order_type === 'LIMIT' ? decision.limit_px : decision.side === 'BUY' ? ask : bid
  if (price === null) return deny('NO_REFERENCE_PRICE', 'none', 'limit price')
  // Doubled, so that the middle is a whole number.
  const middle = BigInt(bid) + BigInt(ask)
  const distance = abs(2n * BigInt(price) - middle) * 10_000n
  const bps = (distance + middle - 1n) / middle
  return distance > BigInt(params.collar_bps) * middle
    ? deny('PRICE_COLLAR', bps, params.collar_bps)
    : pass('P05', bps, params.collar_bps)
}
