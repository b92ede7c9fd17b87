import type { Clock } from './clock.ts'
import type { Engine } from './engine.ts'

export interface CommitterOptions {
  readonly engine: Engine
  readonly clock: Clock
  /** Wall time between two commits, milliseconds. */
  readonly interval_ms: number
  /** Records after which one is made even earlier. */
  readonly max_records: number
  /** Called when a commit is durable or has failed: whoever waits looks again. */
  readonly wake: () => void
}

/** Wall time between two rounds of retention, milliseconds. */
const TRIM_INTERVAL_MS = 1000

/** Bytes of an epoch beyond which it is committed whatever the interval: back-pressure begins here, memory stays bounded. */
const MAX_EPOCH_BYTES = 8 * 1024 * 1024

/**
 * When an engine commits: at the interval, or earlier when the epoch is full. One epoch is written while the next is
 * filled; a full epoch waits for the write.
 */
export class Committer {
  private readonly options: CommitterOptions
  private last_commit_ms: number
  private last_yield_ms = 0
  private last_trim_ms: number
  private trimming: Promise<unknown> | undefined
  private inflight: Promise<void> | undefined
  private failure: { readonly error: unknown } | undefined

  constructor(options: CommitterOptions) {
    this.options = options
    this.last_commit_ms = options.clock.now_ms()
    this.last_trim_ms = this.last_commit_ms
  }

  /** A commit is being written. */
  get busy(): boolean {
    return this.inflight !== undefined
  }

  /** Throws what ended the writing, if anything did. */
  check(): void {
    if (this.failure !== undefined) throw this.failure.error
  }

  /** Commits when the interval is over and the last write is done, or when the epoch is full; call it often. */
  poll(): Promise<void> | undefined {
    const { engine, clock, interval_ms, max_records } = this.options
    if (engine.pending >= max_records || engine.pending_bytes > MAX_EPOCH_BYTES) return this.now()
    const now_ms = clock.now_ms()
    if (now_ms - this.last_commit_ms < interval_ms) return undefined
    if (this.inflight === undefined) this.begin(now_ms)
    // The event loop is owed a turn: signals, the control socket, reads and the writer's answers.
    if (now_ms - this.last_yield_ms < interval_ms) return undefined
    this.last_yield_ms = now_ms
    return clock.wait(0)
  }

  /** Milliseconds until a commit is due, given what is pending; infinity if none is. */
  owed(now_ms: number, interval_ms: number): number {
    if (!this.options.engine.news || this.inflight !== undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, this.last_commit_ms + interval_ms - now_ms)
  }

  /** Commits at once, behind the write in flight. */
  async now(): Promise<void> {
    await this.settle()
    this.begin(this.options.clock.now_ms())
  }

  /** Begins a commit; none may be in flight. */
  begin(now_ms: number): void {
    this.last_commit_ms = now_ms
    if (now_ms - this.last_trim_ms > TRIM_INTERVAL_MS && this.trimming === undefined) this.trim(now_ms)
    const durable = this.options.engine.commit()
    if (durable === undefined) return
    const inflight: Promise<void> = durable.then(
      () => {
        if (this.inflight === inflight) this.inflight = undefined
        this.options.wake()
      },
      (error: unknown) => this.fail(error),
    )
    this.inflight = inflight
  }

  /** Waits for the write in flight. */
  async settle(): Promise<void> {
    while (this.inflight !== undefined && this.failure === undefined) await this.inflight
    this.check()
  }

  /** The last commit: everything durable, state as a snapshot. */
  async finish(): Promise<void> {
    await this.settle()
    await this.trimming
    const last = this.options.engine.commit(true)
    if (last !== undefined) await last
    this.check()
  }

  /** Retention works beside the commits; one round at a time. */
  private trim(now_ms: number): void {
    this.last_trim_ms = now_ms
    this.trimming = this.options.engine.trim().then(
      () => {
        this.trimming = undefined
      },
      (error: unknown) => this.fail(error),
    )
  }

  private fail(error: unknown): void {
    this.failure = { error }
    this.options.wake()
  }
}
