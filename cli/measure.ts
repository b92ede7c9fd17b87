import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Envelope } from '../runtime/engine/envelope.ts'
import type { Observer } from '../runtime/engine/options.ts'

export interface LatencyUs {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/**
 * The two latencies of a run, microseconds, from a frame's arrival (when it was due, if the run was behind): to the
 * hand-over of the signal inside the process, and to the durable order. Every signal and order of this process counts.
 */
export class Measure implements Observer {
  readonly #signal = histogram()
  readonly #order = histogram()
  /** Arrival times of orders, by the commit that holds them. */
  #waiting: { commit: number; arrived_ms: number }[] = []
  #commit = 0
  /** When the last commit became durable, milliseconds since the process began. */
  durable_ms = 0

  emitted({ topic, arrived_ms }: Envelope): void {
    if (Number.isNaN(arrived_ms)) return
    const { name } = topic.record
    if (name === 'PatternSignal') this.#signal.record(nanos(performance.now() - arrived_ms))
    else if (name === 'OrderCommand') this.#waiting.push({ commit: this.#commit + 1, arrived_ms })
  }

  committing(commit: number): void {
    this.#commit = commit
  }

  durable(commit: number): void {
    this.durable_ms = performance.now()
    while (this.#waiting[0] !== undefined && this.#waiting[0].commit <= commit) {
      const { arrived_ms } = this.#waiting.shift() as { arrived_ms: number }
      this.#order.record(nanos(this.durable_ms - arrived_ms))
    }
  }

  /** Forgets what was measured: the end of a warm-up. */
  reset(): void {
    this.#signal.reset()
    this.#order.reset()
  }

  latency(): { frame_to_signal: LatencyUs; frame_to_order: LatencyUs } {
    return { frame_to_signal: read(this.#signal), frame_to_order: read(this.#order) }
  }

  get counts(): { signals: number; orders: number } {
    return { signals: this.#signal.count, orders: this.#order.count }
  }
}

function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 })
}

function nanos(ms: number): number {
  return Math.max(1, Math.round(ms * 1e6))
}

function read(from: RecordableHistogram): LatencyUs {
  if (from.count === 0) return { p50: 0, p99: 0, max: 0 }
  const us = (ns: number) => Math.round(ns / 100) / 10
  return { p50: us(from.percentile(50)), p99: us(from.percentile(99)), max: us(from.max) }
}
