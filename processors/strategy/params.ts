import Type, { type Static } from 'typebox'

const weight = (value: number, what: string) =>
  Type.Number({ minimum: 0, default: value, description: `Relative weight of ${what}.` })

export const StrategyParams = Type.Object(
  {
    account: Type.String({ minLength: 1, default: 'demo', description: 'Account it trades for, a pseudonymous id.' }),
    strategy: Type.String({ minLength: 1, default: 'strategy', description: 'Its name, part of every decision id.' }),
    weights: Type.Object(
      {
        breakout: weight(0.25, 'BREAKOUT'),
        momentum: weight(0.1, 'MOMENTUM'),
        mean_reversion: weight(0, 'MEAN_REVERSION'),
        book_pressure: weight(0.2, 'BOOK_PRESSURE'),
        volume_surge: weight(0.2, 'VOLUME_SURGE'),
        model: weight(0.25, 'the prediction'),
      },
      {
        additionalProperties: false,
        default: {},
        description:
          'Relative weights of the factors, divided by their sum. They show the machinery and are no advice.',
      },
    ),
    signal_ttl_ms: Type.Integer({
      minimum: 1,
      default: 3_000,
      description: 'Stream time over which a signal fades, linearly, to nothing.',
    }),
    model_full_bps: Type.Number({
      exclusiveMinimum: 0,
      default: 3,
      description: 'Forecast in basis points that counts as 1.',
    }),
    signal_edge_bps: Type.Number({
      minimum: 0,
      default: 6,
      description: 'Gain expected per unit of the technical score, basis points. A guess, no advice.',
    }),
    score_threshold: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.06,
      description: 'Least size of the score to open or add.',
    }),
    exit_score: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.06,
      description: 'Least size of an opposite score to close.',
    }),
    min_edge_bps: Type.Number({
      minimum: 0,
      default: 0.1,
      description: 'Expected gain that must be left after half the spread and the fee, basis points.',
    }),
    taker_fee_bps: Type.Number({ minimum: 0, default: 0.5, description: "Taker's fee, basis points of the value." }),
    max_hold_ms: Type.Integer({
      minimum: 1,
      default: 5_000,
      description: 'Stream time after which a position is closed.',
    }),
    cooldown_ms: Type.Integer({
      minimum: 1,
      default: 500,
      description: 'Stream time between two decisions on a symbol; more than the way to the venue and back.',
    }),
    nbbo_max_age_ms: Type.Integer({
      minimum: 1,
      default: 1_000,
      description: 'Age of the NBBO beyond which nothing is decided.',
    }),
    allow_short: Type.Boolean({ default: false, description: 'Whether a position may become negative.' }),
    order_type: Type.Union([Type.Literal('LIMIT'), Type.Literal('MARKET')], {
      default: 'LIMIT',
      description: 'LIMIT at the touch, or MARKET.',
    }),
    time_in_force: Type.Union([Type.Literal('IOC'), Type.Literal('FOK'), Type.Literal('GTC'), Type.Literal('DAY')], {
      default: 'IOC',
      description: 'Time in force.',
    }),
    limit_through_bps: Type.Number({
      minimum: 0,
      maximum: 1_000,
      default: 0,
      description: 'How far through the touch a limit may go, basis points, rounded down to ticks.',
    }),
    max_touch_percent: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Greatest order, percent of the quantity displayed at the touch.',
    }),
    sizing: Type.Union([Type.Literal('FIXED_FRACTION'), Type.Literal('VOLATILITY_TARGET')], {
      default: 'FIXED_FRACTION',
      description: 'A fraction of the capital, or that fraction scaled by target over estimated volatility.',
    }),
    capital: Type.Integer({ minimum: 1, default: 100_000, description: 'Capital, whole units of quote currency.' }),
    fraction: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.02,
      description: 'Fraction of the capital per decision.',
    }),
    max_position_value: Type.Integer({
      minimum: 1,
      default: 10_000,
      description: 'Greatest value of the position, whole units of quote currency.',
    }),
    volatility_sample_ms: Type.Integer({
      minimum: 1,
      default: 1_000,
      description: 'Stream time between two mids that the volatility is estimated from.',
    }),
    volatility_samples: Type.Integer({
      minimum: 2,
      default: 30,
      description: 'Length of the exponential average of squared returns, samples.',
    }),
    target_volatility_bps: Type.Number({
      exclusiveMinimum: 0,
      default: 1,
      description: 'VOLATILITY_TARGET: volatility per sample at which `fraction` holds, basis points.',
    }),
    max_scale: Type.Number({
      exclusiveMinimum: 0,
      maximum: 100,
      default: 2,
      description: 'VOLATILITY_TARGET: greatest factor on `fraction` when the market is calm.',
    }),
  },
  {
    additionalProperties: false,
    description: 'The defaults make orders happen, so that the machinery can be seen; they are no investment advice.',
  },
)
export type StrategyParams = Static<typeof StrategyParams>
