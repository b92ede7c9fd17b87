import { defineProcessor, emit, fault, type Step } from '../../runtime/api/index.ts'
import { BookUpdate, MarketEvent, PatternSignal } from '../../schemas/generated/index.ts'
import { ScorerParams } from './params.ts'
import { bookPressure } from './patterns/book-pressure.ts'
import { breakout } from './patterns/breakout.ts'
import { meanReversion } from './patterns/mean-reversion.ts'
import { momentum } from './patterns/momentum.ts'
import type { Pattern } from './patterns/pattern.ts'
import { volatilityRegime } from './patterns/volatility-regime.ts'
import { volumeSurge } from './patterns/volume-surge.ts'
import { ScorerState } from './state.ts'

/**
 * Scores six patterns over trades and books of one instrument and signals the rare moments when one of them begins.
 *
 * Silent while a pattern warms up, while the book is not LIVE, one-sided or older than `book_max_age_ms`, and between
 * signals (each pattern fires on crossing its level and then waits, see trigger.ts). A book that is not LIVE starts the
 * book averages anew; a long silence starts the bar averages anew. A trade without price or quantity is a fault.
 */

const outputs = { signals: PatternSignal }
type Signals = Step<ScorerState, typeof outputs>

/** What a signal says of the record that triggered it. */
type Source = Pick<MarketEvent, 'instrument_id' | 'venue' | 'symbol' | 'event_time_us' | 'receive_time_us'>

const ON_BAR: readonly Pattern[] = [momentum, volatilityRegime]
const ON_TRADE: readonly Pattern[] = [breakout, meanReversion, volumeSurge]
const ON_BOOK: readonly Pattern[] = [bookPressure]

/** Signals of `patterns` that fire now, appended to `found`, which is made only when there is one. */
function evaluate(
  patterns: readonly Pattern[],
  state: ScorerState,
  source: Source,
  time_us: number,
  params: ScorerParams,
  found: PatternSignal[] | undefined,
): PatternSignal[] | undefined {
  if (!state.live || time_us - state.book_us > params.book_max_age_ms * 1_000) return found
  let signals = found
  for (const pattern of patterns) {
    if (!pattern.warm(state)) continue
    const level = pattern.level(state)
    const thresholds = params[pattern.key]
    if (!state[pattern.key].fires(level, time_us, thresholds)) continue
    const share = (level < 0 ? -level : level) / thresholds.full
    const window = pattern.window(state)
    signals ??= []
    signals.push({
      instrument_id: source.instrument_id,
      venue: source.venue,
      symbol: source.symbol,
      pattern: pattern.name,
      direction: pattern.direction(state, level),
      strength: Math.min(share, 1),
      features: pattern.features(state, level),
      window_events: window.events,
      window_start_us: window.start_us,
      window_end_us: time_us,
      reference_px: state.mid,
      book_quality: 'LIVE',
      book_sequence: state.book_sequence,
      event_time_us: source.event_time_us,
      receive_time_us: source.receive_time_us,
    })
  }
  return signals
}

/** Feeds the bar that ended into the averages; true if there was one. */
function closeBar(state: ScorerState, time_us: number): boolean {
  const { bar } = state
  if (bar.trades === 0 || time_us < bar.end_us) return false
  const { high, low, close } = bar
  state.bars.add(bar.start_us, bar.trades)
  state.atr.add(high, low, close)
  if (state.atr.ready) state.atr_slow.add(state.atr.value)
  state.rsi.add(close)
  state.fast.add(close)
  state.slow.add(close)
  state.closes.add(close)
  state.volumes.add(bar.volume)
  state.high.add(high)
  state.low.add(-low)
  state.vwap.close()
  bar.clear()
  return true
}

function done(state: ScorerState, signals: PatternSignal[] | undefined): Signals {
  return signals === undefined ? state.kept : emit(state, { signals })
}

export const patternScorer = defineProcessor({
  name: 'pattern-scorer',
  description:
    'Keeps streaming indicators per instrument and signals breakout, momentum, mean reversion, book pressure, volume surge and volatility regime.',
  inputs: { events: MarketEvent, books: BookUpdate },
  tables: {},
  outputs,
  faults: { TRADE_INVALID: 'A trade whose price or quantity is not positive.' },
  params: ScorerParams,
  initial: (_key: string, params: ScorerParams) => new ScorerState(params),
  snapshot: (state: ScorerState) => state.snapshot(),
  restore(json, _key, params: ScorerParams) {
    const state = new ScorerState(params)
    state.restore(json)
    return state
  },
  on: {
    events(state: ScorerState, event: MarketEvent, { params, stream_time_us }): Signals {
      const { trade } = event
      if (event.kind !== 'trade' || trade === null) return state.kept
      const { px, qty } = trade
      if (!(px > 0 && qty > 0)) return fault('TRADE_INVALID', { instrument_id: event.instrument_id, px, qty })

      let signals: PatternSignal[] | undefined
      if (stream_time_us - state.last_trade_us > params.reset_after_ms * 1_000) state.resetBars()
      else if (closeBar(state, stream_time_us))
        signals = evaluate(ON_BAR, state, event, stream_time_us, params, signals)

      const { bar } = state
      if (bar.trades === 0) bar.open(stream_time_us, params.bar_ms * 1_000)
      bar.trade(px, qty, trade.aggressor === 'BUY')
      state.vwap.trade(px, qty)
      state.last_px = px
      state.last_trade_us = stream_time_us
      return done(state, evaluate(ON_TRADE, state, event, stream_time_us, params, signals))
    },

    books(state: ScorerState, book: BookUpdate, { params, stream_time_us }): Signals {
      const { bid_px, ask_px, spread_px } = book
      state.book_sequence = book.sequence
      state.book_us = stream_time_us
      state.live = book.quality === 'LIVE' && bid_px !== null && ask_px !== null && spread_px !== null && spread_px > 0
      if (!state.live || bid_px === null || spread_px === null) {
        state.resetBooks()
        return state.kept
      }
      const half = spread_px / 2
      const ofi = book.order_flow_imbalance
      state.mid = bid_px + half
      state.spread = spread_px
      state.books.add(stream_time_us, 1)
      state.imbalance.add(book.imbalance)
      state.flow.add(ofi)
      state.flow_size.add(ofi < 0 ? -ofi : ofi)
      state.tilt.add((book.microprice_px - state.mid) / half)

      let signals: PatternSignal[] | undefined
      if (closeBar(state, stream_time_us)) signals = evaluate(ON_BAR, state, book, stream_time_us, params, signals)
      return done(state, evaluate(ON_BOOK, state, book, stream_time_us, params, signals))
    },
  },
})
