/**
 * Several live feeds as one source: their frames in the order of their arrival, numbered as those of one.
 *
 * The feeds share a numbering, which stamps every frame when it comes; so the least stamp of those that wait is the
 * next, and a capture of each feed, replayed together, gives the same frames. A feed that is held up (its capture's
 * disk is behind) holds up the others: order is more than haste.
 */
import type { Json, SourceItem } from '../../runtime/api/index.ts'
import type { FeedStanding, MergedFeed } from './live-feed.ts'
import type { Numbering } from './numbering.ts'
import type { FeedClock } from './ports.ts'

export class LiveFeeds implements MergedFeed {
  readonly identity: Json
  done = false
  readonly #feeds: readonly MergedFeed[]
  readonly #numbering: Numbering
  readonly #clock: FeedClock

  constructor(feeds: readonly MergedFeed[], numbering: Numbering, clock: FeedClock) {
    this.#feeds = feeds
    this.#numbering = numbering
    this.#clock = clock
    this.identity = { kind: 'live', feeds: feeds.map(({ identity }) => identity) }
  }

  get head_us(): number | undefined {
    return this.#next()?.head_us
  }

  standing(): FeedStanding[] {
    return this.#feeds.flatMap((feed) => feed.standing())
  }

  async open(position: Json | undefined): Promise<void> {
    for (const feed of this.#feeds) await feed.open(position)
  }

  take(): SourceItem | undefined {
    return this.#next()?.take()
  }

  passed_us(): number {
    return this.#numbering.passed(this.#clock.now_us(), this.head_us !== undefined)
  }

  async ready(): Promise<void> {
    // The one that is next is the one to wait for: it may be held up with a frame in hand.
    const next = this.#next()
    await (next === undefined ? Promise.race(this.#feeds.map((feed) => feed.ready())) : next.ready())
  }

  async close(): Promise<void> {
    this.done = true
    for (const feed of this.#feeds) await feed.close()
  }

  #next(): MergedFeed | undefined {
    let next: MergedFeed | undefined
    for (const feed of this.#feeds) {
      if (feed.head_us !== undefined && (next?.head_us === undefined || feed.head_us < next.head_us)) next = feed
    }
    return next
  }
}
