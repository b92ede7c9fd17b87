import { expect, test } from 'vitest'
import type { Source, SourceItem } from '../../runtime/api/source.ts'
import { stateDigest } from '../../runtime/engine/state-view.ts'
import { MemoryStore } from '../../runtime/log/memory-store.ts'
import { runPulse, SECOND_US } from './pulse.ts'

/**
 * A capture may be silent for hours, or claim to be: a stop, the commits and the event loop do not wait until all
 * timers of the silence have fired.
 */

const SILENCE_US = 10 * 3_600 * SECOND_US

/** Two ticks, a silence between them. */
function twoTicks(): Source {
  const times = [1000, 1000 + SILENCE_US]
  let at = 0
  return {
    identity: { kind: 'two ticks' },
    get done() {
      return at >= times.length
    },
    async open(position) {
      at = (position as number | undefined) ?? 0
    },
    take(): SourceItem | undefined {
      const stream_time_us = times[at]
      if (stream_time_us === undefined) return undefined
      return { value: { k: 'k', n: at }, stream_time_us, position: ++at }
    },
    async ready() {},
    async close() {},
  }
}

/** Runs on `store`; asks to stop when the epoch `stop_at` is durable. Answers what is there afterwards. */
async function live(store: MemoryStore, stop_at = Number.POSITIVE_INFINITY) {
  const stop = { requested: false }
  const durable = (epoch: number) => {
    if (epoch >= stop_at) stop.requested = true
  }
  const { engine, frames, digests } = await runPulse({ source: twoTicks(), every: 600, store, stop, durable })
  return { frames, now_us: engine.now_us, digests, state: stateDigest(engine.tasks) }
}

test('a stop in the middle of a long silence is taken there, and the rest follows at the next start', async () => {
  const whole = await live(new MemoryStore())
  expect(whole.frames).toBe(2)
  expect(whole.digests.beats?.records).toBe(60)

  const store = new MemoryStore()
  const stopped = await live(store, 3)
  expect(stopped.frames).toBe(1)
  expect(stopped.now_us).toBeGreaterThan(60 * SECOND_US)
  expect(stopped.now_us).toBeLessThan(SILENCE_US / 2)

  const { digests, state } = await live(store)
  expect({ digests, state }).toEqual({ digests: whole.digests, state: whole.state })
})
