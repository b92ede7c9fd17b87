import { openingFlow } from '../order-flow.ts'
import { type CleanFrame, Exchange, type ExchangeSummary } from './exchange.ts'
import { FairPrices } from './fair-prices.ts'
import { ASSETS, MOOD_INSTRUMENTS, type MoodVenue } from './instruments.ts'
import type { Keyed } from './keyed.ts'
import type { MoodParameters } from './table.ts'
import { isHalted, STEP_US } from './timetable.ts'

/**
 * The venues as they are: one factor model, the instruments at their venues, and what they send while nothing goes wrong
 * on the way. Runs in steps of 100 ms; whoever takes a step finds the true books as they stand at its end.
 *
 * A run is cut into epochs, each beginning with books drawn anew from a few numbers, so that a position is small. A
 * subscriber sees no seam: the venue's makers renew their quotes in one ordinary update.
 */

/** 2026-01-05T00:00:00Z, as in the market that `up` shows by default. */
export const START_US = 1_767_571_200_000_000
const EPOCH_STEPS = 200

export type MarketSummary = {
  readonly step: number
  readonly fair_micro: readonly number[]
  readonly exchanges: readonly ExchangeSummary[]
}

/** One instrument's part of a step. */
export interface StepFrames {
  readonly exchange: Exchange
  readonly frames: readonly CleanFrame[]
}

export function openingMarket(venues: readonly MoodVenue[]): MarketSummary {
  return {
    step: 0,
    fair_micro: ASSETS.map(({ start_micro }) => start_micro),
    exchanges: MOOD_INSTRUMENTS.filter(({ venue }) => venues.includes(venue)).map(({ profile }) => ({
      flow: openingFlow(profile, START_US),
      basis_ppb: 0,
      flushed_id: profile.update_id,
      opened: false,
    })),
  }
}

export class CleanMarket {
  readonly exchanges: readonly Exchange[]
  readonly #params: MoodParameters
  readonly #keyed: Keyed
  readonly #fair: FairPrices
  /** The step that `advance` takes next. */
  step: number
  #epoch_step: number

  constructor(params: MoodParameters, keyed: Keyed, venues: readonly MoodVenue[], summary: MarketSummary) {
    this.#params = params
    this.#keyed = keyed
    this.step = summary.step
    this.#epoch_step = summary.step
    this.#fair = new FairPrices(params, keyed, summary.fair_micro)
    const instruments = MOOD_INSTRUMENTS.filter(({ venue }) => venues.includes(venue))
    this.exchanges = instruments.map(
      (instrument, index) => new Exchange(instrument, summary.exchanges[index]!, summary.step, keyed),
    )
  }

  /** Venue time at which the next step begins. */
  get time_us(): number {
    return START_US + this.step * STEP_US
  }

  /** Whether the step that was taken last ended an epoch: `summary` then tells all that is to come. */
  get epoch_ended(): boolean {
    return this.step === this.#epoch_step
  }

  summary(): MarketSummary {
    return {
      step: this.step,
      fair_micro: [...this.#fair.micro],
      exchanges: this.exchanges.map((exchange) => exchange.summary()),
    }
  }

  halted(venue: MoodVenue): boolean {
    return isHalted(venue, this.step, this.#params, this.#keyed)
  }

  /** What every venue sends in the next step. */
  advance(): StepFrames[] {
    const { step, time_us } = this
    const weather = this.#fair.step(step)
    const halted = new Set(this.exchanges.map(({ instrument }) => instrument.venue).filter((one) => this.halted(one)))
    // A venue that stands still cannot renew its quotes: the epoch then ends when it is back.
    const renew = step + 1 - this.#epoch_step >= EPOCH_STEPS && halted.size === 0
    this.step += 1
    if (renew) this.#epoch_step = this.step
    return this.exchanges.map((exchange) => ({
      exchange,
      frames: halted.has(exchange.instrument.venue)
        ? []
        : exchange.step(step, time_us, this.#fair.micro, weather, renew),
    }))
  }
}
