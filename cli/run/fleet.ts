import { setTimeout } from 'node:timers/promises'
import type { Cluster } from '../../connectors/kafka/cluster.ts'
import { type GroupHandle, joinGroup } from '../../connectors/kafka/group.ts'
import type { AppError } from '../../runtime/api/index.ts'
import type { PlannedLane } from '../../runtime/plan/lanes.ts'
import type { RunningLane } from './lane-host.ts'

export interface FleetOptions {
  readonly lanes: readonly PlannedLane[]
  /** Begins to run a lane. */
  readonly host: (lane: PlannedLane) => RunningLane
  /** Name that outlives the process: its successor takes its place in the group without waiting for a time-out. */
  readonly instance_id: string | undefined
  readonly cluster: Cluster
  /** Consumer group of the topology. */
  readonly group_id: string
  /** Names of the lanes that this process may run. */
  readonly can: readonly string[]
  /** How long a lane that was taken from a living process waits for that process to drain it, milliseconds. */
  readonly drain_ms: number
  readonly session_timeout_ms: number
  /** Called whenever what runs here has changed. */
  readonly changed: () => void
  /** Told the lanes that the group gives to this process, each time it shares them out. */
  readonly shared?: (lanes: readonly string[]) => void
}

/** A process that has nothing else to do does not wait for a budget to be over. */
const UNHELD = { ref: false } as const

/**
 * The lanes of one process, shared with others through a group: runs what it is assigned, drains what is taken away.
 *
 * Drain first, fence second: a lane that comes from a living process waits until that process has drained it and says so
 * by joining anew, or until the budget is over; then it is taken, which fences whoever still runs it.
 */
export class Fleet {
  readonly hosts = new Map<string, RunningLane>()
  /** Lanes that ran to their end here. */
  readonly ended = new Set<string>()
  rebalances = 0
  private readonly options: FleetOptions
  private readonly draining = new Set<string>()
  private readonly waiting = new Map<string, AbortController>()
  private given: ReadonlySet<string> | undefined
  private handle: GroupHandle | undefined
  private failure: { readonly error: unknown } | undefined
  private leaving = false

  constructor(options: FleetOptions) {
    this.options = options
  }

  /** Resolves after the first assignment. */
  async join(): Promise<void> {
    const { cluster, group_id, can, session_timeout_ms, instance_id } = this.options
    this.handle = await joinGroup({
      cluster,
      group_id,
      session_timeout_ms,
      ...(instance_id === undefined ? {} : { instance_id }),
      metadata: () => ({ can, owned: [...(this.given ?? [])], held: [...this.hosts.keys()] }),
      on_assigned: (lanes, taken) => this.assign(new Set(lanes), taken),
      on_lost: () => {
        this.assign(new Set(), new Set())
        this.given = undefined
      },
      on_failed: (error: AppError) => this.fail(error),
    })
  }

  /** Lanes that the group has given to this process; undefined before it has shared them out, or while it is lost. */
  get assigned(): ReadonlySet<string> | undefined {
    return this.given
  }

  /** Throws what ended a lane for good. */
  check(): void {
    if (this.failure !== undefined) throw this.failure.error
  }

  /** Drains every lane within the budget and leaves the group. Whether all were drained. */
  async leave(budget_ms: number): Promise<boolean> {
    this.leaving = true
    for (const wait of this.waiting.values()) wait.abort()
    const ends = Promise.all([...this.hosts.values()].map((host) => host.drain())).then(() => true)
    const drained = await Promise.race([ends, setTimeout(budget_ms, false, UNHELD)])
    await this.handle?.leave()
    return drained
  }

  /** Leaves the group as it is; what still runs is fenced by whoever takes it. */
  async quit(): Promise<void> {
    this.leaving = true
    await this.handle?.leave()
  }

  private assign(lanes: ReadonlySet<string>, taken_from_live: ReadonlySet<string>): void {
    this.rebalances++
    this.given = lanes
    this.options.shared?.([...lanes])
    for (const [lane, wait] of this.waiting) {
      if (lanes.has(lane) && taken_from_live.has(lane)) continue
      wait.abort()
      this.waiting.delete(lane)
    }
    for (const name of this.hosts.keys()) if (!lanes.has(name)) this.drain(name)
    for (const name of lanes) {
      if (this.waiting.has(name)) continue
      if (taken_from_live.has(name) && !this.hosts.has(name)) this.await(name)
      else this.start(name)
    }
    this.options.changed()
  }

  /** Starts a lane when its owner has drained it, or the budget is over. */
  private await(name: string): void {
    const wait = new AbortController()
    this.waiting.set(name, wait)
    void setTimeout(this.options.drain_ms, undefined, UNHELD).then(() => {
      if (wait.signal.aborted) return
      this.waiting.delete(name)
      this.start(name)
    })
  }

  private start(name: string): void {
    if (this.leaving || this.failure !== undefined) return
    if (this.given?.has(name) !== true || this.hosts.has(name) || this.ended.has(name)) return
    const { lanes, changed } = this.options
    const lane = lanes.find((one) => one.name === name)
    if (lane === undefined) return
    const host = this.options.host(lane)
    this.hosts.set(name, host)
    void host.end.then((end) => {
      this.hosts.delete(name)
      const drained = this.draining.delete(name)
      if (end.kind === 'ended') this.ended.add(name)
      if (end.kind === 'failed') this.fail(end.error)
      // The others learn that it is free; and whether a fenced lane is still ours is for the group to say.
      if (drained || end.kind === 'fenced') this.handle?.rejoin()
      changed()
    })
  }

  private drain(name: string): void {
    if (this.draining.has(name)) return
    this.draining.add(name)
    void this.hosts.get(name)?.drain()
  }

  private fail(error: unknown): void {
    this.failure ??= { error }
    this.options.changed()
  }
}
