import { keep, type Step } from '../../runtime/api/index.ts'
import type { BookQuality, Nbbo } from '../../schemas/generated/index.ts'

/** What one venue says of the symbol: the newer of its depth book and its own quote. */
export interface VenueTop {
  readonly instrument_id: string
  readonly price_scale: number
  readonly qty_scale: number
  /** Venue sequence of the prices; -1 before the first. */
  sequence: number
  /** Best levels in the instrument's scales; quantity 0 where that side is empty. */
  bid_px: number
  bid_qty: number
  ask_px: number
  ask_qty: number
  /** Quality of the venue's depth book; SNAPSHOT before its first update. */
  quality: BookQuality
  /** Venue clock of the newest input that has one; 0 if none has. */
  event_time_us: number
  receive_time_us: number
  /** Stream time when the venue was last heard, and the record that was heard. */
  heard_us: number
  heard_producer: string
  heard_seq: number
  /** When the timer that is set for its silence fires; it may be early, see index.ts. */
  timer_us: number
}

/** The state of one symbol. Owned and changed in place by the processor; `snapshot` leaves out what is scratch. */
export interface NbboState {
  /** In order of instrument id, so that ties go to the first by name. */
  venues: VenueTop[]
  /** The last Nbbo; null before the first. */
  last: Nbbo | null
  /** Older quotes and books, dropped. */
  out_of_order: number
  /** The answer to the many events that change nothing. */
  kept: Step<NbboState, never>
}

export function makeState(plain: Omit<NbboState, 'kept'>): NbboState {
  const state: NbboState = { ...plain, kept: keep(undefined as never) }
  state.kept = keep(state)
  return state
}

export function initialState(): NbboState {
  return makeState({ venues: [], last: null, out_of_order: 0 })
}

/** A copy that later records do not change. */
export function snapshotState({ venues, last, out_of_order }: NbboState): Omit<NbboState, 'kept'> {
  return { venues: venues.map((venue) => ({ ...venue })), last, out_of_order }
}
