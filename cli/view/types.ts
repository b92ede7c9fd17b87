/** What a running `aitrader up` shows. Plain data: who fills it in knows the run, the view knows none of it. */
export interface Snapshot {
  /** Since this process started, milliseconds. */
  readonly elapsed_ms: number
  /** Latest stream time, microseconds since the epoch; null before the first record. */
  readonly stream_time_us: number | null
  /** How far a replay is, in whatever unit both have; null where there is no end. */
  readonly progress: Progress | null
  /** In words: `simulated market, seed 1`. */
  readonly source: string
  readonly trading_state: string
  readonly rates: readonly Rate[]
  readonly latency_us: { readonly frame_to_signal: Latency | null; readonly frame_to_order: Latency | null }
  readonly positions: readonly PositionLine[]
  /** Profit and loss of all positions after fees, a decimal with its currency; empty while there is none. */
  readonly pnl_total: string
  readonly faults: number
  readonly gaps: number
  /** What else there is to say; empty for nothing. */
  readonly note: string
}

export interface Progress {
  readonly done: number
  readonly total: number
}

export interface Rate {
  /** As a trader says it: `frames`, `orders`. */
  readonly label: string
  readonly total: number
  readonly per_s: number
}

/** Microseconds. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Numbers are decimal texts: `-0.012`. Amounts of money may be rounded for the eye. */
export interface PositionLine {
  readonly account: string
  readonly symbol: string
  readonly qty: string
  readonly avg_px: string
  readonly realized: string
  readonly unrealized: string
  readonly fees: string
}
