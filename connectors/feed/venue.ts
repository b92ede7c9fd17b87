/**
 * What a venue's live connector says about its feed: addresses, limits, what to send, and which breaks of continuity it
 * watches for. The rest (when to connect, wait, give up and go on) is the same for every venue: `live-feed.ts`.
 */
import type { Limit } from './allowance.ts'
import type { PostRequest } from './ports.ts'

/** Where a frame belongs, as the venue spells it; empty where the frame does not say. */
export interface FrameAddress {
  readonly symbol: string
  readonly channel: string
}

export interface FeedAddress {
  /** As the venue spells them. */
  readonly symbols: readonly string[]
  /** Other servers than the venue's own, without a path. */
  readonly url?: string
  readonly rest_url?: string
}

export interface FeedVenue {
  /** As `--feed` takes it; also the capture format by which its captures are replayed. */
  readonly name: string
  readonly format: string
  /** Venue, upper case. */
  readonly venue: string
  readonly symbols: readonly string[]
  /** Connected side by side: one for all symbols, or one each where the venue counts messages per connection. */
  readonly lines: readonly FeedLine[]
  /** New connections per span of time, all lines together. */
  readonly connections: Limit
  /** Messages of ours per span of time, of each connection or, where `messages_of` says so, of all together. */
  readonly messages: Limit
  readonly messages_of?: 'all'
  /** Age at which a connection is replaced by a new one, before the venue ends it; undefined where it does not. */
  readonly lifetime_ms: number | undefined
  /**
   * Without a message for so long a connection is dead: even where nothing is traded, books, heartbeats or answers to
   * keepalives come. Pings of the protocol do not count: they show that a machine lives, not that it sends data.
   */
  readonly silence_ms: number
  /** What is sent when nothing came for `every_ms`. */
  readonly keepalive?: { readonly every_ms: number; readonly text: string }
  readonly rest?: RestPlan
  /** Whether a message is the venue's answer to a keepalive, and no data. */
  isKeepalive?(payload: Uint8Array): boolean
}

/** What one connection carries. */
export interface FeedLine {
  readonly url: string
  /** Messages to send when a connection opens, in order. */
  readonly subscriptions: readonly string[]
  /** Instead of the venue's, where a line has less to say than others. */
  readonly silence_ms?: number
  /** Where its subscriptions need a token. */
  readonly token?: TokenPlan
  address(payload: Uint8Array): FrameAddress
  /** Made once per run of the feed. */
  watch(actions: WatchActions): FeedWatch
}

/**
 * How a connection gets the secret that its subscriptions need. Messages hold `placeholder`; the secret itself is put in
 * for the socket alone, so that neither a log nor a capture can hold it.
 */
export interface TokenPlan {
  readonly placeholder: string
  /** Age at which a new one is fetched before it is used again. */
  readonly lifetime_ms: number
  /** What is posted to get one, now. */
  request(now_us: number): PostRequest
  /** The token, or in a few words, which hold nothing secret, why there is none. */
  read(body: Uint8Array): { readonly token: string } | { readonly refusal: string }
}

export interface RestPlan {
  readonly weights: Limit
  /** Header in which the venue says how much of the limit is used in the current minute. */
  readonly used_header?: string
}

/** A question to the venue that becomes a frame of the feed. */
export interface SnapshotRequest extends FrameAddress {
  readonly url: string
  readonly weight: number
}

/** What a watch may do about a break. All of it is safe at any time, and none of it happens inside the call. */
export interface WatchActions {
  now_us(): number
  /** Asks for a snapshot, unless one of this symbol is being asked for. */
  snapshot(request: SnapshotRequest): void
  /** Sends on a connection, within the venue's limit; nothing if that connection is gone. */
  send(connection: number, text: string): void
  /** Opens another connection beside one that the venue is about to end, and then ends it. */
  replace(connection: number): void
  /** Ends a connection that cannot be repaired; a new one comes. */
  drop(connection: number): void
  after(delay_ms: number, then: () => void): () => void
  /** Counts a book that is subscribed anew. */
  resubscribed(): void
  /** Counts a break of continuity. */
  broke(address: FrameAddress, detail: string): void
}

/** Sees every frame before it is queued, and changes none. Frames of two connections may be mixed for a while. */
export interface FeedWatch {
  connected(connection: number): void
  frame(connection: number, address: FrameAddress, payload: Uint8Array): void
  ended(connection: number): void
  /** The answer to `snapshot`, just queued as a frame. */
  snapshot?(address: FrameAddress, payload: Uint8Array): void
  /** Whether the new connection says everything that the old one does, so that the old one may go. */
  replaces?(connection: number): boolean
  close(): void
}
