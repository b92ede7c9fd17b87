import Type from 'typebox'
import { type Answer, ask, defineEffect, emit, fault, type Json, keep } from '../../runtime/api/index.ts'
import { PatternSignal, Prediction } from '../../schemas/generated/index.ts'
import { type Features, featuresAt, noPatterns, type PatternMemory, remember } from './features.ts'

/**
 * Asks a model at every signal and makes its answer a Prediction.
 *
 * Silent for signals whose book was not LIVE. Where the model fails or answers nonsense, the declared fallback holds:
 * `none` sends the signal to the dead-letter topic (nothing is skipped in silence), `neutral` predicts nothing moves.
 * A signal with a number out of range is a fault.
 */

const EnricherParams = Type.Object(
  {
    ttl_ms: Type.Integer({
      minimum: 1,
      default: 3_000,
      description: 'Stream time from the answer until the prediction no longer counts.',
    }),
    memory_ms: Type.Integer({
      minimum: 1,
      default: 5_000,
      description: 'Stream time over which a signal fades out of the features.',
    }),
    fallback: Type.Union([Type.Literal('none'), Type.Literal('neutral')], {
      default: 'neutral',
      description: 'When the model fails: `none` is a fault, `neutral` a prediction of no move by backend `fallback`.',
    }),
  },
  { additionalProperties: false },
)

/** What the model gets (`features`), and what the Prediction repeats of its signal. */
type Request = {
  readonly features: Features
  readonly instrument_id: string
  readonly venue: string
  readonly symbol: string
  readonly reference_px: number
  readonly book_quality: Prediction['book_quality']
  readonly event_time_us: number
  readonly receive_time_us: number
}

type Forecast = Pick<
  Prediction,
  'model_name' | 'model_version' | 'model_sha256' | 'backend' | 'horizon_us' | 'expected_return_bps' | 'probability_up'
>

const NEUTRAL: Forecast = {
  model_name: 'neutral',
  model_version: '1',
  model_sha256: '',
  backend: 'fallback',
  horizon_us: 0,
  expected_return_bps: 0,
  probability_up: 0.5,
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** The model's answer if it is one, else the code of what is wrong with it. */
function forecastOf(answer: Answer): Forecast | string {
  if (!answer.ok) return answer.code
  const value = answer.value as { readonly [K in keyof Forecast]?: Json } & { readonly error?: Json }
  if (value === null || typeof value !== 'object') return 'MODEL_ANSWER_MALFORMED'
  if (isText(value.error)) return value.error
  const { model_name, model_version, model_sha256, backend, horizon_us, expected_return_bps, probability_up } = value
  if (!isText(model_name) || !isText(model_version) || !isText(model_sha256) || !isText(backend)) {
    return 'MODEL_ANSWER_MALFORMED'
  }
  if (!Number.isSafeInteger(horizon_us) || !isNumber(expected_return_bps) || !isNumber(probability_up)) {
    return 'MODEL_ANSWER_MALFORMED'
  }
  if (probability_up < 0 || probability_up > 1) return 'MODEL_ANSWER_MALFORMED'
  return {
    model_name,
    model_version,
    model_sha256,
    backend,
    horizon_us: horizon_us as number,
    expected_return_bps,
    probability_up,
  }
}

type State = { readonly patterns: PatternMemory }

export const inferenceEnricher = defineEffect({
  name: 'inference-enricher',
  description: 'Asks a model at every signal of a LIVE book and publishes its forecast with model identity and expiry.',
  effect: 'query',
  inputs: { signals: PatternSignal },
  tables: {},
  outputs: { predictions: Prediction },
  faults: {
    SIGNAL_INVALID: 'A signal whose strength is not within 0 to 1 or whose direction is not -1, 0 or 1.',
    NO_PREDICTION: 'The model failed or answered nonsense, and the declared fallback is none.',
  },
  params: EnricherParams,
  initial: (): State => ({ patterns: noPatterns() }),
  on: {
    signals(state: State, signal, { params, stream_time_us }) {
      const { strength, direction, book_quality } = signal
      if (!(strength >= 0 && strength <= 1) || !(direction === 0 || direction === 1 || direction === -1)) {
        return fault('SIGNAL_INVALID', { pattern: signal.pattern, strength, direction })
      }
      if (book_quality !== 'LIVE') return keep(state)
      const patterns = remember(state.patterns, signal, stream_time_us)
      const request: Request = {
        features: featuresAt(patterns, stream_time_us, params.memory_ms * 1_000),
        instrument_id: signal.instrument_id,
        venue: signal.venue,
        symbol: signal.symbol,
        reference_px: signal.reference_px,
        book_quality,
        event_time_us: signal.event_time_us,
        receive_time_us: signal.receive_time_us,
      }
      return ask({ patterns }, request)
    },
  },
  answer(state: State, request, answer, { params, stream_time_us, id }) {
    const { features: _, ...subject } = request as Request
    let forecast = forecastOf(answer)
    if (typeof forecast === 'string') {
      if (params.fallback === 'none') return fault('NO_PREDICTION', { signal_id: id, code: forecast })
      forecast = NEUTRAL
    }
    const prediction: Prediction = {
      ...subject,
      ...forecast,
      divergence: null,
      expires_at_us: stream_time_us + params.ttl_ms * 1_000,
      signal_id: id,
    }
    return emit(state, { predictions: [prediction] })
  },
})
