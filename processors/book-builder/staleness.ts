/** When a book was heard of last, and the timer that makes it STALE after too long a silence. */
import { type Context, recordId } from '../../runtime/api/index.ts'
import type { BookBuilderParams } from './params.ts'

export type BookContext = Context<BookBuilderParams>

export interface Heard {
  stale: boolean
  /** Stream time of the last change, and the record that it came in. */
  heard_us: number
  heard_producer: string
  heard_seq: number
  /** When the timer that is set fires; it may be early. */
  timer_us: number
}

const STALE_TIMER = 'stale'

/** The book changed now: it is not stale, and the timer stays ahead. */
export function heard(book: Heard, ctx: BookContext): void {
  const { params, stream_time_us } = ctx
  book.stale = false
  book.heard_us = stream_time_us
  book.heard_producer = ctx.producer
  book.heard_seq = ctx.seq
  // Setting it anew at every message costs more than an early timer now and then that looks and sets itself again.
  const stale_after_us = params.stale_after_ms * 1_000
  if ((book.timer_us - stream_time_us) * 4 < stale_after_us * 3) setTimer(book, stream_time_us + stale_after_us, ctx)
}

/** The timer fired: whether the book is STALE by now, caused by the record that it was heard of in. */
export function fellSilent(book: Heard, ctx: BookContext): boolean {
  const due_us = book.heard_us + ctx.params.stale_after_ms * 1_000
  if (ctx.stream_time_us < due_us) {
    setTimer(book, due_us, ctx)
    return false
  }
  book.stale = true
  ctx.cause(recordId(book.heard_producer, book.heard_seq))
  return true
}

function setTimer(book: Heard, due_us: number, ctx: BookContext): void {
  book.timer_us = due_us
  ctx.setTimer(STALE_TIMER, due_us)
}
