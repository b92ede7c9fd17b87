/** A network that goes on talking although nobody reads: what was on its way when the reading stopped, and then more. */
import { expect, it } from 'vitest'
import { type FeedVenue, LiveFeed, type SocketEvents } from '../../connectors/feed/index.ts'
import { VirtualClock } from '../doubles/virtual-world.ts'

it('a queue that is overfull drops its connection, and takes nothing more from it', async () => {
  const clock = new VirtualClock(1_767_571_200_000_000)
  const sockets: SocketEvents[] = []
  const log: string[] = []
  const venue: FeedVenue = {
    name: 'x',
    format: 'x',
    venue: 'X',
    symbols: [],
    connections: { count: 100, per_ms: 1_000 },
    messages: { count: 1, per_ms: 1_000 },
    lifetime_ms: undefined,
    silence_ms: 30_000,
    lines: [
      {
        url: 'ws://x',
        subscriptions: [],
        address: () => ({ symbol: 'S', channel: 'c' }),
        watch: () => ({ connected() {}, frame() {}, ended() {}, close() {} }),
      },
    ],
  }
  const feed = new LiveFeed({
    venue,
    queue: { frames: 8, bytes: 1_000_000 },
    ports: {
      clock,
      chance: () => 0,
      network: {
        get: () => () => undefined,
        post: () => () => undefined,
        connect(_url, _max, events) {
          sockets.push(events)
          const say = (word: string) => () => log.push(word)
          return { send: () => undefined, pause: say('pause'), resume: say('resume'), close: say('close') }
        },
      },
    },
  })
  await feed.open(undefined)
  clock.advance(1)
  const [socket] = sockets
  socket!.opened()
  for (let n = 0; n < 100; n++) socket!.frame(Uint8Array.of(n))
  expect(feed.counts).toMatchObject({ frames: 10, pauses: 1 })
  expect(feed.counts.ended.slow).toBe(1)
  expect(log).toEqual(['pause', 'close'])

  // Only when half of it is free does it connect again.
  clock.advance(60_000)
  expect(sockets.length).toBe(1)
  for (let n = 0; n < 7; n++) expect(feed.take()).toMatchObject({ value: { payload: Uint8Array.of(n) } })
  clock.advance(60_000)
  expect(sockets.length).toBeGreaterThan(1)
  await feed.close()
})
