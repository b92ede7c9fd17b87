import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { untilAborted } from '../../cli/until-aborted.ts'

it('leaves nothing on the signal, however often it is waited', async () => {
  const { signal } = new AbortController()
  for (let turn = 0; turn < 100; turn++) expect(await untilAborted(Promise.resolve(turn), signal)).toBe(turn)
  await expect(untilAborted(Promise.reject(new Error('away')), signal)).rejects.toThrow('away')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

it('ends with the signal, whatever becomes of what was waited for', async () => {
  const stop = new AbortController()
  let fail: (error: Error) => void = () => {}
  const never = new Promise<number>((_, reject) => {
    fail = reject
  })
  const waited = untilAborted(never, stop.signal)
  stop.abort()
  expect(await waited).toBeUndefined()
  fail(new Error('too late'))
  expect(await untilAborted(Promise.resolve(1), stop.signal)).toBeUndefined()
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})
