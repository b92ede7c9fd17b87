/** Parameters of `execution`: the account and its limits. Money limits are whole units of the account's currency. */
import { type Static, Type } from 'typebox'

const limit = (description: string) => Type.Integer({ minimum: 1, maximum: 1_000_000_000_000, description })

export const executionParams = Type.Object(
  {
    account: Type.String({ minLength: 1, description: 'The one account of this stage, a pseudonymous id.' }),
    currency: Type.String({ minLength: 1, description: 'Currency of the account; other quote currencies are denied.' }),
    limits_version: Type.String({
      minLength: 1,
      description: 'Version of these limits; stands in every OrderCommand.',
    }),
    restricted: Type.Optional(
      Type.Array(Type.String(), { maxItems: 1000, description: 'Instruments that may not be traded (P03).' }),
    ),
    collar_bps: limit('Greatest distance of an order price from the NBBO middle, basis points (P05).'),
    max_order_value: limit('Greatest value of one order, whole currency units (P07).'),
    max_order_lots: limit("Greatest quantity of one order, in the instrument's lots (P08)."),
    max_depth_percent: limit('Greatest share of the displayed quantity that an order takes, percent (P08).'),
    max_messages_per_second: limit('Messages to the venue in any second of stream time (P09).'),
    max_messages_per_minute: limit('Messages to the venue in any minute of stream time (P09).'),
    duplicate_window_ms: limit('Stream time in which an equal order is a duplicate, milliseconds (P11).'),
    max_position_value: limit('Greatest value of one position with its open orders, whole currency units (P14).'),
    max_gross_value: limit('Greatest sum of all positions with their open orders, whole currency units (P14).'),
    max_daily_loss: limit('Greatest loss since the start of the UTC day of stream time, whole currency units (P15).'),
    max_drawdown: limit('Greatest fall from the highest equity seen, whole currency units (P15).'),
    max_book_age_ms: limit('Greatest age of the NBBO, milliseconds of stream time (P18).'),
    order_timeout_ms: limit('Stream time without an answer after which an order is UNKNOWN, milliseconds.'),
    keep_terminal_orders: limit('Finished orders that stay open to late trades, corrections and busts.'),
  },
  { additionalProperties: false },
)

export type ExecutionParams = Static<typeof executionParams>
