import { AppError, assert } from '../api/fault.ts'
import type { Json, RecordId } from '../api/record.ts'
import type { Source, SourceItem } from '../api/source.ts'
import { canonical } from '../state/canonical.ts'
import type { Clock } from './clock.ts'
import { Committer } from './committer.ts'
import type { Engine } from './engine.ts'
import type { SourceState } from './options.ts'
import { Pace } from './pace.ts'

/** A record from outside, for one of the sources beside the data's. */
export interface Order {
  readonly source: string
  readonly value: unknown
  /** Where what hands them in goes on behind it, journaled with it as the source's position. */
  readonly position: Json
  /** The record that led to it, if one did. */
  readonly cause?: RecordId
}

export interface RunOptions {
  readonly engine: Engine
  /** Data source by its name in the topology. */
  readonly feed: { readonly name: string; readonly source: Source }
  /** Stream time per wall time; infinity takes everything as fast as it comes. */
  readonly speed: number
  /** Ends after the last frame and the drain; else ticks go on until stopped. */
  readonly once: boolean
  readonly commit_interval_ms: number
  readonly commit_max_records: number
  readonly end_drain_ms: number
  readonly clock: Clock
  /** Set to true by whoever wants the run to stop; looked at between frames. */
  readonly stop: { requested: boolean }
  /** Spins instead of sleeping before a frame is due: exact pacing, a core busy. For measurements. */
  readonly spin?: boolean
}

interface FeedPosition {
  readonly identity: string
  readonly at: Json
  readonly stream_time_us: number
}

/** Commit intervals between two commits as fast as it goes: nobody waits for an order to be durable there. */
const UNPACED_INTERVALS = 4

/** Stream time worked off in one go where nothing arrives, microseconds. */
const STRIDE_US = 60_000_000

/**
 * Feeds an engine from its sources, paces it, and commits it.
 *
 * Back-pressure: one epoch is written while the next is filled; a full epoch waits for the write, and the source
 * behind it reads no further ahead than its bound.
 */
export class Run {
  private readonly options: RunOptions
  private readonly engine: Engine
  private readonly feed: SourceState
  private readonly feed_index: number
  private readonly orders: (Order & { readonly done: () => void; readonly failed: (error: unknown) => void })[] = []
  private readonly identity: string
  private readonly committer: Committer
  private ahead: SourceItem | undefined
  /** What ended the source before its end: damaged data. What it delivered is kept. */
  private source_failure: { readonly error: unknown } | undefined
  private readonly pace: Pace
  /** When the last wait ended: a frame that was due meanwhile is taken no earlier, milliseconds. */
  private woke_ms = 0
  private wake: (() => void) | undefined
  /** Frames ingested by this run. */
  frames = 0

  constructor(options: RunOptions) {
    this.options = options
    this.engine = options.engine
    this.feed_index = this.engine.sources.findIndex((source) => source.planned.name === options.feed.name)
    const feed = this.engine.sources[this.feed_index]
    assert(feed !== undefined, `the topology has no source ${options.feed.name}`)
    this.feed = feed
    this.identity = canonical(options.feed.source.identity)
    this.pace = new Pace(options.clock, options.speed)
    this.committer = new Committer({
      engine: options.engine,
      clock: options.clock,
      interval_ms: options.commit_interval_ms * (this.pace.paced || this.live ? 1 : UNPACED_INTERVALS),
      max_records: options.commit_max_records,
      wake: () => this.wake?.(),
    })
  }

  /** Hands in an operator's order for the source `control`. */
  control(value: unknown): Promise<void> {
    return this.order({ source: 'control', value, position: null })
  }

  /** Hands in a record from outside; resolves when it is durable. An AppError `NO_SOURCE` (exit 2) without its source. */
  order(order: Order): Promise<void> {
    return new Promise((done, failed) => {
      this.orders.push({ ...order, done, failed })
      this.wake?.()
    })
  }

  /** Ends a wait, so that a stop is seen at once. */
  nudge(): void {
    this.wake?.()
  }

