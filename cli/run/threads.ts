import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { PlannedLane } from '../../runtime/plan/lanes.ts'
import type { LatencyUs } from '../measure.ts'
import type { LaneEnd, LaneSetting, RunningLane } from './lane-host.ts'
import type { ThreadSample } from './metrics.ts'
import { type ErrorData, errorOf, type SettingData } from './setting.ts'

export type ToThread =
  | { readonly kind: 'start' | 'drain'; readonly lane: string }
  | { readonly kind: 'sample' }
  | { readonly kind: 'close' }

/** Latencies that a lane measured itself: those whose beginning and end it saw. */
export interface Measured {
  readonly latency: { readonly frame_to_signal: LatencyUs; readonly frame_to_order: LatencyUs } | undefined
  readonly events: number
}

export type FromThread =
  | { readonly kind: 'ready' }
  /** The answers come in the order of the questions. */
  | { readonly kind: 'sample'; readonly sample: Omit<ThreadSample, 'thread'> }
  | { readonly kind: 'log'; readonly event: string; readonly detail: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'end'
      readonly lane: string
      readonly end: LaneEnd['kind']
      readonly error: ErrorData | undefined
      readonly measured: Measured
    }

/** How long a thread may take to answer before its last sample is taken, milliseconds. */
const SAMPLE_MS = 1_000

interface Thread {
  readonly worker: Worker
  readonly lanes: Map<string, (end: LaneEnd) => void>
  /** Who waits for a sample. */
  readonly asked: ((sample: ThreadSample | undefined) => void)[]
  /** The last one, for when the thread is too busy to answer. */
  sample: ThreadSample | undefined
  ended: boolean
}

/**
 * Runs lanes in worker threads, each lane in the thread that has the fewest. The main thread is left to the group: its
 * heartbeats wait for nobody's computation.
 */
export class Threads {
  private readonly threads: Thread[] = []
  private readonly data: SettingData
  private readonly count: number
  private readonly log: LaneSetting['log']
  /** What lanes that ended here measured. */
  readonly measured: Measured[] = []

  constructor(count: number, data: SettingData, log: LaneSetting['log']) {
    this.count = count
    this.data = data
    this.log = log
    // A thread takes a second to come up: the first does so while the group shares out the lanes.
    if (count > 0) this.open()
  }

  run(lane: PlannedLane): RunningLane {
    const thread = this.idlest()
    const end = new Promise<LaneEnd>((resolve) => thread.lanes.set(lane.name, resolve))
    this.tell(thread, { kind: 'start', lane: lane.name })
    return {
      end,
      drain: () => {
        this.tell(thread, { kind: 'drain', lane: lane.name })
        return end
      },
    }
  }

  /** What every thread that ever ran says of its lanes; of one that does not answer in time, what it said last. */
  async samples(): Promise<ThreadSample[]> {
    const late = setTimeout(SAMPLE_MS, undefined, { ref: false })
    const samples = this.threads.map(async (thread) => {
      if (thread.ended) return thread.sample
      const answer = new Promise<ThreadSample | undefined>((resolve) => thread.asked.push(resolve))
      this.tell(thread, { kind: 'sample' })
      return (await Promise.race([answer, late])) ?? thread.sample
    })
    return (await Promise.all(samples)).filter((sample) => sample !== undefined)
  }

  async close(): Promise<void> {
    await Promise.all(
      this.threads.map((thread) => {
        if (thread.ended) return undefined
        const exit = new Promise((resolve) => thread.worker.once('exit', resolve))
        this.tell(thread, { kind: 'close' })
        return exit
      }),
    )
  }

  /** Ends threads that would not end themselves: what they had not committed is void. */
  async kill(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.worker.terminate()))
  }

  private idlest(): Thread {
    const alive = this.threads.filter((thread) => !thread.ended)
    if (alive.length < this.count && alive.every((thread) => thread.lanes.size > 0)) return this.open()
    return alive.reduce((least, thread) => (thread.lanes.size < least.lanes.size ? thread : least))
  }

  private open(): Thread {
    const worker = new Worker(new URL('./lane.worker.ts', import.meta.url), { workerData: this.data })
    const thread: Thread = { worker, lanes: new Map(), asked: [], sample: undefined, ended: false }
    this.threads.push(thread)
    worker.on('message', (message: FromThread) => this.hear(thread, message))
    worker.on('error', (error) => this.lost(thread, error))
    worker.on('exit', () => this.lost(thread, new Error('a lane thread ended')))
    return thread
  }

  private tell(thread: Thread, message: ToThread): void {
    thread.worker.postMessage(message)
  }

  private hear(thread: Thread, message: FromThread): void {
    if (message.kind === 'log') this.log(message.event, message.detail)
    if (message.kind === 'sample') {
      thread.sample = { thread: String(this.threads.indexOf(thread) + 1), ...message.sample }
      thread.asked.shift()?.(thread.sample)
    }
    if (message.kind !== 'end') return
    const { lane, end, error, measured } = message
    this.measured.push(measured)
    const resolve = thread.lanes.get(lane)
    thread.lanes.delete(lane)
    if (end === 'failed') resolve?.({ kind: 'failed', error: errorOf(error as ErrorData) })
    else resolve?.({ kind: end })
  }

  private lost(thread: Thread, error: unknown): void {
    thread.ended = true
    for (const resolve of thread.asked.splice(0)) resolve(undefined)
    for (const resolve of thread.lanes.values()) resolve({ kind: 'failed', error })
    thread.lanes.clear()
  }
}
