import { INSTRUMENT_PROFILES } from './instruments.ts'
import { followBurst } from './mood.ts'
import { type FlowSummary, OrderFlow, openingFlow } from './order-flow.ts'
import { Random } from './random.ts'
import { WireWriter } from './wire.ts'

/**
 * The venue and the wire: three order flows on one clock, and the messages that a subscriber receives.
 *
 * The run is cut into *epochs* of some 50,000 messages. An epoch begins just after a depth update with books drawn
 * from a summary of a few numbers and from chance seeded by (seed, epoch), so a position is that summary and a count.
 * At an epoch's end the venue's makers renew their quotes in one ordinary update: a subscriber sees no seam, update
 * ids and trade ids go on.
 */
export type Epoch = {
  readonly epoch: number
  /** Messages before this epoch. */
  readonly frames: number
  /** The venue's clock at its start, a whole multiple of `DEPTH_INTERVAL_US` after `START_US`. */
  readonly time_us: number
  /** Receive time of the message before, so that the next one is later. */
  readonly receive_time_us: number
  readonly flows: readonly FlowSummary[]
}

export type Channel = 'depth@100ms' | 'bookTicker' | 'trade' | 'snapshot'

export interface MarketFrame {
  readonly symbol: string
  readonly channel: Channel
  readonly receive_time_us: number
  readonly payload: Uint8Array
  /** Where the message stands: its epoch, and how many of the epoch's messages there are with it. */
  readonly epoch: Epoch
  readonly count: number
}

/** 2026-01-05T00:00:00Z. No wall clock: the same seed says the same at any time. */
export const START_US = 1_767_571_200_000_000

const DEPTH_INTERVAL_US = 100_000
const EPOCH_FRAMES = 50_000
/** Our clock runs behind the venue's by this much, as clocks do: messages seem to arrive before they were sent. */
const CLOCK_OFFSET_US = -3_000
const LATENCY_US = 700
const LATENCY_SPREAD_US = 250
/** A rare hiccup of the network; what was sent meanwhile arrives in one heap. */
const HICCUP_CHANCE = 0.0005
const HICCUP_US = 12_000
/** The REST snapshots are asked for one after another while depth updates already arrive. */
const SNAPSHOT_AT_US = 150_000
const SNAPSHOT_STEP_US = 20_000
const SNAPSHOT_DELAY_US = 90_000
/**
 * Messages that one order causes, depth updates apart, times the mean intensity of moods: measured over hours. Orders
 * that move the price cause more, and the fewer orders there are, the more of them do.
 */
const FRAMES_PER_CALM_ORDER = 1.1
const FRAMES_PER_MOVING_ORDER = 250

interface PendingSnapshot {
  readonly flow: OrderFlow
  readonly taken_us: number
  readonly answered_us: number
  payload: Uint8Array | undefined
}

export function firstEpoch(): Epoch {
  const flows = INSTRUMENT_PROFILES.map((profile) => openingFlow(profile, START_US))
  return { epoch: 0, frames: 0, time_us: START_US, receive_time_us: START_US + CLOCK_OFFSET_US, flows }
}

export class Market {
  readonly #seed: number
  readonly #orders_per_us: number
  readonly #writers = INSTRUMENT_PROFILES.map((profile) => new WireWriter(profile))
  readonly #snapshots: PendingSnapshot[]
  readonly #queue: MarketFrame[] = []
  #read = 0
  /** Messages still to be passed over; they are counted but not written. */
  #skip: number
  #epoch!: Epoch
  #random!: Random
  #flows!: OrderFlow[]
  /** Update id of each instrument's last depth update. */
  #flushed!: number[]
  #count = 0
  #receive_time_us = 0
  #arrival_us = 0
  #depth_us = 0

