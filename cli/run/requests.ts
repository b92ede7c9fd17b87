import type { Follower, Json, Reader, StoredBatch, TopicSpec } from '../../runtime/api/index.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { Plan, PlannedSource } from '../../runtime/plan/plan.ts'
import { Control } from '../../schemas/generated/index.ts'
import { parseControl } from '../control-record.ts'
import { wallClock } from '../engine.ts'

/** The internal topic of operators' orders on their way to the process that runs the sources. */
export const REQUESTS = 'aitrader.requests'

/** The source that orders enter through. */
const SOURCE = 'control'

/** The source of operators' orders; undefined of a topology that takes none. */
export function controlSource(plan: Plan): PlannedSource | undefined {
  return plan.sources.find(({ name, topic }) => name === SOURCE && topic.record.name === Control.name)
}

/** Declarations of the topic: none for a topology that takes no orders. */
export function requestTopics(plan: Plan): TopicSpec[] {
  return controlSource(plan) === undefined ? [] : [{ name: REQUESTS, partitions: 1, internal: true }]
}

/** Where the source stands: requests before this offset are taken. */
interface Position {
  readonly requests: number
}

function requestPosition(offset: number): Json {
  return { requests: offset } satisfies Position
}

/** Offset of the first request that is not taken; 0 where none was. */
export function takenRequests(position: Json | undefined): number {
  return (position as unknown as Position | null | undefined)?.requests ?? 0
}

export interface RequestsOptions {
  readonly broker: Reader
  readonly codecs: WriterCodecs
  /** Offset of the first request that is not taken. */
  readonly from: number
  /** Takes an order; it resolves when the order is durable together with its position. */
  readonly take: (control: Control, position: Json) => Promise<void>
  readonly log: (event: string, detail: Readonly<Record<string, unknown>>) => void
}

/** Waits between two tries to read on, milliseconds. */
const RETRY_MS = 1_000

/**
 * Hands the orders that operators wrote to the run of the sources, each once: its position is journaled with the record
 * that it becomes, so that a successor goes on behind it.
 *
 * What is no order is refused as the command would have refused it, said so, and changes nothing.
 */
export class Requests {
  readonly #options: RequestsOptions
  readonly #cursor = new RecordCursor()
  #follower: Follower | undefined
  #next: number
  #closed = false

  private constructor(options: RequestsOptions) {
    this.#options = options
    this.#next = Math.max(options.from, options.broker.partition(REQUESTS, 0).start_offset)
  }

  /** Hands over what is there already before it resolves, so that a halt is in force before the first frame. */
  static async open(options: RequestsOptions): Promise<Requests> {
    const requests = new Requests(options)
    for (;;) {
      const batch = await options.broker.read(REQUESTS, 0, requests.#next)
      if (batch === undefined) break
      await requests.#hand(batch)
    }
    void requests.#follow()
    return requests
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#follower?.close()
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      try {
        const follower = this.#options.broker.follow([{ topic: REQUESTS, partition: 0, offset: this.#next }])
        this.#follower = follower
        while (!this.#closed) {
          const batch = follower.take(0)
          if (batch === undefined) await follower.ready()
          else await this.#hand(batch)
        }
      } catch (error) {
        // The run goes on without: whoever waits for an order to be taken is told that it was not.
        if (this.#closed) return
        this.#options.log('requests interrupted', { error: (error as Error).message })
        await this.#follower?.close().catch(() => {})
        await wallClock.wait(RETRY_MS)
      }
    }
  }

  async #hand(batch: StoredBatch): Promise<void> {
    const { codecs, take, log } = this.#options
    await codecs.prepare(batch.schema_id)
    const decode = codecs.get(batch.schema_id, Control)
    const cursor = this.#cursor.open(batch, this.#next)
    while (cursor.next()) {
      const { offset, id } = cursor
      this.#next = offset + 1
      try {
        const value = decode(batch.bodies, cursor.body_start, cursor.body_end)
        const control = parseControl(JSON.stringify(value))
        // Durable or not is for the run to say; an order that it did not take is taken by its successor.
        take(control, requestPosition(offset + 1)).then(
          () => log('control taken', { id, scope: control.scope, trading_state: control.trading_state }),
          () => {},
        )
      } catch (error) {
        log('control refused', { id, error: (error as Error).message })
      }
    }
    this.#next = Math.max(this.#next, batch.base_offset + batch.records)
  }
}
