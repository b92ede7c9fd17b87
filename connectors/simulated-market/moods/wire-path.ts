import type { StepFrames } from './clean-market.ts'
import type { Channel, CleanFrame, Exchange } from './exchange.ts'
import { type FrameFault, FrameFaults, isDepth, withLowerIds } from './faults.ts'
import { type Keyed, streamOf } from './keyed.ts'
import type { MoodParameters } from './table.ts'
import { isWithin, STEP_US, STEPS_PER_S, stepsSince } from './timetable.ts'

/**
 * The way from one instrument's venue to us: latency, and where the mood says so, faults. It is a layer over the clean
 * frames, which stay what they are; without faults it changes no byte.
 *
 * It also does what a client at this end does: when a message of the book did not come as it should, it asks for the
 * whole book, and after ids began anew it keeps asking until the answer must have been of use. Those answers are the only
 * frames that the clean stream does not have, and nothing happens to them.
 */
export type PathSummary = {
  /** Clean frames so far. */
  readonly count: number
  /** Arrival of the last frame, later ones apart. */
  readonly arrival_us: number
  /** What the venue's ids are lowered by, since they began anew. */
  readonly update_offset: number
  readonly trade_offset: number
  /** What those of the message before were lowered by. */
  readonly offset_before: number
  /** Step at which the whole book is asked for; -1 for never. */
  readonly ask_step: number
  /** It is asked for every second until this step. */
  readonly asks_until: number
}

/** A frame as it arrives. */
export interface Arrival {
  readonly exchange: Exchange
  readonly channel: Channel
  readonly due_us: number
  readonly payload: Uint8Array
  readonly fault: PathFault | undefined
}

/** `answer`: the whole book, on request. */
export type PathFault = FrameFault | 'answer'
/** What did not arrive, and why. */
export type Loss = { readonly exchange: Exchange; readonly frame: CleanFrame; readonly reason: 'drop' | 'silence' }

export const openingPath: PathSummary = {
  count: 0,
  arrival_us: 0,
  update_offset: 0,
  trade_offset: 0,
  offset_before: 0,
  ask_step: -1,
  asks_until: -1,
}

/** Our clock runs behind the venue's by this much. */
export const CLOCK_OFFSET_US = -3_000
const LATENCY_US = 700
const LATENCY_SPREAD_US = 500
export const LATENCY_MAX_US = LATENCY_US + LATENCY_SPREAD_US
/** A request for the whole book takes this long; a stream that sends it by itself, no longer than any message. */
const ANSWER_US = 90_000
/** A decoder believes in new ids after 100 depth messages; asking goes on until well after. */
const ASKS_STEPS = 16 * STEPS_PER_S
/** Ids are halved when they begin anew; below this they are left alone. */
const RESTART_ID_MIN = 10_000_000

export class WirePath {
  readonly #params: MoodParameters
  readonly #keyed: Keyed
  readonly #faults: FrameFaults
  readonly #exchange: Exchange
  readonly #streams: {
    readonly latency: number
    readonly silence: number
    readonly restart: number
    readonly asking: number
  }
  #now: { -readonly [K in keyof PathSummary]: PathSummary[K] }

  constructor(exchange: Exchange, params: MoodParameters, keyed: Keyed, summary: PathSummary) {
    const { venue } = exchange.instrument
    this.#exchange = exchange
    this.#params = params
    this.#keyed = keyed
    this.#faults = new FrameFaults(exchange.instrument_id, params, keyed)
    this.#streams = {
      latency: streamOf(`latency ${venue}`),
      silence: streamOf(`silence ${venue}`),
      restart: streamOf(`restart ${venue}`),
      asking: streamOf(`asking ${exchange.instrument_id}`),
    }
    this.#now = { ...summary }
  }

  summary(): PathSummary {
    return { ...this.#now }
  }

  /** Ids of depth are lowered by this much. */
  get update_offset(): number {
    return this.#now.update_offset
  }

  /** What arrives of a step's frames, in no order; `time_us` is when the step began. */
  carry({ frames }: StepFrames, step: number, time_us: number, arrivals: Arrival[], losses: Loss[]): void {
    const now = this.#now
    const exchange = this.#exchange
    const latency_us = LATENCY_US + this.#keyed.at(this.#streams.latency, step).integer(LATENCY_SPREAD_US)
    const silent = this.#silent(step)
    if (this.#begins(step, this.#streams.restart, this.#params.restart_every_s)) this.#restart(step)
    for (const frame of frames) {
      const count = now.count
      now.count += 1
      now.arrival_us = Math.max(now.arrival_us + 1, frame.venue_time_us + latency_us + CLOCK_OFFSET_US)
      const payload = this.#numbered(frame)
      if (silent) {
        losses.push({ exchange, frame, reason: 'silence' })
        if (isDepth(frame.channel)) this.#askSoon(step)
        continue
      }
      const { fault, copies } = this.#faults.of(count, frame, payload)
      if (fault === 'drop') losses.push({ exchange, frame, reason: 'drop' })
      if (fault !== undefined && isDepth(frame.channel)) this.#askSoon(step)
      for (const copy of copies) {
        const due_us = now.arrival_us + copy.delay_us
        arrivals.push({ exchange, channel: frame.channel, due_us, payload: copy.payload, fault })
      }
    }
    if (!silent) this.#answer(step, time_us + STEP_US, latency_us, arrivals)
  }

  #numbered(frame: CleanFrame): Uint8Array {
    const now = this.#now
    if (now.update_offset === 0) return frame.payload
    const offsets = { update: now.update_offset, update_before: now.offset_before, trade: now.trade_offset }
    if (frame.channel === 'books') now.offset_before = now.update_offset
    return withLowerIds(frame, offsets)
  }

  #silent(step: number): boolean {
    const { silence_every_s, silence_ms } = this.#params
    return isWithin(step, this.#streams.silence, silence_every_s, silence_ms, this.#keyed)
  }

  #begins(step: number, stream: number, every_s: number): boolean {
    return stepsSince(step, stream, every_s, this.#keyed) === 0
  }

  #restart(step: number): void {
    const now = this.#now
    const { flow } = this.#exchange
    const id = flow.update_id - now.update_offset
    if (id < RESTART_ID_MIN) return
    now.offset_before = now.update_offset
    now.update_offset += Math.floor(id / 2)
    now.trade_offset += Math.floor((flow.trade_id - now.trade_offset) / 2)
    this.#askSoon(step)
    now.asks_until = step + ASKS_STEPS
  }

  /** Not at once: that something is missing shows with the next message, and asking takes its time. */
  #askSoon(step: number): void {
    if (this.#now.ask_step >= 0) return
    this.#now.ask_step = step + 2 + this.#keyed.at(this.#streams.asking, step).integer(3)
  }

  #answer(step: number, time_us: number, latency_us: number, arrivals: Arrival[]): void {
    const now = this.#now
    if (now.ask_step < 0 || step < now.ask_step) return
    const exchange = this.#exchange
    const { channel, payload } = exchange.snapshot(time_us, now.update_offset)
    now.offset_before = now.update_offset
    now.arrival_us = Math.max(now.arrival_us + 1, time_us + latency_us + CLOCK_OFFSET_US)
    const due_us = now.arrival_us + (exchange.instrument.venue === 'OKX' ? 0 : ANSWER_US)
    arrivals.push({ exchange, channel, due_us, payload, fault: 'answer' })
    now.ask_step = step < now.asks_until ? step + STEPS_PER_S : -1
  }
}
