import type { PlannedInput } from '../plan/plan.ts'
import type { Envelope } from './envelope.ts'
import { mixHash } from './envelope.ts'

/**
 * One input partition of one task: what is buffered, where the task stands, and what this commit has read.
 *
 * Under `by_data` a record is released when the frontier of every channel of the task has passed its effective time
 * (its stream time, plus the delay of a feedback edge). The scheduler advances all channels of a process together, so
 * the frontier is one number there.
 */
export class Channel {
  readonly input: PlannedInput
  /** `topic/partition`. */
  readonly origin: string
  private queue: Envelope[] = []
  private head = 0
  /** Offset after the last record consumed. */
  position = 0
  /** Since the last commit. */
  from = 0
  count = 0
  hash = 0

  constructor(input: PlannedInput) {
    this.input = input
    this.origin = `${input.topic.name}/${input.partition}`
  }

  get length(): number {
    return this.queue.length - this.head
  }

  push(envelope: Envelope): void {
    this.queue.push(envelope)
  }

  peek(): Envelope | undefined {
    return this.queue[this.head]
  }

  /** Stream time at which the next record may be processed, or infinity. */
  get due_us(): number {
    const head = this.queue[this.head]
    return head === undefined ? Number.POSITIVE_INFINITY : head.stream_time_us + this.input.delay_us
  }

  /** Takes the next record off and counts it as read. */
  take(): Envelope {
    const envelope = this.queue[this.head++] as Envelope
    if (this.head === this.queue.length) {
      this.queue.length = 0
      this.head = 0
    } else if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head)
      this.head = 0
    }
    this.position = envelope.offset + 1
    this.count++
    this.hash = mixHash(this.hash, envelope.seq, envelope.crc)
    return envelope
  }

  /** Copies the bodies of waiting records out of the batch that is about to be reused. */
  detach(): void {
    for (let i = this.head; i < this.queue.length; i++) {
      const envelope = this.queue[i] as Envelope
      const buf = Uint8Array.prototype.slice.call(envelope.carrier.buf, envelope.start, envelope.end)
      envelope.carrier = { buf }
      envelope.start = 0
      envelope.end = buf.length
    }
  }

  /** Begins the bookkeeping of a new commit. */
  commit(): void {
    this.from = this.position
    this.count = 0
    this.hash = 0
  }

  /** Stands at `offset`, empty. */
  seek(offset: number): void {
    this.queue = []
    this.head = 0
    this.position = offset
    this.commit()
  }
}

/** Merge order of two buffered records: effective stream time, topic order, producer, producer's sequence. */
export function before(a: Envelope, a_delay_us: number, b: Envelope, b_delay_us: number): boolean {
  const a_time = a.stream_time_us + a_delay_us
  const b_time = b.stream_time_us + b_delay_us
  if (a_time !== b_time) return a_time < b_time
  if (a.topic.index !== b.topic.index) return a.topic.index < b.topic.index
  if (a.producer !== b.producer) return a.producer < b.producer
  return a.seq < b.seq
}
