import { AppError, type Broker, RetriableError, type Source } from '../../runtime/api/index.ts'
import { Engine } from '../../runtime/engine/engine.ts'
import type { FrontierType, LaneOptions } from '../../runtime/engine/frontiers.ts'
import { LaneRun } from '../../runtime/engine/lane-run.ts'
import type { Observer, WriterCodecs } from '../../runtime/engine/options.ts'
import { type Order, Run } from '../../runtime/engine/run.ts'
import { type LanePlan, type PlannedLane, planOfLane } from '../../runtime/plan/lanes.ts'
import type { KafkaDeclaration } from '../../runtime/topology/types.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import type { Composition } from '../compose.ts'
import { journalType, wallClock } from '../engine.ts'
import type { LaneMeter, Meters } from './metrics-meter.ts'
import { Requests, requestKinds, takenRequests } from './requests.ts'

/** What every lane of a process is run with. */
export interface LaneSetting {
  readonly composition: Composition
  readonly lanes: LanePlan
  readonly kafka: KafkaDeclaration
  readonly broker: Broker
  readonly codecs: WriterCodecs
  readonly schemaId: (fingerprint: string) => number
  /**
   * Makes the data source anew, for the lane that has it; a process without one never runs that lane. `tell` hears what
   * happens to a live one.
   */
  readonly source: ((tell: LaneSetting['log']) => Promise<Source>) | undefined
  readonly speed: number
  readonly once: boolean
  readonly observer: (lane: PlannedLane) => Observer
  /** Counts what the lanes do, for who asks; a test or a bench may have none. */
  readonly meters?: Meters
  readonly log: (event: string, detail: Readonly<Record<string, unknown>>) => void
}

/** A lane that runs, here or in a thread. */
export interface RunningLane {
  /** Resolves when the lane no longer runs. */
  readonly end: Promise<LaneEnd>
  /** Drains: what was begun is committed with a snapshot, then the lane stops. Resolves with how it ended. */
  drain(): Promise<LaneEnd>
}

export type LaneEnd =
  /** It was told to stop, or its sources and everything before it ended. */
  | { readonly kind: 'stopped' | 'ended' }
  /** Another process took its transactional id: what it had not committed is void. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Waits between two tries to run a lane that the outside world stopped, milliseconds. */
const RETRY_MS = { first: 200, most: 10_000 }

/**
 * One lane in this process, from its assignment to its loss: opens it, which fences whoever ran it before, recovers it
 * and runs it; opens it anew where the broker was away or the outcome of a commit could not be known.
 */
export class LaneHost implements RunningLane {
  readonly lane: PlannedLane
  readonly end: Promise<LaneEnd>
  private readonly setting: LaneSetting
  private readonly stop = { requested: false }
  private running: { nudge(): void } | undefined
  private woken: (() => void) | undefined
  engine: Engine | undefined

  constructor(lane: PlannedLane, setting: LaneSetting) {
    this.lane = lane
    this.setting = setting
    this.end = this.live()
  }

  drain(): Promise<LaneEnd> {
    this.stop.requested = true
    this.running?.nudge()
    this.woken?.()
    return this.end
  }

  private get meter(): LaneMeter | undefined {
    return this.setting.meters?.of(this.lane.name)
  }

  private async live(): Promise<LaneEnd> {
    for (let retry_ms = RETRY_MS.first; ; retry_ms = Math.min(RETRY_MS.most, retry_ms * 2)) {
      const began_ms = wallClock.now_ms()
      try {
        await this.once()
        this.meter?.stopped(false)
        return { kind: this.stop.requested ? 'stopped' : 'ended' }
      } catch (error) {
        const { log } = this.setting
        const { name } = this.lane
        const fenced = error instanceof AppError && error.code === 'FENCED'
        this.meter?.stopped(fenced)
        if (fenced) {
          log('lane fenced', { lane: name })
          return { kind: 'fenced' }
        }
        if (!passes(error)) return { kind: 'failed', error }
        if (this.stop.requested) return { kind: 'stopped' }
        log('lane interrupted', { lane: name, error: (error as Error).message })
        if (wallClock.now_ms() - began_ms > RETRY_MS.most) retry_ms = RETRY_MS.first
        await this.pause(retry_ms)
        if (this.stop.requested) return { kind: 'stopped' }
      }
    }
  }

