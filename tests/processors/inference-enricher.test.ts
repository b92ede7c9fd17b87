import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { inferenceEnricher } from '../../processors/inference-enricher/index.ts'
import type { Answer, Ask, Context, Json } from '../../runtime/api/index.ts'
import type { PatternSignal } from '../../schemas/generated/index.ts'

const defaults = Value.Default(inferenceEnricher.params, {})

const signalOf = (over: Partial<PatternSignal> = {}): PatternSignal => ({
  instrument_id: 'ACME.XNAS',
  venue: 'XNAS',
  symbol: 'ACME',
  pattern: 'BREAKOUT',
  direction: -1,
  strength: 0.5,
  features: [{ name: 'level', value: -1 }],
  window_events: 4,
  window_start_us: 1,
  window_end_us: 2,
  reference_px: 1_000.5,
  book_quality: 'LIVE',
  book_sequence: 7,
  event_time_us: 81,
  receive_time_us: 82,
  ...over,
})

const initial = () => inferenceEnricher.initial('ACME.XNAS', defaults)
const at = (stream_time_us: number, params: unknown = defaults, id = 'scorer/0:5') =>
  ({ params, stream_time_us, id }) as unknown as Context
const on = (state: unknown, signal: PatternSignal, ctx: Context) => inferenceEnricher.on.signals!(state, signal, ctx)
const asked = (step: unknown) => {
  expect(step).toMatchObject({ kind: 'ask' })
  return step as Ask<unknown> & { request: { features: Record<string, number> } }
}

const FORECAST = {
  model_name: 'linear-microstructure',
  model_version: '1',
  model_sha256: 'ab'.repeat(32),
  backend: 'linear-js',
  horizon_us: 5_000_000,
  expected_return_bps: 1.25,
  probability_up: 0.7,
}

describe('asking', () => {
  test('the six patterns as they stand, fading over memory_ms', () => {
    const first = asked(on(initial(), signalOf(), at(1_000_000)))
    expect(first.request).toStrictEqual({
      features: {
        breakout: -0.5,
        momentum: 0,
        mean_reversion: 0,
        book_pressure: 0,
        volume_surge: 0,
        volatility_regime: 0,
      },
      instrument_id: 'ACME.XNAS',
      venue: 'XNAS',
      symbol: 'ACME',
      reference_px: 1_000.5,
      book_quality: 'LIVE',
      event_time_us: 81,
      receive_time_us: 82,
    })
    const momentum = signalOf({ pattern: 'MOMENTUM', direction: 1, strength: 1 })
    const second = asked(on(first.state, momentum, at(3_500_000)))
    expect(second.request.features).toMatchObject({ breakout: -0.25, momentum: 1 })
    const last = asked(on(second.state, momentum, at(6_000_000)))
    expect(last.request.features).toStrictEqual({
      breakout: 0,
      momentum: 1,
      mean_reversion: 0,
      book_pressure: 0,
      volume_surge: 0,
      volatility_regime: 0,
    })
  })

  test.each([
    { level: 2, strength: 0.4, feature: 0.4 },
    { level: -2, strength: 0.4, feature: -0.4 },
  ])('a regime counts by the sign of its level: $level', ({ level, strength, feature }) => {
    const regime = signalOf({
      pattern: 'VOLATILITY_REGIME',
      direction: 0,
      strength,
      features: [{ name: 'level', value: level }],
    })
    expect(asked(on(initial(), regime, at(1))).request.features.volatility_regime).toBe(feature)
  })

  test.each(['SNAPSHOT', 'GAP', 'STALE', 'CROSSED', 'CHECKSUM_BAD'] as const)(
    'silent for a %s book',
    (book_quality) => {
      const state = initial()
      expect(on(state, signalOf({ book_quality }), at(1))).toStrictEqual({ kind: 'ok', state, outputs: undefined })
    },
  )

  test.each([
    { strength: Number.NaN },
    { strength: 1.01 },
    { strength: -0.1 },
    { direction: 2 },
    { direction: Number.NaN },
  ])('a signal out of range is a fault: %j', (over) => {
    expect(on(initial(), signalOf(over), at(1))).toMatchObject({ kind: 'fault', code: 'SIGNAL_INVALID' })
  })

  test('the state is plain and small: it comes back from JSON as it was', () => {
    const { state } = asked(on(initial(), signalOf(), at(1_000_000)))
    const json = JSON.parse(JSON.stringify(inferenceEnricher.snapshot(state))) as Json
    const restored = inferenceEnricher.restore(json, 'ACME.XNAS', defaults)
    const again = signalOf({ pattern: 'MOMENTUM' })
    expect(on(restored, again, at(2_000_000))).toStrictEqual(on(state, again, at(2_000_000)))
    expect(JSON.stringify(json).length).toBeLessThan(500)
  })
})

describe('answering', () => {
  const { state, request } = asked(on(initial(), signalOf(), at(1_000_000)))
  const answer = (given: Answer, params: unknown = defaults) =>
    inferenceEnricher.answer(state, request, given, at(1_020_000, params))

  const subject = {
    instrument_id: 'ACME.XNAS',
    venue: 'XNAS',
    symbol: 'ACME',
    reference_px: 1_000.5,
    book_quality: 'LIVE',
    event_time_us: 81,
    receive_time_us: 82,
  }

  test('a forecast becomes a Prediction with identity and expiry', () => {
    expect(answer({ ok: true, value: FORECAST })).toStrictEqual({
      kind: 'ok',
      state,
      outputs: {
        predictions: [{ ...subject, ...FORECAST, divergence: null, expires_at_us: 4_020_000, signal_id: 'scorer/0:5' }],
      },
    })
  })

  const bad: [string, Answer, string][] = [
    ['the model failed', { ok: false, code: 'BREAKER_OPEN' }, 'BREAKER_OPEN'],
    ['the model refused', { ok: true, value: { error: 'FEATURE_MISSING', feature: 'x' } }, 'FEATURE_MISSING'],
    ['no object', { ok: true, value: null }, 'MODEL_ANSWER_MALFORMED'],
    ['no name', { ok: true, value: { ...FORECAST, model_name: 3 } }, 'MODEL_ANSWER_MALFORMED'],
    ['NaN', { ok: true, value: { ...FORECAST, expected_return_bps: Number.NaN } }, 'MODEL_ANSWER_MALFORMED'],
    ['no probability', { ok: true, value: { ...FORECAST, probability_up: 1.5 } }, 'MODEL_ANSWER_MALFORMED'],
    ['half a microsecond', { ok: true, value: { ...FORECAST, horizon_us: 0.5 } }, 'MODEL_ANSWER_MALFORMED'],
  ]

  test.each(bad)('%s: neutral by declaration', (_name, given) => {
    expect(answer(given)).toStrictEqual({
      kind: 'ok',
      state,
      outputs: {
        predictions: [
          {
            ...subject,
            model_name: 'neutral',
            model_version: '1',
            model_sha256: '',
            backend: 'fallback',
            horizon_us: 0,
            expected_return_bps: 0,
            probability_up: 0.5,
            divergence: null,
            expires_at_us: 4_020_000,
            signal_id: 'scorer/0:5',
          },
        ],
      },
    })
  })

  test.each(bad)('%s: a fault where no fallback is declared', (_name, given, code) => {
    const none = Value.Default(inferenceEnricher.params, { fallback: 'none' })
    expect(answer(given, none)).toStrictEqual({
      kind: 'fault',
      code: 'NO_PREDICTION',
      detail: { signal_id: 'scorer/0:5', code },
    })
  })
})
