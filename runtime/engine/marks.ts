import type { Follower, Reader } from '../api/broker.ts'
import { RecordCursor } from '../log/batch.ts'
import { FRONTIERS, type FrontierType } from './frontiers.ts'

/** Offsets behind the end of a lane's marks at which its last one surely stands: markers and aborted ones lie between. */
const LOOK_BACK = 256

export interface LaneStanding {
  readonly frontier_us: number
  readonly needed_us: number
  readonly ended: boolean
}

/** How far lanes are, whoever runs them: their last frontier marks. */
export class Marks {
  readonly #follower: Follower
  readonly #lanes: readonly number[]
  readonly #mark: FrontierType
  readonly #cursor = new RecordCursor()
  /** By number of the lane. */
  readonly standing = new Map<number, LaneStanding>()

  /** `lanes`: numbers of those that are of interest. */
  constructor(reader: Reader, mark: FrontierType, lanes: readonly number[]) {
    this.#lanes = lanes
    this.#mark = mark
    this.#follower = reader.follow(
      lanes.map((partition) => {
        const { start_offset, end_offset } = reader.partition(FRONTIERS, partition)
        return { topic: FRONTIERS, partition, offset: Math.max(start_offset, end_offset - LOOK_BACK) }
      }),
    )
  }

  /** Takes over what has arrived. */
  pump(): void {
    for (const [index, lane] of this.#lanes.entries()) {
      for (let batch = this.#follower.take(index); batch !== undefined; batch = this.#follower.take(index)) {
        this.#cursor.open(batch)
        while (this.#cursor.next()) {
          const { body_start, body_end } = this.#cursor
          const { frontier_us, needed_us, ended } = this.#mark.decode(batch.bodies, body_start, body_end)
          this.standing.set(lane, { frontier_us, needed_us, ended })
        }
      }
    }
  }

  /** Whether every lane has said that its run has ended. */
  get ended(): boolean {
    return this.#lanes.every((lane) => this.standing.get(lane)?.ended === true)
  }

  /** Stream time that all of them have passed, microseconds; 0 before the first mark. */
  get frontier_us(): number {
    return Math.min(...this.#lanes.map((lane) => this.standing.get(lane)?.frontier_us ?? 0))
  }

  ready(): Promise<void> {
    return this.#follower.ready()
  }

  close(): Promise<void> {
    return this.#follower.close()
  }
}
