import { emit, fault, keep } from '../../../runtime/api/index.ts'
import { declaredListing, symbolOf } from '../listing.ts'
import { isUsListing, usEquity, usListing } from '../us-equity.ts'
import { defineVenue } from '../venue.ts'
import { itchFaults, readItch } from './itch50.ts'
import { readLobster } from './lobster.ts'
import { copyState, initialState, type NasdaqState } from './state.ts'

/**
 * Decodes Nasdaq order by order: rows of LOBSTER files and TotalView-ITCH 5.0 messages, told apart by the frame's
 * channel.
 *
 * Silent about messages that change neither an order, a trade nor a session. A declared instrument must have Nasdaq's
 * own scales, four places of a dollar and whole shares; others are refused. What cannot be read, and in ITCH what
 * contradicts the orders before, is a fault and changes nothing.
 */

const ITCH_CHANNEL = 'itch50'

export const nasdaq = defineVenue<NasdaqState>({
  venue: 'NASDAQ',
  faults: itchFaults,
  initial: initialState,
  copy: copyState,
  frames(state, frame, ctx) {
    const symbol = symbolOf(frame)
    if (symbol === '') return fault('SYMBOL_UNKNOWN', { venue_symbol: frame.venue_symbol })
    const declared = state.listing ?? declaredListing(ctx.params, frame.venue, symbol)
    const whole_venue = symbol === '*'
    if (declared === undefined && !whole_venue && ctx.params.unknown_symbol === 'fault')
      return fault('SYMBOL_UNKNOWN', { venue_symbol: frame.venue_symbol })
    const listing = declared ?? usListing(frame.venue, symbol)
    if (!isUsListing(listing))
      return fault('SCALE_EXCEEDED', { price_scale: listing.price_scale, qty_scale: listing.qty_scale })
    const first = state.listing === null
    const read = frame.channel === ITCH_CHANNEL ? readItch : readLobster
    const events = read(state, listing, frame)
    if (typeof events === 'string') return fault(events, {})
    state.listing = listing
    if (first && declared === undefined && !whole_venue)
      return emit(state, { instruments: [usEquity(listing, events.listed)], events: events.made })
    return events.made.length === 0 ? keep(state) : emit(state, { events: events.made })
  },
})
