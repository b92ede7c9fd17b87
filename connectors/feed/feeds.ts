/** Live feeds by name, as `--feed` takes them. A venue's connector adds one entry. */
import { binanceLive } from '../binance/live.ts'
import type { FeedVenue } from './venue.ts'

export interface FeedAddress {
  /** As the venue spells them. */
  readonly symbols: readonly string[]
  /** Other servers than the venue's own, without a path. */
  readonly url?: string
  readonly rest_url?: string
}

export interface FeedKind {
  /** Venue whose declared instruments are subscribed, upper case. */
  readonly venue: string
  open(address: FeedAddress): FeedVenue
}

export const liveFeeds: Readonly<Record<string, FeedKind>> = {
  binance: { venue: 'BINANCE', open: binanceLive },
}
