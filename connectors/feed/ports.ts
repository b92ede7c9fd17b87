/**
 * The world of a live feed, as small as it can be: a clock, timers and a network. Nothing else of the feeds touches a
 * wall clock, a socket or randomness, so that tests run hours of a venue's life in seconds and get the same each time.
 *
 * Everything comes by a call back, never by a promise: what happens when is then only a matter of the clock.
 */

export interface FeedClock {
  /** Wall clock, whole microseconds since the epoch. It may jump; who needs increasing times sees to it. */
  now_us(): number
  /** Calls `then` after `delay_ms`, once; the answer calls it off. */
  after(delay_ms: number, then: () => void): () => void
}

/** `refused`: no connection came about. `too_large`: a frame over the limit. `closed`: all else that ends one. */
export type SocketEnd = 'refused' | 'too_large' | 'closed'

/** What a socket tells, never inside a call to it. After `ended`, and after our own `close`, it tells nothing more. */
export interface SocketEvents {
  opened(): void
  /** A whole message, its bytes as they came; they are the listener's to keep. */
  frame(payload: Uint8Array): void
  ended(end: SocketEnd, detail: string): void
}

/** The protocol's own pings are answered by the socket itself, at once, and nobody hears of them. */
export interface FeedSocket {
  send(text: string): void
  /** Stops reading: the peer's bytes wait in the kernel, then at the peer. A few read already may still come. */
  pause(): void
  resume(): void
  /** Ends it at once. */
  close(): void
}

export interface RestAnswer {
  readonly status: number
  /** Header by its lower-case name. */
  header(name: string): string | undefined
  readonly body: Uint8Array
}

export interface PostRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface RestLimits {
  readonly timeout_ms: number
  readonly max_bytes: number
}

export interface FeedNetwork {
  connect(url: string, max_frame_bytes: number, events: SocketEvents): FeedSocket
  /** Calls `answered` once, never inside this call: with undefined where no whole answer came in `timeout_ms`. The answer calls it off. */
  get(url: string, limits: RestLimits, answered: (answer: RestAnswer | undefined) => void): () => void
  /** As `get`. */
  post(request: PostRequest, limits: RestLimits, answered: (answer: RestAnswer | undefined) => void): () => void
}

export interface FeedPorts {
  readonly clock: FeedClock
  readonly network: FeedNetwork
  /** Uniform in [0, 1): spreads the reconnects of many clients. */
  readonly chance: () => number
}
