import { ASSETS } from './instruments.ts'
import { type Keyed, streamOf } from './keyed.ts'
import type { MoodParameters } from './table.ts'
import { crashAt, regimeAt, STEPS_PER_S } from './timetable.ts'

/** The fair price of every asset, by the factor model that `instruments.ts` states. Whole millionths at every step. */

const MARKET = streamOf('market')
const JUMPS = streamOf('jumps')
const OWN = ASSETS.map(({ name }) => streamOf(`asset ${name}`))
const PPB = 1_000_000_000
const PPB_PER_BPS = 100_000
const REVERSION_PER_STEP = 1 / 3_600 / STEPS_PER_S

export interface StepWeather {
  /** Order arrivals, times the calm ones. */
  readonly intensity: number
  /** Share of the usual sizes that makers show, 0 to 1. */
  readonly liquidity: number
}

export class FairPrices {
  readonly #params: MoodParameters
  readonly #keyed: Keyed
  /** By asset, in the order of `ASSETS`. */
  readonly micro: number[]

  constructor(params: MoodParameters, keyed: Keyed, micro: readonly number[]) {
    this.#params = params
    this.#keyed = keyed
    this.micro = [...micro]
  }

  /** Moves all of them by one step. */
  step(step: number): StepWeather {
    const keyed = this.#keyed
    const { deviation_ppb, drift_ppb, intensity } = regimeAt(step, this.#params, keyed)
    const crash = crashAt(step, this.#params, keyed)
    const noise_ppb = deviation_ppb * keyed.at(MARKET, step).bell()
    const market_ppb = drift_ppb + noise_ppb + this.#jump(step) + crash.move_ppb
    for (const [index, { start_micro, beta, own_percent }] of ASSETS.entries()) {
      const own_ppb = ((deviation_ppb * own_percent) / 100) * keyed.at(OWN[index]!, step).bell()
      const fair = this.micro[index]!
      const change = (fair * (beta * market_ppb + own_ppb)) / PPB + (start_micro - fair) * REVERSION_PER_STEP
      this.micro[index] = Math.round(fair + change)
    }
    return { intensity: crash.liquidity < 1 ? Math.max(intensity, 2) : intensity, liquidity: crash.liquidity }
  }

  #jump(step: number): number {
    const { jumps_per_hour, jump_bps } = this.#params
    const draws = this.#keyed.at(JUMPS, step)
    if (draws.uniform() >= jumps_per_hour / 3_600 / STEPS_PER_S) return 0
    const size_ppb = jump_bps * PPB_PER_BPS * (0.5 + draws.uniform())
    return draws.uniform() < 0.5 ? -size_ppb : size_ppb
  }
}
