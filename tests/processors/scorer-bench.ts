/** One instrument's scorer, and records to run through it. */
import { Value } from 'typebox/value'
import { expect } from 'vitest'
import { patternScorer } from '../../processors/pattern-scorer/index.ts'
import type { ScorerParams } from '../../processors/pattern-scorer/params.ts'
import type { Context } from '../../runtime/api/index.ts'
import type { BookUpdate, MarketEvent, PatternSignal } from '../../schemas/generated/index.ts'

export const SUBJECT = { instrument_id: 'ACME.XNAS', venue: 'XNAS', symbol: 'ACME' }
export const START_US = 1_000_000_000_000

/** Four bars of warm-up, bars of 100 ms, no cooldowns: small enough to follow by hand. */
export const SMALL = {
  bar_ms: 100,
  window_bars: 4,
  atr_bars: 3,
  rsi_bars: 3,
  fast_bars: 2,
  slow_bars: 4,
  regime_bars: 4,
  window_books: 3,
  min_range_bps: 0,
} as const

export function paramsOf(overrides: object = SMALL): ScorerParams {
  const params = Value.Default(patternScorer.params, structuredClone(overrides))
  expect(Value.Check(patternScorer.params, params)).toBe(true)
  return params as ScorerParams
}

/** Runs records through one instrument's state and collects what it signals. */
export class Bench {
  readonly params: ScorerParams
  state: unknown
  us = START_US
  readonly signals: PatternSignal[] = []

  constructor(params = paramsOf()) {
    this.params = params
    this.state = patternScorer.initial(SUBJECT.instrument_id, params)
  }

  step(
    port: 'events' | 'books',
    value: unknown,
    us = this.us,
  ): ReturnType<NonNullable<(typeof patternScorer.on)[string]>> {
    this.us = us
    const step = patternScorer.on[port]!(this.state, value, { params: this.params, stream_time_us: us } as Context)
    if (step.kind === 'ok') {
      this.state = step.state
      const outputs = step.outputs as { signals?: PatternSignal[] } | undefined
      this.signals.push(...(outputs?.signals ?? []))
    }
    return step
  }

  book(over: Partial<BookUpdate> = {}, us = this.us): this {
    this.step('books', bookOf(over), us)
    return this
  }

  trade(px: number, us = this.us, qty = 10, aggressor: 'BUY' | 'SELL' = 'BUY'): this {
    this.step('events', tradeOf(px, qty, aggressor), us)
    return this
  }

  /** One trade per bar at each price, a book before it; the bar of the last stays open. */
  bars(...prices: number[]): this {
    for (const px of prices) {
      this.us += 100_000
      this.book().trade(px)
    }
    return this
  }

  named(pattern: PatternSignal['pattern']): PatternSignal[] {
    return this.signals.filter((signal) => signal.pattern === pattern)
  }
}

export function bookOf(over: Partial<BookUpdate> = {}): BookUpdate {
  return {
    ...SUBJECT,
    sequence: 7,
    quality: 'LIVE',
    bid_px: 999,
    bid_qty: 5,
    ask_px: 1_001,
    ask_qty: 5,
    bids: [],
    asks: [],
    proven_levels: 0,
    proven_bid_levels: 0,
    proven_ask_levels: 0,
    spread_px: 2,
    imbalance: 0,
    microprice_px: 1_000,
    order_flow_imbalance: 0,
    event_time_us: 71,
    receive_time_us: 72,
    ...over,
  }
}

export function tradeOf(px: number, qty = 10, aggressor: 'BUY' | 'SELL' = 'BUY'): MarketEvent {
  return {
    kind: 'trade',
    ...SUBJECT,
    sequence: 1,
    event_time_us: 81,
    event_time_source: 'VENUE',
    receive_time_us: 82,
    depth: null,
    quote: null,
    trade: { trade_id: 1, px, qty, aggressor, conditions: '', hidden: false },
    status: null,
    gap: null,
    order: null,
    session: null,
  }
}
