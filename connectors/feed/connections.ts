/**
 * The connections of one line of a feed: one, and for a short while its successor beside it.
 *
 * A connection that ended is followed by another after a growing time, within the venue's limit of attempts and not
 * before the dataflow has room. One that nears the venue's own age limit gets a successor first; both are heard until
 * the new one says everything that the old one does, so that no update is missed. A message then comes twice, and the
 * normalizer knows it by its sequence.
 */
import type { Allowance } from './allowance.ts'
import { BackOff } from './back-off.ts'
import { Connection, type ConnectionEnd, type ConnectionEvents } from './connection.ts'
import type { FeedPorts } from './ports.ts'
import type { FeedLine, FeedVenue } from './venue.ts'

export interface ConnectionsEvents {
  /** A connection is tried; answers its number. */
  begun(): number
  frame(connection: number, payload: Uint8Array): void
  withheld(connection: number): void
  /** `wait_ms`: until the next one is tried, where one is. */
  ended(connection: number, end: ConnectionEnd, detail: string, wait_ms: number): void
  /** Whether what comes on this one makes an older one superfluous. */
  replaces(connection: number): boolean
  hasRoom(): boolean
}

/** What all lines of a feed share, because the venue counts it per address. */
export interface Shared {
  readonly attempts: Allowance
  /** Undefined where each connection has its own. */
  readonly messages: Allowance | undefined
}

const FIRST_WAIT_MS = 250
const MAX_WAIT_MS = 30_000
/** One that lived so long was well; its end is no reason to wait long. */
const STABLE_MS = 60_000
/** Two at a time are heard no longer than that. */
const OVERLAP_MS = 10_000
const ROOM_MS = 100

export class Connections {
  readonly #venue: FeedVenue
  readonly #line: FeedLine
  readonly #ports: FeedPorts
  readonly #max_frame_bytes: number
  readonly #events: ConnectionsEvents
  readonly #shared: Shared
  readonly #back_off: BackOff
  /** At most two, the older one first. */
  readonly #open: Connection[] = []
  readonly #timers = new Set<() => void>()
  #paused = false
  #closed = false
  /** A new one is due: no second wait for it. */
  #awaited = false
  /** The one that is too old to stay. */
  #aged: Connection | undefined

  constructor(
    venue: FeedVenue,
    line: FeedLine,
    shared: Shared,
    ports: FeedPorts,
    max_frame_bytes: number,
    events: ConnectionsEvents,
  ) {
    this.#venue = venue
    this.#line = line
    this.#shared = shared
    this.#ports = ports
    this.#max_frame_bytes = max_frame_bytes
    this.#events = events
    this.#back_off = new BackOff(FIRST_WAIT_MS, MAX_WAIT_MS, ports.chance)
  }

  get live(): boolean {
    return this.#open.some(({ state }) => state === 'live')
  }

  begin(): void {
    this.#awaited = true
    this.#after(0, () => this.#connect())
  }

  send(number: number, text: string): void {
    this.#open.find((connection) => connection.number === number)?.send(text)
  }

  drop(number: number, end: ConnectionEnd, detail: string): void {
    // Not inside the call: whoever asks for it is looking at a frame of this connection.
    this.#after(0, () => this.#open.find((connection) => connection.number === number)?.end(end, detail))
  }

  /** Opens another one beside it; it goes when the new one says everything that it does. */
  replace(number: number): void {
    // Not inside the call: whoever asks for it is looking at a frame of this connection.
    this.#after(0, () => {
      const connection = this.#open.find((one) => one.number === number)
      if (connection !== undefined) this.#succeed(connection)
    })
  }

  dropAll(end: ConnectionEnd, detail: string): void {
    this.#paused = false
    for (const connection of [...this.#open]) connection.end(end, detail)
  }

  pause(): void {
    this.#paused = true
    for (const connection of this.#open) connection.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    for (const connection of this.#open) connection.resume()
  }

  close(): void {
    this.#closed = true
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    for (const connection of [...this.#open]) connection.end('closed', 'the feed is closed')
  }

  #connect(): void {
    const now_us = this.#ports.clock.now_us()
    const wait_ms = this.#events.hasRoom() ? this.#shared.attempts.wait_ms(now_us) : ROOM_MS
    if (wait_ms > 0) {
      this.#after(wait_ms, () => this.#connect())
      return
    }
    this.#awaited = false
    this.#shared.attempts.use(now_us)
    let live_us = 0
    const number = this.#events.begun()
    const events: ConnectionEvents = {
      live: () => {
        live_us = this.#ports.clock.now_us()
        this.#limitAge(connection)
        this.#after(OVERLAP_MS, () => this.#retireBefore(connection))
      },
      frame: (_, payload) => {
        this.#events.frame(number, payload)
        if (this.#open.length > 1 && this.#open.at(-1) === connection && this.#events.replaces(number)) {
          this.#retireBefore(connection)
        }
      },
      ended: (_, end, detail) => {
        const at = this.#open.indexOf(connection)
        if (at >= 0) this.#open.splice(at, 1)
        if (live_us > 0 && this.#ports.clock.now_us() - live_us >= STABLE_MS * 1_000) this.#back_off.succeeded()
        this.#events.ended(number, end, detail, this.#follow())
      },
      withheld: () => this.#events.withheld(number),
    }
    const connection: Connection = new Connection(
      number,
      this.#venue,
      this.#line,
      this.#ports,
      this.#max_frame_bytes,
      events,
      this.#shared.messages,
    )
    this.#open.push(connection)
    if (this.#paused) connection.pause()
  }

  /** Sees to it that there is a connection; the wait until the next is tried, 0 where none is needed. */
  #follow(): number {
    const [open] = this.#open
    if (this.#closed || this.#awaited || (open !== undefined && open !== this.#aged)) return 0
    this.#awaited = true
    const wait_ms = this.#back_off.failed()
    this.#after(wait_ms, () => this.#connect())
    return wait_ms
  }

  #limitAge(connection: Connection): void {
    const { lifetime_ms } = this.#venue
    if (lifetime_ms === undefined) return
    this.#after(lifetime_ms, () => this.#succeed(connection))
  }

  #succeed(connection: Connection): void {
    if (connection.ended || this.#awaited || this.#open.at(-1) !== connection) return
    this.#aged = connection
    this.#awaited = true
    this.#connect()
  }

  #retireBefore(connection: Connection): void {
    if (connection.ended) return
    for (const older of this.#open.slice(0, this.#open.indexOf(connection))) {
      older.end('replaced', `connection ${connection.number} took over`)
    }
  }

  #after(delay_ms: number, then: () => void): void {
    const cancel = this.#ports.clock.after(delay_ms, () => {
      this.#timers.delete(cancel)
      if (!this.#closed) then()
    })
    this.#timers.add(cancel)
  }
}
