/**
 * Whatever bytes a venue sends, its live connector says where they belong and looks for breaks: it never throws, since
 * that would end the process, and what it asks for in return is bounded.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LiveFeed } from '../../connectors/feed/index.ts'
import type { FeedLine, FeedWatch, WatchActions } from '../../connectors/feed/venue.ts'
import type { RawFrame } from '../../schemas/generated/index.ts'
import { VENUE_KINDS, type VenueKind } from '../doubles/venue-kinds.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'
import { hostileJson } from '../processors/hostile-frames.ts'

const CASES = process.env.AITRADER_FULL === undefined ? 10_000 : 100_000
const SEEDS = 24
const SERVERS = { url: 'ws://double', rest_url: 'http://double' }
const LEVELS = 3

/** Frames that the venue really says, long lists cut short: of each channel some. */
async function frames(kind: VenueKind): Promise<string[]> {
  const clock = new VirtualClock(1_767_571_200_000_000)
  const double = kind.double({ seed: 3, clock })
  const venue = kind.open(kind.symbols, SERVERS)
  const feed = new LiveFeed({ venue, ports: virtualPorts(clock, double, 3) })
  await feed.open(undefined)
  clock.advance(3_000)
  const seen = new Map<string, number>()
  const texts: string[] = []
  for (let item = feed.take(); item !== undefined && texts.length < SEEDS; item = feed.take()) {
    const { channel, payload } = item.value as RawFrame
    const text = Buffer.from(payload).toString()
    const what = `${channel} ${text.includes('"snapshot"')}`
    seen.set(what, (seen.get(what) ?? 0) + 1)
    if (seen.get(what)! <= 4) texts.push(JSON.stringify(shortened(JSON.parse(text))))
  }
  await feed.close()
  return texts
}

function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, LEVELS).map(shortened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortened(one)]))
}

/** A line's watch, and what it asks for. */
function watched(line: FeedLine, clock: VirtualClock) {
  const asked = { sent: 0, snapshots: 0, dropped: 0, timers: 0 }
  let connection = 1
  const later = (then: () => void) => clock.after(0, then)
  const actions: WatchActions = {
    now_us: () => clock.now_us(),
    snapshot: () => void asked.snapshots++,
    send: () => void asked.sent++,
    resubscribed: () => undefined,
    replace: () => undefined,
    broke: () => undefined,
    drop(number) {
      if (number !== connection) return
      asked.dropped++
      later(() => {
        watch.ended(connection)
        watch.connected(++connection)
      })
    },
    after(delay_ms, then) {
      asked.timers++
      const cancel = clock.after(delay_ms, () => {
        asked.timers--
        then()
      })
      return () => {
        asked.timers--
        cancel()
      }
    },
  }
  const watch: FeedWatch = line.watch(actions)
  watch.connected(connection)
  return { asked, watch, connection: () => connection }
}

describe.each(Object.entries<VenueKind>(VENUE_KINDS))('%s', (_, kind) => {
  it('takes any bytes', async () => {
    const clock = new VirtualClock(1_767_571_200_000_000)
    const seeds = await frames(kind)
    expect(seeds.length).toBeGreaterThan(5)
    const lines = kind.open(kind.symbols, SERVERS).lines.map((line) => ({ line, ...watched(line, clock) }))
    let taken = 0
    let addressed = 0
    fc.assert(
      fc.property(hostileJson(seeds), (payload) => {
        const { line, watch, connection } = lines[taken++ % lines.length]!
        const address = line.address(payload)
        if (address.symbol !== '') addressed++
        watch.frame(connection(), address, payload)
        watch.snapshot?.({ symbol: kind.symbols[0]!, channel: 'snapshot' }, payload)
        clock.advance(1)
      }),
      { numRuns: CASES },
    )
    // Not so damaged that nothing of it is looked at.
    expect(taken).toBe(CASES)
    expect(addressed).toBeGreaterThan(CASES / 10)
    for (const { asked, watch } of lines) {
      expect(asked.timers).toBeLessThanOrEqual(kind.symbols.length)
      // A break may be seen in every frame; each is answered at most once.
      expect(asked.sent).toBeLessThanOrEqual(2 * CASES)
      expect(asked.snapshots).toBeLessThanOrEqual(CASES + kind.symbols.length)
      watch.close()
    }
  })
})
