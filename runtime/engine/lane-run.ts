import type { Reader } from '../api/broker.ts'
import { takesAsTheyCome } from '../plan/lanes.ts'
import { producerNumbers } from '../plan/plan.ts'
import { Arrivals } from './arrivals.ts'
import type { Clock } from './clock.ts'
import { Committer } from './committer.ts'
import type { Engine } from './engine.ts'
import type { Envelope } from './envelope.ts'
import { Feed, type Standing } from './feed.ts'
import type { LaneOptions } from './frontiers.ts'
import { Marks } from './marks.ts'
import type { WriterCodecs } from './options.ts'

export interface LaneRunOptions {
  readonly engine: Engine
  readonly broker: Reader
  readonly lane: LaneOptions
  readonly codecs?: WriterCodecs | undefined
  /** Ends when every lane that it reads has ended; else it goes on until stopped. */
  readonly once: boolean
  readonly commit_interval_ms: number
  readonly commit_max_records: number
  readonly clock: Clock
  /** Set to true by whoever wants the run to stop; looked at between instants. */
  readonly stop: { requested: boolean }
}

/** Stream time worked off in one go where nothing arrives, microseconds. */
const STRIDE_US = 60_000_000

/** Instants between two looks at what has arrived, while there is work. */
const INSTANTS_PER_PUMP = 512

/** A lane without sources: it takes what other lanes wrote, in merge order, and passes stream time as they do. */
export class LaneRun {
  private readonly options: LaneRunOptions
  private readonly committer: Committer
  private wake: (() => void) | undefined
  private input: { standing(): Standing[] } | undefined

  constructor(options: LaneRunOptions) {
    this.options = options
    this.committer = new Committer({
      engine: options.engine,
      clock: options.clock,
      interval_ms: options.commit_interval_ms,
      max_records: options.commit_max_records,
      wake: () => this.wake?.(),
    })
  }

  /** Ends a wait, so that a stop is seen at once. */
  nudge(): void {
    this.wake?.()
  }

  /** How far each partition that other lanes write was read; nothing before the run has begun. */
  standing(): readonly Standing[] {
    return this.input?.standing() ?? []
  }

  /** Runs to the end, or until stopped; everything is durable and snapshot when it resolves. */
  async run(): Promise<void> {
    if (takesAsTheyCome(this.options.lane.lane)) return this.runArrivals()
    const { engine, broker, lane, codecs, stop } = this.options
    const producers = producerNumbers(engine.plan)
    const { plan: lanes, mark } = lane
    const feed = await Feed.open({ broker, lanes, mark, producers, codecs, partitions: engine.outsideFeed })
    this.input = feed
    try {
      while (!stop.requested) {
        this.committer.check()
        feed.pump()
        const worked = await this.work(feed)
        if (worked) continue
        if (this.options.once && feed.ended) {
          engine.end()
          break
        }
        await this.idle(feed.ready())
      }
    } finally {
      await feed.close()
    }
    await this.committer.finish()
  }

  /** Takes records as they come. A batch is one instant: its records are behind everything that was committed. */
  private async runArrivals(): Promise<void> {
    const { engine, broker, codecs, stop } = this.options
    const producers = producerNumbers(engine.plan)
    const arrivals = new Arrivals({ broker, producers, codecs, partitions: engine.outsideArrivals })
    this.input = arrivals
    const { plan: lanes, mark } = this.options.lane
    const writers = engine.outsideFeed.flatMap(({ topic, partition }) => lanes.writers(topic, partition))
    const marks = new Marks(broker, mark, [...new Set(writers)])
    const held: Envelope[] = []
    try {
      while (!stop.requested) {
        this.committer.check()
        held.length = 0
        if (!arrivals.take((envelope) => held.push(envelope))) {
          marks.pump()
          if (this.options.once && writers.length > 0 && marks.ended && (await arrivals.drained())) {
            await this.stride(marks.frontier_us)
            engine.end()
            break
          }
          await this.idle(Promise.race([arrivals.ready(), marks.ready()]))
          continue
        }
        const first_us = engine.now_us + 1
        let at_us = first_us
        for (const { stream_time_us } of held) if (stream_time_us > at_us) at_us = stream_time_us
        // Timers that fall due between two records of the batch fire between them: nothing is passed beforehand.
        for (let wait = engine.prepare(first_us); wait !== undefined; wait = engine.prepare(first_us)) await wait
        engine.scheduler.enter(at_us)
        for (const envelope of held) engine.receive(envelope)
        await engine.advance(at_us)
        const commit = this.committer.poll()
        if (commit !== undefined) await commit
      }
    } finally {
      await arrivals.close()
      await marks.close()
    }
    await this.committer.finish()
  }

  /** Works off what has arrived and may be released; whether there was anything. */
  private async work(feed: Feed): Promise<boolean> {
    const { engine, stop } = this.options
    const { frontier_us } = feed
    let instants = 0
    for (; instants < INSTANTS_PER_PUMP && !stop.requested; instants++) {
      const at_us = feed.next_us
      if (at_us > frontier_us) break
      if (at_us - engine.now_us > STRIDE_US) await this.stride(at_us - 1)
      for (let wait = engine.prepare(at_us); wait !== undefined; wait = engine.prepare(at_us)) await wait
      engine.scheduler.enter(at_us)
      feed.release(at_us, (envelope) => engine.receive(envelope))
      const wait = engine.advanceSync(at_us)
      if (wait !== undefined) {
        await wait
        await engine.advance(at_us)
      }
      const commit = this.committer.poll()
      if (commit !== undefined) await commit
    }
    if (instants > 0) return true
    if (frontier_us <= engine.now_us || frontier_us === Number.POSITIVE_INFINITY) return false
    await this.stride(frontier_us)
    return true
  }

  /** Passes a silence in pieces, so that commits and a stop have their turn. */
  private async stride(to_us: number): Promise<void> {
    const { engine, stop } = this.options
    while (engine.now_us < to_us && !stop.requested) {
      await engine.advance(Math.min(to_us, Math.max(engine.now_us, engine.scheduler.next()) + STRIDE_US))
      const commit = this.committer.poll()
      if (commit !== undefined) await commit
    }
  }

  /** Nothing may be released: commit when it is due, and sleep until something arrives. */
  private async idle(ready: Promise<void>): Promise<void> {
    const { engine, clock, commit_interval_ms } = this.options
    engine.catchUp()
    const now_ms = clock.now_ms()
    if (this.committer.owed(now_ms, commit_interval_ms) === 0) this.committer.begin(now_ms)
    const delay_ms = Math.min(this.committer.owed(now_ms, commit_interval_ms), 1000)
    const woken = new Promise<void>((resolve) => {
      this.wake = resolve
    })
    await Promise.race([ready, woken, clock.wait(delay_ms)])
    this.wake = undefined
  }
}
