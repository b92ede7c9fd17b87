import type { Context } from '../api/processor.ts'
import { recordId } from '../api/record.ts'
import type { BroadcastTable } from '../state/table.ts'
import type { Envelope } from './envelope.ts'

const NO_BYTES = new Uint8Array(0)

interface TimerChange {
  readonly name: string
  /** undefined cancels. */
  readonly due_us: number | undefined
}

/**
 * What a handler sees of the world. One per task, reused for every step: nothing of it may be kept.
 *
 * Timers and causes are collected and applied only if the step did not fault.
 */
export class StepContext implements Context {
  readonly params: unknown
  readonly tables: Readonly<Record<string, BroadcastTable>>
  private readonly producers: readonly string[]
  stream_time_us = 0
  key = ''
  /** The record in hand; none in a timer or an answer, whose cause is `cause_id`. */
  envelope: Envelope | undefined
  cause_id = ''
  /** When the frame that led to this step arrived, milliseconds of the process's monotonic clock; NaN unknown. */
  arrived_ms = Number.NaN
  /** Causes that the handler added. */
  added: string[] | undefined
  timer_changes: TimerChange[] | undefined

  constructor(params: unknown, tables: Readonly<Record<string, BroadcastTable>>, producers: readonly string[]) {
    this.params = params
    this.tables = tables
    this.producers = producers
  }

  begin(
    key: string,
    stream_time_us: number,
    envelope: Envelope | undefined,
    cause_id: string,
    arrived_ms: number,
  ): void {
    this.key = key
    this.stream_time_us = stream_time_us
    this.envelope = envelope
    this.cause_id = cause_id
    this.arrived_ms = arrived_ms
    this.added = undefined
    this.timer_changes = undefined
  }

  get id(): string {
    return this.envelope === undefined ? this.cause_id : recordId(this.producer, this.envelope.seq)
  }
  get producer(): string {
    return this.envelope === undefined ? '' : (this.producers[this.envelope.producer] as string)
  }
  get seq(): number {
    return this.envelope?.seq ?? -1
  }
  get topic(): string {
    return this.envelope?.topic.name ?? ''
  }
  get partition(): number {
    return this.envelope?.partition ?? -1
  }

  /** Ids that caused the record in hand. */
  causes(): string[] {
    const from = this.envelope
    if (from === undefined) return []
    const ids = from.cause_producer < 0 ? [] : [recordId(this.producers[from.cause_producer] as string, from.cause_seq)]
    for (const id of from.more_causes ?? []) if (!ids.includes(id)) ids.push(id)
    return ids
  }

  cause(id: string): void {
    if (this.added === undefined) this.added = [id]
    else if (!this.added.includes(id)) this.added.push(id)
  }
  setTimer(name: string, due_us: number): void {
    const change = { name, due_us: Math.max(due_us, this.stream_time_us) }
    if (this.timer_changes === undefined) this.timer_changes = [change]
    else this.timer_changes.push(change)
  }
  cancelTimer(name: string): void {
    const change = { name, due_us: undefined }
    if (this.timer_changes === undefined) this.timer_changes = [change]
    else this.timer_changes.push(change)
  }
  body(): Uint8Array {
    const from = this.envelope
    return from === undefined ? NO_BYTES : from.carrier.buf.subarray(from.start, from.end)
  }
}
