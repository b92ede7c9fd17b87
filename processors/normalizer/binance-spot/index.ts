import { emit, fault, keep } from '../../../runtime/api/index.ts'
import type { MarketEvent, RawFrame } from '../../../schemas/generated/index.ts'
import { messageEvent } from '../events.ts'
import type { Refusal } from '../json-frame.ts'
import { declaredListing, instrumentOf, type Listing, listingFromData, symbolOf } from '../listing.ts'
import { onQuote, onTrade } from '../numbered.ts'
import { defineVenue, type NormalizerContext, type Outcome } from '../venue.ts'
import { onChange, onSnapshot } from './depth-sequence.ts'
import { frameDecimals, parseSpotFrame, readSpotFrame } from './spot-json.ts'
import type { SpotMessage } from './spot-message.ts'
import { bytes, scanSpotFrame } from './spot-scanner.ts'
import { initialState, type NormalizerState, snapshotState } from './state.ts'

/**
 * Decodes Binance spot frames into market events of one instrument, in the order of the venue's own sequences.
 *
 * Silent about depth until a snapshot came (see depth-sequence.ts), about quotes older than the last one and about
 * trades that came already: those are dropped and counted. Silent about what the venue says of its servers. A missing
 * trade id is a gap and goes on, a missing depth update is a gap and waits for a snapshot. A frame that cannot be read
 * is a fault and changes nothing; its bytes are in the dead letter.
 */

/** Scratch of one step: filled in by the decoder, its parts go into events. */
const message: SpotMessage = { kind: 'quote', sequence: 0, event_time_us: 0, depth: null, quote: null, trade: null }

/** The bytes of a symbol as the scanner wants them; undefined for one that is not plain ASCII, which takes the JSON path. */
const symbol_bytes = new Map<string, Uint8Array | undefined>()

function bytesOf(symbol: string): Uint8Array | undefined {
  if (!symbol_bytes.has(symbol)) {
    if (symbol_bytes.size >= 10_000) symbol_bytes.clear()
    symbol_bytes.set(symbol, /^[!#-[\]-~]+$/.test(symbol) ? bytes(symbol) : undefined)
  }
  return symbol_bytes.get(symbol)
}

function scan(listing: Listing, payload: Uint8Array): boolean {
  const symbol = bytesOf(listing.symbol)
  return symbol !== undefined && scanSpotFrame(payload, symbol, listing, message)
}

/** Takes the decoded message in `message` into the state; makes its events. */
function accept(state: NormalizerState, listing: Listing, frame: RawFrame, ctx: NormalizerContext): MarketEvent[] {
  state.frames++
  const { kind, depth } = message
  const { restart_after } = ctx.params
  const event = messageEvent(listing, message, frame)
  const events: MarketEvent[] = []
  if (kind === 'quote') onQuote(state, event, restart_after, events)
  else if (kind === 'trade') onTrade(state, event, event.sequence, restart_after, events)
  else if (depth?.snapshot === true) onSnapshot(state, event, (id) => ctx.cause(id), ctx.params, events)
  else if (depth !== null) onChange(state, event, depth, ctx.id, ctx.params, events)
  return events
}

/** The first frame of a symbol, and every frame that the scanner does not know. */
function slow(state: NormalizerState, frame: RawFrame, ctx: NormalizerContext): Outcome<NormalizerState> {
  const symbol = symbolOf(frame)
  const parsed = parseSpotFrame(frame.payload)
  if (parsed === null) {
    state.frames++
    return keep(state)
  }
  if ('code' in parsed) return refuse(parsed)
  if (symbol === '') return fault('SYMBOL_UNKNOWN', { venue_symbol: frame.venue_symbol })
  const declared = state.listing ?? declaredListing(ctx.params, frame.venue, symbol)
  if (declared === undefined && ctx.params.unknown_symbol === 'fault')
    return fault('SYMBOL_UNKNOWN', { venue_symbol: frame.venue_symbol })
  const listing = declared ?? listingFromData(frame.venue, symbol, frameDecimals(parsed))
  const refusal = readSpotFrame(parsed, symbol, listing, message)
  if (refusal !== undefined) return refuse(refusal)
  state.listing = listing
  const events = accept(state, listing, frame, ctx)
  if (declared === undefined) return emit(state, { instruments: [instrumentOf(listing)], events })
  return events.length === 0 ? keep(state) : emit(state, { events })
}

function refuse({ code, field }: Refusal): Outcome<NormalizerState> {
  return fault(code, field === '' ? {} : { field })
}

export const binanceSpot = defineVenue<NormalizerState>({
  venue: 'BINANCE',
  initial: initialState,
  copy: snapshotState,
  frames(state, frame, ctx) {
    const { listing } = state
    if (listing === null || !scan(listing, frame.payload)) return slow(state, frame, ctx)
    const events = accept(state, listing, frame, ctx)
    return events.length === 0 ? keep(state) : emit(state, { events })
  },
})
