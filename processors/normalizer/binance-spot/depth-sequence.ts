/**
 * The continuity of a Binance spot depth stream.
 *
 * Changes wait in a buffer until a snapshot with last update id L comes; those with `u <= L` are useless, the first one
 * passed on has `U <= L + 1 <= u`, and from then on each `U` is the `u` before plus 1. Anything else is a gap: it is
 * reported, and changes wait again. A snapshot newer than the book replaces it, an older one is ignored; so is one too
 * old to join the changes that wait for it. A long run of older changes means that the ids began anew: a gap. Emits nothing of the book while it waits, only status and gaps.
 */
import type { RecordId } from '../../../runtime/api/index.ts'
import type { Depth, MarketEvent } from '../../../schemas/generated/index.ts'
import { gapEvent, statusEvent } from '../events.ts'
import type { NormalizerParams } from '../params.ts'
import type { NormalizerState } from './state.ts'

/** Name of the channel in gap events, whatever the stream's update speed. */
const DEPTH_CHANNEL = 'depth'
/** Levels buffered per message on average, beyond which the buffer counts as full. */
const LEVELS_PER_MESSAGE = 256

/** Bounds that the topology sets. */
type Limits = Pick<NormalizerParams, 'buffer_max' | 'restart_after'>

/**
 * Takes a depth change; appends what becomes of it to `out`. `first` is the id that a snapshot must reach, up to one, for
 * the change to join it: another one than the change's first id where the venue links changes by another rule.
 */
export function onChange(
  state: NormalizerState,
  event: MarketEvent,
  depth: Depth,
  id: RecordId,
  limits: Limits,
  out: MarketEvent[],
  first: number = depth.first_sequence,
): void {
  const { phase } = state
  if (phase === 'LIVE' || phase === 'SYNCING') {
    follow(state, event, depth, id, limits, out, first)
    return
  }
  if (phase === 'NEW') {
    state.phase = 'BUFFERING'
    out.push(statusEvent(event, 'BUFFERING', 'NO_SNAPSHOT', 0))
  }
  buffer(state, event, depth, id, limits, out, first)
}

/** Takes a snapshot. `cause` is told the frames of buffered changes that are passed on now. */
export function onSnapshot(
  state: NormalizerState,
  event: MarketEvent,
  cause: (id: RecordId) => void,
  limits: Limits,
  out: MarketEvent[],
): void {
  const { sequence } = event
  const following = state.phase === 'LIVE' || state.phase === 'SYNCING'
  if (following ? sequence <= state.depth_id : isTooOld(state, sequence)) {
    state.snapshots_ignored++
    if (!following)
      out.push(
        statusEvent(event, state.phase === 'RESYNC' ? 'RESYNC' : 'BUFFERING', 'SNAPSHOT_TOO_OLD', lastGood(state)),
      )
    return
  }
  const waiting = state.buffer
  state.phase = 'SYNCING'
  state.depth_id = sequence
  state.buffer = []
  state.buffered_levels = 0
  state.overflowed = false
  out.push(event)
  for (const { id, event: change, first } of waiting) {
    const { depth } = change
    if (depth === null) continue
    if (change.sequence <= sequence) {
      state.depth_discarded++
      continue
    }
    cause(id)
    // After a gap inside the buffer the rest waits again: `onChange` knows the phase.
    onChange(state, change, depth, id, limits, out, first)
  }
}

