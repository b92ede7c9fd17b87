/**
 * P18: the book was LIVE when the decision was made and is now, and the NBBO is fresh.
 *
 * Age is stream time less the receive time of the NBBO's freshest frame; both are our clock, the venue's is not used.
 */
import type { Control } from './control.ts'
import { deny, pass } from './control.ts'

export const p18: Control = ({ decision, nbbo, params, stream_time_us }) => {
  if (decision.book_quality !== 'LIVE') return deny('BOOK_QUALITY', decision.book_quality, 'LIVE')
  if (nbbo === undefined) return deny('BOOK_QUALITY', 'none', 'LIVE')
  if (nbbo.quality !== 'LIVE') return deny('BOOK_QUALITY', nbbo.quality, 'LIVE')
  const limit_us = params.max_book_age_ms * 1_000
  const age_us = stream_time_us - nbbo.receive_time_us
  const oldest_us = Math.max(age_us, decision.book_age_us)
  // A time ahead of ours means that two clocks were mixed up somewhere: no age can be trusted then.
  if (age_us < 0 || decision.book_age_us < 0) return deny('BOOK_AGE', Math.min(age_us, decision.book_age_us), limit_us)
  return oldest_us > limit_us ? deny('BOOK_AGE', oldest_us, limit_us) : pass('P18', oldest_us, limit_us)
}
