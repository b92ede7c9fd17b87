import { compose } from '../../cli/compose.ts'
import { declareAll, type OpenTarget, openTarget } from '../../cli/run/target.ts'
import type { Follower } from '../../runtime/api/index.ts'
import { FRONTIERS, type FrontierMark as Mark } from '../../runtime/engine/frontiers.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import { type LanePlan, planLanes } from '../../runtime/plan/lanes.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'
import type { Site } from './kafka-site.ts'

/** A commit of a lane, as heard by a reader beside all processes. */
export interface Commit {
  readonly lane: string
  readonly mark: Mark
  /** Wall clock when it was heard, milliseconds. */
  readonly at_ms: number
}

/** How far every lane is, whoever runs it: what is durable, heard as it becomes so. */
export class Watch {
  readonly plan: Plan
  readonly lanes: LanePlan
  /** By name of the lane. */
  readonly last = new Map<string, Commit>()
  private readonly target: OpenTarget
  private readonly follower: Follower
  private readonly heard: (commit: Commit) => void
  private readonly cursor = new RecordCursor()
  private wake = () => {}
  private failure: { readonly error: unknown } | undefined
  private closed = false

  private constructor(target: OpenTarget, plan: Plan, lanes: LanePlan, heard: (commit: Commit) => void) {
    this.target = target
    this.plan = plan
    this.lanes = lanes
    this.heard = heard
    this.follower = target.broker.follow(
      lanes.lanes.map(({ number }) => ({ topic: FRONTIERS, partition: number, offset: 0 })),
    )
    void this.follow().catch((error: unknown) => this.fail(error))
  }

  static async open(site: Site, heard: (commit: Commit) => void = () => {}): Promise<Watch> {
    const { kafka, registry, topology } = site
    const target = await openTarget({ kafka, registry }, topology)
    const { plan } = await compose(topology, null, 1)
    const lanes = planLanes(plan)
    await declareAll(target.broker, plan, lanes)
    return new Watch(target, plan, lanes, heard)
  }

  get broker() {
    return this.target.broker
  }

  /** Stream time that a lane has durably passed, microseconds; 0 before its first commit. */
  passed(lane: string): number {
    return this.last.get(lane)?.mark.frontier_us ?? 0
  }

  ended(lane: string): boolean {
    return this.last.get(lane)?.mark.ended ?? false
  }

  /** Waits until `reached`, which is asked whenever something is heard; rejects with what `fail` was told. */
  async until(reached: () => boolean): Promise<void> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure.error
      if (reached()) return
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  /** Lets whoever waits look again. */
  nudge(): void {
    this.wake()
  }

  /** Ends every wait: the thing that is waited for will not come. */
  fail(error: unknown): void {
    this.failure ??= { error }
    this.wake()
  }

  async close(): Promise<void> {
    this.closed = true
    await this.follower.close()
    await this.target.close()
  }

  private async follow(): Promise<void> {
    while (!this.closed) {
      const at_ms = performance.now()
      for (const [index, { name }] of this.lanes.lanes.entries()) {
        for (let batch = this.follower.take(index); batch !== undefined; batch = this.follower.take(index)) {
          this.cursor.open(batch)
          while (this.cursor.next()) {
            const { body_start, body_end } = this.cursor
            const commit = { lane: name, mark: FrontierMark.decode(batch.bodies, body_start, body_end), at_ms }
            this.last.set(name, commit)
            this.heard(commit)
          }
        }
      }
      this.wake()
      try {
        await this.follower.ready()
      } catch (error) {
        if (!this.closed) throw error
      }
    }
  }
}
