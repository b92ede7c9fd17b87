/** The open bars of one instrument. Owned and changed in place by `bars`. */
import { type Json, keep, type Step } from '../../runtime/api/index.ts'
import { type ConditionRule, conditionRule } from './conditions.ts'
import { type Interval, parseInterval } from './interval.ts'
import type { BarsParams } from './params.ts'

/** One open bar, and what its interval left out. `counted` 0: no bar is open. */
export class OpenBar {
  readonly interval: Interval
  start_us = 0
  end_us = 0
  /** Stream time at which silence closes it. */
  close_at_us = 0
  open_px = 0
  high_px = 0
  low_px = 0
  close_px = 0
  volume_qty = 0
  /** Price times quantity, in both scales together. */
  value = 0n
  /** Trades that counted for anything, and those of them that moved a price. */
  counted = 0
  priced = 0
  /** Trades stamped before the open bar, or before the end of the last one. */
  late = 0
  /** Trades in a row stamped more than a day before it. */
  behind = 0
  /** Trades and volume of intervals in which no trade had a price: no bar can tell of them. */
  unpriced_trades = 0
  unpriced_qty = 0
  /** Producer and number of the record with the bar's last trade. */
  last_producer = ''
  last_seq = 0

  constructor(interval: Interval) {
    this.interval = interval
  }

  clear(): void {
    this.volume_qty = 0
    this.value = 0n
    this.counted = 0
    this.priced = 0
  }

  snapshot(): Json {
    const bar = [this.start_us, this.end_us, this.close_at_us, this.open_px, this.high_px, this.low_px, this.close_px]
    const sums = [this.volume_qty, this.value, this.counted, this.priced]
    const left = [this.late, this.unpriced_trades, this.unpriced_qty, this.last_producer, this.last_seq]
    return this.behind === 0 ? [...bar, ...sums, ...left] : [...bar, ...sums, ...left, this.behind]
  }

  restore(json: Json): void {
    const row = json as readonly (number | bigint | string)[]
    const at = (index: number) => row[index] as number
    this.start_us = at(0)
    this.end_us = at(1)
    this.close_at_us = at(2)
    this.open_px = at(3)
    this.high_px = at(4)
    this.low_px = at(5)
    this.close_px = at(6)
    this.volume_qty = at(7)
    this.value = row[8] as bigint
    this.counted = at(9)
    this.priced = at(10)
    this.late = at(11)
    this.unpriced_trades = at(12)
    this.unpriced_qty = at(13)
    this.last_producer = row[14] as string
    this.last_seq = at(15)
    this.behind = at(16) ?? 0
  }
}

export class BarsState {
  instrument_id = ''
  venue = ''
  symbol = ''
  readonly bars: readonly OpenBar[]
  readonly rule: ConditionRule
  /** Some bar is closed by value, or by the day of a calendar: the instrument must be known. */
  readonly needs_instrument: boolean
  readonly kept: Step<BarsState, never>

  constructor(params: BarsParams) {
    this.bars = params.intervals.map((name) => new OpenBar(parseInterval(name)))
    this.rule = conditionRule(params.conditions)
    this.needs_instrument = this.bars.some(({ interval: { kind } }) => kind === 'day' || kind === 'value')
    this.kept = keep<BarsState>(this)
  }

  snapshot(): Json {
    return [this.instrument_id, this.venue, this.symbol, this.bars.map((bar) => bar.snapshot())]
  }

  static restore(json: Json, params: BarsParams): BarsState {
    const state = new BarsState(params)
    const [instrument_id, venue, symbol, bars] = json as readonly [string, string, string, readonly Json[]]
    state.instrument_id = instrument_id
    state.venue = venue
    state.symbol = symbol
    state.bars.forEach((bar, index) => {
      bar.restore(bars[index] as Json)
    })
    return state
  }
}
