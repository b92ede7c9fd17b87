import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { exp, logistic } from '../../connectors/model-runner/exp.ts'
import { loadModelRunner } from '../../connectors/model-runner/index.ts'
import { AppError } from '../../runtime/api/index.ts'

const shipped = resolve(import.meta.dirname, '../../models')
const folder = mkdtempSync(join(tmpdir(), 'models-'))
afterAll(() => rmSync(folder, { recursive: true }))

const TOY = {
  name: 'toy',
  version: '1',
  kind: 'linear',
  description: 'A toy.',
  horizon_us: 1_000,
  bias_bps: 0.5,
  features: [
    { name: 'a', weight_bps: 2 },
    { name: 'b', weight_bps: -4 },
  ],
  limit_bps: 3,
  up: { bias: 0, per_bps: 2 },
}

function written(content: string): string {
  mkdirSync(join(folder, 'toy/1'), { recursive: true })
  writeFileSync(join(folder, 'toy/1/model.json'), content)
  return folder
}

function errorOf(run: () => unknown): AppError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    return error as AppError
  }
  throw new Error('it did not throw')
}

describe('linear model', () => {
  const text = JSON.stringify(TOY)
  const sha256 = createHash('sha256').update(text).digest('hex')

  test('is known by name, version and the hash of its bytes', () => {
    expect(loadModelRunner(written(text), 'toy/1').identity).toStrictEqual({ name: 'toy', version: '1', sha256 })
  })

  test('forecasts the weighted sum, held within its limit', () => {
    const runner = loadModelRunner(written(text), 'toy/1')
    const same = {
      model_name: 'toy',
      model_version: '1',
      model_sha256: sha256,
      backend: 'linear-js',
      horizon_us: 1_000,
    }
    expect(
      runner.run([
        { features: { a: 1, b: 0.25, c: 9 }, symbol: 'X' },
        { features: { a: 0, b: 1 } },
        { features: { a: 100, b: 0 } },
      ]),
    ).toStrictEqual([
      { ...same, expected_return_bps: 1.5, probability_up: logistic(3) },
      { ...same, expected_return_bps: -3, probability_up: logistic(-6) },
      { ...same, expected_return_bps: 3, probability_up: logistic(6) },
    ])
  })

  test.each([
    [{ features: { a: 1 } }],
    [{ features: { a: 1, b: 'x' } }],
    [{ features: { a: 1, b: Number.NaN } }],
    [null],
  ])('refuses to guess: %j', (request) => {
    const [answer] = loadModelRunner(written(text), 'toy/1').run([request as never])
    expect(answer).toStrictEqual({ error: 'FEATURE_MISSING', feature: request === null ? 'a' : 'b' })
  })
})

test('the shipped model loads, answers the enricher, and its hash is of its file', () => {
  const runner = loadModelRunner(shipped, 'linear-microstructure/1')
  const bytes = readFileSync(join(shipped, 'linear-microstructure/1/model.json'))
  expect(runner.identity.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  const none = { breakout: 0, momentum: 0, mean_reversion: 0, book_pressure: 0, volume_surge: 0, volatility_regime: 0 }
  const [flat, up] = runner.run([{ features: none }, { features: { ...none, volume_surge: 1, book_pressure: 1 } }])
  expect(flat).toMatchObject({ expected_return_bps: 0, probability_up: 0.5 })
  expect((up as { expected_return_bps: number }).expected_return_bps).toBeGreaterThan(0)
})

describe('wrong use', () => {
  test('an unknown model names the known ones', () => {
    const error = errorOf(() => loadModelRunner(shipped, 'linear-microstructure/99'))
    expect(error).toMatchObject({ code: 'MODEL_UNKNOWN', exit_code: 2, hint: 'known: linear-microstructure/1' })
  })

  test('a path that climbs out is no model', () => {
    expect(errorOf(() => loadModelRunner(join(shipped, 'training'), '../linear-microstructure/1')).code).toBe(
      'MODEL_UNKNOWN',
    )
  })

  test('a folder without models says what one is', () => {
    expect(errorOf(() => loadModelRunner(join(folder, 'nowhere'), 'toy/1')).hint).toContain('NAME/VERSION')
  })

  test.each([
    ['no JSON', '{', 'JSON'],
    ['an unknown field', JSON.stringify({ ...TOY, extra: 1 }), 'extra'],
    ['no weights', JSON.stringify({ ...TOY, features: [] }), '/features'],
    ['a weight that is no number', JSON.stringify({ ...TOY, bias_bps: null }), '/bias_bps'],
    ['another name than its folder', JSON.stringify({ ...TOY, version: '2' }), 'toy/2'],
  ])('%s', (_name, content, says) => {
    const error = errorOf(() => loadModelRunner(written(content), 'toy/1'))
    expect(error).toMatchObject({ code: 'MODEL_MALFORMED', exit_code: 2 })
    expect(error.message).toContain(says)
    expect(error.hint).toContain('models/toy/1/model.json')
  })
})

describe('exp', () => {
  test('golden bits, edges included', () => {
    const bits = (x: number) => new BigUint64Array(new Float64Array([x]).buffer)[0]!.toString(16)
    expect([1, -1, 0.3, 10, -20.5, 700, -740, 1e-300].map((x) => bits(exp(x)))).toStrictEqual([
      '4005bf0a8b145769',
      '3fd78b56362cef38',
      '3ff599058c8c1a96',
      '40d5829dcf950560',
      '3e157a3afeed00ab',
      '7f0d945df4f8ec8e',
      '55',
      '3ff0000000000000',
    ])
    expect(exp(0)).toBe(1)
    expect(exp(709.79)).toBe(Number.POSITIVE_INFINITY)
    expect(exp(-745.14)).toBe(0)
    expect(exp(-745.13)).toBe(Number.MIN_VALUE)
    expect(exp(Number.NaN)).toBeNaN()
  })

  test('within 1 ulp of the platform', () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(Math.exp(x) * Number.EPSILON)
      }),
      { numRuns: 2_000 },
    )
  })

  test('logistic lies in 0..1, rises, and is even about a half', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (z) => {
        const p = logistic(z)
        expect(p).toBeGreaterThanOrEqual(0)
        expect(p).toBeLessThanOrEqual(1)
        expect(Math.abs(p + logistic(-z) - 1)).toBeLessThanOrEqual(2 * Number.EPSILON)
      }),
    )
    expect(logistic(0)).toBe(0.5)
  })
})
