/**
 * One connection to a venue: connecting, subscribing, live, ended.
 *
 * It ends when the socket does, when it does not open in time, when nothing comes for the venue's `silence_ms`, or when
 * it is told to; it says so once, and says nothing afterwards. It never reconnects: that is the feed's decision.
 */
import { Allowance } from './allowance.ts'
import type { FeedPorts, FeedSocket, SocketEnd } from './ports.ts'
import { Token } from './token.ts'
import type { FeedLine, FeedVenue } from './venue.ts'

export type ConnectionEnd = SocketEnd | 'late' | 'silent' | 'slow' | 'broken' | 'replaced'

export interface ConnectionEvents {
  /** The first frame came. */
  live(connection: Connection): void
  frame(connection: Connection, payload: Uint8Array): void
  /** A frame came that holds a secret of ours; it is passed on to nobody. */
  withheld(connection: Connection): void
  ended(connection: Connection, end: ConnectionEnd, detail: string): void
}

/** A connection that is not there by then is not coming. */
const CONNECT_MS = 10_000

export class Connection {
  readonly number: number
  state: 'connecting' | 'subscribing' | 'live' | 'ended' = 'connecting'
  readonly #venue: FeedVenue
  readonly #line: FeedLine
  readonly #ports: FeedPorts
  readonly #events: ConnectionEvents
  readonly #socket: FeedSocket
  readonly #messages: Allowance
  readonly #waiting: string[] = []
  readonly #token: Token | undefined
  readonly #timers = new Set<() => void>()
  #heard_us: number
  #paused = false
  #sending = false

  constructor(
    number: number,
    venue: FeedVenue,
    line: FeedLine,
    ports: FeedPorts,
    max_frame_bytes: number,
    events: ConnectionEvents,
    messages = new Allowance(venue.messages),
  ) {
    this.number = number
    this.#venue = venue
    this.#line = line
    this.#ports = ports
    this.#events = events
    this.#messages = messages
    this.#token = line.token === undefined ? undefined : new Token(line.token, ports)
    this.#heard_us = ports.clock.now_us()
    this.#socket = ports.network.connect(line.url, max_frame_bytes, {
      opened: () => this.#opened(),
      frame: (payload) => this.#frame(payload),
      ended: (end, detail) => this.end(end, detail),
    })
    this.#after(CONNECT_MS, () => {
      if (this.state === 'connecting') this.end('late', `no connection after ${CONNECT_MS} ms`)
    })
  }

  get ended(): boolean {
    return this.state === 'ended'
  }

  get paused(): boolean {
    return this.#paused
  }

  /** Sends as soon as the venue's limit of messages lets it; once, however often it is asked for until then. */
  send(text: string): void {
    // What waits says the same already, and what waits is bounded by how much there is to say.
    if (this.ended || this.#waiting.includes(text)) return
    this.#waiting.push(text)
    if (!this.#sending) this.#flush()
  }

  pause(): void {
    if (this.#paused || this.ended) return
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused || this.ended) return
    this.#paused = false
    // The time in which we did not listen says nothing about the venue.
    this.#heard()
    this.#socket.resume()
  }

  end(end: ConnectionEnd, detail: string): void {
    if (this.ended) return
    this.state = 'ended'
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    this.#token?.close()
    this.#socket.close()
    this.#events.ended(this, end, detail)
  }

  #opened(): void {
    if (this.ended) return
    this.state = 'subscribing'
    this.#heard()
    for (const text of this.#line.subscriptions) this.send(text)
    this.#watchSilence()
    if (this.#venue.keepalive !== undefined) this.#keepAlive(this.#venue.keepalive)
  }

  #frame(payload: Uint8Array): void {
    if (this.ended) return
    this.#heard()
    if (this.#token?.isIn(payload) === true) return this.#events.withheld(this)
    if (this.#venue.isKeepalive?.(payload) === true) return
    if (this.state !== 'live') {
      this.state = 'live'
      this.#events.live(this)
    }
    this.#events.frame(this, payload)
  }

  #heard(): void {
    this.#heard_us = this.#ports.clock.now_us()
  }

  /** Milliseconds since the peer was heard; a clock that was set back begins anew. */
  #quiet_ms(): number {
    const now_us = this.#ports.clock.now_us()
    if (now_us < this.#heard_us) this.#heard_us = now_us
    return (now_us - this.#heard_us) / 1_000
  }

  #watchSilence(): void {
    const silence_ms = this.#line.silence_ms ?? this.#venue.silence_ms
    const quiet_ms = this.#paused ? 0 : this.#quiet_ms()
    if (quiet_ms >= silence_ms) this.end('silent', `nothing for ${silence_ms} ms`)
    else this.#after(silence_ms - quiet_ms, () => this.#watchSilence())
  }

  #keepAlive(keepalive: { readonly every_ms: number; readonly text: string }): void {
    const quiet_ms = this.#quiet_ms()
    const due = quiet_ms >= keepalive.every_ms
    if (due && !this.#paused) this.send(keepalive.text)
    this.#after(due ? keepalive.every_ms : keepalive.every_ms - quiet_ms, () => this.#keepAlive(keepalive))
  }

  #flush(): void {
    this.#sending = true
    while (this.#waiting.length > 0) {
      if (this.state === 'connecting') break
      const now_us = this.#ports.clock.now_us()
      const wait_ms = this.#messages.wait_ms(now_us)
      if (wait_ms > 0) {
        this.#after(wait_ms, () => this.#flush())
        return
      }
      const first = this.#waiting[0]!
      const text = this.#token === undefined ? first : this.#token.filled(first)
      if (text === undefined) return this.#fetchToken()
      this.#messages.use(now_us)
      this.#waiting.shift()
      this.#socket.send(text)
    }
    this.#sending = false
  }

  /** Goes on sending with it; without it there is nothing to be had of this connection. */
  #fetchToken(): void {
    this.#token?.fetch((refusal) => {
      if (this.ended) return
      if (refusal === undefined) this.#flush()
      else this.end('broken', refusal)
    })
  }

  #after(delay_ms: number, then: () => void): void {
    const cancel = this.#ports.clock.after(delay_ms, () => {
      this.#timers.delete(cancel)
      if (!this.ended) then()
    })
    this.#timers.add(cancel)
  }
}
