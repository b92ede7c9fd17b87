import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Allowance } from '../../connectors/feed/allowance.ts'
import { BackOff } from '../../connectors/feed/back-off.ts'
import { Connection } from '../../connectors/feed/connection.ts'
import { FrameQueue } from '../../connectors/feed/frame-queue.ts'
import type { RestAnswer } from '../../connectors/feed/index.ts'
import { Rest } from '../../connectors/feed/rest.ts'
import type { FeedLine, FeedVenue, SnapshotRequest } from '../../connectors/feed/venue.ts'
import { VirtualClock } from '../doubles/virtual-world.ts'

const START_US = 1_767_571_200_000_000

describe('an allowance', () => {
  it('never gives more than the limit in any span, and all of it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 5 })), { maxLength: 60 }), (asks) => {
        const allowance = new Allowance({ count: 10, per_ms: 1_000 })
        const used: [at_ms: number, amount: number][] = []
        let now_ms = 0
        const within = (at_ms: number) =>
          used.reduce((sum, [then_ms, amount]) => (then_ms > at_ms - 1_000 ? sum + amount : sum), 0)
        for (const [later_ms, amount] of asks) {
          now_ms += later_ms
          const wait_ms = allowance.wait_ms(now_ms * 1_000, amount)
          // Not a millisecond too long.
          if (wait_ms > 0) expect(within(now_ms + wait_ms - 1) + amount).toBeGreaterThan(10)
          now_ms += wait_ms
          expect(allowance.wait_ms(now_ms * 1_000, amount)).toBe(0)
          allowance.use(now_ms * 1_000, amount)
          used.push([now_ms, amount])
          expect(within(now_ms)).toBeLessThanOrEqual(10)
        }
      }),
    )
  })

  it('forgets what a clock that was set back would make it keep', () => {
    const allowance = new Allowance({ count: 1, per_ms: 1_000 })
    allowance.use(START_US)
    expect(allowance.wait_ms(START_US - 3_600_000_000)).toBe(0)
  })
})

it('a back-off doubles to its bound, is spread by chance, and begins anew', () => {
  const low = new BackOff(100, 1_000, () => 0)
  const high = new BackOff(100, 1_000, () => 1)
  expect(Array.from({ length: 6 }, () => low.failed())).toEqual([50, 100, 200, 400, 500, 500])
  expect(Array.from({ length: 6 }, () => high.failed())).toEqual([100, 200, 400, 800, 1_000, 1_000])
  low.succeeded()
  expect(low.failed()).toBe(50)
})

it('a queue hands out what was put in, in order, and knows how full it is', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(2_000), fc.constant(-1)), { maxLength: 4_000 }), (steps) => {
      const queue = new FrameQueue({ frames: 1_000, bytes: 1_000_000 })
      const model: number[] = []
      for (const step of steps) {
        if (step === -1) {
          expect(queue.shift()?.payload.length).toBe(model.shift())
        } else {
          queue.push({ symbol: '', channel: '', payload: new Uint8Array(step), receive_time_us: 0 })
          model.push(step)
        }
      }
      const bytes = model.reduce((sum, size) => sum + size + 256, 0)
      expect(queue.length).toBe(model.length)
      expect(queue.bytes).toBe(bytes)
      expect(queue.fill).toBe(Math.max(model.length / 1_000, bytes / 1_000_000))
    }),
    { numRuns: 30 },
  )
})

const request = (symbol: string): SnapshotRequest => ({ symbol, channel: 'snapshot', url: `/${symbol}`, weight: 50 })

/** Questions with their times, and what came of them; `script` answers one after another, the last one for ever. */
function rest(script: (Partial<RestAnswer> | undefined)[]) {
  const clock = new VirtualClock(START_US)
  const log: string[] = []
  const room = { free: true }
  const at = () => (clock.now_us() - START_US) / 1_000
  const asked = new Rest(
    { weights: { count: 200, per_ms: 60_000 }, used_header: 'used' },
    {
      clock,
      chance: () => 1,
      network: {
        connect: () => {
          throw new Error('not here')
        },
        post: () => () => undefined,
        get(url, _, answered) {
          log.push(`${at()} ask ${url}`)
          const answer = script.length > 1 ? script.shift() : script[0]
          const whole = { status: 200, header: () => undefined, body: new Uint8Array(0), ...answer }
          return clock.after(10, () => answered(answer === undefined ? undefined : whole))
        },
      },
    },
    1_000,
    {
      answered: ({ symbol }) => log.push(`${at()} have ${symbol}`),
      refused: ({ symbol }, status, wait_ms) => log.push(`${at()} refused ${symbol} ${status} ${wait_ms}`),
      hasRoom: () => room.free,
    },
  )
  return { clock, asked, log, room }
}

const header = (name: string, value: string) => (asked: string) => (asked === name ? value : undefined)

