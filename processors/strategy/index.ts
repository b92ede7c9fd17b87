import {
  type Context,
  defineProcessor,
  emit,
  fault,
  type RecordId,
  recordId,
  type Step,
} from '../../runtime/api/index.ts'
import {
  Decision,
  type Factor,
  Instrument,
  Nbbo,
  PatternSignal,
  Position,
  Prediction,
  type Side,
  type Sizing,
} from '../../schemas/generated/index.ts'
import { StrategyParams } from './params.ts'
import { type Score, scoreOf } from './score.ts'
import { shown, sizeOf, toLots } from './sizing.ts'
import { type Held, PATTERNS, type PatternName, SymbolState } from './state.ts'
import { sample } from './volatility.ts'

/**
 * Turns signals and predictions of a symbol into Decisions: to open or add when the score is high enough and the
 * expected gain outlasts the costs, to close when the score turns or the holding time is over.
 *
 * Silent unless the NBBO is LIVE, uncrossed and young, the instrument declared, tradable and of the NBBO's scales, and
 * the cooldown over. Signals and predictions that were not made on a LIVE book, or are expired, do not count. Numbers
 * out of range are a fault and change nothing. It trades a symbol on one venue at a time: while a position is open,
 * an NBBO side of another venue is not traded.
 */

const tables = { instruments: Instrument }
const outputs = { decisions: Decision }
type Decisions = Step<SymbolState, typeof outputs>
type Ctx = Context<StrategyParams, typeof tables>

/** The touch an order of `side` would take, and the costs of taking it; `undefined` when nothing may be traded. */
interface Touch {
  readonly nbbo: Nbbo
  readonly instrument: Instrument
  readonly px: number
  /** Quantity displayed at it. */
  readonly qty: number
  readonly cost_bps: number
}

function touchOf(state: SymbolState, side: Side, ctx: Ctx): Touch | undefined {
  const { nbbo } = state
  const { params } = ctx
  if (nbbo === null || nbbo.quality !== 'LIVE') return undefined
  if (ctx.stream_time_us - state.nbbo_us > params.nbbo_max_age_ms * 1_000) return undefined
  const { bid_px, ask_px } = nbbo
  if (bid_px === null || ask_px === null || !(bid_px > 0 && bid_px < ask_px)) return undefined
  const id = side === 'BUY' ? nbbo.ask_instrument_id : nbbo.bid_instrument_id
  const instrument = id === null ? undefined : ctx.tables.instruments.get(id)
  if (instrument === undefined || !instrument.tradable || instrument.kind === 'INVERSE') return undefined
  if (instrument.price_scale !== nbbo.price_scale || instrument.qty_scale !== nbbo.qty_scale) return undefined
  if (state.held !== null && state.held.instrument_id !== instrument.instrument_id) return undefined
  // Half the spread over the mid, from integers: (ask - bid) / 2 / ((ask + bid) / 2).
  const half_spread_bps = ((ask_px - bid_px) / (ask_px + bid_px)) * 10_000
  const px = side === 'BUY' ? ask_px : bid_px
  const qty = (side === 'BUY' ? nbbo.ask_qty : nbbo.bid_qty) ?? 0
  return { nbbo, instrument, px, qty, cost_bps: half_spread_bps + params.taker_fee_bps }
}

interface Wish {
  readonly side: Side
  readonly qty: number
  readonly sizing: Sizing
  readonly touch: Touch
  readonly score: Score
  /** Why it closes; undefined when it opens or adds. */
  readonly exit?: 'exit_opposite' | 'exit_held'
}

/** Venue and receive time of what triggered a decision. */
type Trigger = { readonly event_time_us: number; readonly receive_time_us: number }

