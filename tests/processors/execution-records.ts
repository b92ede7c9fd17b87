/** Records for the tests of execution and venue simulator: valid ones, to be changed one field at a time. */
import type {
  BookUpdate,
  Control,
  Decision,
  ExecutionReport,
  Instrument,
  MarketEvent,
  Nbbo,
  OrderCommand,
  Trade,
  TradingPhase,
} from '../../schemas/generated/index.ts'

export const ID = 'ACME.SIM'
/** 2024-08-08 12:00 UTC, microseconds. */
export const NOON_US = 1_723_118_400_000_000
export const SECOND_US = 1_000_000

export function instrument(fields: Partial<Instrument> = {}): Instrument {
  return {
    instrument_id: ID,
    venue: 'SIM',
    symbol: 'ACME',
    kind: 'SPOT',
    price_scale: 2,
    qty_scale: 3,
    tick_size_px: 5,
    lot_size_qty: 10,
    min_qty: 20,
    max_qty: 1_000_000,
    multiplier: 1,
    base_currency: 'ACME',
    quote_currency: 'USDT',
    calendar: '24x7',
    tradable: true,
    origin: 'TOPOLOGY',
    ...fields,
  }
}

/** 99.95 at 100.05: the middle is 100.00. */
export function nbbo(fields: Partial<Nbbo> = {}): Nbbo {
  return {
    symbol: 'ACME',
    price_scale: 2,
    qty_scale: 3,
    quality: 'LIVE',
    bid_px: 9_995,
    bid_qty: 5_000,
    bid_instrument_id: ID,
    ask_px: 10_005,
    ask_qty: 5_000,
    ask_instrument_id: ID,
    sequence: 1,
    basis: 'QUOTE',
    venues: 1,
    event_time_us: NOON_US,
    receive_time_us: NOON_US,
    ...fields,
  }
}

export function decision(fields: Partial<Decision> = {}): Decision {
  return {
    decision_id: 'strategy-ACME-0',
    account: 'demo',
    strategy: 'strategy',
    instrument_id: ID,
    venue: 'SIM',
    symbol: 'ACME',
    side: 'BUY',
    qty: 1_000,
    order_type: 'LIMIT',
    limit_px: 10_005,
    time_in_force: 'IOC',
    score: 0.5,
    factors: [],
    sizing: { method: 'FIXED_FRACTION', capital: 100_000, fraction: 0.01, volatility_bps: 0, raw_qty: 1_000 },
    expected_edge_bps: 10,
    cost_bps: 5,
    reference_px: 10_005,
    book_quality: 'LIVE',
    book_sequence: 1,
    book_age_us: 0,
    price_scale: 2,
    qty_scale: 3,
    inputs: [],
    event_time_us: NOON_US,
    receive_time_us: NOON_US,
    ...fields,
  }
}

export function report(fields: Partial<ExecutionReport> = {}): ExecutionReport {
  return {
    account: 'demo',
    instrument_id: ID,
    venue: 'SIM',
    symbol: 'ACME',
    cl_ord_id: 'strategy-ACME-0.1',
    orig_cl_ord_id: null,
    order_id: 'O1',
    exec_id: 'E1',
    exec_ref_id: null,
    exec_type: 'NEW',
    ord_status: 'NEW',
    side: 'BUY',
    qty: 1_000,
    limit_px: 10_005,
    last_qty: 0,
    last_px: 0,
    cum_qty: 0,
    leaves_qty: 0,
    fee: 0n,
    liquidity: 'NONE',
    text: '',
    market_sequence: 0,
    transact_time_us: NOON_US,
    ...fields,
  }
}

export function control(fields: Partial<Control> = {}): Control {
  return { scope: 'firm', trading_state: null, cancel_open: false, actor: 'operator-1', reason: 'test', ...fields }
}

export function command(fields: Partial<OrderCommand> = {}): OrderCommand {
  return {
    command: 'NEW',
    cl_ord_id: 'a.1',
    orig_cl_ord_id: null,
    account: 'demo',
    instrument_id: ID,
    venue: 'SIM',
    symbol: 'ACME',
    side: 'BUY',
    order_type: 'LIMIT',
    time_in_force: 'IOC',
    qty: 1_000,
    limit_px: 10_005,
    decision_id: 'a',
    limits_version: 'test',
    verdicts: [],
    event_time_us: 0,
    receive_time_us: 0,
    ...fields,
  }
}

export type Levels = readonly (readonly [px: number, qty: number])[]

export function bookUpdate(
  fields: Partial<BookUpdate> & { readonly b?: Levels; readonly a?: Levels } = {},
): BookUpdate {
  const { b = [[9_995, 5_000]], a = [[10_005, 5_000]], ...rest } = fields
  const bids = b.map(([px, qty]) => ({ px, qty }))
  const asks = a.map(([px, qty]) => ({ px, qty }))
  return {
    instrument_id: ID,
    venue: 'SIM',
    symbol: 'ACME',
    sequence: 1,
    quality: 'LIVE',
    bid_px: bids[0]?.px ?? null,
    bid_qty: bids[0]?.qty ?? null,
    ask_px: asks[0]?.px ?? null,
    ask_qty: asks[0]?.qty ?? null,
    bids,
    asks,
    proven_levels: bids.length,
    proven_bid_levels: bids.length,
    proven_ask_levels: bids.length,
    spread_px: null,
    imbalance: 0,
    microprice_px: 0,
    order_flow_imbalance: 0,
    event_time_us: NOON_US,
    receive_time_us: NOON_US,
    ...rest,
  }
}

export function tradeEvent(trade: Trade, event_time_us: number, fields: Partial<MarketEvent> = {}): MarketEvent {
  return {
    kind: 'trade',
    instrument_id: ID,
    venue: 'SIM',
    symbol: 'ACME',
    sequence: trade.trade_id,
    event_time_us,
    event_time_source: 'VENUE',
    receive_time_us: event_time_us,
    depth: null,
    quote: null,
    trade,
    status: null,
    gap: null,
    order: null,
    session: null,
    ...fields,
  }
}

/** The venue's word on what may be done with the instrument. */
export function session(phase: TradingPhase, event_time_us = NOON_US): MarketEvent {
  const { trade: _none, ...rest } = tradeEvent({} as Trade, event_time_us)
  return { ...rest, kind: 'session', sequence: 0, trade: null, session: { phase, reason: '' } }
}
