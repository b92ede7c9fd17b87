/** P03: the instrument is known, is what the decision takes it for, and may be traded now. */
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p03: Control = ({ decision, instrument, params }) => {
  const id = decision.instrument_id
  if (instrument === undefined) return deny('INSTRUMENT_UNKNOWN', id, 'known')
  const wished = terms(decision)
  const real = terms(instrument)
  if (wished !== real) return deny('INSTRUMENT_MISMATCH', wished, real)
  if (!instrument.tradable) return deny('INSTRUMENT_NOT_TRADABLE', 'false', 'true')
  if (params.restricted.includes(id)) return deny('INSTRUMENT_RESTRICTED', id, 'not on the restricted list')
  // Other calendars need session data that is not here: not knowing is not being open.
  if (instrument.calendar !== '24x7') return deny('SESSION_UNKNOWN', instrument.calendar, '24x7')
  if (instrument.quote_currency !== params.currency) {
    return deny('CURRENCY_UNSUPPORTED', instrument.quote_currency, params.currency)
  }
  return pass('P03', id, 'known')
}

function terms(of: { venue: string; symbol: string; price_scale: number; qty_scale: number }): string {
  return `${of.venue} ${of.symbol} ${of.price_scale} ${of.qty_scale}`
}
