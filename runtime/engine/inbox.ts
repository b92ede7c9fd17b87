import type { PlannedTask } from '../plan/plan.ts'
import { ArrivalOrder } from './arrival-order.ts'
import { before, Channel } from './channel.ts'
import type { Envelope } from './envelope.ts'

const NO_ORDER: readonly number[] = []

/** The records that a task has not read yet, channel by channel, and which of them comes next. */
export class Inbox {
  readonly channels: readonly Channel[]
  /** Records that wait in all channels. */
  length = 0
  /** Channels that hold any: a stage may have dozens of inputs, of which one or two are not empty. */
  private readonly active: Channel[] = []
  private readonly arrivals: ArrivalOrder | undefined

  constructor({ inputs, merge }: PlannedTask) {
    this.channels = inputs.map((input) => new Channel(input))
    this.arrivals = merge === 'arrival' ? new ArrivalOrder(this.channels) : undefined
  }

  /** Buffers a record; answers the stream time at which it may be processed. */
  push(channel: number, envelope: Envelope): number {
    const to = this.channels[channel] as Channel
    if (to.length === 0) this.active.push(to)
    to.push(envelope)
    this.length++
    if (this.arrivals !== undefined) this.arrivals.came(channel)
    return envelope.stream_time_us + to.input.delay_us
  }

  /** Stream time at which the first of them may be processed, or infinity. */
  get due_us(): number {
    let due_us = Number.POSITIVE_INFINITY
    for (const channel of this.active) due_us = Math.min(due_us, channel.due_us)
    return due_us
  }

  /** The channel whose head comes next, if it may be released; some record must wait. */
  first(limit_us: number): Channel | undefined {
    if (this.arrivals !== undefined) return this.arrivals.first(limit_us)
    const active = this.active
    let best = active[0] as Channel
    let best_head = best.peek() as Envelope
    for (let i = 1; i < active.length; i++) {
      const channel = active[i] as Channel
      const head = channel.peek() as Envelope
      if (before(head, channel.input.delay_us, best_head, best.input.delay_us)) {
        best = channel
        best_head = head
      }
    }
    return best.due_us <= limit_us ? best : undefined
  }

  /** Takes the next record of a channel off and counts it as read. */
  take(channel: Channel): Envelope {
    if (this.arrivals !== undefined) this.arrivals.took(channel)
    const envelope = channel.take()
    this.length--
    if (channel.length === 0) this.active.splice(this.active.indexOf(channel), 1)
    return envelope
  }

  /** The order taken since the last commit, where the data does not tell it: see `ArrivalOrder.taken`. */
  get order(): readonly number[] {
    return this.arrivals === undefined ? NO_ORDER : this.arrivals.taken
  }

  /** Copies the bodies of waiting records out of the batches that are about to be reused. */
  detach(): void {
    if (this.length > 0) for (const channel of this.channels) channel.detach()
  }

  /** Begins the bookkeeping of a new commit. */
  commit(): void {
    for (const channel of this.channels) channel.commit()
    if (this.arrivals !== undefined) this.arrivals.taken = []
  }
}
