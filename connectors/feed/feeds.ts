/** Live feeds by name, as `--feed` takes them. A venue's connector adds one entry. */
import { binanceLive } from '../binance/live.ts'
import { binanceUsdmLive } from '../binance/usdm-live.ts'
import { coinbaseLive } from '../coinbase/live.ts'
import { krakenLevel3Live } from '../kraken/level3-live.ts'
import { krakenLive } from '../kraken/live.ts'
import { krakenSigner } from '../kraken/signature.ts'
import { okxLive } from '../okx/live.ts'
import type { FeedAddress, FeedVenue } from './venue.ts'

export interface FeedKind {
  /** Venue whose declared instruments are subscribed, upper case. */
  readonly venue: string
  open(address: FeedAddress): FeedVenue
}

export const liveFeeds: Readonly<Record<string, FeedKind>> = {
  binance: { venue: 'BINANCE', open: binanceLive },
  'binance-usdm': { venue: 'BINANCE_USDM', open: binanceUsdmLive },
  coinbase: { venue: 'COINBASE', open: coinbaseLive },
  kraken: { venue: 'KRAKEN', open: krakenLive },
  'kraken-level3': { venue: 'KRAKEN', open: (address) => krakenLevel3Live(address, krakenSigner(process.env)) },
  okx: { venue: 'OKX', open: okxLive },
}