  /**
   * Runs to the end, or until stopped; everything is durable and snapshot when it resolves. Rejects with an AppError
   * `SOURCE_MISMATCH` (exit 2) before anything is written if the directory holds another source's records, else with
   * what stopped the engine or the source; what was delivered until then is kept.
   */
  async run(): Promise<void> {
    const { engine, options } = this
    const { position } = this
    if (position !== undefined && position.identity !== this.identity) {
      throw new AppError('SOURCE_MISMATCH', 'this directory was written from another source', {
        exit_code: 2,
        hint: `it holds ${position.identity}; start on another --data directory, or with the same source`,
      })
    }
    this.declareInstruments()
    await options.feed.source.open(position?.at)
    try {
      await this.loop()
      if (options.once && !options.stop.requested && this.source_failure === undefined) {
        await this.drain()
        if (!options.stop.requested) engine.end()
      }
    } finally {
      await options.feed.source.close()
    }
    await this.committer.finish()
    if (this.source_failure !== undefined) throw this.source_failure.error
  }

  private async loop(): Promise<void> {
    const { options, engine, pace } = this
    const { clock, stop } = options
    const { paced } = pace
    while (!stop.requested) {
      this.committer.check()
      this.ahead ??= options.feed.source.take()
      const item = this.ahead
      // All that wait: nobody would wake the run for the second of two.
      while (this.orders.length > 0) {
        const wait = this.takeOrder(item)
        if (wait === undefined) break
        await wait
      }
      if (item === undefined) {
        if (options.feed.source.done) {
          if (options.once) return
          await this.idle(undefined)
        } else await this.starve()
        if (this.source_failure !== undefined) return
        continue
      }
      let arrived_ms: number
      if (paced) {
        const due_ms = pace.dueAt(item.stream_time_us)
        const now_ms = clock.now_ms()
        if (due_ms > now_ms) {
          await this.idle(item)
          continue
        }
        arrived_ms = Math.max(due_ms, options.spin === true ? 0 : this.woke_ms)
      } else arrived_ms = clock.now_ms()
      if (this.isFar(item)) {
        await this.stride()
        continue
      }
      this.ahead = undefined
      // A control record may have taken the frame's instant while the source had nothing: the frame gets the next one.
      const at_us = Math.max(item.stream_time_us, engine.now_us + 1)
      for (let wait = engine.prepare(at_us); wait !== undefined; wait = engine.prepare(at_us)) await wait
      const at = { identity: this.identity, at: item.position, stream_time_us: at_us }
      engine.ingest(this.feed_index, item.value, at_us, at, arrived_ms)
      this.frames++
      const after = engine.advanceSync(at_us)
      if (after !== undefined) await this.advance(after, at_us)
      const check = this.committer.poll()
      if (check !== undefined) await check
    }
  }

  /** Whether so much may fall due before the item that commits, controls and a stop must not wait for all of it. */
  private isFar({ stream_time_us }: SourceItem): boolean {
    const { engine } = this
    return stream_time_us - engine.now_us > STRIDE_US && engine.scheduler.next() < stream_time_us - STRIDE_US
  }

  /** Works off a part of what falls due in a long silence, and lets everything else have its turn. */
  private async stride(): Promise<void> {
    const { engine } = this
    await engine.advance(Math.max(engine.now_us, engine.scheduler.next()) + STRIDE_US)
    await this.committer.poll()
  }

  /** Waits for an effect, then goes on to `limit_us`. */
  private async advance(wait: Promise<void>, limit_us: number): Promise<void> {
    await wait
    await this.engine.advance(limit_us)
  }

  /** Ticks go on after the last frame, so that what is due by the end of the drain happens. */
  private async drain(): Promise<void> {
    const end_us = this.endOfDrain()
    if (end_us === undefined) return
    if (this.pace.paced) {
      while (!this.options.stop.requested && this.pace.now(this.engine.now_us) < end_us) await this.idle(undefined)
      if (this.options.stop.requested) return
    }
    await this.engine.advance(end_us)
  }

  /** Whether stream time is that of the world, which goes on by itself. */
  private get live(): boolean {
    return this.options.feed.source.passed_us !== undefined
  }

  /** Where the feed stands: what the last frame ingested or recovered carried. */
  private get position(): FeedPosition | undefined {
    return this.feed.position as unknown as FeedPosition | undefined
  }

  /** Stream time at which the drain is over, microseconds; undefined before the first frame. */
  private endOfDrain(): number | undefined {
    const { position } = this
    return position === undefined ? undefined : position.stream_time_us + this.options.end_drain_ms * 1000
  }

