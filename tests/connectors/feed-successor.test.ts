/** A connection that nears its age limit gets a successor, and goes when the successor says everything that it does. */
import { expect, it } from 'vitest'
import { Allowance } from '../../connectors/feed/allowance.ts'
import { Connections } from '../../connectors/feed/connections.ts'
import type { FeedVenue, SocketEvents } from '../../connectors/feed/index.ts'
import { VirtualClock } from '../doubles/virtual-world.ts'

function world() {
  const clock = new VirtualClock(1_767_571_200_000_000)
  const sockets: SocketEvents[] = []
  const log: string[] = []
  const replacing = new Set<number>()
  const line = {
    url: 'ws://x',
    subscriptions: [],
    address: () => ({ symbol: '', channel: '' }),
    watch: () => ({ connected() {}, frame() {}, ended() {}, close() {} }),
  }
  const venue: FeedVenue = {
    name: 'x',
    format: 'x',
    venue: 'X',
    symbols: [],
    connections: { count: 100, per_ms: 1_000 },
    messages: { count: 1, per_ms: 1_000 },
    lifetime_ms: 1_000,
    silence_ms: 3_600_000,
    lines: [line],
  }
  const network = {
    get: () => () => undefined,
    post: () => () => undefined,
    connect(_url: string, _max: number, events: SocketEvents) {
      sockets.push(events)
      return { send() {}, pause() {}, resume() {}, close() {} }
    },
  }
  let number = 0
  const ports = { clock, network, chance: () => 1 }
  const connections = new Connections(
    venue,
    line,
    { attempts: new Allowance(venue.connections), messages: undefined },
    ports,
    1_000,
    {
      begun: () => ++number,
      frame: () => undefined,
      withheld: () => undefined,
      ended: (connection, end) => log.push(`${connection} ${end}`),
      replaces: (connection) => replacing.has(connection),
      hasRoom: () => true,
    },
  )
  connections.begin()
  clock.advance(1)
  const live = (at: number) => {
    sockets[at]!.opened()
    sockets[at]!.frame(Uint8Array.of(1))
  }
  live(0)
  clock.advance(1_000)
  return { clock, sockets, log, replacing, live }
}

it('both are heard until the new one says everything', () => {
  const { clock, sockets, log, replacing, live } = world()
  expect(sockets.length).toBe(2)
  live(1)
  clock.advance(500)
  sockets[1]!.frame(Uint8Array.of(2))
  expect(log).toEqual([])
  replacing.add(2)
  sockets[1]!.frame(Uint8Array.of(3))
  expect(log).toEqual(['1 replaced'])
})

it('both are heard no longer than ten seconds', () => {
  const { clock, log, live } = world()
  live(1)
  clock.advance(9_999)
  expect(log).toEqual([])
  clock.advance(2)
  expect(log[0]).toBe('1 replaced')
})

it('a successor that does not come about is tried again, and the old one stays', () => {
  const { clock, sockets, log, live } = world()
  sockets[1]!.ended('refused', '')
  clock.advance(250)
  expect(sockets.length).toBe(3)
  sockets[2]!.ended('refused', '')
  clock.advance(500)
  expect(sockets.length).toBe(4)
  live(3)
  clock.advance(10_000)
  expect(log.slice(0, 3)).toEqual(['2 refused', '3 refused', '1 replaced'])
})
