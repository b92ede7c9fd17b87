/** What the scheduler drives: a task, or what stands in for one in a replay. */
export interface Runnable {
  /** Does everything up to `limit_us`; a promise if something has to be waited for (call again when it resolves). */
  run(limit_us: number): Promise<void> | undefined
  /** Stream time of the next thing to do, or infinity. */
  nextDue(): number
}

/**
 * The order of everything in one process: instant by instant of stream time, and within an instant task by task in
 * topological order.
 *
 * Every channel's frontier is the instant in hand, so a record is released the moment it is made and the merge order
 * (time, topic, producer, sequence) holds by construction. What lies ahead (timers, answers of effects, records on
 * feedback edges) is one number per task: when to look at it again.
 */
export class Scheduler {
  private readonly tasks: readonly Runnable[]
  private readonly wake_us: Float64Array
  private readonly ready: Uint8Array
  private ready_count = 0
  /** The instant in hand: everything before it is done. */
  now_us = 0

  constructor(tasks: readonly Runnable[]) {
    this.tasks = tasks
    this.wake_us = new Float64Array(tasks.length).fill(Number.POSITIVE_INFINITY)
    this.ready = new Uint8Array(tasks.length)
  }

  /** Something for `task` may be done at `at_us`. */
  wake(task: number, at_us: number): void {
    if (at_us <= this.now_us) this.makeReady(task)
    else if (at_us < (this.wake_us[task] as number)) this.wake_us[task] = at_us
  }

  /** Stream time of the next instant that has work, or infinity. */
  next(): number {
    let next = Number.POSITIVE_INFINITY
    const wake = this.wake_us
    for (let i = 0; i < wake.length; i++) if ((wake[i] as number) < next) next = wake[i] as number
    return next
  }

  /** True in the middle of an instant that waits for an effect. */
  get waiting(): boolean {
    return this.ready_count > 0
  }

  /** Works off every instant up to `limit_us`; a promise if an effect has to be waited for (then call again). */
  advance(limit_us: number): Promise<void> | undefined {
    for (;;) {
      if (this.ready_count > 0) {
        const wait = this.instant()
        if (wait !== undefined) return wait
      }
      const next = this.next()
      if (next > limit_us) break
      this.enter(next)
    }
    if (limit_us > this.now_us) this.now_us = limit_us
    return undefined
  }

  /** Begins the instant `at_us`; whatever is due by then becomes ready. Deliver its records, then `advance`. */
  enter(at_us: number): void {
    if (at_us > this.now_us) this.now_us = at_us
    const wake = this.wake_us
    for (let i = 0; i < wake.length; i++) {
      if ((wake[i] as number) <= this.now_us) this.makeReady(i)
    }
  }

  private makeReady(task: number): void {
    if (this.ready[task] === 1) return
    this.ready[task] = 1
    this.ready_count++
    this.wake_us[task] = Number.POSITIVE_INFINITY
  }

  private instant(): Promise<void> | undefined {
    const ready = this.ready
    for (let i = 0; i < ready.length && this.ready_count > 0; i++) {
      if (ready[i] === 0) continue
      const task = this.tasks[i] as Runnable
      const wait = task.run(this.now_us)
      if (wait !== undefined) return wait
      ready[i] = 0
      this.ready_count--
      const due = task.nextDue()
      if (due < (this.wake_us[i] as number)) this.wake_us[i] = due
    }
    return undefined
  }
}
