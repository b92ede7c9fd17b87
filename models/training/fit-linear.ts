import { readFileSync, writeFileSync } from 'node:fs'
import { featuresAt, noPatterns, remember } from '../../processors/inference-enricher/features.ts'
import type { Nbbo, PatternSignal } from '../../schemas/generated/index.ts'

/**
 * Fits the weights of `linear-microstructure` by least squares on what was recorded:
 *
 *   aitrader topic read signals.global.v1 --data DIR --json > signals.jsonl
 *   aitrader topic read market.nbbo.v1 --data DIR --json > nbbo.jsonl
 *   node models/training/fit-linear.ts signals.jsonl nbbo.jsonl [model.json]
 *
 * One row per signal: the enricher's features at that moment, and the return of the NBBO mid from then to `HORIZON_US`
 * later, basis points. The quality it prints is of the last third under weights from the first two; the weights it
 * writes are of all rows. A file that cannot be read or holds no signal ends it with an error.
 */

const HORIZON_US = 5_000_000
/** `memory_ms` of the enricher. */
const MEMORY_US = 5_000_000
/** Ridge, in units of a feature's squared sum: few rows, and two patterns that often come together. */
const RIDGE = 3
const LIMIT_BPS = 10

/** A regime points nowhere, so it has no weight in a forecast of direction. */
const FEATURES = ['breakout', 'momentum', 'mean_reversion', 'book_pressure', 'volume_surge'] as const

interface Row {
  readonly time_us: number
  readonly x: readonly number[]
  readonly y: number
}

function lines<T>(file: string): { stream_time_us: number; value: T }[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** Solves `a * w = b` by elimination with partial pivots. */
function solve(a: number[][], b: number[]): number[] {
  const n = b.length
  const m = a.map((row, i) => [...row, b[i] as number])
  for (let c = 0; c < n; c += 1) {
    let pivot = c
    for (let r = c + 1; r < n; r += 1) if (Math.abs(m[r]![c]!) > Math.abs(m[pivot]![c]!)) pivot = r
    ;[m[c], m[pivot]] = [m[pivot]!, m[c]!]
    for (let r = 0; r < n; r += 1) {
      if (r === c) continue
      const f = m[r]![c]! / m[c]![c]!
      for (let k = c; k <= n; k += 1) m[r]![k]! -= f * m[c]![k]!
    }
  }
  return m.map((row, i) => row[n]! / row[i]!)
}

/** Ridge regression without intercept: by symmetry, no signals say no move. */
function leastSquares(rows: readonly Row[]): number[] {
  const n = FEATURES.length
  const a = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? RIDGE : 0)))
  const b = Array.from({ length: n }, () => 0)
  for (const { x, y } of rows) {
    for (let i = 0; i < n; i += 1) {
      b[i]! += x[i]! * y
      for (let j = 0; j < n; j += 1) a[i]![j]! += x[i]! * x[j]!
    }
  }
  return solve(a, b)
}

const predict = (w: readonly number[], x: readonly number[]) =>
  Math.max(
    -LIMIT_BPS,
    Math.min(
      LIMIT_BPS,
      x.reduce((sum, value, i) => sum + value * w[i]!, 0),
    ),
  )

/** R squared against predicting 0, share of right signs among moves, and rows. */
function quality(w: readonly number[], rows: readonly Row[]) {
  let left = 0
  let all = 0
  let right = 0
  let moves = 0
  for (const { x, y } of rows) {
    const p = predict(w, x)
    left += (y - p) ** 2
    all += y ** 2
    if (y !== 0 && p !== 0) {
      moves += 1
      if (y > 0 === p > 0) right += 1
    }
  }
  return { rows: rows.length, r2: +(1 - left / all).toFixed(4), hit_rate: +(right / moves).toFixed(4), moves }
}

/** Slope of `logistic(slope * forecast)` by Newton's method. */
function slope(w: readonly number[], rows: readonly Row[]): number {
  let s = 0
  for (let step = 0; step < 50; step += 1) {
    let gradient = 0
    let curvature = 1e-9
    for (const { x, y } of rows) {
      if (y === 0) continue
      const f = predict(w, x)
      const p = 1 / (1 + Math.exp(-s * f))
      gradient += ((y > 0 ? 1 : 0) - p) * f
      curvature += p * (1 - p) * f * f
    }
    s += gradient / curvature
  }
  return s
}

const [signalsFile, nbboFile, modelFile] = process.argv.slice(2)
if (signalsFile === undefined || nbboFile === undefined) throw new Error('give signals.jsonl and nbbo.jsonl')

const mids = lines<Nbbo>(nbboFile)
  .filter(({ value }) => value.quality === 'LIVE' && value.bid_px !== null && value.ask_px !== null)
  .map(({ stream_time_us, value }) => ({ stream_time_us, mid: (value.bid_px! + value.ask_px!) / 2 }))
const end_us = mids.at(-1)?.stream_time_us ?? 0

/** The last mid at or before `time_us`. */
function midAt(time_us: number): number {
  let low = 0
  let high = mids.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (mids[middle]!.stream_time_us <= time_us) low = middle
    else high = middle - 1
  }
  return mids[low]!.mid
}

const rows: Row[] = []
let memory = noPatterns()
for (const { stream_time_us, value } of lines<PatternSignal>(signalsFile)) {
  memory = remember(memory, value, stream_time_us)
  if (stream_time_us + HORIZON_US > end_us) continue
  const features = featuresAt(memory, stream_time_us, MEMORY_US)
  const y = (midAt(stream_time_us + HORIZON_US) / midAt(stream_time_us) - 1) * 10_000
  rows.push({ time_us: stream_time_us, x: FEATURES.map((name) => features[name]), y })
}
if (rows.length === 0) throw new Error(`no signals with a mid ${HORIZON_US} us later`)

const cut = Math.floor((rows.length * 2) / 3)
const early = leastSquares(rows.slice(0, cut))
console.log('first two thirds, in sample ', JSON.stringify(quality(early, rows.slice(0, cut))))
console.log('last third, out of sample   ', JSON.stringify(quality(early, rows.slice(cut))))
const weights = leastSquares(rows).map((w) => Number(w.toFixed(3)))
console.log('all, in sample              ', JSON.stringify(quality(weights, rows)))
const per_bps = Number(slope(weights, rows).toFixed(3))
console.log(JSON.stringify({ weights: Object.fromEntries(FEATURES.map((name, i) => [name, weights[i]])), per_bps }))

if (modelFile !== undefined) {
  const model = JSON.parse(readFileSync(modelFile, 'utf8'))
  model.horizon_us = HORIZON_US
  model.limit_bps = LIMIT_BPS
  model.bias_bps = 0
  model.features = FEATURES.map((name, i) => ({ name, weight_bps: weights[i] }))
  model.up = { bias: 0, per_bps }
  writeFileSync(modelFile, `${JSON.stringify(model, undefined, 2)}\n`)
}
