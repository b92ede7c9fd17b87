import { INSTRUMENT_PROFILES, type InstrumentProfile } from '../instruments.ts'

/**
 * What the moods trade: three assets, at BINANCE as in the market that `up` shows by default, and two of them at OKX.
 *
 * The factor model, per step of 100 ms: `return(asset) = beta * market + own`, where `market` is the regime's drift and
 * deviation, jumps and crashes, and `own` an independent draw of `own_percent` of the regime's deviation. A venue's fair
 * price is the asset's plus a basis that is drawn back to nothing; so two venues of one asset move together.
 */
export interface Asset {
  readonly name: string
  /** Fair price at the start, millionths of the quote currency; drawn back towards it over hours. */
  readonly start_micro: number
  readonly beta: number
  readonly own_percent: number
}

export const ASSETS: readonly Asset[] = [
  { name: 'BTC', start_micro: 94_250_000_000, beta: 1, own_percent: 50 },
  { name: 'ETH', start_micro: 3_240_000_000, beta: 1.2, own_percent: 60 },
  { name: 'SOL', start_micro: 138_000_000, beta: 1.5, own_percent: 80 },
]

export type MoodVenue = 'BINANCE' | 'OKX'

export interface MoodInstrument {
  readonly venue: MoodVenue
  readonly asset: Asset
  readonly profile: InstrumentProfile
  /** Orders per second in a calm regime; at most `SLOTS_PER_STEP` per step arrive. */
  readonly orders_per_s: number
}

const [BTC, ETH, SOL] = ASSETS as readonly [Asset, Asset, Asset]
const [BTCUSDT, ETHUSDT, SOLUSDT] = INSTRUMENT_PROFILES as readonly [
  InstrumentProfile,
  InstrumentProfile,
  InstrumentProfile,
]

export const MOOD_INSTRUMENTS: readonly MoodInstrument[] = [
  { venue: 'BINANCE', asset: BTC, profile: BTCUSDT, orders_per_s: 50 },
  { venue: 'BINANCE', asset: ETH, profile: ETHUSDT, orders_per_s: 40 },
  { venue: 'BINANCE', asset: SOL, profile: SOLUSDT, orders_per_s: 30 },
  {
    venue: 'OKX',
    asset: BTC,
    // Tick 0.1, lot 0.00001.
    profile: {
      ...BTCUSDT,
      symbol: 'BTC-USDT',
      price_scale: 1,
      start_px: 942_500,
      update_id: 51_200_400_000,
      trade_id: 701_300_000,
      reach_px: 900,
      distance_px: 3,
      patience_px: 18,
    },
    orders_per_s: 40,
  },
  {
    venue: 'OKX',
    asset: ETH,
    profile: { ...ETHUSDT, symbol: 'ETH-USDT', update_id: 47_900_100_000, trade_id: 523_800_000 },
    orders_per_s: 30,
  },
]

export function instrumentId({ venue, profile }: MoodInstrument): string {
  return `${profile.symbol}.${venue}`
}
