/** The real network of a live feed. */
import { expect, it } from 'vitest'
import { nodePorts } from '../../connectors/feed/index.ts'

it.each(['nonsense', 'ws://127.0.0.1:1/a#b', 'ftp://127.0.0.1/'])('%s is refused, not thrown', async (url) => {
  const ended = await new Promise<unknown[]>((resolve) => {
    const socket = nodePorts.network.connect(url, 1_000, {
      opened: () => resolve(['opened']),
      frame: () => resolve(['frame']),
      ended: (...how) => resolve(how),
    })
    socket.send('a')
    socket.pause()
    socket.resume()
  })
  expect(ended).toEqual(['refused', expect.any(String)])
})

it('a connection that was closed before it failed tells nothing', async () => {
  const told: unknown[] = []
  const say = (...what: unknown[]) => told.push(what)
  nodePorts.network.connect('nonsense', 1_000, { opened: say, frame: say, ended: say }).close()
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([])
})

it('a question to nowhere is answered by nothing', async () => {
  const limits = { timeout_ms: 5_000, max_bytes: 1_000 }
  const { get, post } = nodePorts.network
  expect(await new Promise((resolve) => get('nonsense', limits, resolve))).toBeUndefined()
  const request = { url: 'http://127.0.0.1:1/', headers: {}, body: '' }
  expect(await new Promise((resolve) => post(request, limits, resolve))).toBeUndefined()
})
