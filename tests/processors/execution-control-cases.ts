/** Per denial code: the last order that passes and the first that is denied, one step apart. */
import { expect } from 'vitest'
import type { DenialReason } from '../../processors/execution/controls/codes.ts'
import type { Control, Decision, Instrument, Nbbo, TradingPhase } from '../../schemas/generated/index.ts'
import { control, decision, ID, NOON_US, nbbo, report, SECOND_US, session } from './execution-records.ts'
import type { Stage } from './execution-stage.ts'

export const LIMITS = {
  collar_bps: 50,
  max_order_value: 1_000,
  max_order_lots: 1_000,
  max_depth_percent: 40,
  max_messages_per_second: 2,
  max_messages_per_minute: 4,
  duplicate_window_ms: 500,
  max_position_value: 400,
  max_gross_value: 600,
  max_daily_loss: 50,
  max_drawdown: 80,
  max_book_age_ms: 1_000,
  order_timeout_ms: 60_000,
}

export interface Given {
  readonly params?: Record<string, unknown>
  readonly instrument?: Partial<Instrument> | null
  readonly nbbo?: Partial<Nbbo> | null
  readonly control?: readonly Partial<Control>[]
  /** Decisions and reports before the one that is looked at, with their time after noon. */
  readonly before?: readonly (readonly [at_us: number, fields: Partial<Decision>])[]
  readonly prepare?: (stage: Stage) => void
  readonly decision?: Partial<Decision>
  readonly at_us?: number
}

/** Buys `qty` at `px` and fills it at once, as decision `name`. */
export function hold(name: string, qty: number, px: number, fields: Partial<Decision> = {}) {
  return (stage: Stage) => {
    const at_us = stage.now_us
    stage.send('decisions', decision({ decision_id: name, qty, limit_px: px, ...fields }), at_us)
    const { side = 'BUY' } = fields
    const trade = { exec_type: 'TRADE', ord_status: 'FILLED', last_qty: qty, last_px: px } as const
    const ids = { cl_ord_id: `${name}.1`, exec_id: `${name}-e` }
    stage.send('executions', report({ ...trade, ...ids, side, qty, cum_qty: qty }), at_us)
    expect(stage.faults).toEqual([])
  }
}

/** The venue says these phases of the instrument, in order. */
function told(...phases: readonly TradingPhase[]): Given {
  return {
    prepare: (stage) => {
      for (const phase of phases) stage.send('events', session(phase), NOON_US)
    },
  }
}

type Case = readonly [name: string, pass: Given, code: DenialReason, deny: Given, measured: string, limit: string]