function decide(state: SymbolState, wish: Wish, trigger: Trigger, ctx: Ctx): Decisions {
  const { params, stream_time_us } = ctx
  const { side, touch, score } = wish
  const { nbbo, instrument, px } = touch
  const sign = side === 'BUY' ? 1 : -1
  const factors: Factor[] = score.factors
  // An exit says why as a factor without weight, so that the score stays the sum of the contributions.
  if (wish.exit !== undefined) factors.push({ name: wish.exit, value: sign, weight: 0, contribution: 0 })

  const inputs: RecordId[] = []
  const cause = (id: RecordId) => {
    if (inputs.includes(id)) return
    inputs.push(id)
    if (id !== ctx.id) ctx.cause(id)
  }
  cause(ctx.id)
  for (const id of score.inputs) cause(id)
  cause(recordId(state.nbbo_producer, state.nbbo_seq))
  if (wish.exit !== undefined && state.held !== null) cause(state.held.id)

  const tick = instrument.tick_size_px
  const through = Math.floor((px * params.limit_through_bps) / 10_000 / tick) * tick
  const decision: Decision = {
    decision_id: `${params.strategy}-${nbbo.symbol}-${state.count}`,
    account: params.account,
    strategy: params.strategy,
    instrument_id: instrument.instrument_id,
    venue: instrument.venue,
    symbol: instrument.symbol,
    side,
    qty: wish.qty,
    order_type: params.order_type,
    limit_px: params.order_type === 'LIMIT' ? px + sign * through : null,
    time_in_force: params.time_in_force,
    score: score.score,
    factors,
    sizing: wish.sizing,
    expected_edge_bps: sign * score.forecast_bps + 0,
    cost_bps: touch.cost_bps,
    reference_px: px,
    book_quality: nbbo.quality,
    book_sequence: nbbo.sequence,
    book_age_us: stream_time_us - state.nbbo_us,
    price_scale: instrument.price_scale,
    qty_scale: instrument.qty_scale,
    inputs,
    event_time_us: trigger.event_time_us,
    receive_time_us: trigger.receive_time_us,
  }
  state.count += 1
  state.last_decision_us = stream_time_us
  return emit(state, { decisions: [decision] })
}

function sizeOfHeld({ qty }: Held): bigint {
  return BigInt(qty > 0 ? qty : -qty)
}

/** Closes the position, as much of it as the touch displays, in whole lots; `undefined` when that cannot be done now. */
function close(
  state: SymbolState,
  exit: 'exit_opposite' | 'exit_held',
  score: Score,
  trigger: Trigger,
  ctx: Ctx,
): Decisions | undefined {
  const { held } = state
  if (held === null) return undefined
  const side = held.qty > 0 ? 'SELL' : 'BUY'
  const touch = touchOf(state, side, ctx)
  if (touch === undefined) return undefined
  const size = sizeOfHeld(held)
  const qty = toLots(shown(size, touch.qty, ctx.params), touch.instrument)
  if (qty === 0) return undefined
  const { sizing: method, capital } = ctx.params
  const sizing: Sizing = { method, capital, fraction: 0, volatility_bps: 0, raw_qty: Number(size) }
  return decide(state, { side, qty, sizing, touch, score, exit }, trigger, ctx)
}

function cooling(state: SymbolState, ctx: Ctx): boolean {
  return state.count > 0 && ctx.stream_time_us - state.last_decision_us < ctx.params.cooldown_ms * 1_000
}

/** Looks at everything after a signal or a prediction came. */
function evaluate(state: SymbolState, trigger: Trigger, ctx: Ctx): Decisions {
  if (cooling(state, ctx)) return state.kept
  const { params } = ctx
  const score = scoreOf(state, params, ctx.stream_time_us)
  const size = score.score < 0 ? -score.score : score.score
  const sign = score.score < 0 ? -1 : 1
  const held = state.held === null ? 0 : state.held.qty * sign

  if (held < 0) {
    // Never through zero in one order: the rest of an exit decides about a new position.
    return size < params.exit_score ? state.kept : (close(state, 'exit_opposite', score, trigger, ctx) ?? state.kept)
  }
  if (score.score === 0 || size < params.score_threshold || (sign < 0 && !params.allow_short)) return state.kept
  const side = sign > 0 ? 'BUY' : 'SELL'
  const touch = touchOf(state, side, ctx)
  if (touch === undefined || sign * score.forecast_bps - touch.cost_bps < params.min_edge_bps) return state.kept
  const { qty, sizing } = sizeOf(params, state.volatility, touch.px, touch.qty, held, touch.instrument)
  return qty === 0 ? state.kept : decide(state, { side, qty, sizing, touch, score }, trigger, ctx)
}

const EXIT = 'exit'

