/**
 * The common way of decoders whose venue sends JSON and begins its own book: read the frame as a whole, then take what it
 * says into the state, so that a fault changes nothing.
 *
 * Also the phases of such a book: changes count only behind a snapshot, the first one that follows it makes the feed LIVE,
 * and a hole sends it back to wait for the next snapshot, which the venue sends after a new subscription.
 */
import { emit, fault, keep } from '../../runtime/api/index.ts'
import type { Instrument, MarketEvent, RawFrame } from '../../schemas/generated/index.ts'
import { gapEvent, statusEvent } from './events.ts'
import { Bad, refused } from './json-frame.ts'
import { declaredListing, instrumentOf, type Listing, listingFromData, type Scales, symbolOf } from './listing.ts'
import { type AnyDecoder, defineVenue, type NormalizerContext, type VenueState } from './venue.ts'

/**
 * NEW: no snapshot yet. BUFFERING: changes came before one, and were dropped. SYNCING: a snapshot came, no change behind
 * it. LIVE: every change follows the one before. RESYNC: one is missing.
 */
export type BookPhase = 'NEW' | 'BUFFERING' | 'SYNCING' | 'LIVE' | 'RESYNC'

/** The state of one symbol; plain data, changed in place. */
export interface JsonState extends VenueState {
  readonly venue: string
  /** Null until the first frame with prices. */
  listing: Listing | null
  /** Frames that were decoded; faults are not among them. */
  frames: number
  /** Of them: what the venue says of itself (subscriptions, heartbeats). */
  silent: number
  gaps: number
  /** Messages dropped because they had come already, or later ones had. */
  duplicates: number
  out_of_order: number
  /** Depth changes dropped because there was no snapshot to apply them to. */
  depth_discarded: number
  phase: BookPhase
  /** Sequence of the last depth event passed on; 0 before. */
  depth_id: number
}

export function jsonState(venue: string): JsonState {
  return {
    venue,
    listing: null,
    frames: 0,
    silent: 0,
    gaps: 0,
    duplicates: 0,
    out_of_order: 0,
    depth_discarded: 0,
    phase: 'NEW',
    depth_id: 0,
  }
}

/** What a venue brings: `P` is a frame that was parsed, `M` what it says in scaled integers. */
export interface JsonVenue<S extends JsonState, P, M> {
  readonly venue: string
  initial(): S
  copy(state: S): S
  /** The frame's parts; null for one that says nothing of the market. Throws `Bad`. */
  open(payload: Uint8Array, symbol: string): P | null
  /** Takes a frame about the feed itself (a confirmed subscription) into the state; false for one about the market. */
  note?(state: S, parsed: P): boolean
  /** Decimal places as written; only asked for a symbol that is not declared. */
  written(parsed: P): Scales
  /** What is known of an instrument by its symbol. */
  known(symbol: string): Partial<Instrument>
  /** Reads every field. Throws `Bad`; must not change the state. */
  read(parsed: P, listing: Listing): M
  /** Takes it into the state; appends events to `out`. Must not fail. */
  apply(state: S, message: M, frame: RawFrame, listing: Listing, ctx: NormalizerContext, out: MarketEvent[]): void
}

export function defineJsonVenue<S extends JsonState, P, M>(venue: JsonVenue<S, P, M>): AnyDecoder {
  return defineVenue<S>({
    venue: venue.venue,
    initial: () => venue.initial(),
    copy: (state) => venue.copy(state),
    frames(state, frame, ctx) {
      const symbol = symbolOf(frame)
      const parsed = refused(() => venue.open(frame.payload, symbol))
      if (parsed instanceof Bad) return refusal(parsed)
      if (parsed === null || venue.note?.(state, parsed) === true) {
        state.frames++
        state.silent++
        return keep(state)
      }
      const declared = state.listing ?? declaredListing(ctx.params, frame.venue, symbol)
      if (symbol === '' || (declared === undefined && ctx.params.unknown_symbol === 'fault'))
        return fault('SYMBOL_UNKNOWN', { venue_symbol: frame.venue_symbol })
      const listing = declared ?? listingFromData(frame.venue, symbol, venue.written(parsed))
      const message = refused(() => venue.read(parsed, listing))
      if (message instanceof Bad) return refusal(message)
      state.listing = listing
      state.frames++
      const events: MarketEvent[] = []
      venue.apply(state, message, frame, listing, ctx, events)
      if (declared === undefined)
        return emit(state, { instruments: [instrumentOf(listing, venue.known(symbol))], events })
      return events.length === 0 ? keep(state) : emit(state, { events })
    },
  })
}

function refusal({ code, field }: Bad) {
  return fault(code, field === '' ? {} : { field })
}

/** Name of the channel in gap events. */
const DEPTH_CHANNEL = 'depth'

/** Passes a snapshot on. */
export function onBookSnapshot(state: JsonState, event: MarketEvent, out: MarketEvent[]): void {
  state.phase = 'SYNCING'
  state.depth_id = event.sequence
  out.push(event)
}

/** Whether changes can be applied; where not, the one in hand is dropped and counted. */
export function isFollowing(state: JsonState, event: MarketEvent, out: MarketEvent[]): boolean {
  if (state.phase === 'LIVE' || state.phase === 'SYNCING') return true
  state.depth_discarded++
  if (state.phase === 'NEW') {
    state.phase = 'BUFFERING'
    out.push(statusEvent(event, 'BUFFERING', 'NO_SNAPSHOT', 0))
  }
  return false
}

/** Passes on a change that continues the book. */
export function onBookChange(state: JsonState, event: MarketEvent, out: MarketEvent[]): void {
  if (state.phase === 'SYNCING') {
    state.phase = 'LIVE'
    out.push(statusEvent(event, 'LIVE', 'SYNCED', state.depth_id))
  }
  state.depth_id = event.sequence
  out.push(event)
}

/** Changes are missing in front of `event`, which is of no use either: waits for a snapshot. */
export function onBookLost(
  state: JsonState,
  event: MarketEvent,
  expected: number,
  received: number,
  reason: string,
  out: MarketEvent[],
): void {
  state.gaps++
  state.phase = 'RESYNC'
  out.push(gapEvent(event, DEPTH_CHANNEL, expected, received, state.depth_id))
  out.push(statusEvent(event, 'RESYNC', reason, state.depth_id))
}
