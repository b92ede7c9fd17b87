import Type, { type Static } from 'typebox'

function trigger(unit: string, enter: number, rearm: number, full: number, cooldown_ms: number) {
  return Type.Object(
    {
      enter: Type.Number({
        exclusiveMinimum: 0,
        default: enter,
        description: `Level at which the signal fires, in ${unit}.`,
      }),
      rearm: Type.Number({
        minimum: 0,
        default: rearm,
        description: `Level below which it may fire again, in ${unit}; below \`enter\`.`,
      }),
      full: Type.Number({
        exclusiveMinimum: 0,
        default: full,
        description: `Level that counts as strength 1, in ${unit}.`,
      }),
      cooldown_ms: Type.Integer({
        minimum: 0,
        default: cooldown_ms,
        description: 'Stream time between two signals of this pattern.',
      }),
    },
    { additionalProperties: false, default: {}, description: 'When it fires and how strong that is.' },
  )
}

export const ScorerParams = Type.Object(
  {
    bar_ms: Type.Integer({
      minimum: 1,
      default: 250,
      description: 'Length of a bar, stream time. A bar without a trade does not exist.',
    }),
    window_bars: Type.Integer({
      minimum: 2,
      maximum: 10_000,
      default: 20,
      description: 'Bars of the rolling extremes, mean, deviation, VWAP and volume.',
    }),
    atr_bars: Type.Integer({ minimum: 2, maximum: 10_000, default: 14, description: 'Bars of the ATR.' }),
    rsi_bars: Type.Integer({ minimum: 2, maximum: 10_000, default: 14, description: 'Bars of the RSI.' }),
    fast_bars: Type.Integer({ minimum: 1, maximum: 10_000, default: 8, description: 'Bars of the fast EMA.' }),
    slow_bars: Type.Integer({ minimum: 2, maximum: 10_000, default: 20, description: 'Bars of the slow EMA.' }),
    regime_bars: Type.Integer({
      minimum: 2,
      maximum: 10_000,
      default: 60,
      description: 'Bars of the average that the ATR is compared with.',
    }),
    window_books: Type.Integer({
      minimum: 2,
      maximum: 10_000,
      default: 20,
      description: 'Book updates of the averages behind BOOK_PRESSURE.',
    }),
    book_max_age_ms: Type.Integer({
      minimum: 1,
      default: 1_000,
      description: 'Age of the last book, stream time, beyond which nothing is signalled.',
    }),
    min_range_bps: Type.Number({
      minimum: 0,
      default: 0.1,
      description:
        'Least price move that counts, basis points of the mid: smaller ranges and deviations count as this.',
    }),
    reset_after_ms: Type.Integer({
      minimum: 1,
      default: 60_000,
      description: 'Stream time without a trade after which every bar average starts anew.',
    }),
    breakout: trigger('true ranges beyond the channel', 0.25, 0, 2, 1_000),
    momentum: trigger('true ranges between the averages', 0.6, 0.3, 2, 1_000),
    mean_reversion: trigger('standard deviations', 2, 1, 4, 1_000),
    book_pressure: trigger('pressure, 0 to 1', 0.5, 0.25, 1, 1_000),
    volume_surge: trigger('standard deviations of bar volume', 3, 1, 8, 1_000),
    volatility_regime: trigger('relative change of the ATR', 0.5, 0.2, 2, 5_000),
  },
  { additionalProperties: false },
)
export type ScorerParams = Static<typeof ScorerParams>
