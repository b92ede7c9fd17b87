/**
 * A live feed as a source: every message of a venue as a frame, its bytes exactly as they came, at the time they came.
 *
 * Stream time is receive time, strictly increasing. There is nothing to go back to: after a restart the numbering goes
 * on, the venue's sequences have a hole that the normalizer reports as a gap, and new snapshots close it; frames before
 * are in the topic. It is silent while there is no connection, and never ends by itself. Bad bytes are frames like
 * others: the normalizer judges them.
 *
 * Memory is bounded. When the queue is full the sockets are read no more; when that does not help in `paused_ms`, or
 * what was on its way overfills the queue, the connections are dropped, counted as `slow`, and come back once there
 * is room: a hole that is known, instead of a delay that grows.
 */
import { assert, type Json, type Source, type SourceItem } from '../../runtime/api/index.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { Allowance } from './allowance.ts'
import type { ConnectionEnd } from './connection.ts'
import { Connections, type Shared } from './connections.ts'
import { FrameQueue, type QueueBounds } from './frame-queue.ts'
import { Numbering } from './numbering.ts'
import type { FeedPorts } from './ports.ts'
import { Rest } from './rest.ts'
import type { FeedLine, FeedVenue, FeedWatch, FrameAddress } from './venue.ts'

export interface LiveFeedOptions {
  readonly venue: FeedVenue
  readonly ports: FeedPorts
  /** Name of the source in the topology, written into every frame; `feed` by default. */
  readonly source?: string
  /** Frames and bytes that may wait for the dataflow. */
  readonly queue?: QueueBounds
  /** A longer message ends its connection. */
  readonly max_frame_bytes?: number
  /** How long the sockets may stay unread before they are dropped. */
  readonly paused_ms?: number
  /** Shared by the feeds of one source; its own by default. */
  readonly numbering?: Numbering
  /** Told of connections, breaks and refusals, for a log. */
  readonly tell?: (event: string, detail: Readonly<Record<string, Json>>) => void
}

/** What happened since the feed was opened. */
export interface FeedCounts {
  frames: number
  bytes: number
  connections: number
  /** Breaks of the venue's sequences that the feed itself saw. */
  breaks: number
  /** Books subscribed anew, for a break or to renew them. */
  resubscriptions: number
  /** Frames that held a secret of ours, and were passed on to nobody. */
  withheld: number
  snapshots: number
  rest_refusals: number
  pauses: number
  ended: Record<ConnectionEnd, number>
}

/** How a feed stands, for whoever watches it. */
export interface FeedStanding {
  readonly feed: string
  readonly counts: FeedCounts
  /** Connections that it has when all is well, and on how many of them something came. */
  readonly lines: number
  readonly live: number
  /** What waits for the dataflow. */
  readonly queue_frames: number
  readonly queue_bytes: number
  /** Since the last frame came, or since the feed was opened. */
  readonly quiet_ms: number
}

/** A live feed among others, recorded or not. */
export interface MergedFeed extends Source {
  /** Receive time of the next frame; undefined where none waits. */
  readonly head_us: number | undefined
  standing(): readonly FeedStanding[]
}

const QUEUE: QueueBounds = { frames: 65_536, bytes: 64 * 1024 * 1024 }
/** A few levels short of what a line of a capture may hold, written in base64. */
const MAX_FRAME_BYTES = 6 * 1024 * 1024 - 65_536
const PAUSED_MS = 5_000
/** Below this the sockets are read again. */
const ROOM = 0.5
/** What was read before a pause took hold may still come; more is too much. */
const OVERFULL = 1.25

interface Line {
  readonly connections: Connections
  readonly watch: FeedWatch
}

export class LiveFeed implements MergedFeed {
  readonly identity: Json
  done = false
  readonly counts: FeedCounts = {
    frames: 0,
    bytes: 0,
    connections: 0,
    breaks: 0,
    resubscriptions: 0,
    withheld: 0,
    snapshots: 0,
    rest_refusals: 0,
    pauses: 0,
    ended: { refused: 0, too_large: 0, closed: 0, late: 0, silent: 0, slow: 0, broken: 0, replaced: 0 },
  }
  readonly #options: LiveFeedOptions
  readonly #queue: FrameQueue
  readonly #paused_ms: number
  readonly #lines: Line[] = []
  #rest: Rest | undefined
  readonly #numbering: Numbering
  #heard_us = 0
  #wake: (() => void) | undefined
  #paused: (() => void) | undefined

  constructor(options: LiveFeedOptions) {
    this.#options = options
    this.#queue = new FrameQueue(options.queue ?? QUEUE)
    this.#paused_ms = options.paused_ms ?? PAUSED_MS
    this.#numbering = options.numbering ?? new Numbering()
    const { name, symbols } = options.venue
    this.identity = { kind: 'live', feed: name, symbols: [...symbols] }
  }

  /** The most bytes that ever waited. */
  get most_bytes(): number {
    return this.#queue.most_bytes
  }

  /** How many connections it has when all is well. */
  get lines(): number {
    return this.#options.venue.lines.length
  }

  /** Whether something came on every line since it was connected. */
  get connected(): boolean {
    return this.#lines.length > 0 && this.#lines.every(({ connections }) => connections.live)
  }

  get head_us(): number | undefined {
    return this.#queue.first?.receive_time_us
  }

