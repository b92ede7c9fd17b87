/**
 * What a venue's decoder is. The normalizer picks it by the venue in the state's key (`VENUE:SYMBOL`); the table is
 * `venues.ts`, a decoder is a folder of its own beside it.
 *
 * Made to be shared by decoders: `faults.ts` (codes), `decimal.ts` (decimal text to scaled integers), `venue-time.ts`
 * (times), `json-frame.ts` (frames of JSON and their fields), `json-venue.ts` (venues that send JSON and begin their own
 * book), `listing.ts` (declared instruments, and ones made from the data), `us-equity.ts` (those of US shares),
 * `numbered.ts` (trades and quotes with numbers), `events.ts` (MarketEvents of one shape, gaps, feed states).
 *
 * A decoder never throws at a frame: one that it cannot read is a fault with a code, and the state then is as before.
 */
import type { Context, Step } from '../../runtime/api/index.ts'
import { Bar, Instrument, MarketEvent, type RawFrame } from '../../schemas/generated/index.ts'
import type { NormalizerParams } from './params.ts'

/** `bars`: as venues themselves make them. */
export const outputs = { instruments: Instrument, events: MarketEvent, bars: Bar }
export type Outcome<S = unknown> = Step<S, typeof outputs>
export type NormalizerContext = Context<NormalizerParams>

/** What the state of every venue's symbol has; plain data. */
export interface VenueState {
  /** The venue that the state belongs to. Only `BINANCE` leaves it out: its states are older than the other venues. */
  readonly venue?: string
  /** Gap events emitted, all channels; the summary of a run adds them up. */
  gaps: number
}

export interface VenueDecoder<S extends VenueState> {
  /** Venue, upper case. */
  readonly venue: string
  /** State of a symbol before its first frame. */
  initial(): S
  /** A copy that later frames do not change: what snapshots hold, and what a restored state begins as. */
  copy(state: S): S
  /** Takes a frame. The state may be changed in place, but not by a frame that ends in a fault. */
  frames(state: S, frame: RawFrame, ctx: NormalizerContext): Outcome<S>
  /** Codes beyond those of `faults.ts`, with their meaning. */
  readonly faults?: Readonly<Record<string, string>>
}

/** A decoder whose state the normalizer does not look into. */
export type AnyDecoder = VenueDecoder<VenueState>

/** Erases the type of the state; the decoder itself is checked where it is written. */
export function defineVenue<S extends VenueState>(decoder: VenueDecoder<S>): AnyDecoder {
  return decoder as never
}
