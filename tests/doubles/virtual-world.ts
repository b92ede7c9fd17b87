/** A clock that moves when told, and a network that is a queue on it: hours of a feed's life in seconds, the same each time. */
import type {
  FeedClock,
  FeedNetwork,
  FeedPorts,
  RestAnswer,
  RestLimits,
  SocketEvents,
} from '../../connectors/feed/index.ts'
import { Random } from '../../connectors/simulated-market/random.ts'

/** A double's side of one connection. */
export interface Peer {
  send(payload: Uint8Array): void
  /** Ends it without a closing handshake. */
  cut(): void
  /** Sends a part of the bytes that carry `payload`, and then ends it. */
  tear(payload: Uint8Array): void
  /** Sends a part of the bytes that carry `payload`; the rest, and all that is sent meanwhile, when the answer is called. */
  begin(payload: Uint8Array): () => void
}

export interface DoubleAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** A venue's double, whatever carries its bytes. */
export interface VenueDouble {
  /** A connection came; undefined refuses it. */
  accept(path: string, peer: Peer): { message(text: string): void; gone(): void } | undefined
  /** Undefined: no answer ever comes. */
  get(path: string): DoubleAnswer | undefined
  post?(path: string, headers: Readonly<Record<string, string>>, body: string): DoubleAnswer | undefined
  /** Whether a connection would be refused now. */
  refuses(): boolean
}

/** What a connection has to say behind a message that is only begun. */
export class Begun {
  #behind: Uint8Array[] | undefined
  readonly #send: (payload: Uint8Array) => void

  constructor(send: (payload: Uint8Array) => void) {
    this.#send = send
  }

  isHolding(payload: Uint8Array): boolean {
    this.#behind?.push(payload)
    return this.#behind !== undefined
  }

  /** `first` says a part of it, and answers what says the rest. */
  begin(first: (payload: Uint8Array) => () => void, payload: Uint8Array): () => void {
    if (this.isHolding(payload)) return () => undefined
    this.#behind = []
    const rest = first(payload)
    return () => {
      const behind = this.#behind ?? []
      this.#behind = undefined
      rest()
      for (const one of behind) this.#send(one)
    }
  }
}

export class VirtualClock implements FeedClock {
  #now_us: number
  #timers: { at_us: number; order: number; then: () => void }[] = []
  #order = 0

  constructor(start_us: number) {
    this.#now_us = start_us
  }

  now_us(): number {
    return this.#now_us
  }

  after(delay_ms: number, then: () => void): () => void {
    const timer = { at_us: this.#now_us + Math.max(0, Math.ceil(delay_ms * 1_000)), order: this.#order++, then }
    let low = 0
    let high = this.#timers.length
    // Latest first, so that the next one is taken off the end.
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#timers[middle]!.at_us > timer.at_us) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at >= 0) this.#timers.splice(at, 1)
    }
  }

  /** Fires everything that is due within `ms`, in order. */
  advance(ms: number): void {
    const end_us = this.#now_us + ms * 1_000
    for (;;) {
      const next = this.#timers.at(-1)
      if (next === undefined || next.at_us > end_us) break
      this.#timers.pop()
      this.#now_us = Math.max(this.#now_us, next.at_us)
      next.then()
    }
    this.#now_us = end_us
  }

  /** Sets the clock of the machine; what is due in some milliseconds is so still. */
  step(ms: number): void {
    this.#now_us += ms * 1_000
    for (const timer of this.#timers) timer.at_us += ms * 1_000
  }
}

const LATENCY_MS = 2
/** A venue ends connections whose reader is behind by so much. */
const BEHIND_BYTES = 8 * 1024 * 1024

function virtualNetwork(clock: FeedClock, double: VenueDouble): FeedNetwork {
  return {
    connect: (url, max_frame_bytes, events) => connect(clock, double, pathOf(url), max_frame_bytes, events),
    get: (url, limits, answered) => ask(clock, () => double.get(pathOf(url)), limits, answered),
    post: ({ url, headers, body }, limits, answered) =>
      ask(clock, () => double.post?.(pathOf(url), headers, body), limits, answered),
  }
}

function ask(
  clock: FeedClock,
  answerOf: () => DoubleAnswer | undefined,
  { timeout_ms, max_bytes }: RestLimits,
  answered: (answer: RestAnswer | undefined) => void,
): () => void {
  let over = false
  const finish = (answer: RestAnswer | undefined) => {
    if (!over) answered(answer)
    over = true
  }
  clock.after(LATENCY_MS, () => {
    const answer = answerOf()
    if (answer === undefined || answer.body.length > max_bytes) return
    const { status, headers = {}, body } = answer
    clock.after(LATENCY_MS, () => finish({ status, header: (name) => headers[name], body }))
  })
  clock.after(timeout_ms, () => finish(undefined))
  return () => {
    over = true
  }
}

function connect(clock: FeedClock, double: VenueDouble, path: string, max_bytes: number, events: SocketEvents) {
  let over = false
  let paused = false
  let waiting: Uint8Array[] = []
  let waiting_bytes = 0
  let accepted: ReturnType<VenueDouble['accept']>
  const end = (how: 'refused' | 'too_large' | 'closed') => {
    if (over) return
    over = true
    accepted?.gone()
    events.ended(how, 'by the double')
  }
  const deliver = (payload: Uint8Array) => {
    if (over) return
    if (paused) {
      waiting.push(payload)
      waiting_bytes += payload.length
      if (waiting_bytes > BEHIND_BYTES) end('closed')
    } else if (payload.length > max_bytes) end('too_large')
    else events.frame(payload)
  }
  const cut = () => {
    clock.after(LATENCY_MS, () => end('closed'))
  }
  clock.after(LATENCY_MS, () => {
    if (over) return
    if (double.refuses()) return end('refused')
    // One latency for all: a connection keeps the order.
    const send = (payload: Uint8Array) => clock.after(LATENCY_MS, () => deliver(payload))
    const begun = new Begun(send)
    accepted = double.accept(path, {
      send: (payload) => begun.isHolding(payload) || send(payload),
      begin: (payload) => begun.begin(() => () => send(payload), payload),
      cut,
      // A message that is not whole is none: there are no bytes below messages here.
      tear: cut,
    })
    if (accepted === undefined) end('refused')
    else events.opened()
  })
  return {
    send: (text: string) => clock.after(LATENCY_MS, () => over || accepted?.message(text)),
    pause() {
      paused = true
    },
    resume() {
      if (!paused) return
      paused = false
      const had = waiting
      waiting = []
      waiting_bytes = 0
      clock.after(0, () => {
        for (const payload of had) deliver(payload)
      })
    },
    close() {
      if (!over) accepted?.gone()
      over = true
    },
  }
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

export function virtualPorts(clock: FeedClock, double: VenueDouble, seed: number): FeedPorts {
  const random = new Random(seed, 77)
  return { clock, network: virtualNetwork(clock, double), chance: () => random.uniform() }
}
