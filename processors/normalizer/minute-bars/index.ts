/**
 * Decodes one-minute bars of NSE: `ms_since_midnight,open,high,low,close,volume`, prices times 10,000, times of India.
 *
 * Each line is one Bar of origin VENUE; there are no market events. Minutes without trades have no line, and nothing
 * tells them from missing ones: no gap is reported. A bar that came already is dropped and counted, so is an older one.
 * A line that is no bar, or one whose prices contradict each other, is a fault.
 */
import { emit, fault, keep } from '../../../runtime/api/index.ts'
import type { Bar, Instrument } from '../../../schemas/generated/index.ts'
import { calendars, localTime } from '../../calendar/index.ts'
import { localDay } from '../../calendar/zone.ts'
import { POWERS_OF_TEN } from '../../powers-of-ten.ts'
import { declaredListing, instrumentOf, type Listing, symbolOf } from '../listing.ts'
import { defineVenue, type Outcome, type VenueState } from '../venue.ts'

const VENUE = 'NSE'
const MINUTE_US = 60_000_000
const MINUTE_MS = 60_000
const FILE_SCALE = 4
const LINE = /^(\d{1,8}),(\d{1,16}),(\d{1,16}),(\d{1,16}),(\d{1,16}),(\d{1,16})$/
/** The longest line that `LINE` takes. */
const LINE_BYTES = 93

interface MinuteBarsState extends VenueState {
  readonly venue: 'NSE'
  listing: Listing | null
  /** Beginning of the last bar passed on, microseconds since the epoch; -1 before. */
  start_us: number
  bars: number
  duplicates: number
  out_of_order: number
}

/** The text's characters where they are plain ASCII of a bar's length; else something that no bar is. */
function textOf(payload: Uint8Array): string {
  if (payload.length > LINE_BYTES) return ''
  let text = ''
  for (const byte of payload) text += String.fromCharCode(byte)
  return text
}

/** A price of the file in the instrument's scale; undefined where it has digits beyond it, or leaves the safe range. */
function priced(raw: number, price_scale: number): number | undefined {
  const px =
    price_scale >= FILE_SCALE
      ? raw * (POWERS_OF_TEN[price_scale - FILE_SCALE] ?? 1)
      : raw / (POWERS_OF_TEN[FILE_SCALE - price_scale] ?? 1)
  return Number.isSafeInteger(px) ? px : undefined
}

/** Tick and lot are not in the file, so an instrument from it is for reading: no orders. */
function instrumentFromData(listing: Listing): Instrument {
  return instrumentOf(listing, { kind: 'EQUITY', quote_currency: 'INR', calendar: 'NSE', tradable: false })
}

export const minuteBars = defineVenue<MinuteBarsState>({
  venue: VENUE,
  initial: () => ({ venue: VENUE, gaps: 0, listing: null, start_us: -1, bars: 0, duplicates: 0, out_of_order: 0 }),
  copy: (state) => ({ ...state }),

  frames(state, frame, ctx): Outcome<MinuteBarsState> {
    const symbol = symbolOf(frame)
    if (symbol === '') return fault('SYMBOL_UNKNOWN', { venue_symbol: frame.venue_symbol })
    const declared = declaredListing(ctx.params, VENUE, symbol)
    if (declared === undefined && ctx.params.unknown_symbol === 'fault') return fault('SYMBOL_UNKNOWN', { symbol })
    const listing = state.listing ??
      declared ?? { instrument_id: `${symbol}.${VENUE}`, venue: VENUE, symbol, price_scale: FILE_SCALE, qty_scale: 0 }

    const found = LINE.exec(textOf(frame.payload))
    if (found === null) return fault('FRAME_MALFORMED')
    const [ms, open, high, low, close, volume] = found.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    // The capture says when the minute was over: a line of another minute belongs to another day or file.
    const nse = calendars.NSE
    const start_us = frame.receive_time_us - MINUTE_US
    if (nse === undefined || ms % MINUTE_MS !== 0) return fault('FRAME_MALFORMED', { field: 'time' })
    if (localTime(nse, localDay(nse.offset, start_us), ms * 1_000) !== start_us)
      return fault('FRAME_MALFORMED', { field: 'time' })
    for (const raw of [open, high, low, close, volume]) {
      if (raw > Number.MAX_SAFE_INTEGER) return fault('VALUE_OUT_OF_RANGE')
    }
    if (low === 0 || high < Math.max(open, close) || low > Math.min(open, close) || volume === 0)
      return fault('VALUE_OUT_OF_RANGE', { open, high, low, close, volume })
    const { price_scale, qty_scale } = listing
    const open_px = priced(open, price_scale)
    const high_px = priced(high, price_scale)
    const low_px = priced(low, price_scale)
    const close_px = priced(close, price_scale)
    const volume_qty = volume * (POWERS_OF_TEN[qty_scale] ?? 1)
    if (open_px === undefined || high_px === undefined || low_px === undefined || close_px === undefined)
      return fault('SCALE_EXCEEDED', { price_scale })
    if (!Number.isSafeInteger(volume_qty)) return fault('VALUE_OUT_OF_RANGE', { volume })

    const first = state.listing === null
    state.listing = listing
    if (start_us <= state.start_us) {
      if (start_us === state.start_us) state.duplicates++
      else state.out_of_order++
      return keep(state)
    }
    state.start_us = start_us
    state.bars++
    const bar: Bar = {
      instrument_id: listing.instrument_id,
      venue: VENUE,
      symbol,
      interval: '1m',
      start_time_us: start_us,
      end_time_us: start_us + MINUTE_US,
      open_px,
      high_px,
      low_px,
      close_px,
      volume_qty,
      trades: 0,
      origin: 'VENUE',
      receive_time_us: frame.receive_time_us,
    }
    if (!first || declared !== undefined) return emit(state, { bars: [bar] })
    return emit(state, { instruments: [instrumentFromData(listing)], bars: [bar] })
  },
})
