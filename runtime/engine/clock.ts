/** The process's clock and timers, replaceable: commits, pacing and latencies use it, results never do. */
export interface Clock {
  /** Monotone milliseconds. */
  now_ms(): number
  /** Resolves after about `delay_ms`; 0 is one turn of the event loop. */
  wait(delay_ms: number): Promise<void>
}