export const strategy = defineProcessor({
  name: 'strategy',
  description:
    'Weighs unexpired signals and predictions of a symbol into Decisions, sized and checked against costs, and closes positions again. Its shipped parameters are no advice.',
  inputs: { signals: PatternSignal, predictions: Prediction, nbbo: Nbbo, positions: Position },
  tables,
  outputs,
  faults: {
    SIGNAL_INVALID: 'A signal whose strength is not within 0 to 1 or whose direction is not -1, 0 or 1.',
    PREDICTION_INVALID: 'A prediction whose expected return is no finite number.',
  },
  unreachable: { PREDICTION_INVALID: 'the codec of Prediction refuses a number that is not finite' },
  params: StrategyParams,
  state_key: {
    signals: (signal: PatternSignal) => signal.symbol,
    predictions: (prediction: Prediction) => prediction.symbol,
    nbbo: (nbbo: Nbbo) => nbbo.symbol,
    positions: (position: Position) => position.symbol,
  },
  initial: () => new SymbolState(),
  snapshot: (state: SymbolState) => state.snapshot(),
  restore: (json) => SymbolState.restore(json),
  on: {
    signals(state: SymbolState, signal: PatternSignal, ctx): Decisions {
      const { strength, direction } = signal
      if (!(strength >= 0 && strength <= 1) || !(direction === 0 || direction === 1 || direction === -1)) {
        return fault('SIGNAL_INVALID', { pattern: signal.pattern, strength, direction })
      }
      if (signal.book_quality !== 'LIVE') return state.kept
      const name = signal.pattern.toLowerCase() as PatternName
      if (PATTERNS.includes(name)) {
        const value = direction * strength + 0
        state.signals = { ...state.signals, [name]: { id: ctx.id, value, time_us: ctx.stream_time_us } }
      }
      return evaluate(state, signal, ctx)
    },

    predictions(state: SymbolState, prediction: Prediction, ctx): Decisions {
      const { expected_return_bps, expires_at_us } = prediction
      if (!Number.isFinite(expected_return_bps)) return fault('PREDICTION_INVALID', { signal_id: prediction.signal_id })
      if (prediction.book_quality !== 'LIVE') return state.kept
      state.forecast = { id: ctx.id, expected_return_bps, expires_at_us }
      return evaluate(state, prediction, ctx)
    },

    nbbo(state: SymbolState, nbbo: Nbbo, ctx): Decisions {
      const { params, stream_time_us, producer, seq } = ctx
      state.nbbo = nbbo
      state.nbbo_producer = producer
      state.nbbo_seq = seq
      state.nbbo_us = stream_time_us
      const { bid_px, ask_px } = nbbo
      if (nbbo.quality === 'LIVE' && bid_px !== null && ask_px !== null) {
        const { volatility_sample_ms, volatility_samples } = params
        sample(state.volatility, bid_px + ask_px, stream_time_us, volatility_sample_ms * 1_000, volatility_samples)
      }
      if (state.exit_waits) {
        state.exit_waits = false
        ctx.setTimer(EXIT, stream_time_us)
      }
      return state.kept
    },

    positions(state: SymbolState, position: Position, ctx): Decisions {
      const { account, instrument_id, qty } = position
      const { held } = state
      if (account !== ctx.params.account) return state.kept
      if (held !== null && held.instrument_id !== instrument_id) return state.kept
      if (qty === 0) {
        state.held = null
        state.exit_waits = false
        ctx.cancelTimer(EXIT)
        return state.kept
      }
      // The holding time runs from the last increase; `max_position_value` bounds how often that can be.
      const grew = held === null || held.qty > 0 !== qty > 0 || Math.abs(held.qty) < Math.abs(qty)
      if (grew) ctx.setTimer(EXIT, ctx.stream_time_us + ctx.params.max_hold_ms * 1_000)
      state.held = { id: ctx.id, instrument_id, qty }
      return state.kept
    },
  },

  /** The holding time is over: close, and look again after a cooldown, because an IOC order may fill nothing. */
  timer(state: SymbolState, _name: string, ctx): Decisions {
    const { nbbo, held } = state
    if (held === null) return state.kept
    const instrument = ctx.tables.instruments.get(held.instrument_id)
    // What is less than an order's least quantity stays, until a fill makes it more.
    if (instrument !== undefined && toLots(sizeOfHeld(held), instrument) === 0) return state.kept
    // A market that says nothing is not asked again and again: its next word wakes the exit.
    if (nbbo === null || ctx.stream_time_us - state.nbbo_us > ctx.params.nbbo_max_age_ms * 1_000) {
      state.exit_waits = true
      return state.kept
    }
    ctx.setTimer(EXIT, ctx.stream_time_us + ctx.params.cooldown_ms * 1_000)
    if (cooling(state, ctx)) return state.kept
    const score = scoreOf(state, ctx.params, ctx.stream_time_us)
    return close(state, 'exit_held', score, nbbo, ctx) ?? state.kept
  },
})
