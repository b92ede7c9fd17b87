import type { Source } from '../../runtime/api/index.ts'
import type { Engine } from '../../runtime/engine/engine.ts'
import type { Envelope } from '../../runtime/engine/envelope.ts'
import type { Standing } from '../../runtime/engine/feed.ts'
import type { Observer } from '../../runtime/engine/options.ts'
import type { PlannedTopic } from '../../runtime/plan/plan.ts'
import type { DeadLetter } from '../../schemas/generated/index.ts'
import { Buckets, type Sample } from '../exposition.ts'
import { feedSamples } from '../feed-metrics.ts'

/** What a lane has counted in a thread and where it stands, in plain data. */
export interface LaneSample {
  readonly lane: string
  readonly running: boolean
  readonly recovering: boolean
  readonly frontier_us: number
  readonly samples: readonly Sample[]
  readonly inputs: readonly Standing[]
}

export type Tell = (event: string, detail: Readonly<Record<string, unknown>>) => void

/** The meters of a thread, one per lane that ever ran in it. */
export class Meters {
  private readonly all = new Map<string, LaneMeter>()
  private readonly topics: readonly PlannedTopic[]
  private readonly tell: Tell

  constructor(topics: readonly PlannedTopic[], tell: Tell) {
    this.topics = topics
    this.tell = tell
  }

  of(lane: string): LaneMeter {
    let meter = this.all.get(lane)
    if (meter === undefined) {
      meter = new LaneMeter(lane, this.topics, this.tell)
      this.all.set(lane, meter)
    }
    return meter
  }

  sample(): LaneSample[] {
    return [...this.all.values()].map((meter) => meter.sample())
  }
}

const COMMIT_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * Counts what a lane does, across the engines that run it one after another in this thread. The path of a record costs
 * one addition; everything else is read when somebody asks.
 *
 * A flood of equal faults is told at its 1st, 2nd, 4th, 8th... record.
 */
export class LaneMeter {
  private readonly lane: string
  private readonly topics: readonly PlannedTopic[]
  private readonly tell: Tell
  private readonly records: number[]
  private readonly dead_letters: readonly boolean[]
  private readonly faults = new Map<string, { readonly stage: string; readonly code: string; count: number }>()
  private readonly commits = new Buckets(COMMIT_BOUNDS)
  private readonly outcomes = { committed: 0, aborted: 0, fenced: 0 }
  private restore = { ratio: 0, records: 0, before: 0 }
  private engine: Engine | undefined
  private standing: () => readonly Standing[] = () => []
  private source: Source | undefined
  private running = false

  constructor(lane: string, topics: readonly PlannedTopic[], tell: Tell) {
    this.lane = lane
    this.topics = topics
    this.tell = tell
    this.records = topics.map(() => 0)
    this.dead_letters = topics.map(({ record }) => record.name === 'DeadLetter')
  }

  /** An engine is being opened: what it tells is counted, then passed on. */
  observe(next: Observer): Observer {
    const { restore } = this
    this.running = true
    this.engine = undefined
    this.restore = { ratio: 0, records: 0, before: restore.before + restore.records }
    let begun_ms = 0
    return {
      emitted: (envelope) => {
        this.emitted(envelope)
        next.emitted?.(envelope)
      },
      committing: (commit) => {
        begun_ms = performance.now()
        next.committing?.(commit)
      },
      durable: (commit) => {
        next.durable?.(commit)
        this.outcomes.committed++
        this.commits.observe((performance.now() - begun_ms) / 1000)
      },
      retried: () => {
        this.outcomes.aborted++
      },
      restoring: (ratio, records) => {
        this.restore.ratio = ratio
        this.restore.records = records
      },
    }
  }

  /** It has recovered and runs; `standing` tells how far it read what others write, `source` where the data come from. */
  recovered(engine: Engine, standing: () => readonly Standing[], source?: Source): void {
    this.engine = engine
    this.source = source
    this.standing = standing
    this.restore.ratio = 1
  }

  /** The engine stopped; `fenced`: since another process took the lane. */
  stopped(fenced: boolean): void {
    if (fenced) this.outcomes.fenced++
    this.running = false
    this.engine = undefined
    this.source = undefined
    this.standing = () => []
  }

  sample(): LaneSample {
    const { lane, engine, running } = this
    return {
      lane,
      running,
      recovering: running && engine === undefined,
      frontier_us: engine?.now_us ?? 0,
      samples: [...this.counters(), ...this.gauges(), ...(this.source === undefined ? [] : feedSamples(this.source))],
      inputs: this.standing(),
    }
  }

  private emitted({ topic, value }: Envelope): void {
    this.records[topic.index] = (this.records[topic.index] as number) + 1
    if (this.dead_letters[topic.index] === true) this.refused(value as DeadLetter)
  }

  private refused({ stage, code, origin_id, detail }: DeadLetter): void {
    const key = `${stage} ${code}`
    const fault = this.faults.get(key) ?? { stage, code, count: 0 }
    this.faults.set(key, fault)
    const count = ++fault.count
    if ((count & (count - 1)) === 0) {
      this.tell('record refused', { lane: this.lane, stage, code, correlation_id: origin_id, detail, count })
    }
  }

  private *counters(): Generator<Sample> {
    const { lane } = this
    for (const { index, name: topic } of this.topics) {
      const value = this.records[index] as number
      if (value > 0) yield { name: 'aitrader_records_total', labels: { lane, topic }, value }
    }
    for (const { stage, code, count: value } of this.faults.values()) {
      yield { name: 'aitrader_faults_total', labels: { lane, stage, code }, value }
    }
    for (const [outcome, value] of Object.entries(this.outcomes)) {
      yield { name: 'aitrader_transactions_total', labels: { lane, outcome }, value }
    }
    yield { name: 'aitrader_commit_seconds', labels: { lane }, value: this.commits.distribution }
    const value = this.restore.before + this.restore.records
    yield { name: 'aitrader_restored_records_total', labels: { lane }, value }
  }

  private *gauges(): Generator<Sample> {
    const { lane, engine, running, restore } = this
    if (running) yield { name: 'aitrader_restore_ratio', labels: { lane }, value: restore.ratio }
    if (engine === undefined) return
    yield { name: 'aitrader_stream_time_seconds', labels: { lane }, value: Math.max(0, engine.now_us) / 1e6 }
    yield { name: 'aitrader_pending_records', labels: { lane }, value: engine.pending }
    for (const { planned, channels } of engine.tasks) {
      for (const { input, length: value } of channels) {
        yield { name: 'aitrader_queue_records', labels: { lane, stage: planned.stage, topic: input.topic.name }, value }
      }
    }
  }
}