/** Passes the change on if it continues the book. */
function follow(
  state: NormalizerState,
  event: MarketEvent,
  depth: Depth,
  id: RecordId,
  limits: Limits,
  out: MarketEvent[],
  first: number,
): void {
  const { phase, depth_id } = state
  const { first_sequence } = depth
  if (event.sequence <= depth_id) {
    if (event.sequence < depth_id && ++state.depth_behind >= limits.restart_after) {
      restart(state, event, depth, id, limits, out, first)
      return
    }
    if (phase === 'LIVE') state.duplicates++
    else state.depth_discarded++
    return
  }
  state.depth_behind = 0
  const joins = first_sequence === depth_id + 1 || (phase === 'SYNCING' && first <= depth_id + 1)
  if (!joins) {
    state.gaps++
    state.phase = 'RESYNC'
    out.push(gapEvent(event, DEPTH_CHANNEL, depth_id + 1, first_sequence, depth_id))
    out.push(statusEvent(event, 'RESYNC', 'GAP', depth_id))
    buffer(state, event, depth, id, limits, out, first)
    return
  }
  if (phase === 'SYNCING') {
    state.phase = 'LIVE'
    out.push(statusEvent(event, 'LIVE', 'SYNCED', depth_id))
  }
  state.depth_id = event.sequence
  out.push(event)
}

/** The ids have begun anew: what is known of the book belongs to the old ones. */
function restart(
  state: NormalizerState,
  event: MarketEvent,
  depth: Depth,
  id: RecordId,
  limits: Limits,
  out: MarketEvent[],
  first: number,
): void {
  const { depth_id } = state
  state.gaps++
  state.phase = 'RESYNC'
  state.depth_behind = 0
  state.depth_id = -1
  out.push(gapEvent(event, DEPTH_CHANNEL, depth_id + 1, depth.first_sequence, depth_id))
  out.push(statusEvent(event, 'RESYNC', 'RESTART', depth_id))
  buffer(state, event, depth, id, limits, out, first)
}

/** Keeps the change for the next snapshot. */
function buffer(
  state: NormalizerState,
  event: MarketEvent,
  depth: Depth,
  id: RecordId,
  limits: Limits,
  out: MarketEvent[],
  first: number,
): void {
  const last = state.buffer.at(-1)
  if (last !== undefined && event.sequence <= last.event.sequence) {
    if (event.sequence === last.event.sequence || ++state.depth_behind < limits.restart_after) {
      state.duplicates++
      return
    }
    // The ids began anew while changes waited: no snapshot that comes now can join those.
    state.depth_id = -1
  }
  state.depth_behind = 0
  if (last !== undefined && depth.first_sequence !== last.event.sequence + 1) {
    // No snapshot can join both sides of the hole: what is before it is useless.
    state.gaps++
    out.push(gapEvent(event, DEPTH_CHANNEL, last.event.sequence + 1, depth.first_sequence, last.event.sequence))
    state.depth_discarded += state.buffer.length
    state.buffer = []
    state.buffered_levels = 0
  }
  state.buffer.push(first === depth.first_sequence ? { id, event } : { id, event, first })
  state.buffered_levels += levelsOf(depth)
  const { buffer_max } = limits
  const levels_max = buffer_max * LEVELS_PER_MESSAGE
  while (state.buffer.length > buffer_max || (state.buffered_levels > levels_max && state.buffer.length > 1))
    dropOldest(state, event, out)
}

function dropOldest(state: NormalizerState, event: MarketEvent, out: MarketEvent[]): void {
  const oldest = state.buffer.shift()?.event
  const next = state.buffer[0]?.event.depth
  if (oldest?.depth == null || next == null) return
  state.buffered_levels -= levelsOf(oldest.depth)
  state.depth_discarded++
  if (state.overflowed) return
  // One gap per wait: the hole grows with every change that is dropped from here on.
  state.overflowed = true
  state.gaps++
  out.push(gapEvent(event, DEPTH_CHANNEL, oldest.depth.first_sequence, next.first_sequence, lastGood(state)))
}

/** Whether a snapshot leaves a hole in front of the changes that wait for it. */
function isTooOld(state: NormalizerState, sequence: number): boolean {
  const oldest = state.buffer[0]
  const following = oldest?.event.depth?.first_sequence
  const first = oldest?.first ?? following
  return first !== undefined && first > sequence + 1 && following !== sequence + 1
}

function lastGood(state: NormalizerState): number {
  return Math.max(state.depth_id, 0)
}

function levelsOf(depth: Depth): number {
  return depth.bids.length + depth.asks.length
}
