/** P04: tick, lot, least and greatest quantity, and pairs of order type and time in force that the venue takes. */
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

/** A market order that rests makes no sense; one for the day ends when the book is exhausted. */
const SUPPORTED: ReadonlySet<string> = new Set([
  'MARKET IOC',
  'MARKET FOK',
  'MARKET DAY',
  'LIMIT IOC',
  'LIMIT FOK',
  'LIMIT GTC',
  'LIMIT DAY',
])

export const p04: Control = ({ decision, instrument }) => {
  if (instrument === undefined) return deny('KIND_UNSUPPORTED', 'none', 'SPOT, EQUITY, LINEAR')
  const { qty, limit_px } = decision
  if (instrument.kind === 'INVERSE') return deny('KIND_UNSUPPORTED', instrument.kind, 'SPOT, EQUITY, LINEAR')
  const pair = `${decision.order_type} ${decision.time_in_force}`
  if (!SUPPORTED.has(pair)) return deny('ORDER_TYPE_UNSUPPORTED', pair, [...SUPPORTED].join(', '))
  // A remainder by zero is NaN, which is not 0: an instrument without tick or lot size is denied too.
  if (limit_px !== null && limit_px % instrument.tick_size_px !== 0) {
    return deny('TICK_SIZE', limit_px, instrument.tick_size_px)
  }
  if (qty % instrument.lot_size_qty !== 0) return deny('LOT_SIZE', qty, instrument.lot_size_qty)
  if (!(qty >= instrument.min_qty)) return deny('QTY_BELOW_MIN', qty, instrument.min_qty)
  if (!(qty <= instrument.max_qty)) return deny('QTY_ABOVE_VENUE_MAX', qty, instrument.max_qty)
  return pass('P04', qty, instrument.max_qty)
}
