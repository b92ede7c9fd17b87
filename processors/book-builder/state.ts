import { type Json, keep, type Step } from '../../runtime/api/index.ts'
import type { BookQuality } from '../../schemas/generated/index.ts'
import type { Proven } from './book-update.ts'
import { BookTexts, type FlatTexts } from './checksum.ts'
import type { Top } from './features.ts'
import type { BookBuilderParams } from './params.ts'
import { BookSide } from './side.ts'

/**
 * What is known of the levels. EMPTY: no snapshot yet. SNAPSHOT: just replaced by one. CONFLATED: the same, of a venue
 * that sends nothing but states. LIVE: a continuous change was applied since. GAP: a change is missing; the levels are
 * those before it. CHECKSUM_BAD: the venue has another book, and which levels are wrong is unknown.
 */
export type BookPhase = 'EMPTY' | 'SNAPSHOT' | 'CONFLATED' | 'LIVE' | 'GAP' | 'CHECKSUM_BAD'

const NOTHING_PROVEN: Proven = { levels: 0, bids: 0, asks: 0 }

/** What of a snapshot is not a field of the same name. */
interface Flat {
  bids: number[]
  asks: number[]
  texts?: FlatTexts
}

/** The book of one instrument. Owned and changed in place by the book builder. */
export class BookState {
  instrument_id = ''
  venue = ''
  symbol = ''
  phase: BookPhase = 'EMPTY'
  /** Silent for `stale_after_ms`. */
  stale = false
  /** Quality of the last BookUpdate; null before the first. */
  published: BookQuality | null = null
  /** Venue update id the levels stand at. */
  sequence = 0
  event_time_us = 0
  receive_time_us = 0
  /** Stream time of the last depth message, and the record that it came in. */
  heard_us = 0
  heard_producer = ''
  heard_seq = 0
  /** When the stale timer that is set fires; it may be early, see index.ts. */
  timer_us = 0
  /** Depth changes that came while the levels were not usable. */
  ignored = 0
  readonly bids: BookSide
  readonly asks: BookSide
  /** Texts of the levels, where the venue sends checksums. */
  texts: BookTexts | null = null
  readonly top: Top = { bid_px: 0, bid_qty: 0, ask_px: 0, ask_qty: 0 }
  readonly top_before: Top = { bid_px: 0, bid_qty: 0, ask_px: 0, ask_qty: 0 }
  /** The answer to the many events that do not concern a book. */
  readonly kept: Step<BookState, never>

  constructor({ max_levels }: BookBuilderParams) {
    this.bids = new BookSide(1, max_levels)
    this.asks = new BookSide(-1, max_levels)
    this.kept = keep(this)
  }

  get quality(): BookQuality {
    const { phase, bids, asks } = this
    if (phase === 'EMPTY') return 'SNAPSHOT'
    if (phase === 'GAP' || phase === 'CHECKSUM_BAD') return phase
    if (bids.best_px >= asks.best_px) return 'CROSSED'
    return this.stale ? 'STALE' : phase
  }

  /** All of a book that is LIVE; a side that ends before the other is right about that too. */
  get proven(): Proven {
    if (this.quality !== 'LIVE') return NOTHING_PROVEN
    const { bids, asks } = this
    return { levels: Math.max(bids.length, asks.length), bids: bids.length, asks: asks.length }
  }

  /** Reads the best levels into `into`. */
  readTop(into: Top): Top {
    into.bid_px = this.bids.best_px
    into.bid_qty = this.bids.best_qty
    into.ask_px = this.asks.best_px
    into.ask_qty = this.asks.best_qty
    return into
  }

  snapshot(): Json {
    const { bids, asks, texts, top, top_before, kept, ...rest } = this
    const levels = { ...rest, bids: bids.flat(), asks: asks.flat() }
    return (texts === null ? levels : { ...levels, texts: texts.flat() }) as Json
  }

  static restore(json: Json, params: BookBuilderParams): BookState {
    const { bids, asks, texts, ...rest } = json as unknown as Flat
    const state = Object.assign(new BookState(params), rest)
    state.bids.restore(bids)
    state.asks.restore(asks)
    if (texts !== undefined) state.texts = BookTexts.restore(texts)
    return state
  }
}
