import type { Keyed } from './keyed.ts'
import { streamOf } from './keyed.ts'
import type { MoodParameters } from './table.ts'

/**
 * What happens when: regimes, crashes, halts, silences, restarts. Each is a function of the seed and of the step, so that
 * nothing of it has to be remembered, and a run that is resumed finds the same.
 *
 * A step is 100 ms of the venue's time, the interval of its depth updates.
 */
export const STEPS_PER_S = 10
export const STEP_US = 1_000_000 / STEPS_PER_S

/** Of the whole market: drift and standard deviation per step in parts per billion, order arrivals times the calm ones. */
export interface Regime {
  readonly kind: 'calm' | 'trending' | 'volatile'
  readonly drift_ppb: number
  readonly deviation_ppb: number
  readonly intensity: number
}

const REGIME_STEPS = 4 * STEPS_PER_S
const CALM: Regime = { kind: 'calm', drift_ppb: 0, deviation_ppb: 19_000, intensity: 1 }
const TREND_PPB = 20_000
const VOLATILE: Regime = { kind: 'volatile', drift_ppb: 0, deviation_ppb: 120_000, intensity: 3 }

const REGIMES = streamOf('regimes')

export function regimeAt(step: number, params: MoodParameters, keyed: Keyed): Regime {
  const chance = keyed.at(REGIMES, Math.floor(step / REGIME_STEPS)).integer(1_000)
  if (chance < params.volatile_share) return VOLATILE
  if (chance >= params.volatile_share + params.trending_share) return CALM
  const drift_ppb = keyed.uniform() < 0.5 ? -TREND_PPB : TREND_PPB
  return { kind: 'trending', drift_ppb, deviation_ppb: 25_000, intensity: 1.5 }
}

/** Steps since the last beginning of what happens once in `every_s`; undefined before the first one, and where it is 0. */
export function stepsSince(step: number, stream: number, every_s: number, keyed: Keyed): number | undefined {
  if (every_s === 0) return undefined
  const every = every_s * STEPS_PER_S
  for (let round = Math.floor(step / every); round >= 0; round -= 1) {
    // Within the middle half of its round: neither at the start of a run, nor twice in short order.
    const begin = round * every + Math.floor(every * (0.25 + 0.5 * keyed.at(stream, round).uniform()))
    if (begin <= step) return step - begin
  }
  return undefined
}

/** Whether what begins once in `every_s` and lasts `length_ms` is going on. */
export function isWithin(step: number, stream: number, every_s: number, length_ms: number, keyed: Keyed): boolean {
  const since = stepsSince(step, stream, every_s, keyed)
  return since !== undefined && since * STEP_US < length_ms * 1_000
}

export function isHalted(venue: string, step: number, params: MoodParameters, keyed: Keyed): boolean {
  return isWithin(step, streamOf(`halts ${venue}`), params.halt_every_s, params.halt_ms, keyed)
}

const CRASHES = streamOf('crashes')
const FALL_STEPS = 5
/** The bottom, before prices come back. */
const TROUGH_STEPS = 10

/** What a crash does in a step: how the market moves, parts per billion, and the share of makers' quotes, 0 to 1. */
export function crashAt(step: number, params: MoodParameters, keyed: Keyed): { move_ppb: number; liquidity: number } {
  const since = stepsSince(step, CRASHES, params.crash_every_s, keyed)
  if (since === undefined) return { move_ppb: 0, liquidity: 1 }
  const { recovered_percent, recovery_s, rest_s } = params
  const least = params.liquidity_percent / 100
  const fall_ppb = params.fall_bps * 100_000
  if (since < FALL_STEPS) return { move_ppb: -fall_ppb / FALL_STEPS, liquidity: least }
  const back = since - FALL_STEPS - TROUGH_STEPS
  if (back < 0) return { move_ppb: 0, liquidity: least }
  const recovery_steps = recovery_s * STEPS_PER_S
  if (back >= recovery_steps) {
    // Else one crash after another would take the price down for good.
    const rest_ppb = (fall_ppb * (100 - recovered_percent)) / 100
    const rest_steps = rest_s * STEPS_PER_S
    return { move_ppb: back < recovery_steps + rest_steps ? rest_ppb / rest_steps : 0, liquidity: 1 }
  }
  const move_ppb = (fall_ppb * recovered_percent) / 100 / recovery_steps
  return { move_ppb, liquidity: least + (1 - least) * (back / recovery_steps) }
}
