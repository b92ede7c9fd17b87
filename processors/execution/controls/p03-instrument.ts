/**
 * P03: the instrument is known, is what the decision takes it for, and may be traded now.
 *
 * Now is stream time, our own clock, held against the venue's timetable: a calendar or a year that is not known is not
 * open. Halts and auctions are the venue's word (session events); a venue that was not heard is held to its timetable.
 */
import { calendarOf, phaseAt } from '../../calendar/index.ts'
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p03: Control = ({ decision, instrument, params, phase, stream_time_us }) => {
  const id = decision.instrument_id
  if (instrument === undefined) return deny('INSTRUMENT_UNKNOWN', id, 'known')
  const wished = terms(decision)
  const real = terms(instrument)
  if (wished !== real) return deny('INSTRUMENT_MISMATCH', wished, real)
  if (!instrument.tradable) return deny('INSTRUMENT_NOT_TRADABLE', 'false', 'true')
  if (params.restricted.includes(id)) return deny('INSTRUMENT_RESTRICTED', id, 'not on the restricted list')
  const calendar = calendarOf(instrument.calendar)
  const timetable = calendar === undefined ? undefined : phaseAt(calendar, stream_time_us)
  if (timetable === undefined) return deny('SESSION_UNKNOWN', instrument.calendar, 'known calendar and year')
  if (timetable !== 'OPEN') return deny('SESSION_CLOSED', timetable, 'OPEN')
  if (phase !== 'OPEN') return deny('TRADING_PHASE', phase, 'OPEN')
  if (instrument.quote_currency !== params.currency) {
    return deny('CURRENCY_UNSUPPORTED', instrument.quote_currency, params.currency)
  }
  return pass('P03', id, 'known')
}

function terms(of: { venue: string; symbol: string; price_scale: number; qty_scale: number }): string {
  return `${of.venue} ${of.symbol} ${of.price_scale} ${of.qty_scale}`
}
