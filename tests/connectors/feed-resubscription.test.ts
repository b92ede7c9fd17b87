/** Venues count what they are sent: repairs and renewals stay within it, however many books there are. */
import { describe, expect, it } from 'vitest'
import { coinbaseLive } from '../../connectors/coinbase/live.ts'
import { LiveFeed } from '../../connectors/feed/index.ts'
import { Resubscription } from '../../connectors/feed/resubscription.ts'
import type { WatchActions } from '../../connectors/feed/venue.ts'
import { okxLive } from '../../connectors/okx/live.ts'
import { VirtualClock, virtualPorts } from '../doubles/virtual-world.ts'

const HOUR_MS = 3_600_000

function world(books: number, answers: boolean) {
  const clock = new VirtualClock(1_767_571_200_000_000)
  const symbols = Array.from({ length: books }, (_, at) => `S${at}`)
  const sent: string[] = []
  const at_us: number[] = []
  const actions = {
    after: (delay_ms: number, then: () => void) => clock.after(delay_ms, then),
    resubscribed: () => undefined,
    send: (_: number, text: string) => {
      sent.push(text)
      at_us.push(clock.now_us())
      if (answers && text.startsWith('on')) clock.after(10, () => again.begun(text.slice(3)))
    },
  } as unknown as WatchActions
  const again = new Resubscription(symbols, actions, (symbol) => [`off ${symbol}`, `on ${symbol}`])
  again.connected(1)
  return { clock, symbols, sent, at_us, again }
}

describe('books', () => {
  it.each([
    [3, 24],
    [25, 200],
    [100, 200],
    [400, 200],
  ])('%i of them are renewed with %i requests an hour', (books, requests) => {
    const { clock, symbols, sent, at_us, again } = world(books, true)
    for (const symbol of symbols) again.begun(symbol)
    clock.advance(24 * HOUR_MS)
    expect(sent.length / 24).toBeGreaterThan(0.95 * requests)
    // In any hour, not only in all of them: the first of one round may be in it and the last.
    for (const [first, from_us] of at_us.entries()) {
      expect((at_us[first + requests + 2] ?? Number.POSITIVE_INFINITY) - from_us).toBeGreaterThan(HOUR_MS * 1_000)
    }
  })

  it('that never come are asked for less and less often', () => {
    const { clock, sent } = world(1, false)
    clock.advance(15_000)
    expect(sent).toEqual(['off S0', 'on S0'])
    clock.advance(HOUR_MS)
    expect(sent.length).toBeLessThan(40)
    const before = sent.length
    clock.advance(HOUR_MS)
    expect(sent.length - before).toBe(24)
  })
})

it('Coinbase gets no more than its eight messages and connections a second, of all products together', async () => {
  const clock = new VirtualClock(1_767_571_200_000_000)
  const symbols = Array.from({ length: 30 }, (_, at) => `C${at}-USD`)
  const messages_us: number[] = []
  const connections_us: number[] = []
  const venue = coinbaseLive({ symbols, url: 'ws://double' })
  const ports = virtualPorts(
    clock,
    {
      refuses: () => false,
      get: () => undefined,
      accept: (_path, peer) => {
        connections_us.push(clock.now_us())
        // So that they all come again.
        clock.after(40_000, () => peer.cut())
        return { message: () => messages_us.push(clock.now_us()), gone: () => undefined }
      },
    },
    1,
  )
  const feed = new LiveFeed({ venue, ports })
  await feed.open(undefined)
  clock.advance(60_000)
  expect(messages_us.length).toBeGreaterThan(4 * symbols.length)
  const most = (times: number[]) =>
    Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000_000).length))
  expect(most(messages_us)).toBeLessThanOrEqual(8)
  expect(most(connections_us)).toBeLessThanOrEqual(8)
  await feed.close()
})

it('OKX is asked in parts of less than 64 KB', () => {
  const symbols = Array.from({ length: 1_000 }, (_, at) => `SOME-LONG-NAME-${at}-USDT`)
  const [line] = okxLive({ symbols }).lines
  const { subscriptions } = line!
  for (const text of subscriptions) expect(text.length).toBeLessThan(64 * 1_024)
  const args = subscriptions.flatMap((text) => (JSON.parse(text) as { args: object[] }).args)
  expect(new Set(args.map((arg) => JSON.stringify(arg))).size).toBe(3 * symbols.length)
})
