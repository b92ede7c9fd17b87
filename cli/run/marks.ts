import type { Follower, Reader } from '../../runtime/api/index.ts'
import { FRONTIERS, type FrontierType } from '../../runtime/engine/frontiers.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { LanePlan } from '../../runtime/plan/lanes.ts'
import { FrontierMark } from '../../schemas/generated/index.ts'

/** Offsets behind the end of a lane's marks at which its last one surely stands: markers and aborted ones lie between. */
const LOOK_BACK = 256

export interface LaneStanding {
  readonly frontier_us: number
  readonly ended: boolean
}

/** How far every lane of a topology is, whoever runs it: its last frontier mark. */
export class Marks {
  readonly #follower: Follower
  readonly #lanes: LanePlan
  readonly #cursor = new RecordCursor()
  /** By number of the lane. */
  readonly standing = new Map<number, LaneStanding>()

  constructor(reader: Reader, lanes: LanePlan) {
    this.#lanes = lanes
    this.#follower = reader.follow(
      lanes.lanes.map(({ number }) => {
        const { start_offset, end_offset } = reader.partition(FRONTIERS, number)
        return { topic: FRONTIERS, partition: number, offset: Math.max(start_offset, end_offset - LOOK_BACK) }
      }),
    )
  }

  /** Takes over what has arrived. */
  pump(): void {
    for (const { number } of this.#lanes.lanes) {
      for (let batch = this.#follower.take(number); batch !== undefined; batch = this.#follower.take(number)) {
        this.#cursor.open(batch)
        while (this.#cursor.next()) {
          const { body_start, body_end } = this.#cursor
          const { frontier_us, ended } = (FrontierMark as FrontierType).decode(batch.bodies, body_start, body_end)
          this.standing.set(number, { frontier_us, ended })
        }
      }
    }
  }

  /** Whether every lane has said that its run has ended. */
  get ended(): boolean {
    return this.#lanes.lanes.every(({ number }) => this.standing.get(number)?.ended === true)
  }

  ready(): Promise<void> {
    return this.#follower.ready()
  }

  close(): Promise<void> {
    return this.#follower.close()
  }
}
