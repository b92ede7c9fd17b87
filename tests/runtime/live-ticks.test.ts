import { expect, test } from 'vitest'
import type { Source, SourceItem } from '../../runtime/api/source.ts'
import { runPulse, SECOND_US } from './pulse.ts'
import { VirtualClock } from './toy.ts'

/** A live source that is silent: time goes on, as far as the source says, and what is due happens. */

const START_US = 1_767_571_200 * SECOND_US

/** One tick, then nothing; whether it says that time passes. The run is stopped after `silence_s` of it. */
async function beats(live: boolean, silence_s: number): Promise<number> {
  const clock = new VirtualClock(1)
  const stop = { requested: false }
  const passed_us = () => START_US + Math.floor(clock.now_ms() * 1_000)
  let taken = false
  const source: Source = {
    identity: { kind: 'one tick' },
    done: false,
    async open() {},
    take(): SourceItem | undefined {
      if (passed_us() >= START_US + silence_s * SECOND_US) stop.requested = true
      if (taken) return undefined
      taken = true
      return { value: { k: 'k', n: 0 }, stream_time_us: START_US, position: 1 }
    },
    // Of a source that is not live nobody asks before this is over.
    ready: () => (live ? new Promise(() => {}) : clock.wait(silence_s * 1_000)),
    async close() {},
    ...(live ? { passed_us } : {}),
  }
  return (await runPulse({ source, clock, stop })).beats
}

test('timers fire while a live source is silent', async () => {
  expect(await beats(true, 10.5)).toBe(10)
})

test('nothing happens while any other source is', async () => {
  expect(await beats(false, 10.5)).toBe(0)
})