  private async once(): Promise<void> {
    const { composition, lanes, kafka, broker, codecs, schemaId, once, log } = this.setting
    const { lane } = this
    const began_ms = wallClock.now_ms()
    const lane_options: LaneOptions = { lane, plan: lanes, mark: FrontierMark as FrontierType }
    const { hashes, runners } = composition
    const observer = this.setting.observer(lane)
    const engine = await Engine.open({
      plan: planOfLane(composition.plan, lane),
      broker,
      journal: journalType,
      schemaId,
      hashes,
      runners,
      codecs,
      lane: lane_options,
      observer: this.meter?.observe(observer) ?? observer,
      backOff: (attempt) => wallClock.wait(Math.min(1000, 5 * 2 ** attempt)),
    })
    this.engine = engine
    log('lane recovered', {
      lane: lane.name,
      stream_time_us: engine.now_us,
      took_ms: Math.round(wallClock.now_ms() - began_ms),
    })
    const { commit_interval_ms, commit_max_records } = kafka
    const common = { engine, once, commit_interval_ms, commit_max_records, clock: wallClock, stop: this.stop }
    const source = lane.sources.length === 0 ? undefined : await this.openSource()
    const run =
      source === undefined
        ? new LaneRun({ ...common, broker, lane: lane_options, codecs })
        : new Run({
            ...common,
            feed: { name: 'feed', source },
            speed: this.setting.speed,
            end_drain_ms: composition.plan.topology.end_drain_ms,
          })
    this.running = run
    this.meter?.recovered(engine, () => (run instanceof LaneRun ? run.standing() : []), source)
    const requests: Requests[] = []
    try {
      if (run instanceof Run) await this.openRequests(run, engine, requests)
      await run.run()
    } finally {
      for (const one of requests) await one.close()
    }
    log('lane stopped', { lane: lane.name, stream_time_us: engine.now_us, ended: !this.stop.requested })
  }

  /** Follows operators' orders: the sources' lane takes them. */
  private async openRequests(run: Run, { sources }: Engine, opened: Requests[]): Promise<void> {
    const { composition, broker, codecs, log } = this.setting
    const take = (order: Order) => run.order(order)
    for (const kind of requestKinds(composition.plan)) {
      const from = takenRequests(sources.find(({ planned }) => planned.name === kind.source.name)?.position)
      opened.push(await Requests.open({ broker, codecs, kind, from, take, log }))
    }
  }

  private async openSource(): Promise<Source> {
    const { source } = this.setting
    if (source !== undefined) return source(this.setting.log)
    throw new AppError('NO_SOURCE', `the lane ${this.lane.name} needs a data source and this process has none`, {
      exit_code: 2,
      hint: 'give --replay FILE --format NAME or --feed NAME, or leave its stages to a process that has one',
    })
  }

  private async pause(delay_ms: number): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.woken = resolve
    })
    await Promise.race([wallClock.wait(delay_ms), woken])
  }
}

/** Whether a failure may pass: the lane is opened anew and learns from its journal what was committed. */
function passes(error: unknown): boolean {
  if (error instanceof RetriableError) return true
  return error instanceof AppError && PASSING.includes(error.code)
}

/** The outside world is away, overloaded, or could not say what it did. */
const PASSING: readonly string[] = [
  'COMMIT_UNKNOWN',
  'KAFKA_UNREACHABLE',
  'MARKERS_LATE',
  'REGISTRY_FAILED',
  'REGISTRY_UNREACHABLE',
]
