/** Every venue that is heard live: its connector, its double, and what holds of it in tests. */
import { binanceLive } from '../../connectors/binance/live.ts'
import { binanceUsdmLive } from '../../connectors/binance/usdm-live.ts'
import { coinbaseLive } from '../../connectors/coinbase/live.ts'
import type { FeedVenue } from '../../connectors/feed/index.ts'
import { krakenLevel3Live } from '../../connectors/kraken/level3-live.ts'
import { krakenLive } from '../../connectors/kraken/live.ts'
import { krakenSigner } from '../../connectors/kraken/signature.ts'
import { okxLive } from '../../connectors/okx/live.ts'
import { BinanceDouble, type DoubleOptions } from './binance-double.ts'
import { BinanceUsdmDouble } from './binance-usdm-double.ts'
import { CoinbaseDouble } from './coinbase-double.ts'
import { KrakenDouble } from './kraken-double.ts'
import { KrakenLevel3Double } from './kraken-level3-double.ts'
import type { TrueBook } from './market-books.ts'
import type { Mischief } from './mischief.ts'
import { OkxDouble } from './okx-double.ts'
import type { Listed } from './reader.ts'
import type { VenueDouble } from './virtual-world.ts'

/** A double with a market behind it. */
export interface MarketDouble extends VenueDouble {
  readonly mischief: Mischief
  /** True books, by the venue's own names of symbols. */
  readonly books: ReadonlyMap<string, TrueBook>
  /** Connections accepted. */
  readonly accepted: number
  hold(): void
  resume(): void
  stop(): void
  disconnect(): void
}

interface Servers {
  readonly url: string
  readonly rest_url: string
}

export interface VenueKind {
  readonly symbols: readonly string[]
  /** How long a book that went wrong unnoticed may be wrong. */
  readonly renew_ms: number
  /** Whether it asks the venue's REST interface. */
  readonly rest: boolean
  /** Whether its books go on with the numbers of before on a new connection, so that there is a break to be seen. */
  readonly numbers_go_on: boolean
  double(options: DoubleOptions): MarketDouble
  open(symbols: readonly string[], servers: Servers): FeedVenue
}

const PAIRS = ['BTC', 'ETH', 'SOL'] as const
const SUBSCRIBED = { renew_ms: 900_000, rest: false, numbers_go_on: false }

export const VENUE_KINDS = {
  BINANCE: {
    symbols: PAIRS.map((coin) => `${coin}USDT`),
    renew_ms: 300_000,
    rest: true,
    numbers_go_on: true,
    double: (options) => new BinanceDouble(options),
    open: (symbols, servers) => binanceLive({ symbols, ...servers }),
  },
  BINANCE_USDM: {
    symbols: PAIRS.map((coin) => `${coin}USDT`),
    renew_ms: 300_000,
    rest: true,
    numbers_go_on: true,
    double: (options) => new BinanceUsdmDouble(options),
    open: (symbols, servers) => binanceUsdmLive({ symbols, ...servers }),
  },
  OKX: {
    ...SUBSCRIBED,
    symbols: PAIRS.map((coin) => `${coin}-USDT`),
    double: (options) => new OkxDouble(options),
    open: (symbols, servers) => okxLive({ symbols, ...servers }),
  },
  COINBASE: {
    ...SUBSCRIBED,
    symbols: PAIRS.map((coin) => `${coin}-USDT`),
    double: (options) => new CoinbaseDouble(options),
    open: (symbols, servers) => coinbaseLive({ symbols, ...servers }),
  },
  KRAKEN: {
    ...SUBSCRIBED,
    symbols: PAIRS.map((coin) => `${coin}/USDT`),
    double: (options) => new KrakenDouble(options),
    open: (symbols, servers) => krakenLive({ symbols, ...servers }),
  },
  KRAKEN_LEVEL3: {
    ...SUBSCRIBED,
    rest: true,
    symbols: PAIRS.map((coin) => `${coin}/USDT`),
    double: (options) => new KrakenLevel3Double(options),
    open: (symbols, servers) =>
      krakenLevel3Live({ symbols, ...servers }, krakenSigner({ KRAKEN_API_KEY: 'key', KRAKEN_API_SECRET: 'c2VjcmV0' })),
  },
} as const satisfies Readonly<Record<string, VenueKind>>

export function listedOf(venue: string, symbols: readonly string[]): Listed[] {
  return symbols.map((symbol) => ({
    instrument_id: `${symbol}.${venue}`,
    venue,
    symbol,
    price_scale: 2,
    qty_scale: 8,
  }))
}
