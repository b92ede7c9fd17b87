import type { Follower, Json, Reader, RecordType, StoredBatch, TopicSpec } from '../../runtime/api/index.ts'
import type { WriterCodecs } from '../../runtime/engine/options.ts'
import type { Order } from '../../runtime/engine/run.ts'
import { RecordCursor } from '../../runtime/log/batch.ts'
import type { Plan, PlannedSource } from '../../runtime/plan/plan.ts'
import { Control, Redelivery } from '../../schemas/generated/index.ts'
import { parseControl } from '../control-record.ts'
import { checkRedelivery, refuseMisplaced } from '../dlq/redelivery.ts'
import { wallClock } from '../engine.ts'

/** One kind of orders that operators give: the internal topic that brings them, and the source that they enter through. */
export interface RequestKind {
  /** On their way to the process that runs the sources. */
  readonly topic: string
  readonly source: PlannedSource
  readonly type: RecordType<unknown>
  /** The order that a request is. Throws an AppError for what is none. */
  readonly order: (value: unknown) => Pick<Order, 'value' | 'cause'>
}

export const REQUESTS = 'aitrader.requests'
export const REDELIVERIES = 'aitrader.redeliveries'

/** The kinds that a topology takes: those whose source it has. */
export function requestKinds(plan: Plan): RequestKind[] {
  const kinds: Omit<RequestKind, 'source'>[] = [
    {
      topic: REQUESTS,
      type: Control as RecordType<unknown>,
      order: (value) => ({ value: parseControl(JSON.stringify(value)) }),
    },
    {
      topic: REDELIVERIES,
      type: Redelivery as RecordType<unknown>,
      order: (given) => {
        const value = checkRedelivery(given as Redelivery)
        refuseMisplaced(plan, value)
        return { value, cause: value.origin_id }
      },
    },
  ]
  return kinds.flatMap((kind) => {
    // The data come from the source `feed`, and the topology's own records from `topology`.
    const source = plan.sources.find(({ topic }) => topic.record.name === kind.type.name)
    return source === undefined ? [] : [{ ...kind, source }]
  })
}

export function requestKind(plan: Plan, topic: string): RequestKind | undefined {
  return requestKinds(plan).find((kind) => kind.topic === topic)
}

/** Declarations of their topics. */
export function requestTopics(plan: Plan): TopicSpec[] {
  return requestKinds(plan).map(({ topic }) => ({ name: topic, partitions: 1, internal: true }))
}

/** Where such a source stands: requests before this offset are taken. */
interface Position {
  readonly requests: number
}

/** Offset of the first request that is not taken; 0 where none was. */
export function takenRequests(position: Json | undefined): number {
  return (position as unknown as Position | null | undefined)?.requests ?? 0
}

export interface RequestsOptions {
  readonly broker: Reader
  readonly codecs: WriterCodecs
  readonly kind: RequestKind
  /** Offset of the first request that is not taken. */
  readonly from: number
  /** Takes an order; it resolves when the order is durable together with its position. */
  readonly take: (order: Order) => Promise<void>
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
    this.#next = Math.max(options.from, options.broker.partition(options.kind.topic, 0).start_offset)
  }

  /** Hands over what is there already before it resolves, so that a halt is in force before the first frame. */
  static async open(options: RequestsOptions): Promise<Requests> {
    const requests = new Requests(options)
    for (;;) {
      const batch = await options.broker.read(options.kind.topic, 0, requests.#next)
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
    const { broker, kind, log } = this.#options
    while (!this.#closed) {
      try {
        const follower = broker.follow([{ topic: kind.topic, partition: 0, offset: this.#next }])
        this.#follower = follower
        while (!this.#closed) {
          const batch = follower.take(0)
          if (batch === undefined) await follower.ready()
          else await this.#hand(batch)
        }
      } catch (error) {
        // The run goes on without: whoever waits for an order to be taken is told that it was not.
        if (this.#closed) return
        log('requests interrupted', { topic: kind.topic, error: (error as Error).message })
        await this.#follower?.close().catch(() => {})
        await wallClock.wait(RETRY_MS)
      }
    }
  }

  async #hand(batch: StoredBatch): Promise<void> {
    const { codecs, kind, take, log } = this.#options
    await codecs.prepare(batch.schema_id)
    const decode = codecs.get(batch.schema_id, kind.type)
    const source = kind.source.name
    const cursor = this.#cursor.open(batch, this.#next)
    while (cursor.next()) {
      const { offset, id } = cursor
      const key = cursor.key()
      this.#next = offset + 1
      try {
        const order = kind.order(decode(batch.bodies, cursor.body_start, cursor.body_end))
        const position = { requests: offset + 1 } satisfies Position
        // Durable or not is for the run to say; an order that it did not take is taken by its successor.
        take({ source, position, ...order }).then(
          () => log('order taken', { source, id, key }),
          () => {},
        )
      } catch (error) {
        log('order refused', { source, id, error: (error as Error).message })
      }
    }
    this.#next = Math.max(this.#next, batch.base_offset + batch.records)
  }
}
