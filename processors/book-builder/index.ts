import { type Context, defineProcessor, emit, fault, recordId, type Step } from '../../runtime/api/index.ts'
import { BookUpdate, type Depth, type Level, MarketEvent } from '../../schemas/generated/index.ts'
import { bookUpdate } from './book-update.ts'
import { BookTexts } from './checksum.ts'
import { orderFlowImbalance } from './features.ts'
import { BookBuilderParams } from './params.ts'
import { BookState } from './state.ts'

/**
 * Keeps the level-2 book of one instrument and publishes its best levels after every depth message.
 *
 * A book is SNAPSHOT until the first change that continues its snapshot, then LIVE; GAP from a missing change to the
 * next snapshot; CHECKSUM_BAD from a checksum that is not the venue's to the next snapshot; CROSSED while its bid is at
 * or above its ask; STALE after `stale_after_ms` of stream time without depth. A change of quality is published even
 * when no level changed. Silent about quotes, trades and about changes
 * that come while there is nothing to apply them to. A level without price or with a negative quantity, and a change
 * older than the book, are faults: nothing of them is applied.
 */

const outputs = { books: BookUpdate }
type Outcome = Step<BookState, typeof outputs>
type Ctx = Context<BookBuilderParams>

const STALE_TIMER = 'stale'
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
function feedChanged(state: BookState, event: MarketEvent, lost: boolean, { params }: Ctx): Outcome {
  name(state, event)
  if (lost && state.phase !== 'EMPTY') state.phase = 'GAP'
  if (state.quality === state.published) return state.kept
  state.event_time_us = event.event_time_us
  state.receive_time_us = event.receive_time_us
  return emit(state, { books: [publish(state, params.levels, 0)] })
}

function onDepth(state: BookState, event: MarketEvent, depth: Depth, ctx: Ctx): Outcome {
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
function applied(state: BookState, event: MarketEvent, flow: number, ctx: Ctx): Outcome {
  const { params, stream_time_us } = ctx
  name(state, event)
  state.sequence = event.sequence
  state.event_time_us = event.event_time_us
  state.receive_time_us = event.receive_time_us
  state.stale = false
  state.heard_us = stream_time_us
  state.heard_producer = ctx.producer
  state.heard_seq = ctx.seq
  // Setting it anew at every message costs more than an early timer now and then that looks and sets itself again.
  const stale_after_us = params.stale_after_ms * 1_000
  if ((state.timer_us - stream_time_us) * 4 < stale_after_us * 3)
    setStaleTimer(state, stream_time_us + stale_after_us, ctx)
  return emit(state, { books: [publish(state, params.levels, flow)] })
}

function setStaleTimer(state: BookState, due_us: number, ctx: Ctx): void {
  state.timer_us = due_us
  ctx.setTimer(STALE_TIMER, due_us)
}

function badLevel(levels: readonly Level[]): Level | undefined {
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as Level
    if (!(level.px > 0 && level.qty >= 0)) return level
  }
  return undefined
}

export const bookBuilder = defineProcessor({
  name: 'book-builder',
  description:
    'Keeps the level-2 book per instrument: best levels, spread, imbalance, microprice, order-flow imbalance, quality.',
  inputs: { events: MarketEvent },
  tables: {},
  outputs,
  faults: {
    LEVEL_INVALID: 'A level has no positive price, or a negative quantity.',
    SEQUENCE_OUT_OF_ORDER: 'A depth change is not newer than the book.',
  },
  params: BookBuilderParams,
  initial: (_key: string, params: BookBuilderParams) => new BookState(params),
  snapshot: (state: BookState) => state.snapshot(),
  restore: (json, _key: string, params: BookBuilderParams) => BookState.restore(json, params),
  on: {
    events(state: BookState, event: MarketEvent, ctx): Outcome {
      const { depth } = event
      if (depth !== null) return onDepth(state, event, depth, ctx)
      const { gap, status } = event
      if (gap !== null) return gap.channel === DEPTH_CHANNEL ? feedChanged(state, event, true, ctx) : state.kept
      // LIVE comes just before the change that makes the book so.
      if (status !== null && status.state !== 'LIVE') return feedChanged(state, event, status.state === 'RESYNC', ctx)
      return state.kept
    },
  },
  timer(state: BookState, _name: string, ctx): Outcome {
    const due_us = state.heard_us + ctx.params.stale_after_ms * 1_000
    if (ctx.stream_time_us < due_us) {
      setStaleTimer(state, due_us, ctx)
      return state.kept
    }
    state.stale = true
    if (state.quality === state.published) return state.kept
    ctx.cause(recordId(state.heard_producer, state.heard_seq))
    return emit(state, { books: [publish(state, ctx.params.levels, 0)] })
  },
})
