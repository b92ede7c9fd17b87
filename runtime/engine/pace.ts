/**
 * Stream time against the wall clock: when a record is due, and where stream time stands.
 *
 * The two are tied together at the first question, at the stream time that it names. Results never depend on it.
 */
export class Pace {
  /** Stream time per wall time; infinite if nobody waits for the clock. */
  readonly speed: number
  private readonly clock: { now_ms(): number }
  private start: { readonly wall_ms: number; readonly stream_us: number } | undefined

  constructor(clock: { now_ms(): number }, speed: number) {
    this.clock = clock
    this.speed = speed
  }

  get paced(): boolean {
    return Number.isFinite(this.speed)
  }

  /** When stream time `at_us` is due, milliseconds of the clock. */
  dueAt(at_us: number): number {
    const { wall_ms, stream_us } = this.begun(at_us)
    return wall_ms + (at_us - stream_us) / (1000 * this.speed)
  }

  /** Where stream time stands, microseconds; infinity if not paced. It is `from_us` if nothing was asked before. */
  now(from_us: number): number {
    if (!this.paced) return Number.POSITIVE_INFINITY
    const { wall_ms, stream_us } = this.begun(from_us)
    return Math.floor(stream_us + (this.clock.now_ms() - wall_ms) * 1000 * this.speed)
  }

  private begun(stream_us: number): { readonly wall_ms: number; readonly stream_us: number } {
    this.start ??= { wall_ms: this.clock.now_ms(), stream_us }
    return this.start
  }
}
