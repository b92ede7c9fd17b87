/**
 * The book of one instrument by level.
 *
 * It is SNAPSHOT until the first change that continues its snapshot, then LIVE; GAP from a missing change to the next
 * snapshot; CHECKSUM_BAD from a checksum that is not the venue's to the next snapshot. Silent about changes that come
 * while there is nothing to apply them to.
 */
import { emit, fault, type Step } from '../../runtime/api/index.ts'
import type { BookUpdate, Depth, Level, MarketEvent } from '../../schemas/generated/index.ts'
import { bookUpdate } from './book-update.ts'
import { BookTexts } from './checksum.ts'
import { orderFlowImbalance } from './features.ts'
import { type BookContext, fellSilent, heard } from './staleness.ts'
import type { BookState } from './state.ts'

type Outcome = Step<BookState, { books: typeof BookUpdate }>

/** Name of the channel in the gaps that concern a book. */
const DEPTH_CHANNEL = 'depth'

function publish(state: BookState, levels: number, flow: number): BookUpdate {
  return bookUpdate(state, state.readTop(state.top), levels, flow)
}

function name(state: BookState, event: MarketEvent): void {
  state.instrument_id = event.instrument_id
  state.venue = event.venue
  state.symbol = event.symbol
}

/** The feed said that its depth is not continuous, or waits: published if that changes the quality. */
function feedChanged(state: BookState, event: MarketEvent, lost: boolean, { params }: BookContext): Outcome {
  name(state, event)
  if (lost && state.phase !== 'EMPTY') state.phase = 'GAP'
  if (state.quality === state.published) return state.kept
  state.event_time_us = event.event_time_us
  state.receive_time_us = event.receive_time_us
  return emit(state, { books: [publish(state, params.levels, 0)] })
}

function onDepth(state: BookState, event: MarketEvent, depth: Depth, ctx: BookContext): Outcome {
  const bad = badLevel(depth.bids) ?? badLevel(depth.asks)
  if (bad !== undefined) return fault('LEVEL_INVALID', { instrument_id: event.instrument_id, px: bad.px, qty: bad.qty })
  const { sequence } = event
  if (depth.snapshot) {
    state.bids.replace(depth.bids)
    state.asks.replace(depth.asks)
    state.texts = depth.checksum === null ? null : new BookTexts(depth.checksum.rule)
    state.phase = depth.conflated ? 'CONFLATED' : 'SNAPSHOT'
    verify(state, depth)
    return applied(state, event, 0, ctx)
  }
  if (state.phase === 'EMPTY' || state.phase === 'GAP') {
    state.ignored++
    return state.kept
  }
  if (sequence <= state.sequence) {
    return fault('SEQUENCE_OUT_OF_ORDER', {
      instrument_id: event.instrument_id,
      sequence,
      book_sequence: state.sequence,
    })
  }
  // The normalizer says GAP before; a hole that it did not see must not go unseen here.
  if (depth.first_sequence > state.sequence + 1) return feedChanged(state, event, true, ctx)

  const before = state.readTop(state.top_before)
  const { bids, asks } = depth
  for (let i = 0; i < bids.length; i++) {
    const { px, qty } = bids[i] as Level
    state.bids.set(px, qty)
  }
  for (let i = 0; i < asks.length; i++) {
    const { px, qty } = asks[i] as Level
    state.asks.set(px, qty)
  }
  if (state.phase !== 'CHECKSUM_BAD') state.phase = 'LIVE'
  if (state.texts !== null) verify(state, depth)
  return applied(state, event, orderFlowImbalance(before, state.readTop(state.top)), ctx)
}

/** Compares the book with the venue's checksum of it. One bad answer counts until a snapshot comes. */
function verify(state: BookState, depth: Depth): void {
  const { texts, bids, asks } = state
  const { checksum } = depth
  if (texts === null) return
  if (checksum === null || checksum.rule !== texts.rule) {
    // Texts are missing from here on: nothing can be verified before the next snapshot.
    state.texts = null
    return
  }
  texts.apply(depth.bids, depth.asks, checksum, state)
  if (texts.of(bids, asks) !== checksum.value) state.phase = 'CHECKSUM_BAD'
}

/** The levels are those of `event`: notes it, keeps the stale timer ahead, publishes. */
function applied(state: BookState, event: MarketEvent, flow: number, ctx: BookContext): Outcome {
  name(state, event)
  state.sequence = event.sequence
  state.event_time_us = event.event_time_us
  state.receive_time_us = event.receive_time_us
  heard(state, ctx)
  return emit(state, { books: [publish(state, ctx.params.levels, flow)] })
}

function badLevel(levels: readonly Level[]): Level | undefined {
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as Level
    if (!(level.px > 0 && level.qty >= 0)) return level
  }
  return undefined
}

/** An event of the instrument. */
export function onLevelEvent(state: BookState, event: MarketEvent, ctx: BookContext): Outcome {
  const { depth } = event
  if (depth !== null) return onDepth(state, event, depth, ctx)
  const { gap, status } = event
  if (gap !== null) return gap.channel === DEPTH_CHANNEL ? feedChanged(state, event, true, ctx) : state.kept
  // LIVE comes just before the change that makes the book so.
  if (status !== null && status.state !== 'LIVE') return feedChanged(state, event, status.state === 'RESYNC', ctx)
  return state.kept
}

export function onLevelTimer(state: BookState, ctx: BookContext): Outcome {
  if (!fellSilent(state, ctx) || state.quality === state.published) return state.kept
  return emit(state, { books: [publish(state, ctx.params.levels, 0)] })
}
