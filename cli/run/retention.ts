import type { KafkaBroker } from '../../connectors/kafka/index.ts'
import { neededOffsets } from '../../runtime/engine/lane-retention.ts'
import type { Marks } from '../../runtime/engine/marks.ts'
import type { LanePlan } from '../../runtime/plan/lanes.ts'
import type { Plan } from '../../runtime/plan/plan.ts'
import { wallClock } from '../engine.ts'

/** Wall time between two rounds, milliseconds. */
const INTERVAL_MS = 10_000

/**
 * Drops what retention allows and no lane needs to recover, of the partitions that lanes of this process write. Kafka's
 * own retention knows neither stream time nor recovery positions, so it is off.
 */
export class Retention {
  private readonly broker: KafkaBroker
  private readonly plan: Plan
  private readonly lanes: LanePlan
  private readonly marks: Marks
  private readonly failed: (error: unknown) => void
  private round: Promise<void> | undefined
  private last_ms = wallClock.now_ms()

  constructor(broker: KafkaBroker, plan: Plan, lanes: LanePlan, marks: Marks, failed: (error: unknown) => void) {
    this.broker = broker
    this.plan = plan
    this.lanes = lanes
    this.marks = marks
    this.failed = failed
  }

  /** Begins a round if it is time. `mine`: names of the lanes that run here. */
  tick(mine: ReadonlySet<string>): void {
    const now_ms = wallClock.now_ms()
    if (this.round !== undefined || now_ms - this.last_ms < INTERVAL_MS) return
    this.last_ms = now_ms
    const numbers = this.lanes.lanes.filter(({ name }) => mine.has(name)).map(({ number }) => number)
    this.round = this.trim(new Set(numbers))
      .catch(this.failed)
      .finally(() => {
        this.round = undefined
      })
  }

  /** Waits for the round under way. */
  async settle(): Promise<void> {
    await this.round
  }

  private async trim(mine: ReadonlySet<number>): Promise<void> {
    const { broker, plan, lanes, marks } = this
    const keep = await neededOffsets(broker, plan, lanes, marks, mine)
    await broker.trim(marks.frontier_us, keep)
  }
}
