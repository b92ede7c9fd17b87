import { type Json, keep, type RecordId, type Step } from '../../runtime/api/index.ts'
import type { Nbbo } from '../../schemas/generated/index.ts'
import { noVolatility, type Volatility } from './volatility.ts'

/** Patterns that have a direction, in the order of the factors. */
export const PATTERNS = ['breakout', 'momentum', 'mean_reversion', 'book_pressure', 'volume_surge'] as const
export type PatternName = (typeof PATTERNS)[number]

/** A signal as remembered: `direction * strength` and where it came from. */
export interface Remembered {
  readonly id: RecordId
  readonly value: number
  readonly time_us: number
}

export interface Forecast {
  readonly id: RecordId
  readonly expected_return_bps: number
  readonly expires_at_us: number
}

/** The open position, of one instrument: this strategy trades a symbol on one venue at a time. */
export interface Held {
  readonly id: RecordId
  readonly instrument_id: string
  /** Signed, in qty_scale; never 0. */
  readonly qty: number
}

/** What the strategy knows of one symbol. Mutable and owned by the processor; all times are stream time. */
export class SymbolState {
  /** The step that changes nothing outside, made once: most records end in it. */
  readonly kept: Step<SymbolState, never>
  /** Decisions so far. */
  count = 0
  last_decision_us = 0
  nbbo: Nbbo | null = null
  /** Producer and sequence of the NBBO; its id is only spelled out when a decision needs it. */
  nbbo_producer = ''
  nbbo_seq = 0
  nbbo_us = 0
  signals: Partial<Record<PatternName, Remembered>> = {}
  forecast: Forecast | null = null
  held: Held | null = null
  /** The holding time is over, and an exit waits for the next NBBO. */
  exit_waits = false
  readonly volatility: Volatility = noVolatility()

  constructor() {
    this.kept = keep<SymbolState>(this)
  }

  snapshot(): Json {
    const { count, last_decision_us, nbbo, nbbo_producer, nbbo_seq, nbbo_us, signals, forecast, held, exit_waits } =
      this
    return {
      count,
      last_decision_us,
      nbbo: nbbo === null ? null : { ...nbbo },
      nbbo_producer,
      nbbo_seq,
      nbbo_us,
      signals: { ...signals } as Json,
      forecast: forecast as Json,
      held: held as Json,
      exit_waits,
      volatility: { ...this.volatility },
    }
  }

  static restore(json: Json): SymbolState {
    const { volatility, ...plain } = json as unknown as SymbolState
    const state = new SymbolState()
    Object.assign(state, plain)
    Object.assign(state.volatility, volatility)
    return state
  }
}
