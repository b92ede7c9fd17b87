import type { RecordId } from '../../../runtime/api/index.ts'
import type { MarketEvent } from '../../../schemas/generated/index.ts'
import type { Listing } from '../listing.ts'

/**
 * Where the depth stream of a symbol stands.
 *
 * NEW: no depth yet. BUFFERING: depth came, a snapshot did not. RESYNC: the same after a gap. SYNCING: a snapshot was
 * passed on, the first change that follows it was not. LIVE: every change follows the one before.
 */
export type DepthPhase = 'NEW' | 'BUFFERING' | 'RESYNC' | 'SYNCING' | 'LIVE'

/** A depth change that waits for a snapshot, and the frame it is from. */
export interface Buffered {
  readonly id: RecordId
  readonly event: MarketEvent
  /** See `onChange`; left out where it is the event's first id. */
  readonly first?: number
}

/** The state of one symbol. Owned and changed in place by the normalizer; plain data. */
export interface NormalizerState {
  /** Null until the first frame that names a known or declarable symbol. */
  listing: Listing | null
  /** Frames that were decoded; faults are not among them. */
  frames: number
  /** Gap events emitted, all channels. */
  gaps: number
  /** Messages dropped because they, or later ones that hold all of them, had come already. */
  duplicates: number
  /** Messages dropped because a later one had come. */
  out_of_order: number
  /** Snapshots dropped: older than the book, or too old to join the buffered changes. */
  snapshots_ignored: number
  /** Depth changes dropped because a snapshot or the full buffer made them useless. */
  depth_discarded: number
  phase: DepthPhase
  /** Last update id passed on, or of the snapshot; -1 before. */
  depth_id: number
  quote_id: number
  trade_id: number
  /** Messages in a row, per channel, whose ids lie behind the last one passed on. */
  depth_behind: number
  quote_behind: number
  trade_behind: number
  buffer: Buffered[]
  buffered_levels: number
  /** The full buffer was reported as a gap since the last snapshot. */
  overflowed: boolean
}

export function initialState(): NormalizerState {
  return {
    listing: null,
    frames: 0,
    gaps: 0,
    duplicates: 0,
    out_of_order: 0,
    snapshots_ignored: 0,
    depth_discarded: 0,
    phase: 'NEW',
    depth_id: -1,
    quote_id: -1,
    trade_id: -1,
    depth_behind: 0,
    quote_behind: 0,
    trade_behind: 0,
    buffer: [],
    buffered_levels: 0,
    overflowed: false,
  }
}

/** A copy that later frames do not change. */
export function snapshotState(state: NormalizerState): NormalizerState {
  return { ...state, buffer: state.buffer.slice() }
}
