/** State of the estimator: the last sampled mid (twice the mid, so that it is an integer) and its stream time. */
export interface Volatility {
  mid2: number
  time_us: number
  /** Average squared return per sample interval, basis points squared. */
  variance: number
  samples: number
}

export function noVolatility(): Volatility {
  return { mid2: 0, time_us: 0, variance: 0, samples: 0 }
}

/**
 * Takes a mid every `sample_us` of stream time: `r = (mid - last) / last * 10000`, and averages `r * r`, scaled from
 * the time that really passed to one interval. The first `n` count equally, later ones with `2 / (n + 1)`.
 * Warm-up: `n` samples. No log: the returns are of basis points.
 */
export function sample(v: Volatility, mid2: number, time_us: number, sample_us: number, n: number): void {
  const passed = time_us - v.time_us
  if (v.mid2 > 0 && passed < sample_us) return
  if (v.mid2 > 0) {
    const r = ((mid2 - v.mid2) / v.mid2) * 10_000
    const square = (r * r * sample_us) / passed
    v.samples = Math.min(v.samples + 1, n + 1)
    const share = v.samples <= n ? 1 / v.samples : 2 / (n + 1)
    v.variance += (square - v.variance) * share
  }
  v.mid2 = mid2
  v.time_us = time_us
}

/** Volatility per sample interval in basis points; `undefined` while warming up. */
export function volatilityBps(v: Volatility, n: number): number | undefined {
  return v.samples >= n ? Math.sqrt(v.variance) : undefined
}
