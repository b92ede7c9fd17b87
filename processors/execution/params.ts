/** Parameters of `execution`: the account and its limits. Money limits are whole units of the account's currency. */
import { type Static, Type } from 'typebox'

const limit = (value: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 1_000_000_000_000, default: value, description })

export const executionParams = Type.Object(
  {
    account: Type.String({
      minLength: 1,
      default: 'demo',
      description: 'The one account of this stage, a pseudonymous id.',
    }),
    currency: Type.String({
      minLength: 1,
      default: 'USDT',
      description: 'Currency of the account; instruments quoted in another one are denied.',
    }),
    limits_version: Type.String({
      minLength: 1,
      default: 'demo-1',
      description: 'Version of these limits; stands in every OrderCommand.',
    }),
    restricted: Type.Array(Type.String(), {
      maxItems: 1_000,
      default: [],
      description: 'Instruments that may not be traded (P03).',
    }),
    collar_bps: limit(50, 'Greatest distance of an order price from the NBBO middle, basis points (P05).'),
    max_order_value: limit(10_000, 'Greatest value of one order, whole currency units (P07).'),
    max_order_lots: limit(1_000_000, "Greatest quantity of one order, in the instrument's lots (P08)."),
    max_depth_percent: limit(100, 'Greatest share of the displayed best quantity that an order takes, percent (P08).'),
    max_messages_per_second: limit(10, 'Messages to the venue in any second of stream time (P09).'),
    max_messages_per_minute: limit(400, 'Messages to the venue in any minute of stream time (P09).'),
    duplicate_window_ms: limit(250, 'Stream time in which an equal order is a duplicate, milliseconds (P11).'),
    max_position_value: limit(25_000, 'Greatest value of a position with its open orders, whole currency units (P14).'),
    max_gross_value: limit(50_000, 'Greatest sum of all positions with open orders, whole currency units (P14).'),
    max_daily_loss: limit(2_000, 'Greatest loss since the start of the UTC day, whole currency units (P15).'),
    max_drawdown: limit(5_000, 'Greatest fall from the highest equity seen, whole currency units (P15).'),
    max_book_age_ms: limit(2_000, 'Greatest age of the NBBO, milliseconds of stream time (P18).'),
    order_timeout_ms: limit(
      3_000,
      'Stream time without an answer after which an order is UNKNOWN, milliseconds; more than the venue ever takes.',
    ),
    keep_terminal_orders: limit(100, 'Finished orders that stay open to late trades, corrections and busts.'),
  },
  {
    additionalProperties: false,
    description: 'The defaults let the demonstration trade within narrow limits; they are no advice.',
  },
)

export type ExecutionParams = Static<typeof executionParams>