  /** The source has nothing ready: commit what there is, then wait for it; where it is live, timers go on. */
  private async starve(): Promise<void> {
    const { clock, feed } = this.options
    const delay_ms = this.live ? await this.tick() : Number.POSITIVE_INFINITY
    const now_ms = clock.now_ms()
    if (this.committer.owed(now_ms, 0) === 0) this.committer.begin(now_ms)
    try {
      const ready = feed.source.ready()
      await this.sleep(delay_ms === Number.POSITIVE_INFINITY ? ready : Promise.race([ready, clock.wait(delay_ms)]))
    } catch (error) {
      this.source_failure = { error }
    }
    this.woke_ms = this.options.clock.now_ms()
  }

  /** Works off what fell due in a live source's silence; milliseconds until to look again. */
  private async tick(): Promise<number> {
    const { engine, options } = this
    engine.catchUp()
    const passed_us = options.feed.source.passed_us?.() ?? 0
    // Before the first frame nothing can be due, and the way from stream time 0 to today is long.
    if (this.position === undefined) return 100
    const limit_us = Math.min(passed_us, Math.max(engine.now_us, engine.scheduler.next()) + STRIDE_US)
    if (limit_us > engine.now_us) await engine.advance(limit_us)
    if (limit_us < passed_us) return 0
    return Math.min(100, Math.max(1, (engine.scheduler.next() - passed_us) / 1_000))
  }

  /** Nothing is due yet: tick, commit, and sleep until `next` is due or something happens. */
  private async idle(next: SourceItem | undefined): Promise<void> {
    const { engine, options, pace } = this
    const now_ms = options.clock.now_ms()
    // What was put off until the commit is done now, while nobody waits: a commit then holds up fewer frames.
    engine.catchUp()
    const last_us = next === undefined ? (this.endOfDrain() ?? 0) : next.stream_time_us - 1
    const tick_us = Math.min(pace.now(engine.now_us), last_us)
    if (tick_us > engine.now_us) await engine.advance(tick_us)
    const { commit_interval_ms } = options
    if (this.committer.owed(now_ms, commit_interval_ms) === 0) this.committer.begin(now_ms)
    const due_ms = next === undefined ? Number.POSITIVE_INFINITY : pace.dueAt(next.stream_time_us) - now_ms
    const timer_ms = (engine.scheduler.next() - tick_us) / (1000 * Math.min(pace.speed, 1e6))
    const commit_ms = this.committer.owed(now_ms, commit_interval_ms)
    const delay_ms = Math.min(due_ms, Math.max(timer_ms, 1), commit_ms, 100)
    // A turn of the event loop needs no waking, and spinning must not make garbage.
    if (options.spin === true || delay_ms < 1) await options.clock.wait(0)
    else await this.sleep(options.clock.wait(delay_ms))
    this.woke_ms = options.clock.now_ms()
  }

  private async sleep(until: Promise<void>): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.wake = resolve
    })
    await Promise.race([until, woken])
    this.wake = undefined
  }

  /** Writes waiting records from outside just above the frontier, each at an instant of its own. */
  private takeOrder(next: SourceItem | undefined): Promise<void> | undefined {
    const { engine } = this
    const at_us = engine.now_us + 1
    if (next !== undefined && next.stream_time_us <= at_us) return undefined // No instant is free: the frame goes first.
    const order = this.orders.shift()
    if (order === undefined) return undefined
    const index = engine.sources.findIndex((source) => source.planned.name === order.source)
    if (index < 0) {
      const message = `this topology has no source named ${order.source}`
      order.failed(new AppError('NO_SOURCE', message, { exit_code: 2 }))
      return undefined
    }
    return (async () => {
      for (let wait = engine.prepare(at_us); wait !== undefined; wait = engine.prepare(at_us)) await wait
      engine.ingest(index, order.value, at_us, order.position, Number.NaN, order.cause)
      await engine.advance(at_us)
      await this.committer.now()
      await this.committer.settle()
      order.done()
    })()
  }

  /** The topology's instruments, once per directory, at stream time 0. */
  private declareInstruments(): void {
    const { engine } = this
    const index = engine.sources.findIndex((source) => source.planned.name === 'topology')
    const source = engine.sources[index]
    if (source === undefined || source.entries > 0) return
    for (const instrument of engine.plan.topology.instruments) {
      const value = { ...instrument, tradable: true, origin: 'TOPOLOGY' }
      engine.ingest(index, value, 0, { declared: engine.plan.topology.instruments.length }, Number.NaN)
    }
    const wait = engine.advanceSync(0)
    assert(wait === undefined, 'a declared instrument waits for an effect')
  }
}
