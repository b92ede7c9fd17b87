import { listOffsets } from '../../connectors/kafka/admin.ts'
import type { Cluster } from '../../connectors/kafka/cluster.ts'
import type { Marks } from '../../runtime/engine/marks.ts'
import type { Distribution, Sample } from '../exposition.ts'
import type { LaneSample } from './metrics-meter.ts'

/** What one thread knows of the lanes that it runs. */
export interface ThreadSample {
  readonly thread: string
  readonly lanes: readonly LaneSample[]
  readonly event_loop: Distribution
}

export interface RunMetricsOptions {
  /** Asks every thread. */
  readonly threads: () => Promise<readonly ThreadSample[]>
  readonly fleet: Pick<FleetView, 'hosts' | 'rebalances' | 'assigned' | 'ended'>
  readonly marks: Pick<Marks, 'standing'>
  readonly cluster: Cluster
  /** A topic's name on Kafka. */
  readonly kafkaName: (topic: string) => string
}

/** What is asked of a `Fleet`. */
interface FleetView {
  readonly hosts: ReadonlyMap<string, unknown>
  readonly rebalances: number
  /** Undefined before the group has shared out the lanes for the first time. */
  readonly assigned: ReadonlySet<string> | undefined
  readonly ended: ReadonlySet<string>
}

/** How a process stands, for people: one line's worth. */
export interface Standing {
  readonly lanes: number
  readonly recovering: number
  /** Least part that a recovering lane has recovered, 0 to 1. */
  readonly restored: number
  readonly records: number
  readonly faults: number
  /** Microseconds; 0 where no lane runs. */
  readonly frontier_us: number
  readonly behind_us: number
}

/** How long a broker may take to say where partitions end, milliseconds: a scrape waits for no dead broker. */
const OFFSETS_MS = 1_000

/** What a process of `aitrader run` tells when it is asked: nothing is computed before. */
export class RunMetrics {
  private readonly options: RunMetricsOptions

  constructor(options: RunMetricsOptions) {
    this.options = options
  }

  async samples(): Promise<Sample[]> {
    const { fleet } = this.options
    const threads = await this.options.threads()
    const lanes = threads.flatMap((thread) => thread.lanes)
    const newest_us = this.newest(lanes)
    return [
      { name: 'aitrader_lanes', labels: {}, value: fleet.hosts.size },
      { name: 'aitrader_lanes_recovering', labels: {}, value: this.recovering(lanes).length },
      { name: 'aitrader_rebalances_total', labels: {}, value: fleet.rebalances },
      ...lanes.flatMap(({ samples }) => samples),
      ...lanes.filter(isAtWork).map(({ lane, frontier_us }) => {
        return {
          name: 'aitrader_behind_seconds',
          labels: { lane },
          value: behind(newest_us, frontier_us) / 1e6,
        } as const
      }),
      ...threads.map(({ thread, event_loop: value }) => {
        return { name: 'aitrader_event_loop_delay_seconds', labels: { thread }, value } as const
      }),
      ...(await this.lags(lanes)),
    ]
  }

  /** Whether the group has given this process its lanes and each of them has recovered. */
  async ready(): Promise<boolean> {
    const { assigned, ended } = this.options.fleet
    if (assigned === undefined) return false
    const lanes = (await this.options.threads()).flatMap((thread) => thread.lanes)
    const at_work = new Set(lanes.filter(isAtWork).map(({ lane }) => lane))
    return [...assigned].every((lane) => at_work.has(lane) || ended.has(lane))
  }

  async standing(): Promise<Standing> {
    const lanes = (await this.options.threads()).flatMap((thread) => thread.lanes)
    const at_work = lanes.filter(isAtWork)
    const sum = (name: Sample['name']) => {
      const values = lanes.flatMap(({ samples }) => samples.filter((sample) => sample.name === name))
      return values.reduce((total, { value }) => total + (value as number), 0)
    }
    const recovering = this.recovering(lanes)
    // One that no thread has told of yet has recovered nothing.
    const ratios = recovering.map((name) => ratioOf(lanes.find(({ lane, running }) => running && lane === name)))
    const frontier_us = at_work.length === 0 ? 0 : Math.min(...at_work.map((lane) => lane.frontier_us))
    return {
      lanes: this.options.fleet.hosts.size,
      recovering: recovering.length,
      restored: Math.min(1, ...ratios),
      records: sum('aitrader_records_total'),
      faults: sum('aitrader_faults_total'),
      frontier_us,
      behind_us: frontier_us === 0 ? 0 : behind(this.newest(lanes), frontier_us),
    }
  }

  /** Names of the lanes that run here and have not recovered. */
  private recovering(lanes: readonly LaneSample[]): string[] {
    const at_work = new Set(lanes.filter(isAtWork).map(({ lane }) => lane))
    return [...this.options.fleet.hosts.keys()].filter((lane) => !at_work.has(lane))
  }

  private newest(lanes: readonly LaneSample[]): number {
    const elsewhere = [...this.options.marks.standing.values()].map(({ frontier_us }) => frontier_us)
    return Math.max(0, ...elsewhere, ...lanes.map(({ frontier_us }) => frontier_us))
  }

  /** What the lanes have not read and what readers may not read yet; nothing where no broker tells. */
  private async lags(lanes: readonly LaneSample[]): Promise<Sample[]> {
    const { cluster, kafkaName } = this.options
    const inputs = lanes.flatMap(({ lane, inputs }) => inputs.map((input) => ({ lane, ...input })))
    const names = new Map(inputs.map((input) => [`${input.topic}/${input.partition}`, input]))
    const wanted = [...names.values()]
    if (wanted.length === 0) return []
    const partitions = wanted.map(({ topic, partition }) => ({ topic: kafkaName(topic), partition }))
    const options = { channel: 'metrics', deadline_ms: OFFSETS_MS, timeout_ms: OFFSETS_MS }
    let [stable, latest]: [number[], number[]] = [[], []]
    try {
      const offsets = async (at: 'stable' | 'latest') =>
        (await listOffsets(cluster, partitions, at, options)).map(({ offset }) => offset)
      // In this order, so that what is written in between counts as not stable rather than as less than nothing.
      stable = await offsets('stable')
      latest = await offsets('latest')
    } catch {
      return []
    }
    const ends = new Map([...names.keys()].map((name, i) => [name, stable[i] as number]))
    return [
      ...inputs.map(({ lane, topic, partition, offset, held }): Sample => {
        const unread = Math.max(0, (ends.get(`${topic}/${partition}`) as number) - offset)
        return { name: 'aitrader_lag_records', labels: { lane, topic }, value: unread + held }
      }),
      ...wanted.map(({ topic }, i): Sample => {
        const value = Math.max(0, (latest[i] as number) - (stable[i] as number))
        return { name: 'aitrader_stable_offset_lag_records', labels: { topic }, value }
      }),
    ]
  }
}

function isAtWork({ running, recovering }: LaneSample): boolean {
  return running && !recovering
}

function ratioOf(lane: LaneSample | undefined): number {
  const ratio = lane?.samples.find(({ name }) => name === 'aitrader_restore_ratio')
  return (ratio?.value as number | undefined) ?? 0
}

function behind(newest_us: number, frontier_us: number): number {
  return Math.max(0, newest_us - frontier_us)
}
