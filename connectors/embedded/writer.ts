import { Worker } from 'node:worker_threads'
import { AppError, type Transaction } from '../../runtime/api/index.ts'
import { encodeFrame, valueKey } from '../../runtime/api/log.ts'
import { type CommitRequest, fromWire, type Opened, type Reply, type Request, type WriterData } from './protocol.ts'
import { type Slot, SlotPool } from './slots.ts'

/**
 * The main thread's end of the writer thread.
 *
 * Requests go out in order of call and never wait here. The thread keeps the process alive only while something is
 * under way. If it dies by itself, commits under way are `COMMIT_UNKNOWN` and everything later `STORE_FAILED`.
 */
export class Writer {
  readonly #worker: Worker
  readonly #slots = new SlotPool()
  readonly #pending = new Map<number, Pending>()
  #next_id = 0
  #end: AppError | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (replies: readonly Reply[]) => {
      for (const reply of replies) this.#settle(reply)
    })
    worker.on('error', (error) => this.#stopped(error))
    worker.on('exit', () => this.#stopped(undefined))
    worker.unref()
  }

  /** Rejects with what kept the thread from opening the log. */
  static async open(path: string): Promise<Writer> {
    const worker = new Worker(new URL('./writer.worker.ts', import.meta.url), {
      name: 'log-writer',
      workerData: { path } satisfies WriterData,
      // It keeps next to nothing: a small heap is collected early, where a large one would only grow.
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 },
    })
    const opened = await new Promise<Opened>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    if (opened.error !== undefined) throw fromWire(opened.error)
    worker.removeAllListeners('error')
    return new Writer(worker)
  }

  /** Copies the transaction before it returns. */
  commit(
    transactional_id: string,
    epoch: number,
    transaction: Transaction,
    number: (topic: string, partition: number) => number,
  ): Promise<void> {
    let slot: Slot | undefined
    try {
      const frame = encodeFrame(transaction, number, valueKey, (size_bytes) => {
        slot = this.#slots.take(size_bytes)
        return slot.buffer
      })
      const taken = slot as unknown as Slot
      const request: CommitRequest = {
        kind: 'commit',
        transactional_id,
        epoch,
        slot: taken.index,
        size_bytes: frame.length,
        ...(taken.known ? {} : { memory: taken.memory }),
      }
      taken.known = true
      return this.#send(request, taken).then(() => {})
    } catch (error) {
      if (slot !== undefined) this.#slots.give(slot)
      return Promise.reject(error)
    }
  }

  ask(request: Exclude<Request, CommitRequest | { kind: 'close' }>): Promise<number> {
    return this.#send(request, undefined)
  }

  /** Waits for what is under way, then for the thread's end. */
  async close(): Promise<void> {
    if (this.#end !== undefined) return
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    const closed = this.#send({ kind: 'close' }, undefined)
    this.#end = new AppError('BROKER_CLOSED', 'the embedded broker is closed', { exit_code: 4 })
    await closed
    this.#worker.ref()
    await exited
  }

  #send(request: Request, slot: Slot | undefined): Promise<number> {
    if (this.#end !== undefined) {
      if (slot !== undefined) this.#slots.give(slot)
      return Promise.reject(this.#end)
    }
    const id = this.#next_id++
    const done = new Promise<number>((resolve, reject) => this.#pending.set(id, { resolve, reject, slot }))
    if (this.#pending.size === 1) this.#worker.ref()
    this.#worker.postMessage({ ...request, id })
    return done
  }

  #settle({ id, value, error }: Reply): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.#worker.unref()
    if (pending.slot !== undefined) this.#slots.give(pending.slot)
    if (error === undefined) pending.resolve(value ?? 0)
    else pending.reject(fromWire(error))
  }

  #stopped(cause: unknown): void {
    this.#end ??= new AppError('STORE_FAILED', 'the log writer stopped', {
      exit_code: 4,
      hint: 'start again: what was committed is there',
      cause,
    })
    for (const { reject, slot } of this.#pending.values()) {
      if (slot === undefined) reject(this.#end)
      else {
        reject(
          new AppError('COMMIT_UNKNOWN', 'the log writer stopped before it answered', {
            exit_code: 4,
            hint: 'start again: recovery reads what was written',
            cause,
          }),
        )
      }
    }
    this.#pending.clear()
  }
}

interface Pending {
  readonly resolve: (value: number) => void
  readonly reject: (error: Error) => void
  readonly slot: Slot | undefined
}
