/** What is traded in the simulated market, and in which manner. Prices are in ticks, quantities in lots. */
export interface InstrumentProfile {
  /** As the venue spells it, upper case. */
  readonly symbol: string
  /** Decimals of a tick (0.01 is 2). */
  readonly price_scale: number
  /** Decimals of a lot. */
  readonly qty_scale: number
  /** Fair price at the start of the stream; it is drawn back towards it, so that a demo may run for days. */
  readonly start_px: number
  /** The venue's update id and trade id before the stream begins. */
  readonly update_id: number
  readonly trade_id: number
  /** Share of all order arrivals. */
  readonly weight: number
  /** Levels farther from the best than this are taken away. */
  readonly reach_px: number
  /** Median distance of a new order from the best. */
  readonly distance_px: number
  /** How far the fair price runs from the middle before takers come and makers leave. */
  readonly patience_px: number
  /** Median size of a resting order and of a taker's order. */
  readonly rest_qty: number
  readonly take_qty: number
}

/** Ticks and lots are the real venue's; prices are round ones of the year the stream is set in. */
export const INSTRUMENT_PROFILES: readonly InstrumentProfile[] = [
  {
    symbol: 'BTCUSDT',
    price_scale: 2,
    qty_scale: 5,
    start_px: 9_425_000,
    update_id: 84_310_550_000,
    trade_id: 5_713_200_000,
    weight: 0.4,
    reach_px: 9_000,
    distance_px: 30,
    patience_px: 180,
    rest_qty: 12_000,
    take_qty: 700,
  },
  {
    symbol: 'ETHUSDT',
    price_scale: 2,
    qty_scale: 4,
    start_px: 324_000,
    update_id: 67_120_400_000,
    trade_id: 3_144_800_000,
    weight: 0.35,
    reach_px: 600,
    distance_px: 3,
    patience_px: 7,
    rest_qty: 25_000,
    take_qty: 1_500,
  },
  {
    symbol: 'SOLUSDT',
    price_scale: 2,
    qty_scale: 3,
    start_px: 13_800,
    update_id: 31_870_200_000,
    trade_id: 1_602_500_000,
    weight: 0.25,
    reach_px: 120,
    distance_px: 1,
    patience_px: 1.2,
    rest_qty: 60_000,
    take_qty: 4_000,
  },
]