  standing(): [FeedStanding] {
    const { venue, ports } = this.#options
    return [
      {
        feed: venue.name,
        counts: this.counts,
        lines: this.lines,
        live: this.#lines.filter(({ connections }) => connections.live).length,
        queue_frames: this.#queue.length,
        queue_bytes: this.#queue.bytes,
        quiet_ms: Math.max(0, ports.clock.now_us() - this.#heard_us) / 1_000,
      },
    ]
  }

  async open(position: Json | undefined): Promise<void> {
    assert(this.#lines.length === 0, 'a live feed is opened once')
    const { venue, ports, max_frame_bytes = MAX_FRAME_BYTES } = this.#options
    if (position !== undefined) this.#numbering.resume(position)
    this.#heard_us = ports.clock.now_us()
    if (venue.rest !== undefined) {
      this.#rest = new Rest(venue.rest, ports, max_frame_bytes, {
        answered: (request, body) => {
          this.counts.snapshots++
          this.#arrived(request, body)
          for (const { watch } of this.#lines) watch.snapshot?.(request, body)
        },
        refused: ({ symbol }, status, wait_ms) => {
          this.counts.rest_refusals++
          this.#tell('snapshot-refused', { symbol, status, wait_ms: Math.round(wait_ms) })
        },
        hasRoom: () => this.#hasRoom,
      })
    }
    const shared: Shared = {
      attempts: new Allowance(venue.connections),
      messages: venue.messages_of === 'all' ? new Allowance(venue.messages) : undefined,
    }
    for (const line of venue.lines) this.#lines.push(this.#openLine(line, shared, max_frame_bytes))
    for (const { connections } of this.#lines) connections.begin()
  }

  take(): SourceItem | undefined {
    const arrived = this.#queue.shift()
    if (arrived === undefined) return undefined
    if (this.#queue.fill < ROOM) this.#resume()
    const { symbol, channel, payload, receive_time_us } = arrived
    const { venue, source = 'feed' } = this.#options
    const frame_seq = this.#numbering.take(receive_time_us)
    const value: RawFrame = {
      venue_symbol: `${venue.venue}:${symbol === '' ? '?' : symbol}`,
      venue: venue.venue,
      source,
      channel,
      frame_seq,
      receive_time_us,
      receive_time_ns_rest: 0,
      receive_error_us: null,
      payload,
    }
    return { value, stream_time_us: receive_time_us, position: { frame_seq, stream_time_us: receive_time_us } }
  }

  /** Until here nothing more comes: now, where nothing waits. Later frames are stamped above it. */
  passed_us(): number {
    return this.#numbering.passed(this.#options.ports.clock.now_us(), this.#queue.length > 0)
  }

  ready(): Promise<void> {
    if (this.#queue.length > 0 || this.done) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  async close(): Promise<void> {
    this.done = true
    this.#paused?.()
    for (const { connections, watch } of this.#lines) {
      connections.close()
      watch.close()
    }
    this.#rest?.close()
    this.#wake?.()
  }

  get #hasRoom(): boolean {
    return this.#queue.fill < ROOM
  }

  #openLine(line: FeedLine, shared: Shared, max_frame_bytes: number): Line {
    const { venue, ports } = this.#options
    const watch = line.watch({
      now_us: () => ports.clock.now_us(),
      snapshot: (request) => this.#rest?.ask(request),
      send: (connection, text) => connections.send(connection, text),
      replace: (connection) => connections.replace(connection),
      drop: (connection) => connections.drop(connection, 'broken', 'its sequence cannot be repaired'),
      after: (delay_ms, then) => ports.clock.after(delay_ms, then),
      resubscribed: () => {
        this.counts.resubscriptions++
      },
      broke: ({ symbol, channel }, detail) => {
        this.counts.breaks++
        this.#tell('break', { symbol, channel, detail })
      },
    })
    const connections = new Connections(venue, line, shared, ports, max_frame_bytes, {
      begun: () => {
        const connection = ++this.counts.connections
        this.#tell('connecting', { connection, url: line.url })
        watch.connected(connection)
        return connection
      },
      frame: (connection, payload) => {
        const address = line.address(payload)
        this.#arrived(address, payload)
        watch.frame(connection, address, payload)
      },
      withheld: (connection) => {
        this.counts.withheld++
        this.#tell('withheld', { connection, why: 'a frame held our token' })
      },
      ended: (connection, end, detail, wait_ms) => {
        this.counts.ended[end]++
        watch.ended(connection)
        this.#tell('disconnected', { connection, end, detail, wait_ms: Math.round(wait_ms) })
      },
      replaces: (connection) => watch.replaces?.(connection) ?? true,
      hasRoom: () => this.#hasRoom,
    })
    return { connections, watch }
  }

  #arrived({ symbol, channel }: FrameAddress, payload: Uint8Array): void {
    this.#heard_us = this.#options.ports.clock.now_us()
    this.#queue.push({ symbol, channel, payload, receive_time_us: this.#numbering.stamp(this.#heard_us) })
    this.counts.frames++
    this.counts.bytes += payload.length
    const { fill } = this.#queue
    if (fill >= OVERFULL) this.#dropSlow('more came than there is room for')
    else if (fill >= 1) this.#pause()
    this.#wake?.()
    this.#wake = undefined
  }

  #pause(): void {
    if (this.#paused !== undefined) return
    this.counts.pauses++
    for (const { connections } of this.#lines) connections.pause()
    this.#paused = this.#options.ports.clock.after(this.#paused_ms, () =>
      this.#dropSlow(`the dataflow did not catch up in ${this.#paused_ms} ms`),
    )
  }

  #resume(): void {
    this.#paused?.()
    this.#paused = undefined
    for (const { connections } of this.#lines) connections.resume()
  }

  #dropSlow(detail: string): void {
    this.#paused?.()
    this.#paused = undefined
    for (const { connections } of this.#lines) connections.dropAll('slow', detail)
  }

  #tell(event: string, detail: Readonly<Record<string, Json>>): void {
    this.#options.tell?.(event, detail)
  }
}
