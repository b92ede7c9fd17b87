import type { Channel } from './channel.ts'

/** Of a task that merges by `arrival`: the order in which its records came, and the one it took them in. */
export class ArrivalOrder {
  /** Taken since the last commit, run-length coded: number of a channel, records of it, by turns. */
  taken: number[] = []
  /** Numbers of the channels of those that wait. */
  private readonly waiting: number[] = []
  private readonly channels: readonly Channel[]

  constructor(channels: readonly Channel[]) {
    this.channels = channels
  }

  came(channel: number): void {
    this.waiting.push(channel)
  }

  /** The channel of the record that came first of those that are due. */
  first(limit_us: number): Channel | undefined {
    for (const number of this.waiting) {
      const channel = this.channels[number] as Channel
      if (channel.due_us <= limit_us) return channel
    }
    return undefined
  }

  took(channel: Channel): void {
    const number = this.channels.indexOf(channel)
    this.waiting.splice(this.waiting.indexOf(number), 1)
    const last = this.taken.length - 2
    if (last >= 0 && this.taken[last] === number) (this.taken[last + 1] as number)++
    else this.taken.push(number, 1)
  }
}
