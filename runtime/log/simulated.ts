import type { Broker, Producer, TopicSpec, Transaction } from '../api/broker.ts'
import { AppError, RetriableError } from '../api/fault.ts'
import { type FaultPlan, noFaults } from './fault-plan.ts'
import { encodeFrame } from './frame.ts'
import { valueKey } from './keys.ts'
import { Log, trimming } from './log.ts'
import type { MemoryStore } from './memory-store.ts'
import { LogView } from './view.ts'

/**
 * The simulated broker: the log core over memory, with injected time and seeded faults.
 *
 * A `SimulatedLog` is the server; each `connect()` is a process that uses it, so that zombies can be played. The store
 * under it outlives both: `new SimulatedLog(store)` is a restart of the server, `crash()` drops what was not written.
 */

/** Runs things later, in whatever time the test keeps. */
export interface Scheduler {
  /** Runs `work` after `delay_us`, never before this call returned. */
  schedule(delay_us: number, work: () => void): void
}

/** No time at all: everything happens as soon as the caller has returned. */
const immediately: Scheduler = {
  schedule(_delay_us, work) {
    queueMicrotask(work)
  },
}

export interface SimulatedOptions {
  readonly scheduler?: Scheduler
  readonly faults?: FaultPlan
}

export class SimulatedLog {
  readonly #store: MemoryStore
  readonly #log: Log
  readonly #scheduler: Scheduler
  readonly #faults: FaultPlan
  /** Woken by the next commit. */
  #followers: (() => void)[] = []
  /** Commits that were written. */
  #written = 0
  #commits = 0
  #crashed = false

  constructor(store: MemoryStore, options: SimulatedOptions = {}) {
    this.#store = store
    this.#log = new Log(store)
    this.#scheduler = options.scheduler ?? immediately
    this.#faults = options.faults ?? noFaults
  }

  /** Commits that reached the log so far, whatever became of them. */
  get commits(): number {
    return this.#commits
  }

  connect(): Broker {
    const view = new LogView(
      this.#store,
      () => {},
      async () => {},
      { count: () => this.#written, next: () => new Promise((resolve) => this.#followers.push(resolve)) },
    )
    const client = { closed: false }
    return {
      topics: () => view.topics(),
      partition: (topic, partition) => view.partition(topic, partition),
      highWatermark: (topic, partition) => view.highWatermark(topic, partition),
      read: (topic, partition, offset) => view.read(topic, partition, offset),
      follow: (from) => view.follow(from),
      offsetAt: (topic, partition, stream_time_us) => view.offsetAt(topic, partition, stream_time_us),
      scan: (store, prefix) => view.scan(store, prefix),
      get: (store, key) => view.get(store, key),
      digests: () => view.digests(),
      close: async () => {
        client.closed = true
      },
      declare: async (topics: readonly TopicSpec[]) => {
        this.#alive(client)
        this.#log.declare(topics)
      },
      producer: async (transactional_id: string) => {
        this.#alive(client)
        return this.#producer(client, transactional_id)
      },
      trim: async (stream_time_us, keep_from) => {
        this.#alive(client)
        const trim = trimming(stream_time_us, keep_from)
        while (!trim.done) this.#log.commit([], trim)
        return trim.records
      },
    }
  }

  /** Everything that is not written yet will not be: commits under way are rejected, later calls too. */
  crash(): void {
    this.#crashed = true
  }

  #producer(client: Client, transactional_id: string): Producer {
    const epoch = this.#log.acquire(transactional_id)
    let last: Promise<void> = Promise.resolve()
    return {
      commit: (transaction) => {
        // The caller may reuse its buffers as soon as this returns.
        let frame: Buffer
        try {
          this.#alive(client)
          frame = this.#encode(transaction)
        } catch (error) {
          return Promise.reject(error)
        }
        const done = last.then(() => this.#commit({ transactional_id, epoch, frame }))
        last = done.catch(() => {})
        return done
      },
    }
  }

  #encode(transaction: Transaction): Buffer {
    return encodeFrame(
      transaction,
      (topic, partition) => this.#log.number(topic, partition),
      valueKey,
      (size_bytes) => Buffer.allocUnsafeSlow(size_bytes),
    )
  }

  #commit(submission: { transactional_id: string; epoch: number; frame: Buffer }): Promise<void> {
    const fate = this.#faults(this.#commits++)
    return new Promise((resolve, reject) => {
      this.#scheduler.schedule(fate.kind === 'slow' ? fate.delay_us : 0, () => {
        try {
          if (this.#crashed) throw closed('crashed')
          if (fate.kind === 'not_written') throw new RetriableError('NOT_WRITTEN', 'the simulated commit was refused')
          if (fate.kind === 'request_lost') throw unknownOutcome()
          const [refusal] = this.#log.commit([submission])
          if (refusal !== undefined) throw refusal
          this.#written++
          for (const wake of this.#followers.splice(0)) wake()
          if (fate.kind === 'answer_lost') throw unknownOutcome()
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #alive(client: Client): void {
    if (this.#crashed) throw closed('crashed')
    if (client.closed) throw closed('is closed')
  }
}

interface Client {
  closed: boolean
}

function closed(how: string): AppError {
  return new AppError('BROKER_CLOSED', `the simulated log ${how}`, { exit_code: 4 })
}

function unknownOutcome(): AppError {
  return new AppError('COMMIT_UNKNOWN', 'the simulated commit was sent, its answer was lost', { exit_code: 4 })
}
