/** Makes MarketEvents of one shape, so that what reads them meets one kind of object. */
import type { FeedState, MarketEvent, RawFrame } from '../../schemas/generated/index.ts'
import type { Listing } from './listing.ts'

/** What a message says itself. */
export type Message = Pick<MarketEvent, 'kind' | 'sequence' | 'event_time_us' | 'depth' | 'quote' | 'trade'>

/** The event of a message as it came. */
export function messageEvent(listing: Listing, message: Message, frame: RawFrame): MarketEvent {
  const { event_time_us } = message
  return {
    kind: message.kind,
    instrument_id: listing.instrument_id,
    venue: listing.venue,
    symbol: listing.symbol,
    sequence: message.sequence,
    event_time_us,
    event_time_source: event_time_us === 0 ? 'NONE' : 'VENUE',
    receive_time_us: frame.receive_time_us,
    depth: message.depth,
    quote: message.quote,
    trade: message.trade,
    status: null,
    gap: null,
    order: null,
    session: null,
  }
}

/** `expected` to `received` is missing in front of `cause`; the last good id is `sequence`. */
export function gapEvent(
  cause: MarketEvent,
  channel: string,
  expected: number,
  received: number,
  sequence: number,
): MarketEvent {
  return { ...bare(cause, sequence), kind: 'gap', gap: { channel, expected, received } }
}

export function statusEvent(cause: MarketEvent, state: FeedState, reason: string, sequence: number): MarketEvent {
  return { ...bare(cause, sequence), kind: 'status', status: { state, reason } }
}

function bare(cause: MarketEvent, sequence: number): MarketEvent {
  return { ...cause, sequence, depth: null, quote: null, trade: null, order: null }
}