/** Per code: the last case that passes and the first that is denied, one step apart. */
export const CASES: readonly Case[] = [
  [
    'other strategy',
    { control: [{ scope: 'strategy:other', trading_state: 'HALTED' }] },
    'TRADING_HALTED',
    { control: [{ scope: 'strategy:strategy', trading_state: 'HALTED' }] },
    'strategy:strategy',
    'ACTIVE',
  ],
  [
    'firm resumed',
    { control: [{ trading_state: 'HALTED' }, { trading_state: 'ACTIVE' }] },
    'TRADING_HALTED',
    { control: [{ trading_state: 'HALTED' }, { cancel_open: true }] },
    'firm',
    'ACTIVE',
  ],
  [
    'reducing order',
    {
      control: [{ scope: 'symbol:ACME', trading_state: 'REDUCING' }],
      prepare: (stage) => {
        stage.send('control', control({ scope: 'symbol:ACME', trading_state: 'ACTIVE' }), NOON_US, 'symbol:ACME')
        hold('h', 1_000, 10_005)(stage)
        stage.send('control', control({ scope: 'symbol:ACME', trading_state: 'REDUCING' }), NOON_US, 'symbol:ACME')
      },
      decision: { side: 'SELL', qty: 1_000, limit_px: 9_995 },
    },
    'TRADING_REDUCING',
    {
      prepare: (stage) => {
        hold('h', 1_000, 10_005)(stage)
        stage.send('control', control({ scope: 'account:demo', trading_state: 'REDUCING' }), NOON_US, 'account:demo')
      },
      decision: { side: 'SELL', qty: 1_010, limit_px: 9_995 },
    },
    'account:demo',
    'ACTIVE',
  ],
  ['known', {}, 'INSTRUMENT_UNKNOWN', { instrument: null }, ID, 'known'],
  ['agreeing', {}, 'INSTRUMENT_MISMATCH', { decision: { qty_scale: 4 } }, 'SIM ACME 2 4', 'SIM ACME 2 3'],
  ['tradable', {}, 'INSTRUMENT_NOT_TRADABLE', { instrument: { tradable: false } }, 'false', 'true'],
  [
    'another restricted',
    { params: { restricted: ['X'] } },
    'INSTRUMENT_RESTRICTED',
    { params: { restricted: [ID] } },
    ID,
    'not on the restricted list',
  ],
  ['known calendar', {}, 'SESSION_UNKNOWN', { instrument: { calendar: 'XNSE' } }, 'XNSE', 'known calendar and year'],
  // Noon UTC is 08:00 in New York, and 17:30 in Mumbai.
  ['always open', {}, 'SESSION_CLOSED', { instrument: { calendar: 'NASDAQ' } }, 'PRE_OPEN', 'OPEN'],
  ['always open', {}, 'SESSION_CLOSED', { instrument: { calendar: 'NSE' } }, 'CLOSED', 'OPEN'],
  ['resumed', told('HALTED', 'OPEN'), 'TRADING_PHASE', told('OPEN', 'HALTED'), 'HALTED', 'OPEN'],
  ['auction over', told('AUCTION', 'OPEN'), 'TRADING_PHASE', told('AUCTION'), 'AUCTION', 'OPEN'],
  ['quoting before a halt ends', {}, 'TRADING_PHASE', told('HALTED', 'QUOTING'), 'QUOTING', 'OPEN'],
  ['own currency', {}, 'CURRENCY_UNSUPPORTED', { instrument: { quote_currency: 'EUR' } }, 'EUR', 'USDT'],
  [
    'linear',
    { instrument: { kind: 'LINEAR' } },
    'KIND_UNSUPPORTED',
    { instrument: { kind: 'INVERSE' } },
    'INVERSE',
    'SPOT, EQUITY, LINEAR',
  ],
  [
    'market for the day',
    { decision: { order_type: 'MARKET', limit_px: null, time_in_force: 'DAY' } },
    'ORDER_TYPE_UNSUPPORTED',
    { decision: { order_type: 'MARKET', limit_px: null, time_in_force: 'GTC' } },
    'MARKET GTC',
    'MARKET IOC, MARKET FOK, MARKET DAY, LIMIT IOC, LIMIT FOK, LIMIT GTC, LIMIT DAY',
  ],
  ['on the tick', { decision: { limit_px: 10_010 } }, 'TICK_SIZE', { decision: { limit_px: 10_011 } }, '10011', '5'],
  ['whole lots', { decision: { qty: 990 } }, 'LOT_SIZE', { decision: { qty: 995 } }, '995', '10'],
  ['least quantity', { decision: { qty: 20 } }, 'QTY_BELOW_MIN', { decision: { qty: 10 } }, '10', '20'],
  [
    'greatest quantity',
    { instrument: { max_qty: 1_000 } },
    'QTY_ABOVE_VENUE_MAX',
    { instrument: { max_qty: 990 } },
    '1000',
    '990',
  ],
  ['two sides', {}, 'NO_REFERENCE_PRICE', { nbbo: { bid_px: null } }, 'none', 'bid and ask'],
  ['on the collar', { decision: { limit_px: 10_050 } }, 'PRICE_COLLAR', { decision: { limit_px: 10_055 } }, '55', '50'],
  [
    'on the collar below',
    { decision: { side: 'SELL', limit_px: 9_950 } },
    'PRICE_COLLAR',
    { decision: { side: 'SELL', limit_px: 9_945 } },
    '55',
    '50',
  ],
  ['valued', {}, 'ORDER_VALUE_UNKNOWN', { nbbo: null, decision: { side: 'SELL' } }, 'none', '1000'],
  // 10 * 100.00 = 1000; one lot more is 1 above.
  [
    'value',
    {
      params: { max_position_value: 9_999, max_gross_value: 9_999, max_depth_percent: 400 },
      decision: { qty: 10_000, limit_px: 10_000 },
    },
    'ORDER_VALUE_EXCEEDS_MAX',
    { decision: { qty: 10_010, limit_px: 10_000 } },
    '1001',
    '1000',
  ],
  [
    'lots',
    { params: { max_order_lots: 100 } },
    'ORDER_QTY_EXCEEDS_MAX',
    { params: { max_order_lots: 99 } },
    '100',
    '99',
  ],
  ['displayed', {}, 'DEPTH_UNKNOWN', { nbbo: { ask_qty: null } }, 'none', 'displayed quantity'],
  [
    'share of depth',
    { decision: { qty: 2_000 } },
    'ORDER_QTY_EXCEEDS_DEPTH',
    { decision: { qty: 2_010 } },
    '2010',
    '2000',
  ],
  [
    'resting takes nothing',
    { decision: { qty: 2_010, limit_px: 10_000, time_in_force: 'GTC' } },
    'ORDER_QTY_EXCEEDS_DEPTH',
    { decision: { qty: 2_010, limit_px: 10_005, time_in_force: 'GTC' } },
    '2010',
    '2000',
  ],
  // Two a second: the third is denied until a second has passed since the first.
  [
    'a second later',
    {
      before: [
        [0, { qty: 20 }],
        [SECOND_US / 2, { qty: 30 }],
      ],
      at_us: SECOND_US,
    },
    'MESSAGE_RATE_SECOND',
    {
      before: [
        [0, { qty: 20 }],
        [SECOND_US / 2, { qty: 30 }],
      ],
      at_us: SECOND_US - 1,
    },
    '3',
    '2',
  ],
  [
    'a minute later',
    {
      params: { max_book_age_ms: 100_000 },
      before: [0, 1, 2, 3].map((at) => [at * 2 * SECOND_US, { qty: 20 + at * 10 }]),
      at_us: 60 * SECOND_US,
    },
    'MESSAGE_RATE_MINUTE',
    {
      params: { max_book_age_ms: 100_000 },
      before: [0, 1, 2, 3].map((at) => [at * 2 * SECOND_US, { qty: 20 + at * 10 }]),
      at_us: 60 * SECOND_US - 1,
    },
    '5',
    '4',
  ],
  [
    'new decision',
    { before: [[0, { decision_id: 'x', qty: 20 }]] },
    'DUPLICATE_DECISION',
    { before: [[0, { decision_id: 'strategy-ACME-0', qty: 20 }]] },
    '2',
    '1',
  ],
  [
    'equal order after the window',
    { before: [[0, {}]], at_us: 500_000 },
    'DUPLICATE_ORDER',
    { before: [[0, {}]], at_us: 499_999 },
    '499',
    '500',
  ],
  [
    'another price within the window',
    { before: [[0, {}]], decision: { limit_px: 10_010 } },
    'DUPLICATE_ORDER',
    { before: [[0, {}]] },
    '0',
    '500',
  ],
  // 2 held at the middle of 100.00 and 2 more are 400.
  [
    'position',
    { prepare: hold('h', 2_000, 10_005), decision: { qty: 2_000 }, at_us: SECOND_US },
    'POSITION_EXCEEDS_MAX',
    {
      prepare: hold('h', 2_000, 10_005),
      decision: { qty: 2_010 },
      params: { max_depth_percent: 50 },
      at_us: SECOND_US,
    },
    '401',
    '400',
  ],
  [
    'open orders count',
    { before: [[0, { qty: 2_000 }]], decision: { qty: 2_000 }, at_us: SECOND_US },
    'POSITION_EXCEEDS_MAX',
    {
      before: [
        [0, { qty: 2_000 }],
        [1, { qty: 1_000 }],
      ],
      decision: { qty: 1_010 },
      at_us: SECOND_US,
    },
    '401',
    '400',
  ],
  [
    'gross',
    { params: { max_gross_value: 400 }, prepare: hold('h', 2_000, 10_005), decision: { qty: 2_000 }, at_us: SECOND_US },
    'GROSS_EXCEEDS_MAX',
    { params: { max_gross_value: 399 }, prepare: hold('h', 2_000, 10_005), decision: { qty: 2_000 }, at_us: SECOND_US },
    '400',
    '399',
  ],
  ['valued position', {}, 'POSITION_UNKNOWN', { nbbo: { ask_px: null } }, 'none', '400'],
  // 2 bought at 100.05; the middle falls to 75.05 + 0.01: a loss of 49.98, then of 50.
  [
    'loss',
    { prepare: fall(7_506), decision: { limit_px: 7_510 }, params: { max_drawdown: 999 }, at_us: SECOND_US },
    'DAILY_LOSS',
    { prepare: fall(7_505), decision: { limit_px: 7_510 }, params: { max_drawdown: 999 }, at_us: SECOND_US },
    '50',
    '50',
  ],
  [
    'drawdown',
    { prepare: fall(6_006), decision: { limit_px: 6_010 }, params: { max_daily_loss: 999 }, at_us: SECOND_US },
    'DRAWDOWN',
    { prepare: fall(6_005), decision: { limit_px: 6_010 }, params: { max_daily_loss: 999 }, at_us: SECOND_US },
    '80',
    '80',
  ],
  [
    'equity',
    {},
    'EQUITY_UNKNOWN',
    {
      prepare: (stage) => {
        hold('h', 1_000, 10_005)(stage)
        stage.send('nbbo', nbbo({ bid_px: null }), NOON_US, 'ACME')
      },
      at_us: SECOND_US,
    },
    'none',
    '50',
  ],
  ['live', {}, 'BOOK_QUALITY', { nbbo: { quality: 'GAP' } }, 'GAP', 'LIVE'],
  ['live then', {}, 'BOOK_QUALITY', { decision: { book_quality: 'STALE' } }, 'STALE', 'LIVE'],
  ['age', { at_us: 1_000_000 }, 'BOOK_AGE', { at_us: 1_000_001 }, '1000001', '1000000'],
  [
    'age then',
    { decision: { book_age_us: 1_000_000 } },
    'BOOK_AGE',
    { decision: { book_age_us: 1_000_001 } },
    '1000001',
    '1000000',
  ],
  [
    'not ahead of us',
    { nbbo: { receive_time_us: NOON_US } },
    'BOOK_AGE',
    { nbbo: { receive_time_us: NOON_US + 1 } },
    '-1',
    '1000000',
  ],
  [
    'answered',
    { params: { order_timeout_ms: 100 }, before: [[0, { qty: 20 }]], at_us: 99_999 },
    'UNKNOWN_ORDER_OUTSTANDING',
    { params: { order_timeout_ms: 100 }, before: [[0, { qty: 20 }]], at_us: 100_000 },
    '1',
    '0',
  ],
  ['positive', { decision: { qty: 20 } }, 'FIELD_INVALID', { decision: { qty: 0 } }, 'qty 0', 'valid'],
  ['limit', {}, 'FIELD_INVALID', { decision: { limit_px: null } }, 'limit_px null', 'valid'],
  [
    'no limit',
    { decision: { order_type: 'MARKET', limit_px: null } },
    'FIELD_INVALID',
    { decision: { order_type: 'MARKET' } },
    'limit_px 10005 of a market order',
    'valid',
  ],
  ['finite', {}, 'FIELD_INVALID', { decision: { score: Number.NaN } }, 'score NaN', 'valid'],
  ['scales', {}, 'FIELD_INVALID', { decision: { price_scale: -1 } }, 'scales -1 and 3', 'valid'],
]

/** Holds 2 bought at 100.05, then lets the middle fall to `middle_px`. */
export function fall(middle_px: number) {
  return (stage: Stage) => {
    hold('h', 2_000, 10_005)(stage)
    const prices = { bid_px: middle_px - 5, ask_px: middle_px + 5, receive_time_us: NOON_US + SECOND_US }
    stage.send('nbbo', nbbo(prices), NOON_US + SECOND_US, 'ACME')
  }
}
