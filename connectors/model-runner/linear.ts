import Type, { type Static } from 'typebox'
import type { Json, QueryRunner } from '../../runtime/api/index.ts'
import { logistic } from './exp.ts'

const Finite = Type.Number({ minimum: -1e9, maximum: 1e9 })

/** A linear model's file. Weights are per unit of the feature, returns in basis points. */
export const LinearModel = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'Name; equal to its folder.' }),
    version: Type.String({ minLength: 1, description: 'Version; equal to its folder.' }),
    kind: Type.Literal('linear'),
    description: Type.String({ description: 'What it forecasts and how good that is, in a sentence.' }),
    horizon_us: Type.Integer({ minimum: 1, description: 'How far ahead it looks, microseconds.' }),
    bias_bps: Type.Unsafe<number>(Finite),
    features: Type.Array(
      Type.Object(
        { name: Type.String({ minLength: 1 }), weight_bps: Type.Unsafe<number>(Finite) },
        { additionalProperties: false },
      ),
      { minItems: 1, description: 'In the order of the sum.' },
    ),
    limit_bps: Type.Number({ exclusiveMinimum: 0, description: 'Greatest forecast in size, basis points.' }),
    up: Type.Object(
      { bias: Type.Unsafe<number>(Finite), per_bps: Type.Unsafe<number>(Finite) },
      { additionalProperties: false, description: 'probability_up = logistic(bias + per_bps * forecast).' },
    ),
  },
  { additionalProperties: false },
)
export type LinearModel = Static<typeof LinearModel>

/** A query runner that answers `{features: {name: number}}` with a forecast, or with `{error: CODE}` per request. */
export interface ModelRunner extends QueryRunner {
  run(requests: readonly Json[]): readonly Json[]
}

/**
 * `forecast = bias + f1 * w1 + f2 * w2 + ...` in the file's order, held within `limit_bps`;
 * `probability_up = logistic(up.bias + up.per_bps * forecast)`. A request without one of the features, or with one
 * that is no finite number, is answered by `{error: 'FEATURE_MISSING', feature}`: a forecast from a guessed input
 * would look like any other.
 */
export function linearRunner(model: LinearModel, sha256: string): ModelRunner {
  const identity = { name: model.name, version: model.version, sha256 }
  function answer(request: Json): Json {
    const features = (request as { readonly features?: { readonly [name: string]: Json } } | null)?.features ?? {}
    let forecast = model.bias_bps
    for (const { name, weight_bps } of model.features) {
      const value = features[name]
      if (typeof value !== 'number' || !Number.isFinite(value)) return { error: 'FEATURE_MISSING', feature: name }
      forecast = forecast + value * weight_bps
    }
    forecast = Math.max(-model.limit_bps, Math.min(model.limit_bps, forecast))
    return {
      model_name: identity.name,
      model_version: identity.version,
      model_sha256: sha256,
      backend: 'linear-js',
      horizon_us: model.horizon_us,
      expected_return_bps: forecast,
      probability_up: logistic(model.up.bias + model.up.per_bps * forecast),
    }
  }
  return { identity, run: (requests) => requests.map(answer) }
}