describe('questions', () => {
  it('go one at a time, each symbol once, within the weights', () => {
    const { clock, asked, log } = rest([{}])
    expect(['A', 'B', 'A', 'C', 'D', 'E'].map((symbol) => asked.ask(request(symbol)))).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
    ])
    clock.advance(59_999)
    expect(log.filter((line) => line.includes('have'))).toEqual(['10 have A', '20 have B', '30 have C', '40 have D'])
    clock.advance(60_000)
    expect(log.slice(-2)).toEqual(['60000 ask /E', '60010 have E'])
    expect(asked.ask(request('A'))).toBe(true)
  })

  it('wait for as long as the venue says, and for its usual time where it does not say', () => {
    const { clock, asked, log } = rest([
      { status: 429, header: header('retry-after', '7') },
      { status: 418, header: header('retry-after', '30') },
      { status: 429 },
      { status: 418 },
      {},
    ])
    asked.ask(request('A'))
    clock.advance(300_000)
    expect(log.filter((line) => !line.includes('ask'))).toEqual([
      '10 refused A 429 7000',
      '7020 refused A 418 30000',
      '37030 refused A 429 60000',
      '97040 refused A 418 120000',
      '217050 have A',
    ])
  })

  it('wait longer and longer after other failures, and let others go first', () => {
    const { clock, asked, log } = rest([undefined, { status: 500 }, { status: 400 }, {}])
    asked.ask(request('A'))
    asked.ask(request('B'))
    clock.advance(61_000)
    expect(log.filter((line) => !line.includes('ask'))).toEqual([
      '10 refused A 0 500',
      '520 refused B 500 1000',
      '1530 refused A 400 2000',
      '3540 have B',
      // Four questions are all that a minute has room for.
      '60010 have A',
    ])
  })

  it('wait until there is room for an answer', () => {
    const { clock, asked, log, room } = rest([{}])
    room.free = false
    asked.ask(request('A'))
    clock.advance(3_600_000)
    expect(log).toEqual([])
    room.free = true
    clock.advance(110)
    expect(log).toEqual(['3600100 ask /A', '3600110 have A'])
  })

  it('wait for the next minute when the venue counts much use by others', () => {
    const { clock, asked, log } = rest([{ header: header('used', '161') }])
    asked.ask(request('A'))
    asked.ask(request('B'))
    clock.advance(61_000)
    expect(log).toEqual(['0 ask /A', '10 have A', '60000 ask /B', '60010 have B'])
  })
})

describe('a connection', () => {
  function connection({ subscriptions = ['a', 'b', 'c'], ...venue }: Partial<FeedVenue> & Partial<FeedLine>) {
    const clock = new VirtualClock(START_US)
    const log: string[] = []
    const at = () => (clock.now_us() - START_US) / 1_000
    let socket: { opened(): void; frame(payload: Uint8Array): void } | undefined
    const made = new Connection(
      1,
      {
        messages: { count: 2, per_ms: 1_000 },
        silence_ms: 30_000,
        ...venue,
      } as FeedVenue,
      { url: 'ws://x', subscriptions } as unknown as FeedLine,
      {
        clock,
        chance: () => 0,
        network: {
          get: () => () => undefined,
          post: () => () => undefined,
          connect(_url, _max, events) {
            socket = events
            return {
              send: (text) => log.push(`${at()} send ${text}`),
              pause: () => log.push(`${at()} pause`),
              resume: () => log.push(`${at()} resume`),
              close: () => log.push(`${at()} close`),
            }
          },
        },
      },
      1_000,
      {
        live: () => log.push(`${at()} live`),
        frame: () => log.push(`${at()} frame`),
        withheld: () => log.push(`${at()} withheld`),
        ended: (_, end) => log.push(`${at()} ended ${end}`),
      },
    )
    return { clock, log, made, socket: socket! }
  }

  it('that does not open in time is given up', () => {
    const { clock, log } = connection({})
    clock.advance(60_000)
    expect(log).toEqual(['10000 close', '10000 ended late'])
  })

  it('sends no more than the venue allows, and nothing before it is open', () => {
    const { clock, log, made, socket } = connection({})
    made.send('early')
    clock.advance(5)
    expect(log).toEqual([])
    socket.opened()
    clock.advance(3_000)
    expect(log).toEqual(['5 send early', '5 send a', '1005 send b', '1005 send c'])
  })

  it('says a thing once, however often it is asked for while it waits', () => {
    const { clock, log, made, socket } = connection({ subscriptions: [] })
    socket.opened()
    for (let n = 0; n < 1_000; n++) for (const text of ['off', 'on', 'off more']) made.send(text)
    clock.advance(60_000)
    const sent = log.filter((line) => line.includes('send'))
    expect(sent.map((line) => line.replace(' send', ''))).toEqual([
      '0 off',
      '0 on',
      '1000 off more',
      '1000 off',
      '2000 on',
    ])
  })

  it('asks for a sign of life, and ends without one', () => {
    const { clock, log, socket } = connection({
      subscriptions: [],
      keepalive: { every_ms: 20_000, text: 'ping' },
      isKeepalive: (payload) => payload.length === 4,
    })
    socket.opened()
    clock.advance(20_000)
    socket.frame(Buffer.from('pong'))
    clock.advance(20_000)
    socket.frame(Buffer.from('{}'))
    clock.advance(60_000)
    expect(log).toEqual([
      '20000 send ping',
      '40000 send ping',
      '40000 live',
      '40000 frame',
      '60000 send ping',
      '70000 close',
      '70000 ended silent',
    ])
  })

  it('that is not read is not silent', () => {
    const { clock, log, made, socket } = connection({ subscriptions: [] })
    socket.opened()
    clock.advance(20_000)
    made.pause()
    clock.advance(100_000)
    made.resume()
    clock.advance(29_000)
    expect(log).toEqual(['20000 pause', '120000 resume'])
    clock.advance(32_000)
    expect(log.at(-1)).toBe('150000 ended silent')
  })
})