  /** Begins after the first `count` messages of `epoch`. `frames_per_s` is what all instruments together aim at. */
  constructor(seed: number, frames_per_s: number, epoch: Epoch, count: number) {
    const depth_per_s = (INSTRUMENT_PROFILES.length * 1_000_000) / DEPTH_INTERVAL_US
    this.#seed = seed
    const frames_per_order = FRAMES_PER_CALM_ORDER + FRAMES_PER_MOVING_ORDER / frames_per_s
    this.#orders_per_us = Math.max(frames_per_s - depth_per_s, 1) / frames_per_order / 1_000_000
    this.#skip = count
    this.#begin(epoch)
    this.#snapshots = epoch.epoch > 0 ? [] : this.#flows.map(pendingSnapshot)
    while (this.#skip > 0) this.#advance()
  }

  /** The next message. The market never closes. */
  next(): MarketFrame {
    while (this.#read === this.#queue.length) {
      this.#queue.length = 0
      this.#read = 0
      this.#advance()
    }
    const frame = this.#queue[this.#read]!
    this.#read += 1
    return frame
  }

  #advance(): void {
    const time_us = Math.min(Math.floor(this.#arrival_us), this.#depth_us)
    if (this.#snapshots.length > 0) this.#serveSnapshots(time_us)
    if (time_us === this.#depth_us) {
      const last = this.#count >= EPOCH_FRAMES && this.#snapshots.length === 0
      if (last) this.#renewBooks(time_us)
      for (let index = 0; index < this.#flows.length; index += 1) this.#flushDepth(index, time_us)
      this.#depth_us += DEPTH_INTERVAL_US
      if (last) this.#begin(this.#nextEpoch(time_us))
    } else {
      this.#arrive(time_us)
      this.#arrival_us += this.#gapUs()
    }
  }

  #arrive(time_us: number): void {
    const index = this.#drawInstrument()
    const flow = this.#flows[index]!
    const mood = flow.mood
    const best_moved = flow.step(time_us, this.#random)
    if (index === 0 && flow.mood !== mood && flow.mood.kind === 'burst') this.#spreadBurst(flow, time_us)
    if (best_moved) this.#sendTicker(index, time_us)
    for (const { px, qty, buyer_makes } of flow.executions) {
      flow.trade_id += 1
      const time_ms = Math.floor(time_us / 1_000)
      this.#send(index, 'trade', time_us, (writer) => writer.trade(time_ms, flow.trade_id, px, qty, buyer_makes))
    }
  }

  /** The first instrument leads: others often join its bursts. */
  #spreadBurst(leader: OrderFlow, time_us: number): void {
    for (const flow of this.#flows) {
      if (flow !== leader && this.#random.uniform() < 0.6) {
        flow.mood = followBurst(leader.mood, time_us, this.#random)
      }
    }
  }

  #drawInstrument(): number {
    let chance = this.#random.uniform() * this.#intensity()
    for (let index = 0; index < this.#flows.length - 1; index += 1) {
      const { mood, profile } = this.#flows[index]!
      chance -= mood.intensity * profile.weight
      if (chance < 0) return index
    }
    return this.#flows.length - 1
  }

  #intensity(): number {
    let sum = 0
    for (const { mood, profile } of this.#flows) sum += mood.intensity * profile.weight
    return sum
  }

  #gapUs(): number {
    return this.#random.exponential() / (this.#orders_per_us * this.#intensity())
  }

  #serveSnapshots(time_us: number): void {
    for (const snapshot of this.#snapshots) {
      const { flow } = snapshot
      const writer = this.#writers[this.#flows.indexOf(flow)]!
      if (time_us >= snapshot.taken_us) {
        snapshot.payload ??= writer.depthSnapshot(flow.update_id, flow.bids, flow.asks)
      }
    }
    while (this.#snapshots.length > 0 && time_us >= this.#snapshots[0]!.answered_us) {
      const { flow, payload } = this.#snapshots.shift()!
      this.#send(this.#flows.indexOf(flow), 'snapshot', time_us, () => payload!)
    }
  }

  /** Turns every book into the one that the next epoch begins with, best prices kept. */
  #renewBooks(time_us: number): void {
    const random = new Random(this.#seed, this.#epoch.epoch + 1)
    for (const [index, flow] of this.#flows.entries()) {
      flow.update_id += 1
      flow.fill(flow.bids.best_px, flow.asks.best_px, random)
      this.#sendTicker(index, time_us)
    }
  }

  #nextEpoch(time_us: number): Epoch {
    return {
      epoch: this.#epoch.epoch + 1,
      frames: this.#epoch.frames + this.#count,
      time_us,
      receive_time_us: this.#receive_time_us,
      flows: this.#flows.map((flow) => flow.summary()),
    }
  }

  /** Everything that is to come follows from `epoch` alone, whether the run comes along here or is resumed here. */
  #begin(epoch: Epoch): void {
    this.#epoch = epoch
    this.#count = 0
    this.#random = new Random(this.#seed, epoch.epoch)
    this.#flows = INSTRUMENT_PROFILES.map((profile, index) => {
      const summary = epoch.flows[index]!
      const flow = new OrderFlow(profile, summary, epoch.time_us)
      flow.fill(summary.bid_px, summary.ask_px, this.#random)
      flow.bids.changed.clear()
      flow.asks.changed.clear()
      return flow
    })
    this.#flushed = this.#flows.map((flow) => flow.update_id)
    this.#receive_time_us = epoch.receive_time_us
    this.#depth_us = epoch.time_us + DEPTH_INTERVAL_US
    this.#arrival_us = epoch.time_us + this.#gapUs()
  }

  #sendTicker(index: number, time_us: number): void {
    const { update_id, bids, asks } = this.#flows[index]!
    this.#send(index, 'bookTicker', time_us, (writer) => writer.bookTicker(update_id, bids, asks))
  }

  #flushDepth(index: number, time_us: number): void {
    const { update_id, bids, asks } = this.#flows[index]!
    if (bids.changed.size + asks.changed.size === 0) return
    const first_id = this.#flushed[index]! + 1
    const time_ms = Math.floor(time_us / 1_000)
    this.#send(index, 'depth@100ms', time_us, (writer) => writer.depthUpdate(time_ms, first_id, update_id, bids, asks))
    this.#flushed[index] = update_id
    bids.changed.clear()
    asks.changed.clear()
  }

  #send(index: number, channel: Channel, time_us: number, write: (writer: WireWriter) => Uint8Array): void {
    const random = this.#random
    let latency_us = LATENCY_US + LATENCY_SPREAD_US * Math.abs(random.bell())
    if (random.uniform() < HICCUP_CHANCE) latency_us += HICCUP_US * random.uniform()
    const arrived_us = Math.floor(time_us + latency_us) + CLOCK_OFFSET_US
    this.#receive_time_us = Math.max(arrived_us, this.#receive_time_us + 1)
    this.#count += 1
    if (this.#skip > 0) {
      this.#skip -= 1
      return
    }
    this.#queue.push({
      symbol: this.#flows[index]!.profile.symbol,
      channel,
      receive_time_us: this.#receive_time_us,
      payload: write(this.#writers[index]!),
      epoch: this.#epoch,
      count: this.#count,
    })
  }
}

function pendingSnapshot(flow: OrderFlow, index: number): PendingSnapshot {
  const taken_us = START_US + SNAPSHOT_AT_US + index * SNAPSHOT_STEP_US
  return { flow, taken_us, answered_us: taken_us + SNAPSHOT_DELAY_US, payload: undefined }
}
