/**
 * Every reason for which an order can be denied: one closed list, each with the control that gives it, the rule behind
 * it and the two values that justify it. The page for compliance is made from this list.
 */
export interface DenialCode {
  readonly control: string
  readonly rule: string
  readonly meaning: string
  /** What the verdict's `measured` and `limit` hold. */
  readonly measured: string
  readonly limit: string
}

const KILL = 'RTS 6 Art. 12'
const COLLAR = 'RTS 6 Art. 15(1)(a)'
const VALUE = 'RTS 6 Art. 15(1)(b)'
const VOLUME = 'RTS 6 Art. 15(1)(c)'
const RATE = 'RTS 6 Art. 15(1)(d)'
const ACCESS = 'SEC 15c3-5'
const VENUE = 'venue rules'
const FIRM = 'firm policy'

export const denialCodes = {
  TRADING_HALTED: {
    control: 'P01',
    rule: KILL,
    meaning: 'Trading is halted for the firm, account, strategy or symbol.',
    measured: 'scope that is halted',
    limit: 'ACTIVE',
  },
  TRADING_REDUCING: {
    control: 'P01',
    rule: KILL,
    meaning: 'Only orders that reduce a position may go out, and this one does not.',
    measured: 'scope that is reducing',
    limit: 'ACTIVE',
  },
  INSTRUMENT_UNKNOWN: {
    control: 'P03',
    rule: ACCESS,
    meaning: 'No such instrument is known.',
    measured: 'instrument',
    limit: 'known',
  },
  INSTRUMENT_MISMATCH: {
    control: 'P03',
    rule: ACCESS,
    meaning: 'Venue, symbol or scales of the decision are not those of the instrument.',
    measured: 'venue, symbol and scales of the decision',
    limit: 'those of the instrument',
  },
  INSTRUMENT_NOT_TRADABLE: {
    control: 'P03',
    rule: ACCESS,
    meaning: 'Orders may not be sent for the instrument.',
    measured: 'false',
    limit: 'true',
  },
  INSTRUMENT_RESTRICTED: {
    control: 'P03',
    rule: ACCESS,
    meaning: 'The instrument is on the restricted list.',
    measured: 'instrument',
    limit: 'not on the restricted list',
  },
  SESSION_UNKNOWN: {
    control: 'P03',
    rule: ACCESS,
    meaning: 'It is not known whether the session is open: no such calendar, or a year that it does not cover.',
    measured: 'calendar',
    limit: 'known calendar and year',
  },
  SESSION_CLOSED: {
    control: 'P03',
    rule: ACCESS,
    meaning: "The venue's timetable has no continuous trading now.",
    measured: 'phase by the calendar',
    limit: 'OPEN',
  },
  TRADING_PHASE: {
    control: 'P03',
    rule: ACCESS,
    meaning: 'The venue said that the instrument is halted, in an auction or otherwise not in continuous trading.',
    measured: 'phase by the venue',
    limit: 'OPEN',
  },
  CURRENCY_UNSUPPORTED: {
    control: 'P03',
    rule: FIRM,
    meaning: "The instrument is not quoted in the account's currency, so its limits do not apply.",
    measured: 'quote currency',
    limit: 'currency of the account',
  },
  KIND_UNSUPPORTED: {
    control: 'P04',
    rule: VENUE,
    meaning: 'Value and profit of this kind of instrument are not linear in its price.',
    measured: 'kind',
    limit: 'SPOT, EQUITY, LINEAR',
  },
  ORDER_TYPE_UNSUPPORTED: {
    control: 'P04',
    rule: VENUE,
    meaning: 'This order type does not go with this time in force.',
    measured: 'order type and time in force',
    limit: 'supported pairs',
  },
  TICK_SIZE: {
    control: 'P04',
    rule: VENUE,
    meaning: 'The limit is not a multiple of the tick size.',
    measured: 'limit price',
    limit: 'tick size',
  },
  LOT_SIZE: {
    control: 'P04',
    rule: VENUE,
    meaning: 'The quantity is not a multiple of the lot size.',
    measured: 'quantity',
    limit: 'lot size',
  },
  QTY_BELOW_MIN: {
    control: 'P04',
    rule: VENUE,
    meaning: "The quantity is below the venue's minimum.",
    measured: 'quantity',
    limit: 'minimum',
  },
  QTY_ABOVE_VENUE_MAX: {
    control: 'P04',
    rule: VENUE,
    meaning: "The quantity is above the venue's maximum.",
    measured: 'quantity',
    limit: 'maximum',
  },
  NO_REFERENCE_PRICE: {
    control: 'P05',
    rule: COLLAR,
    meaning: 'There is no two-sided NBBO to hold the price against.',
    measured: 'none',
    limit: 'bid and ask',
  },
  PRICE_COLLAR: {
    control: 'P05',
    rule: COLLAR,
    meaning: 'The price is too far from the middle of the NBBO.',
    measured: 'distance, basis points rounded up',
    limit: 'collar, basis points',
  },
  ORDER_VALUE_UNKNOWN: {
    control: 'P07',
    rule: VALUE,
    meaning: 'The order cannot be valued: no price or no instrument.',
    measured: 'none',
    limit: 'maximum value',
  },
  ORDER_VALUE_EXCEEDS_MAX: {
    control: 'P07',
    rule: VALUE,
    meaning: 'The order is worth more than one order may be.',
    measured: 'value, currency units',
    limit: 'maximum value, currency units',
  },
  ORDER_QTY_EXCEEDS_MAX: {
    control: 'P08',
    rule: VOLUME,
    meaning: 'The quantity is more than one order may have.',
    measured: 'lots',
    limit: 'maximum lots',
  },
  DEPTH_UNKNOWN: {
    control: 'P08',
    rule: VOLUME,
    meaning: 'The quantity displayed on the side that the order takes is not known.',
    measured: 'none',
    limit: 'displayed quantity',
  },
  ORDER_QTY_EXCEEDS_DEPTH: {
    control: 'P08',
    rule: VOLUME,
    meaning: 'The order takes too large a share of what is displayed.',
    measured: 'quantity',
    limit: 'share of the displayed quantity',
  },
  MESSAGE_RATE_SECOND: {
    control: 'P09',
    rule: RATE,
    meaning: 'Too many messages in a second.',
    measured: 'messages with this one',
    limit: 'messages per second',
  },
  MESSAGE_RATE_MINUTE: {
    control: 'P09',
    rule: RATE,
    meaning: 'Too many messages in a minute.',
    measured: 'messages with this one',
    limit: 'messages per minute',
  },
  DUPLICATE_DECISION: {
    control: 'P11',
    rule: ACCESS,
    meaning: 'This decision was seen before.',
    measured: 'times seen with this one',
    limit: '1',
  },
  DUPLICATE_ORDER: {
    control: 'P11',
    rule: ACCESS,
    meaning: 'An order with this instrument, side, quantity and price went out just before.',
    measured: 'age of the earlier order, milliseconds',
    limit: 'window, milliseconds',
  },
  POSITION_UNKNOWN: {
    control: 'P14',
    rule: FIRM,
    meaning: 'A position or open order cannot be valued.',
    measured: 'none',
    limit: 'maximum value',
  },
  POSITION_EXCEEDS_MAX: {
    control: 'P14',
    rule: FIRM,
    meaning: 'The position would be too large if this and every open order on its side were filled.',
    measured: 'value, currency units',
    limit: 'maximum value, currency units',
  },
  GROSS_EXCEEDS_MAX: {
    control: 'P14',
    rule: FIRM,
    meaning: 'All positions together would be too large if this and every open order were filled.',
    measured: 'value, currency units',
    limit: 'maximum value, currency units',
  },
  EQUITY_UNKNOWN: {
    control: 'P15',
    rule: FIRM,
    meaning: 'A position cannot be valued, so the loss is not known.',
    measured: 'none',
    limit: 'maximum loss',
  },
  DAILY_LOSS: {
    control: 'P15',
    rule: FIRM,
    meaning: 'The loss of the day has reached its limit.',
    measured: 'loss, currency units',
    limit: 'maximum loss, currency units',
  },
  DRAWDOWN: {
    control: 'P15',
    rule: FIRM,
    meaning: 'The fall from the highest equity has reached its limit.',
    measured: 'drawdown, currency units',
    limit: 'maximum drawdown, currency units',
  },
  BOOK_QUALITY: {
    control: 'P18',
    rule: FIRM,
    meaning: 'The book was not LIVE when the decision was made, or is not now.',
    measured: 'quality',
    limit: 'LIVE',
  },
  BOOK_AGE: {
    control: 'P18',
    rule: FIRM,
    meaning: 'The NBBO is too old, or its time lies ahead of ours.',
    measured: 'age, microseconds',
    limit: 'maximum age, microseconds',
  },
  UNKNOWN_ORDER_OUTSTANDING: {
    control: 'P20',
    rule: FIRM,
    meaning: 'What became of an earlier order for the symbol is not known, and this one adds risk.',
    measured: 'orders that are UNKNOWN',
    limit: '0',
  },
  FIELD_INVALID: {
    control: 'P21',
    rule: FIRM,
    meaning: 'A field is not finite, not positive, out of range or contradicts another.',
    measured: 'field and value',
    limit: 'valid',
  },
} as const satisfies Record<string, DenialCode>

export type DenialReason = keyof typeof denialCodes
